import numpy as np
import pytest


@pytest.fixture
def problem():
    """X of rank 6 with noise, a guide of two columns, and a start."""

    def make(n_frames=60, n_bins=33, n_components=6, n_guides=2, seed=0, dtype=float):
        rng = np.random.default_rng(seed)
        tracks = rng.gamma(0.5, size=(n_frames, 6))
        X = tracks @ rng.gamma(0.5, size=(6, n_bins))
        X += 0.05 * rng.random(X.shape) * X.mean()
        guide = tracks[:, :1] + 0.3 * rng.random((n_frames, n_guides))
        return {
            "X": X.astype(dtype),
            "guide": guide.astype(dtype),
            "activations": rng.uniform(0.1, 1, (n_frames, n_components)).astype(dtype),
            "components": rng.uniform(0.1, 1, (n_components, n_bins)).astype(dtype),
        }

    return make
