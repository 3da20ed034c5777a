"""Functions of users that write into what they get, or return masked arrays."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.datasets import load_example_stems, simulate_trials
from sklearn_cnmf.evaluation import audit_separability
from sklearn_cnmf.metrics import separation_scorer
from sklearn_cnmf.online._features import StreamedFeature
from sklearn_cnmf.separation import candidate_probabilities
from sklearn_cnmf.signals import audio_envelope


def writing_feature(audio, sfreq, times):
    audio *= 0
    return audio_envelope(audio, sfreq, times)


def masked_feature(audio, sfreq, times):
    values = audio_envelope(audio, sfreq, times)
    return np.ma.masked_less(values, values.mean())


def writing_metric(reference, estimate):
    reference *= 0
    return 0.0


def other_writing_metric(reference, estimate):
    estimate *= 0
    return 0.0


@pytest.fixture(scope="module")
def data():
    pieces = load_example_stems(ensemble="duo")[:1]
    return simulate_trials(
        pieces, n_subjects=1, n_repetitions=1, snr_db=0.0, random_state=0
    )


@pytest.fixture(scope="module")
def guided(data):
    trials, references = data
    guided = EnvelopeDecoder(alpha=1.0).fit(trials, references).transform(trials)
    separator = ContrastiveNMF(10, max_iter=5, tol=0.0).fit(guided, references)
    return guided, separator


def of_guide(feature, data, guided):
    trials, separator = guided
    separator.predict_proba([replace(trials[0], guide_feature=feature)])


def of_candidates(feature, data, guided):
    trial = replace(guided[0][0], guide_feature=feature)
    candidate_probabilities(data[1][0].sources, trial)


def of_decoder(feature, data, guided):
    EnvelopeDecoder(feature=feature, alpha=1.0).fit(*data)


def of_audit(feature, data, guided):
    decoder = EnvelopeDecoder(feature=feature)
    audit_separability(*data, decoder=decoder, n_draws=2, random_state=0)


def of_stream(feature, data, guided):
    streamed = StreamedFeature(feature, 22050.0, 64.0)
    streamed.push(data[1][0].sources[:, :22050])


FEATURES = [of_guide, of_candidates, of_decoder, of_audit, of_stream]


def snapshot(data):
    return [np.array(trial.mixture) for trial in data[0]] + [
        np.array(reference.sources) for reference in data[1]
    ]


@pytest.fixture
def unchanged(data):
    before = snapshot(data)
    yield
    for was, now in zip(before, snapshot(data)):
        assert_array_equal(now, was)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("use", FEATURES)
def test_a_feature_may_not_write(use, data, guided):
    with pytest.raises(ValueError, match="read-only"):
        use(writing_feature, data, guided)


@pytest.mark.parametrize("use", FEATURES)
def test_a_masked_feature_is_refused(use, data, guided):
    with pytest.raises(ValueError, match="feature returned: got a masked array"):
        use(masked_feature, data, guided)


def test_a_stream_tells_whose_feature_it_is(data, guided):
    with pytest.raises(ValueError, match=r"^audio: feature returned shape \(0,\)"):
        of_stream(lambda *_: np.zeros(0), data, guided)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("metric", [writing_metric, other_writing_metric])
@pytest.mark.parametrize("improvement", [True, False])
def test_a_metric_may_not_write(metric, improvement, data, guided):
    trials, separator = guided
    # Those of the example are read-only as they are.
    references = [replace(r, sources=np.array(r.sources)) for r in data[1]]
    scorer = separation_scorer(metric, improvement=improvement)
    with pytest.raises(ValueError, match="read-only"):
        scorer(separator, trials, references)
