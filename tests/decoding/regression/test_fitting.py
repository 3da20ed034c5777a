import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.decoding import EnvelopeDecoder
from sklearn_cnmf.decoding.regression._backward_model import unfold
from sklearn_cnmf.decoding.regression._fitting import _choose, _rises_beyond, fit_ridge
from sklearn_cnmf.decoding.regression._lagged import RecordingSums, lagged_sums
from sklearn_cnmf.signals import pearson_r

# The best of a short grid may well be at its edge.
pytestmark = pytest.mark.filterwarnings("ignore:alphas")

LAGS = np.arange(1, 6)
ALPHAS = (1e-3, 1e-1, 1e1, 1e3)


def _recordings(lengths=(60, 45, 70, 52), n_channels=4, n_outputs=3, seed=0):
    rng = np.random.default_rng(seed)
    ys = [rng.standard_normal((n, n_outputs)) for n in lengths]
    xs = []
    for y in ys:
        x = rng.standard_normal((len(y), n_channels)) + 2
        x[2:, 0] += 3 * y[:-2, 0]
        x[4:, 1] += 0.4 * y[:-4, 1]
        xs.append(x)
    return xs, ys


def _fit(xs, ys, groups=tuple("abac"), **options):
    options = {"alpha": "cv", "alphas": ALPHAS, **options}
    return fit_ridge(xs, ys, groups, LAGS, **options)[0]


def test_each_output_has_its_own_penalty(explicit_ridge):
    xs, ys = _recordings()
    alpha = (0.3, 20.0, 0.0)
    fitted = _fit(xs, ys, alpha=alpha)
    assert_array_equal(fitted.alpha, alpha)
    for output, value in enumerate(alpha):
        weights, intercept = explicit_ridge(xs, ys, LAGS, value)
        expected = unfold(weights, 4)[output]
        assert_allclose(fitted.coef[output], expected, rtol=1e-8, atol=1e-12)
        assert_allclose(fitted.intercept[output], intercept[output], rtol=1e-8)


def test_each_output_chooses_as_if_it_were_alone():
    xs, ys = _recordings()
    together = _fit(xs, ys, per_output=True)
    assert together.cv_scores.shape == (4, 4, 3)
    for output in range(3):
        alone = _fit(xs, [y[:, [output]] for y in ys])
        assert together.alpha[output] == alone.alpha
        assert_allclose(together.cv_scores[:, :, output], alone.cv_scores, atol=1e-10)
        assert_allclose(together.coef[output], alone.coef[0], rtol=1e-8, atol=1e-12)
    assert len(set(together.alpha)) > 1
    joint = _fit(xs, ys)
    assert_allclose(joint.cv_scores, together.cv_scores.mean(axis=2))


def test_a_level_curve_at_the_edge_does_not_warn():
    rising = np.array([0.1, 0.2, 0.3])
    level = np.array([0.1, 0.29999, 0.3])
    alphas = np.array([1.0, 10.0, 100.0])

    def rises_beyond(means, alphas):
        return _rises_beyond(means, alphas, means.argmax(axis=0))

    assert rises_beyond(rising, alphas)
    assert rises_beyond(rising[::-1], alphas)
    assert rises_beyond(rising[[1, 0, 2]], alphas[[1, 0, 2]])
    assert not rises_beyond(level, alphas)
    assert not rises_beyond(level[::-1], alphas)
    assert not rises_beyond(rising[[0, 2, 1]], alphas)
    assert not rises_beyond(rising[:1], alphas[:1])
    both = rises_beyond(np.column_stack([rising, level]), alphas)
    assert_array_equal(both, [True, False])


@pytest.mark.parametrize(("gain", "rises"), [(5e-4, False), (2e-3, True)])
def test_a_gain_of_a_thousandth_of_r_is_where_a_curve_begins_to_rise(gain, rises):
    alphas = np.array([1.0, 10.0, 100.0])
    for r in (0.02, 0.3):
        means = r * np.array([0.5, 1 - gain, 1.0])
        assert _rises_beyond(means, alphas, 2) == rises
        assert _rises_beyond(means[::-1], alphas, 0) == rises


def test_an_accident_at_the_edge_is_not_chosen():
    alphas = np.array([1e-6, 1e-2, 1.0, 1e6])
    noise = np.array([0.01, -0.01, 0.02, -0.02])
    level = np.array([[0.1], [0.1], [0.1001], [0.1002]]) + 0 * noise
    assert _choose(level + [[0], [0], [0], [1]] * noise, alphas) == 2
    # Where it is better in all recordings alike, it is no accident.
    assert _choose(np.array([[0.1], [0.1], [0.2], [0.3]]) + noise, alphas) == 3
    assert _choose(np.array([[0.3], [0.1], [0.2], [0.1]]) + noise, alphas) == 0
    # Each output on its own; no usual penalty, or one recording: the best.
    both = np.stack([level + [[0], [0], [0], [1]] * noise, level], axis=2)
    assert_array_equal(_choose(both, alphas), [2, 3])
    assert _choose(level, alphas * 1e9) == 3
    assert _choose(level[:, :1], alphas) == 3


@pytest.mark.parametrize(
    ("alphas", "expected"), [((0.005, 0.02, 1.0), 0.02), ((20.0, 5.0, 1.0), 5.0)]
)
def test_penalties_from_a_hundredth_to_ten_are_the_usual_ones(alphas, expected):
    # Each one a little better than the next, by less than its error.
    noise = np.array([0.02, -0.01, 0.01, -0.02])
    scores = np.array([[0.102], [0.101], [0.1]]) + [[1], [-1], [0]] * noise
    assert alphas[_choose(scores, np.array(alphas))] == expected


