import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from sklearn_cnmf.decoding import EnvelopeDecoder


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"sfreq": 0}, ValueError, "sfreq: expected a finite number > 0"),
        ({"sfreq": "64"}, ValueError, "sfreq: expected a finite number > 0, got"),
        ({"sfreq": np.nan}, ValueError, "sfreq: expected a finite"),
        ({"tmin": -0.1}, ValueError, "0 <= tmin < tmax"),
        ({"tmax": 0.0}, ValueError, "0 <= tmin < tmax"),
        ({"tmin": 0.3}, ValueError, "0 <= tmin < tmax"),
        ({"tmax": None}, ValueError, "tmax: expected a finite number"),
        ({"tmin": 0.001, "tmax": 0.015}, ValueError, "no sample lies between"),
        ({"h_freq": 32.0}, ValueError, "h_freq: .* half of sfreq=64"),
        ({"l_freq": -1}, ValueError, "l_freq: expected None or a freq"),
        ({"l_freq": 8.0}, ValueError, "l_freq < h_freq"),
        ({"l_freq": "1"}, ValueError, "l_freq: expected a finite number"),
        ({"alpha": -1e-3}, ValueError, "alpha: expected a finite number >= 0"),
        ({"alpha": "auto"}, ValueError, "alpha: expected 'cv' or a number, got 'auto'"),
        ({"alpha": True}, ValueError, "alpha: expected a finite number >= 0"),
        ({"alpha": []}, ValueError, "alpha: expected 'cv', a number or one per out"),
        ({"alpha": ["1"]}, ValueError, "alpha: expected a finite number >= 0"),
        ({"alpha": [1.0, -1.0]}, ValueError, "alpha: expected a finite number >= 0"),
        ({"alpha": [1.0, 2.0]}, ValueError, "alpha: 2 penalties for 1 outputs"),
        ({"alpha_per_output": 1}, ValueError, "alpha_per_output: expected True or Fal"),
        ({"per_instrument": "y"}, ValueError, "per_instrument: expected True or False"),
        ({"per_instrument": True}, ValueError, "per_instrument: .* X is an array"),
        ({"estimator": "lasso"}, ValueError, "estimator: expected None or an inst"),
        ({"estimator": Ridge}, ValueError, "estimator: expected None or an instance"),
        ({"estimator": LogisticRegression()}, ValueError, "estimator: expected None"),
        ({"tmax": 250}, ValueError, "tmax: .* in milliseconds. Then pass 0.25"),
        ({"memory": 3}, ValueError, "'memory' should be None"),
        ({"n_bands": 0}, ValueError, "n_bands: expected a whole number >= 1"),
        ({"n_bands": 2.0}, ValueError, "n_bands: expected a whole number"),
        ({"alphas": (1.0, 0.0)}, ValueError, "alphas: expected a finite number > 0"),
        ({"alphas": (1.0, np.inf)}, ValueError, "alphas: expected a finite"),
        ({"alphas": ()}, ValueError, "alphas: expected a sequence"),
        ({"alphas": 1.0}, ValueError, "alphas: expected a sequence"),
        ({"alphas": "12"}, ValueError, "alphas: expected a sequence"),
        ({"feature": "chroma"}, ValueError, r"feature: expected one of \['envelope'"),
        (
            {"feature": 3},
            ValueError,
            "feature: expected .* or a callable, got 3",
        ),
    ],
)
def test_parameters_are_refused_in_fit(parameters, error, message):
    rng = np.random.default_rng(0)
    decoder = EnvelopeDecoder(**parameters)
    with pytest.raises(error, match=message):
        decoder.fit(rng.standard_normal((200, 2)), rng.standard_normal(200))


def test_numpy_numbers_and_integers_are_taken():
    rng = np.random.default_rng(0)
    decoder = EnvelopeDecoder(
        sfreq=np.int64(64),
        tmin=np.float32(0),
        tmax=1,
        alpha=np.float64(1),
        alphas=np.logspace(-1, 1, 3),
        h_freq=None,
    )
    decoder.fit(rng.standard_normal((200, 2)), rng.standard_normal(200))
    assert len(decoder.lags_) == 65
