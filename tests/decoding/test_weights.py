from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge

from sklearn_cnmf import Reference
from sklearn_cnmf.decoding import EnvelopeDecoder
from sklearn_cnmf.decoding._weights import _windows, learn_weights, prior_weights

SFREQ = 64.0


def listener(n_windows, r, seed, *, single=False):
    """Held-out reconstructions that follow the attended feature with r per output."""
    rng = np.random.default_rng(seed)
    r = np.asarray(r)
    held_out, candidates = [], []
    for _ in range(n_windows):
        sources = rng.standard_normal((1 if single else 2, 640, len(r)))
        noise = rng.standard_normal((640, len(r)))
        held_out.append(r * sources[0] + np.sqrt(1 - r**2) * noise)
        candidates.append(list(sources))
    return held_out, candidates, [0] * n_windows


def test_priors_of_named_features():
    assert_array_equal(prior_weights("envelope_onset", 2), [0.4, 1.3])
    assert_array_equal(prior_weights("envelope", 1), [1.0])
    assert_array_equal(prior_weights("onset", 1), [1.6])
    assert_allclose(prior_weights("mel", 8).sum(), 1.0)
    assert_allclose(prior_weights("mel_onset", 4).sum(), 1.6)
    assert_allclose(prior_weights(np.sin, 2), 0.5)


@pytest.mark.parametrize("single", [False, True])
def test_better_listeners_have_larger_weights(single):
    prior = prior_weights("envelope_onset", 2)
    weights = [
        learn_weights(
            *listener(24, (r, r), 0, single=single), sfreq=SFREQ, prior=prior
        ).sum()
        for r in (0.02, 0.1, 0.3)
    ]
    assert weights[0] < weights[1] < weights[2]


def test_the_output_that_tells_more_gets_more_than_by_the_prior():
    prior = np.array([1.0, 1.0])
    weights = learn_weights(*listener(400, (0.0, 0.1), 0), sfreq=SFREQ, prior=prior)
    assert weights[1] > 1.5 * weights[0]


def test_a_single_source_is_compared_with_all_its_other_times():
    prior = np.array([0.4, 1.3])
    held_out, candidates, attended = listener(12, (0.1, 0.2), 2, single=True)
    weights = learn_weights(held_out, candidates, attended, sfreq=SFREQ, prior=prior)

    def z(y, s):
        r = [np.corrcoef(y[:, o], s[:, o])[0, 1] for o in range(2)]
        return np.arctanh(r)

    own = np.array([z(y, c[0]) for y, c in zip(held_out, candidates)])
    rate = np.clip(np.mean(own @ prior) / 0.17, 0.3, 3)
    slope = (weights - rate * prior) / (0.25 * rate * prior) ** 2
    for i in range(12):
        for j in range(12):
            if i != j:
                difference = 9 * (own[i] - z(held_out[i], candidates[j][0]))
                slope -= difference / (1 + np.exp(difference @ weights)) / 11
    assert_allclose(slope, 0, atol=1e-3)


def test_trials_of_different_numbers_of_sources_are_learned_from():
    prior = np.array([0.4, 1.3])
    first, second = listener(8, (0.1, 0.1), 0), listener(8, (0.1, 0.1), 1)
    three = [[*c, np.random.default_rng(5).standard_normal((640, 2))] for c in first[1]]
    held_out, candidates = first[0] + second[0], three + second[1]
    weights = learn_weights(held_out, candidates, [0] * 16, sfreq=SFREQ, prior=prior)

    def z(y, s):
        return np.arctanh([np.corrcoef(y[:, o], s[:, o])[0, 1] for o in range(2)])

    found = [np.array([z(y, s) for s in c]) for y, c in zip(held_out, candidates)]
    rate = np.clip(np.mean([one[0] @ prior for one in found]) / 0.17, 0.3, 3)
    slope = (weights - rate * prior) / (0.25 * rate * prior) ** 2
    for one in found:
        odds = np.exp(9 * one @ weights)
        slope += 9 * (odds / odds.sum() @ one - one[0])
    assert_allclose(slope, 0, atol=1e-3)


def test_few_windows_stay_close_to_the_prior_at_the_rate_of_the_listener():
    prior = np.array([0.4, 1.3])
    weights = learn_weights(*listener(1, (0.1, 0.1), 3), sfreq=SFREQ, prior=prior)
    rate = weights / prior
    assert 0.3 <= rate.min() <= rate.max() < 3.5
    assert np.ptp(rate) < 0.3 * rate.max()


