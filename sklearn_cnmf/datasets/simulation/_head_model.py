"""Sources in a spherical head and the potentials they cause at the electrodes."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

CH_NAMES = (
    *("F3", "F1", "Fz", "F2", "F4", "C3", "C1", "Cz", "C2", "C4"),
    *("CPz", "P3", "P1", "Pz", "P2", "P4", "POz", "O1", "Oz", "O2"),
)
REFERENCE_NAMES = ("M1", "M2")

# The sphere that fits the electrodes of the standard_1005 montage best, and the
# auditory cortices, in metres in MNE's head coordinates (origin between the ears,
# x to the right ear, y to the nose, z up).
SPHERE_ORIGIN = (0.0, 0.012, 0.034)
SPHERE_RADIUS = 0.104
AUDITORY_CORTICES = np.array([[-0.050, 0.017, 0.048], [0.050, 0.017, 0.048]])
# Across the superior temporal plane: an upward current makes the vertex positive.
AUDITORY_ORIENTATION = np.array([0.0, 0.35, 0.94])

_CORTEX_SPACING = 0.015
_CORTEX_SHELL = (0.055, 0.080)
_CORTEX_FLOOR = -0.030
_JITTER_SPACING = 0.004
_JITTER_RADIUS = 0.008


@dataclass(frozen=True, eq=False)
class HeadModel:
    """Potentials at the electrodes per unit of dipole moment.

    Parameters
    ----------
    cortex_positions : ndarray of shape (n_dipoles, 3)
        Where background activity arises, in metres.
    cortex : ndarray of shape (n_channels, n_dipoles, 3)
        Their potentials for moments along x, y and z, in V/(A m).
    auditory : ndarray of shape (n_channels, 2, n_candidates, 3)
        The same for positions in and around the left and right auditory cortex.
    """

    cortex_positions: np.ndarray
    cortex: np.ndarray
    auditory: np.ndarray


@lru_cache(maxsize=1)
def head_model() -> HeadModel:
    """Forward solution of background and auditory sources, computed once.

    Returns
    -------
    model : HeadModel
        Its arrays are read-only. Channels are `CH_NAMES`, referenced to the mean
        of both mastoids.
    """
    cortex = cortex_grid()
    offsets = cubic_grid(_JITTER_RADIUS, _JITTER_SPACING)
    offsets = offsets[np.linalg.norm(offsets, axis=1) <= _JITTER_RADIUS + 1e-9]
    auditory = AUDITORY_CORTICES[:, np.newaxis] + offsets
    field = lead_field(np.concatenate([cortex, auditory.reshape(-1, 3)]))
    model = HeadModel(
        cortex,
        field[:, : len(cortex)],
        field[:, len(cortex) :].reshape(len(CH_NAMES), 2, len(offsets), 3),
    )
    for array in (model.cortex_positions, model.cortex, model.auditory):
        array.flags.writeable = False
    return model


def lead_field(positions: np.ndarray) -> np.ndarray:
    """Potentials of dipoles in a sphere of four layers, by MNE's forward solution.

    Parameters
    ----------
    positions : ndarray of shape (n_dipoles, 3)
        In metres, in head coordinates.

    Returns
    -------
    field : ndarray of shape (n_channels, n_dipoles, 3)
        Potentials at `CH_NAMES` against the mean of both mastoids for moments
        along x, y and z, in V/(A m).
    """
    import mne

    sphere = mne.make_sphere_model(SPHERE_ORIGIN, SPHERE_RADIUS, verbose="error")
    upwards = np.tile([0.0, 0.0, 1.0], (len(positions), 1))
    sources = mne.setup_volume_source_space(
        pos={"rr": positions, "nn": upwards}, sphere=sphere, verbose="error"
    )
    forward = mne.make_forward_solution(
        electrode_info(),
        trans=None,
        src=sources,
        bem=sphere,
        meg=False,
        eeg=True,
        n_jobs=1,
        verbose="error",
    )
    potentials = forward["sol"]["data"].reshape(-1, len(positions), 3)
    channels, mastoids = np.split(potentials, [len(CH_NAMES)])
    return channels - mastoids.mean(axis=0)


def electrode_info() -> Any:
    """MNE description of the channels and, after them, the two mastoids."""
    import mne

    info = mne.create_info([*CH_NAMES, *REFERENCE_NAMES], 256.0, "eeg")
    info.set_montage("standard_1005", verbose="error")
    return info


def cortex_grid() -> np.ndarray:
    """Positions on a cubic grid within the shell where the cortex lies."""
    grid = cubic_grid(_CORTEX_SHELL[1], _CORTEX_SPACING)
    radius = np.linalg.norm(grid, axis=1)
    inside = (radius >= _CORTEX_SHELL[0]) & (radius <= _CORTEX_SHELL[1])
    return SPHERE_ORIGIN + grid[inside & (grid[:, 2] >= _CORTEX_FLOOR)]


def cubic_grid(radius: float, spacing: float) -> np.ndarray:
    """Points of a cubic grid around zero, from -radius to radius on each axis."""
    n_steps = int(np.floor(radius / spacing + 1e-9))
    axis = spacing * np.arange(-n_steps, n_steps + 1)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
