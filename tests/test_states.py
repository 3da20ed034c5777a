# ruff: noqa: RUF012, PT017
"""Any order of fit, set_params, predict: the result of a fresh fit, or an error."""

import pickle
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sklearn.base import clone
from sklearn.linear_model import Ridge

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference, Trial

EEG, AUDIO = 64.0, 2000.0
REFUSED = ValueError, AttributeError


def make_pair(seed):
    rng = np.random.default_rng(seed)
    times = np.arange(round(2 * AUDIO)) / AUDIO
    envelopes = [np.interp(times, np.linspace(0, 2, 9), rng.random(9)) for _ in "ab"]
    sources = np.stack(
        [e * np.sin(2 * np.pi * f * times) for e, f in zip(envelopes, (220.0, 440.0))]
    )
    trial = Trial(
        rng.standard_normal((2, 128)),
        EEG,
        sources.sum(axis=0),
        AUDIO,
        instruments=("flute", "horn"),
        subject="s",
        stimulus=f"piece {seed}",
        guide=rng.random((1, 128)),
        guide_sfreq=EEG,
        guide_weights=np.ones(1),
    )
    return trial, Reference(sources, seed % 2)


PAIRS = [make_pair(seed) for seed in range(3)]
TRIALS, REFERENCES = [t for t, _ in PAIRS], [r for _, r in PAIRS]
BARE = [replace(t, guide=None, guide_sfreq=None, guide_weights=None) for t in TRIALS]
RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((100, 2)), RNG.standard_normal(100)
MAGNITUDES, GUIDE = RNG.random((12, 5)), RNG.random(12)


def plain(result):
    """What can be compared of a result."""
    if isinstance(result, Trial):
        return [plain(result.guide), plain(result.estimate), plain(result.mixture)]
    if isinstance(result, (list, tuple)):
        return [plain(one) for one in result]
    return result


def assert_same(found, expected):
    found, expected = plain(found), plain(expected)
    if isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected):
            assert_same(one, other)
    else:
        np.testing.assert_array_equal(found, expected)