def test_the_decoder_passes_its_options_on():
    rng = np.random.default_rng(1)
    y = rng.standard_normal((600, 2))
    x = rng.standard_normal((600, 3))
    x[3:, 0] += 5 * y[:-3, 0]
    with pytest.warns(
        UserWarning, match=r"best values of outputs \[[01 ]+\] are at th"
    ):
        decoder = EnvelopeDecoder(alphas=(1e-2, 1e-1), alpha_per_output=True).fit(x, y)
    assert decoder.alpha_.shape == (2,)
    assert decoder.cv_scores_.shape == (2, 5, 2)
    decoder.set_params(alpha=(0.5, 2.0)).fit(x, y)
    assert_array_equal(decoder.alpha_, [0.5, 2.0])
    assert not hasattr(decoder, "cv_scores_")


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_covariances_beyond_the_budget_are_recomputed_with_equal_results(share):
    xs, ys = _recordings()
    size = 8 * len(LAGS) * 4 * (4 + 3)
    tight, ample = _fit(xs, ys, budget=share * 4 * size), _fit(xs, ys)
    assert tight.alpha == ample.alpha
    assert_array_equal(tight.cv_scores, ample.cv_scores)
    assert_array_equal(tight.coef, ample.coef)


def test_no_more_is_kept_than_the_budget_allows():
    xs, ys = _recordings(lengths=(80,) * 6)
    kept = lagged_sums(xs[0], ys[0], LAGS)
    size = kept.first_row.nbytes + kept.zy.nbytes
    sums = RecordingSums(xs, ys, LAGS, budget=2.5 * size)
    first, second = list(sums), list(sums)
    again = [a is b for a, b in zip(first, second)]
    assert again == [True, True, False, False, False, False]
    assert_array_equal(first[5].first_row, second[5].first_row)


def _average_reference(x):
    return x - x.mean(axis=1, keepdims=True)


def _repeated_channel(x):
    return np.hstack([x, x[:, :1]])


def _interpolated_channel(x):
    return np.hstack([x, x @ np.array([[0.3], [0.5], [0.1], [0.1]])])


@pytest.mark.parametrize(
    "reduce", [_average_reference, _repeated_channel, _interpolated_channel]
)
@pytest.mark.parametrize("alpha", ["cv", 1e-6, 0.0])
def test_dependent_channels_give_the_solution_of_least_norm(
    reduce, alpha, explicit_lags
):
    xs, ys = _recordings(lengths=(300, 260, 280, 240))
    xs = [reduce(x) for x in xs]
    fitted = _fit(xs, ys, alpha=alpha)
    z = np.vstack([explicit_lags(x, LAGS) for x in xs])
    y = np.vstack([y[: len(y) - LAGS[-1]] for y in ys])
    zc, yc = z - z.mean(axis=0), y - y.mean(axis=0)
    # in the space of the right singular vectors, where nothing is singular
    u, s, vt = np.linalg.svd(zc, full_matrices=False)
    penalty = fitted.alpha * np.sum(s**2) / len(s)
    kept = s > 1e-9 * s[0]
    assert not kept.all()
    gain = np.where(kept, s / (s**2 + penalty), 0.0)
    expected = vt.T @ (gain[:, None] * (u.T @ yc))
    assert_allclose(fitted.coef, unfold(expected, xs[0].shape[1]), atol=1e-7)


@pytest.mark.parametrize("alpha", [0.1, "cv", (0.1, 3.0)])
def test_held_out_reconstructions_saw_nothing_of_their_group(alpha):
    rng = np.random.default_rng(0)
    ys = [rng.standard_normal((90, 2)) for _ in range(5)]
    xs = [rng.standard_normal((90, 3)) for _ in range(5)]
    for x, y in zip(xs, ys):
        x[2:, :2] += y[:-2]
    groups = ["a", "b", "a", "c", "d"]
    alphas = (0.01, 0.1, 1.0, 10.0, 100.0)
    options = {"alphas": alphas, "hold_out": True}
    model, held_out = fit_ridge(xs, ys, groups, LAGS, alpha=alpha, **options)
    for group in set(groups):
        kept = [i for i, other in enumerate(groups) if other != group]
        alone, _ = fit_ridge(
            [xs[i] for i in kept], [ys[i] for i in kept], [groups[i] for i in kept],
            LAGS, alpha=model.alpha, alphas=alphas,
        )  # fmt: skip
        for i in set(range(5)) - set(kept):
            inner = slice(0, 90 - LAGS[-1])
            r = pearson_r(alone.predict(xs[i])[inner], held_out[i][inner])
            assert_allclose(r, 1, atol=1e-3)
    assert fit_ridge(xs, ys, ["a"] * 5, LAGS, alpha=0.1, **options)[1] is None


def test_the_eleventh_group_is_held_out_with_the_first(explicit_ridge, explicit_lags):
    xs, ys = _recordings(lengths=(70,) * 12)
    options = {"alpha": 0.1, "alphas": ALPHAS, "hold_out": True}
    _, held_out = fit_ridge(xs, ys, range(12), LAGS, **options)
    for left in ([0, 10], [1, 11], *([i] for i in range(2, 10))):
        kept = [i for i in range(12) if i not in left]
        weights, _ = explicit_ridge(
            [xs[i] for i in kept], [ys[i] for i in kept], LAGS, 0.1
        )
        for i in left:
            expected = explicit_lags(xs[i], LAGS) @ weights
            found = held_out[i][: len(expected)]
            centred = (a - a.mean(axis=0) for a in (found, expected))
            assert_allclose(*centred, rtol=1e-6, atol=1e-9)
