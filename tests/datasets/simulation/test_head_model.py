import mne
import numpy as np
import pytest

from sklearn_cnmf.datasets.simulation._head_model import (
    AUDITORY_CORTICES,
    AUDITORY_ORIENTATION,
    CH_NAMES,
    REFERENCE_NAMES,
    SPHERE_ORIGIN,
    SPHERE_RADIUS,
    cortex_grid,
    electrode_info,
    head_model,
    lead_field,
)

MADEEG = "F3 F1 Fz F2 F4 C3 C1 Cz C2 C4 CPz P3 P1 Pz P2 P4 POz O1 Oz O2"


def test_channels_are_those_of_madeeg():
    assert " ".join(CH_NAMES) == MADEEG


def test_lead_field_is_the_forward_solution_of_a_dipole(rng):
    position = np.array([-0.045, 0.02, 0.05])
    moment = rng.standard_normal(3)
    moment *= 1e-8 / np.linalg.norm(moment)
    dipole = mne.Dipole(
        times=[0.0],
        pos=position[np.newaxis],
        amplitude=[np.linalg.norm(moment)],
        ori=moment[np.newaxis] / np.linalg.norm(moment),
        gof=[100.0],
    )
    sphere = mne.make_sphere_model(SPHERE_ORIGIN, SPHERE_RADIUS, verbose="error")
    forward, _ = mne.make_forward_dipole(
        dipole, sphere, electrode_info(), verbose="error"
    )
    expected = forward["sol"]["data"][:, 0] * 1e-8
    expected = expected[:-2] - expected[-2:].mean()

    field = lead_field(position[np.newaxis])

    assert field.shape == (20, 1, 3)
    np.testing.assert_allclose(field[:, 0] @ moment, expected, rtol=1e-5)


def test_electrodes_lie_where_the_montage_says():
    info = electrode_info()
    assert info["ch_names"] == [*CH_NAMES, *REFERENCE_NAMES]
    x, y, z = np.array([channel["loc"][:3] for channel in info["chs"]]).T
    place = dict(zip(info["ch_names"], zip(x, y, z)))
    assert place["C3"][0] < place["Cz"][0] < place["C4"][0]
    assert place["Oz"][1] < place["Cz"][1] < place["Fz"][1]
    radius = np.linalg.norm(np.stack([x, y, z], axis=1)[:-2] - SPHERE_ORIGIN, axis=1)
    np.testing.assert_allclose(radius, SPHERE_RADIUS, atol=0.012)


def test_auditory_cortices_are_strongest_over_fronto_central_channels():
    field = lead_field(AUDITORY_CORTICES)
    potential = dict(zip(CH_NAMES, (field @ AUDITORY_ORIENTATION).sum(axis=1)))
    front = [potential[name] for name in ("Fz", "F1", "F2", "Cz", "C1", "C2")]
    back = [potential[name] for name in ("POz", "O1", "Oz", "O2")]
    assert min(front) > 0
    assert min(front) > 1.5 * max(np.abs(back))
    # 10 nAm on each side make a microvolt or two.
    assert 0.5e-6 < 1e-8 * potential["Cz"] < 5e-6


def test_each_auditory_cortex_is_stronger_on_its_side():
    left, right = (lead_field(AUDITORY_CORTICES) @ AUDITORY_ORIENTATION).T
    names = list(CH_NAMES)
    assert left[names.index("C3")] > left[names.index("C4")]
    assert right[names.index("C4")] > right[names.index("C3")]


def test_cortex_is_a_shell_of_some_hundred_places_inside_the_brain():
    positions = cortex_grid()
    radius = np.linalg.norm(positions - SPHERE_ORIGIN, axis=1)
    assert 200 <= len(positions) <= 600
    assert radius.min() > 0.05
    assert radius.max() < 0.9 * SPHERE_RADIUS


def test_head_model_is_computed_once_and_read_only():
    model = head_model()
    assert head_model() is model
    assert model.cortex.shape == (20, len(model.cortex_positions), 3)
    assert model.auditory.shape[:2] == (20, 2)
    for array in (model.cortex, model.auditory, model.cortex_positions):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_auditory_candidates_surround_the_auditory_cortices():
    model = head_model()
    centre = lead_field(AUDITORY_CORTICES)
    is_centre = np.abs(model.auditory - centre[:, :, np.newaxis]).max(axis=(0, 3))
    np.testing.assert_allclose(is_centre.min(axis=1), 0, atol=1e-9 * centre.max())


@pytest.fixture
def rng():
    return np.random.default_rng(0)