def outcome(call):
    """What a call returns, or the error that it raises in a sentence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call(), None
        except REFUSED as error:
            assert len(str(error).split()) >= 3, repr(error)
            return None, error


class States(RuleBasedStateMachine):
    """A model, and all that is needed to fit a fresh one like it.

    `make` makes the estimator, `inputs` is what it is fitted on by the kind of input,
    `values` are those of its parameters, `anew` the parameters that count in the fit
    and, as they are then, in what follows, and `calls` the methods with the kind of
    their input.
    """

    def __init__(self):
        super().__init__()
        self.model = self.make()
        self.fitted = None

    @initialize(data=st.data())
    def begin(self, data):
        self.fit(data)
        self.change_one_and_call(data)

    @rule(data=st.data())
    def fit(self, data):
        kind = data.draw(st.sampled_from(sorted(self.inputs)))
        args, kwargs = self.inputs[kind]
        params = dict(self.model.get_params(deep=False))
        _, refused = outcome(lambda: clone(self.model).fit(*args, **kwargs))
        _, error = outcome(lambda: self.model.fit(*args, **kwargs))
        assert (error is None) == (refused is None)
        assert str(error) == str(refused)
        if error is None:
            self.fitted = kind, params

    @rule(data=st.data())
    def set_params(self, data):
        name = data.draw(st.sampled_from(sorted(self.values)))
        value = data.draw(st.sampled_from(self.values[name]))
        self.model.set_params(**{name: clone(value, safe=False)})

    @precondition(lambda self: self.fitted)
    @rule()
    def set_back(self):
        self.model.set_params(**self.fitted[1])

    @rule()
    def pickle(self):
        self.model = pickle.loads(pickle.dumps(self.model))

    @precondition(lambda self: self.fitted)
    @rule(data=st.data())
    def change_one_and_call(self, data):
        for _ in range(8):
            self.set_back()
            self.set_params(data)
            self.call(data)

    @rule()
    def clone(self):
        self.model, self.fitted = clone(self.model), None

    @rule(data=st.data())
    def call(self, data):
        names = sorted(self.calls)
        if self.fitted and data.draw(st.integers(0, 4)):
            fitted_on = self.fitted[0]
            names = [n for n in names if self.accepts(fitted_on, self.calls[n][0])]
        kind, method = self.calls[data.draw(st.sampled_from(names))]
        found, error = outcome(lambda: method(self.model))
        if self.fitted is None:
            assert error is not None
            return
        fitted_on, params = self.fitted
        now = self.model.get_params(deep=False)
        if error is not None:
            changed = {k for k in now if repr(now[k]) != repr(params[k])}
            if not changed:
                _, refused = outcome(lambda: method(self.fresh({})))
                assert str(refused) == str(error)
            return
        assert self.accepts(fitted_on, kind)
        expected, refused = outcome(lambda: method(self.fresh(now)))
        if refused is not None:
            # A parameter that has no part in this kind of fit is not looked at.
            expected, refused = outcome(lambda: method(self.fresh(params)))
        assert refused is None
        assert_same(found, expected)

    def fresh(self, now):
        """A model that was fitted with the parameters as they are now."""
        kind, params = self.fitted
        args, kwargs = self.inputs[kind]
        both = {name: params[name] for name in self.anew}
        fresh = self.make().set_params(**{**params, **now, **both})
        return fresh.fit(*args, **kwargs).set_params(**now)

    def accepts(self, fitted_on, given):
        return (fitted_on == "trials") == (given == "trials")


class DecoderStates(States):
    values = {
        "sfreq": [64.0, 32.0, 0.0],
        "tmin": [0.0, 0.05, 9.0],
        "tmax": [0.25, 0.1, "late"],
        "feature": ["envelope", "envelope_onset", "chroma"],
        "n_bands": [8, 2, 0],
        "alpha": [1.0, "cv", 10.0, -1.0],
        "alphas": [(0.1, 1.0, 10.0), (1.0, 100.0), ()],
        "alpha_per_output": [False, True, "no"],
        "l_freq": [1.0, None, 70.0],
        "h_freq": [8.0, 6.0, -1.0],
        "phase": ["zero", "forward", "linear"],
        "scale": ["robust", None, "max"],
        "clamp": [5.0, None, 1.0, 0.0],
        "per_instrument": [False, True, 2],
        "estimator": [None, Ridge(1.0), Ridge],
        "memory": [None],
    }
    anew = ()
    inputs = {
        "array": ((X, Y), {}),
        "arrays": (([X, X[:60]], [Y, Y[:60]]), {}),
        "trials": ((BARE, REFERENCES), {}),
    }
    calls = {
        **{
            f"{method} {kind}": (kind, lambda m, n=method, x=x: getattr(m, n)(x))
            for method in ("predict", "transform")
            for kind, x in (("array", X), ("arrays", [X[:50], X]), ("trials", BARE))
        },
        "score array": ("array", lambda m: m.score(X, Y)),
        "score arrays": ("arrays", lambda m: m.score([X, X], [Y, -Y])),
        "score trials": ("trials", lambda m: m.score(BARE, REFERENCES)),
        "proba": ("trials", lambda m: m.predict_proba(BARE, REFERENCES)),
        "attended": ("trials", lambda m: m.predict_attended(BARE, REFERENCES)),
        "accuracy": ("trials", lambda m: m.score_attended(BARE, REFERENCES)),
    }

    @staticmethod
    def make():
        return EnvelopeDecoder(feature="envelope", alpha=1.0, alphas=(0.1, 1.0, 10.0))


class SeparatorStates(States):
    values = {
        "n_components": [2, 3, None, 0],
        "delta": [None, 0.0, 0.3, -1.0],
        "contrast": ["group", "components", "none"],
        "mu": [0.0, 0.01, -1.0],
        "beta": [0.0, 0.01, "b"],
        "n_attended": [None, 1, 2, 9],
        "dictionary": ["learned", "blind", "guided", "harmonic", "dream"],
        "choice": ["soft", "hard", "both"],
        "choice_window": [None, 1.5, -1.0],
        "solver": ["mu", "published", "cd"],
        "max_iter": [4, 6, 0],
        "tol": [1e-2, 0.0, -1.0],
        "window": [0.064, 0.1, 100],
        "mask_power": [2.0, 1.0, 0.0],
        "transposition": [0, 1, 99],
        "n_free": [2, 0, -1],
        "memory": [None],
        "n_jobs": [None, 1],
        "random_state": [0, 1, "seed"],
    }
    anew = ("max_iter",)
    inputs = {
        "array": ((MAGNITUDES,), {"guide": GUIDE}),
        "trials": ((TRIALS, REFERENCES), {}),
    }
    calls = {
        "predict array": ("array", lambda m: m.predict(MAGNITUDES)),
        "transform array": ("array", lambda m: m.transform(MAGNITUDES)),
        "inverse": ("array", lambda m: m.inverse_transform(np.ones((2, 2)))),
        "predict trials": ("trials", lambda m: m.predict(TRIALS[:1])),
        "transform trials": ("trials", lambda m: m.transform(TRIALS[:1])),
        "proba": ("trials", lambda m: m.predict_proba(TRIALS[:1])),
        "support": ("trials", lambda m: m.decision_function(TRIALS[:1])),
        "attended": ("trials", lambda m: m.predict_attended(TRIALS[:1])),
        "separate": (
            "trials",
            lambda m: [[d.attended, d.converged] for d in m.separate(TRIALS[:1])],
        ),
    }

    @staticmethod
    def make():
        return ContrastiveNMF(
            2, window=0.064, transposition=0, max_iter=4, n_free=2, random_state=0
        )

    @initialize(data=st.data())
    def begin(self, data):
        kinds = ["learned", "blind", "guided", "harmonic"]
        self.model.set_params(dictionary=data.draw(st.sampled_from(kinds)))
        self.fit(data)
        self.change_one_and_call(data)


few = settings(
    max_examples=15,
    stateful_step_count=16,
    deadline=None,
    derandomize=True,
    database=None,
    # To shrink one takes minutes.
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("machine", [DecoderStates, SeparatorStates])
def test_every_parameter_takes_part(machine):
    assert machine.make().get_params(deep=False).keys() == machine.values.keys()


TestDecoder = DecoderStates.TestCase
TestDecoder.settings = few
TestSeparator = SeparatorStates.TestCase
TestSeparator.settings = few
