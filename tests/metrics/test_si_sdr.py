import numpy as np
import pytest

from sklearn_cnmf.metrics import si_sdr


@pytest.fixture
def orthogonal():
    """Two orthogonal signals of equal energy."""
    return np.array([[1.0, -1.0] * 400, [1.0, 1.0, -1.0, -1.0] * 200])


def brute_force(reference, estimate):
    reference, estimate = np.ravel(reference), np.ravel(estimate)
    (scale,), *_ = np.linalg.lstsq(reference[:, np.newaxis], estimate, rcond=None)
    target = scale * reference
    distortion = np.linalg.norm(estimate - target)
    return 20 * np.log10(np.linalg.norm(target) / distortion)


@pytest.mark.parametrize("level", [-30.0, 0.0, 12.5, 60.0, 140.0])
def test_known_ratio(orthogonal, level):
    source, other = orthogonal
    estimate = source + 10 ** (-level / 20) * other
    assert si_sdr(source, estimate) == pytest.approx(level, abs=1e-6)


@pytest.mark.parametrize("scale", [-1.0, 3.0, -1e-200, 1e200])
def test_scale_and_sign_of_either_play_no_part(rng, scale):
    source, estimate = rng.standard_normal((2, 500))
    estimate += source
    expected = si_sdr(source, estimate)
    assert si_sdr(source, scale * estimate) == pytest.approx(expected, abs=1e-9)
    assert si_sdr(scale * source, estimate) == pytest.approx(expected, abs=1e-9)


def test_order_of_arguments(rng):
    """One sample out of two: the residual is in the estimate, not the reference."""
    source = np.array([1.0, 0.0, 0.0])
    estimate = np.array([1.0, 1.0, 0.0])
    other_scale = np.array([3.0, 4.0, 0.0])
    assert si_sdr(source, estimate) == pytest.approx(0.0, abs=1e-12)
    assert si_sdr(source, other_scale) == pytest.approx(20 * np.log10(3 / 4))


def test_mean_is_not_removed(orthogonal):
    source, _ = orthogonal
    assert si_sdr(source, source + 0.1) == pytest.approx(20.0, abs=1e-9)


def test_delay_is_a_distortion(rng):
    source = rng.standard_normal(20000)
    assert si_sdr(source, np.roll(source, 100)) < -20


def test_dimensions_of_the_reference_say_what_the_axes_are(rng):
    reference = rng.standard_normal((3, 2, 400))
    estimate = reference + 0.3 * rng.standard_normal((3, 2, 400))
    one = si_sdr(reference[0, 0], estimate[0, 0])
    assert isinstance(one, float)
    assert one == pytest.approx(brute_force(reference[0, 0], estimate[0, 0]))
    two = si_sdr(reference[0], estimate[0])
    np.testing.assert_allclose(two, list(map(brute_force, reference[0], estimate[0])))
    three = si_sdr(reference, estimate)
    assert three.shape == (3,)
    np.testing.assert_allclose(three, list(map(brute_force, reference, estimate)))


def test_channels_share_one_scale_and_may_be_permuted(orthogonal):
    source = np.stack([orthogonal[0], orthogonal[0]])[np.newaxis]
    unbalanced = source * [[[1.0], [3.0]]]
    # <e, s> / <s, s> = 2, so the rest is (-1, 1) times the source.
    assert si_sdr(source, unbalanced)[0] == pytest.approx(20 * np.log10(2))
    np.testing.assert_allclose(
        si_sdr(source[:, ::-1], unbalanced[:, ::-1]), si_sdr(source, unbalanced)
    )


@pytest.mark.parametrize(("dtype", "limit"), [("f4", 138.4731), ("f8", 313.0712)])
def test_perfect_and_orthogonal_estimates_are_at_the_limits(orthogonal, dtype, limit):
    source, other = orthogonal.astype(dtype)
    assert si_sdr(source, source) == pytest.approx(limit, abs=1e-3)
    assert si_sdr(source, 3 * source) == pytest.approx(limit, abs=1e-3)
    assert si_sdr(source, other) == pytest.approx(-limit, abs=1e-3)


def test_coarser_dtype_sets_the_limit(orthogonal):
    source = orthogonal[0]
    assert si_sdr(source, source.astype("f4")) == pytest.approx(138.4731, abs=1e-3)
    assert si_sdr(source.astype("i2"), source) == pytest.approx(313.0712, abs=1e-3)


def test_inputs_are_not_written_to(rng):
    reference, estimate = rng.standard_normal((2, 3, 100))
    reference.setflags(write=False)
    estimate.setflags(write=False)
    si_sdr(reference, estimate)


@pytest.mark.parametrize(
    ("reference", "estimate", "message"),
    [
        ([[1.0, 2.0], [0.0, 0.0]], np.ones((2, 2)), r"reference\[1\] is silent"),
        (np.ones((2, 2)), [[0.0, 0.0], [1.0, 2.0]], r"estimate\[0\] is silent"),
        (np.zeros(5), np.ones(5), "reference is silent"),
        (np.ones(5), np.zeros(5), "estimate is silent"),
        (np.ones(5), [1, 1, np.nan, 1, 1], r"estimate: found 1 NaN .* at \(2,\)"),
        (np.full(5, np.inf), np.ones(5), "reference: found 5 NaN or infinite"),
        (np.ones((2, 5)), np.ones((2, 4)), r"shape \(2, 4\).*shape \(2, 5\)"),
        (np.ones((2, 5)), np.ones(5), r"shape \(5,\).*shape \(2, 5\)"),
        (1.0, 1.0, "reference: expected an array of numbers, got float"),
        (np.ones((1, 1, 1, 5)), np.ones(5), "reference: expected 1-D"),
        (np.ones((2, 0)), np.ones((2, 0)), "reference: the array is empty"),
        ([[1.0], [1.0, 2.0]], np.ones(2), "reference: signals of one length"),
    ],
)
def test_refused(reference, estimate, message):
    with pytest.raises(ValueError, match=message):
        si_sdr(reference, estimate)


@pytest.mark.parametrize("estimate", [np.ones(4, complex), ["a"] * 4, np.ones(4, bool)])
def test_refused_types(estimate):
    with pytest.raises(ValueError, match="estimate: expected real numbers, got dtype"):
        si_sdr(np.ones(4), estimate)


@pytest.mark.parametrize("level", [1e-6, 1e-9, 1e-12])
def test_errors_down_to_rounding_are_told(level):
    source, noise = np.random.default_rng(0).standard_normal((2, 20000))
    found = si_sdr(source, source + level * noise)
    assert found == pytest.approx(-20 * np.log10(level), abs=0.2)