def test_weights_are_a_stationary_point_of_the_posterior():
    prior = np.array([0.4, 1.3])
    held_out, candidates, attended = listener(30, (0.05, 0.1), 1)
    weights = learn_weights(held_out, candidates, attended, sfreq=SFREQ, prior=prior)
    z = np.array(
        [
            [
                [np.arctanh(np.corrcoef(y[:, o], s[:, o])[0, 1]) for o in range(2)]
                for s in of_trial
            ]
            for y, of_trial in zip(held_out, candidates)
        ]
    )
    rate = np.clip(np.mean(z[:, 0] @ prior) / 0.17, 0.3, 3)
    # A trial of one window: the edges of its filter cost a second.
    difference = 9 * (z[:, 0] - z[:, 1])
    slope = -difference.T @ (1 / (1 + np.exp(difference @ weights)))
    slope += (weights - rate * prior) / (0.25 * rate * prior) ** 2
    assert_allclose(slope, 0, atol=1e-3)


def test_silent_sources_are_no_candidates():
    held_out, candidates, attended = listener(12, (0.1, 0.1), 0, single=True)
    silent = [[own[0], np.zeros_like(own[0])] for own in candidates]
    prior = np.array([0.4, 1.3])
    expected = learn_weights(held_out, candidates, attended, sfreq=SFREQ, prior=prior)
    found = learn_weights(held_out, silent, attended, sfreq=SFREQ, prior=prior)
    assert_array_equal(found, expected)


def test_fitted_decoders_know_how_sure_they_are(make_trials):
    trials, references = make_trials(8, noise=4.0)
    decoder = EnvelopeDecoder(alpha=1.0).fit(trials[:6], references[:6])
    assert decoder.output_weights_.shape == (2,)
    found = decoder.predict_proba(trials[6:], references[6:])
    for p, reference in zip(found, references[6:]):
        assert_allclose(p.sum(), 1)
        assert np.argmax(p) == reference.attended
    three = [np.concatenate([r.sources, r.sources[:1] * 0]) for r in references[6:]]
    assert all(p.min() >= 0.05 / 3 for p in decoder.predict_proba(trials[6:], three))


def test_where_nothing_can_be_held_out_the_prior_counts(make_trials):
    trials, references = make_trials(3, stimuli=("a", "a", "a"))
    decoder = EnvelopeDecoder(alpha=1.0).fit(trials, references)
    assert_array_equal(decoder.output_weights_, [0.4, 1.3])
    regressor = EnvelopeDecoder(estimator=Ridge(), feature="envelope")
    regressor.fit(*make_trials(3))
    assert_array_equal(regressor.output_weights_, [1.0])


def test_weights_do_not_see_which_source_is_listed_first(make_trials):
    trials, references = make_trials(6, noise=2.0)
    turned = [Reference(r.sources[::-1], 1 - r.attended) for r in references]
    decoder = EnvelopeDecoder(alpha=1.0)
    one = decoder.fit(trials, references).output_weights_.copy()
    assert_allclose(decoder.fit(trials, turned).output_weights_, one, rtol=1e-9)


def test_probabilities_are_for_trials(make_trials):
    x = np.random.default_rng(0).standard_normal((300, 3))
    decoder = EnvelopeDecoder(alpha=1.0)
    assert not hasattr(decoder, "predict_proba")
    assert not hasattr(decoder.fit(x, x[:, 0]), "predict_proba")
    trials, references = make_trials(2)
    decoder.fit([replace(t, stimulus="") for t in trials], references)
    assert hasattr(decoder, "predict_proba")


def test_choices_below_a_threshold_are_not_made(make_trials):
    trials, references = make_trials(8, noise=12.0)
    decoder = EnvelopeDecoder(alpha=1.0).fit(trials[:4], references[:4])
    held_out = trials[4:], references[4:]
    largest = [p.max() for p in decoder.predict_proba(*held_out)]
    always = decoder.predict_attended(*held_out)
    threshold = sorted(largest)[2]
    found = decoder.predict_attended(*held_out, threshold=threshold)
    assert found == [c if p >= threshold else None for c, p in zip(always, largest)]
    assert found.count(None) == 2
    with pytest.raises(ValueError, match="threshold: expected a finite number >= 0"):
        decoder.predict_attended(*held_out, threshold=-0.1)


@pytest.mark.parametrize(
    ("n_times", "expected"), [(639, 1), (640, 1), (1279, 1), (1280, 2)]
)
def test_windows_are_whole(n_times, expected):
    rng = np.random.default_rng(0)
    y, *sources = rng.standard_normal((3, n_times, 1))
    found = _windows([y], [sources], [0], 64.0)
    assert len(found) == max(1, n_times // 640)


def test_each_window_is_compared_with_twenty_others_from_near_and_far():
    held_out, candidates, attended = listener(41, (0.3,), 0, single=True)
    found = _windows(held_out, candidates, attended, SFREQ)
    for number, (_, _, others) in enumerate(found):
        expected = [
            np.corrcoef(
                held_out[number][:, 0], candidates[(number + step) % 41][0][:, 0]
            )
            for step in range(1, 41, 2)
        ]
        r = np.array(expected)[:, 0, 1]
        assert_allclose(np.ravel(others), np.arctanh(r), atol=1e-9)
