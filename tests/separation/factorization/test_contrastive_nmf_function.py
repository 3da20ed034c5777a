import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import non_negative_factorization

from sklearn_cnmf.datasets import load_example_stems
from sklearn_cnmf.separation import (
    contrastive_cost,
    contrastive_nmf,
    kl_divergence,
)
from sklearn_cnmf.separation.factorization import _solver, contrast_value

TOLERANCE = {np.float64: 1e-10, np.float32: 3e-6}  # of the stated cost


def largest_rise(objective):
    return np.max(np.diff(objective) / np.maximum(1, np.abs(objective[:-1])))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("contrast", ["components", "group"])
@pytest.mark.parametrize("delta", [0.0, 0.01, 0.1, 1.0])
@pytest.mark.parametrize(("mu", "beta"), [(0, 0), (0.01, 0), (0, 0.1), (0.01, 0.1)])
def test_cost_never_rises_and_is_the_stated_one(
    problem, dtype, contrast, delta, mu, beta
):
    rng = np.random.default_rng(int(1000 * delta + 100 * mu + 10 * beta))
    for _ in range(3):
        n_components = int(rng.integers(2, 9))
        data = problem(
            n_frames=int(rng.integers(2, 80)),
            n_bins=int(rng.integers(2, 50)),
            n_components=n_components,
            n_guides=int(rng.integers(1, 5)),
            seed=int(rng.integers(1000)),
            dtype=dtype,
        )
        attended = np.arange(n_components) < rng.integers(1, n_components)
        terms = {"delta": delta, "mu": mu, "beta": beta, "contrast": contrast}
        result = contrastive_nmf(**data, attended=attended, max_iter=60, tol=0, **terms)
        assert len(result.objective) == result.n_iter + 1
        assert result.n_iter == 60 or result.converged
        assert largest_rise(result.objective) <= 0
        assert result.activations.dtype == result.components.dtype == dtype
        stated = contrastive_cost(
            data["X"], result.activations, result.components,
            guide=data["guide"], attended=attended, **terms,
        )  # fmt: skip
        assert_allclose(
            result.objective[-1], stated, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype]
        )


@pytest.fixture(scope="module")
def duo_spectra():
    import librosa

    piece = load_example_stems(ensemble="duo")[1]
    return np.abs(librosa.stft(piece.mixture, n_fft=4096, hop_length=1024)).T


def n_subnormal(array):
    return np.count_nonzero((array > 0) & (array < np.finfo(array.dtype).tiny))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("fixed", [False, True])
def test_no_subnormal_numbers_on_real_spectra(duo_spectra, dtype, fixed, monkeypatch):
    X = np.ascontiguousarray(duo_spectra, dtype=dtype)
    start = {"n_components": 24, "random_state": 0}
    if fixed:
        components = contrastive_nmf(X, **start, delta=0, max_iter=20).components
        components[:, ::7] = np.finfo(dtype).tiny / 8
        start = {"components": components, "fixed": np.ones(24, dtype=bool)}
    results = []
    for floor in (_solver._FLOOR, 0.0):
        monkeypatch.setattr(_solver, "_FLOOR", floor)
        results.append(contrastive_nmf(X, **start, delta=0, max_iter=150, tol=0))
    kept, unbounded = results
    if dtype == np.float32:
        assert n_subnormal(unbounded.activations) > 0
    assert n_subnormal(kept.activations) == n_subnormal(kept.components) == 0
    assert kept.objective[-1] < unbounded.objective[-1] + 1e-5
    assert largest_rise(kept.objective) <= 0


@pytest.fixture
def without_extrapolation(monkeypatch):
    def switch():
        monkeypatch.setattr(_solver, "_LEAST_QUARTERS", 0)
        monkeypatch.setattr(_solver, "_MOST_QUARTERS", 0)

    return switch


def test_plain_factorization_equals_scikit_learn(problem, without_extrapolation):
    without_extrapolation()
    data = problem(n_frames=50, n_bins=40)
    A, W, _ = non_negative_factorization(
        data["X"],
        W=data["activations"].copy(),
        H=data["components"].copy(),
        n_components=6,
        init="custom",
        solver="mu",
        beta_loss="kullback-leibler",
        max_iter=100,
        tol=0,
    )
    result = contrastive_nmf(
        data["X"],
        activations=data["activations"],
        components=data["components"],
        delta=0,
        max_iter=100,
        tol=0,
    )
    assert_allclose(result.activations @ result.components, A @ W, rtol=1e-4)
    divergence = kl_divergence(data["X"], A @ W) / data["X"].sum()
    assert_allclose(result.objective[-1], divergence, rtol=1e-6)


@pytest.mark.parametrize("delta", [0, 0.02])
def test_extrapolation_saves_iterations_without_a_rise(
    problem, without_extrapolation, delta
):
    problems = [problem(n_frames=150, n_bins=60, seed=seed) for seed in range(7)]
    options = {"delta": delta, "contrast": "components", "max_iter": 200, "tol": 0}
    fast_ones = [contrastive_nmf(**data, **options) for data in problems]
    without_extrapolation()
    saved = []
    for data, fast in zip(problems, fast_ones):
        plain = contrastive_nmf(**data, **options)
        assert largest_rise(fast.objective) <= 0
        reached = np.flatnonzero(fast.objective <= plain.objective[-1])
        saved.append(reached[0] if len(reached) else np.inf)
    assert np.median(saved) <= 100


@pytest.mark.parametrize("case", ["duo", "trio", "strong"])
def test_published_rule_equals_stored_outputs(shared_data, case):
    stored = np.load(shared_data / "published_rule.npz")
    V, W0, H0, S, W, H = (
        stored[f"{case}_{k}"].T for k in ["V", "W0", "H0", "S", "W", "H"]
    )
    delta, mu, beta, n_iter, n_attended = stored[f"{case}_params"]
    result = contrastive_nmf(
        V,
        guide=S,
        attended=np.arange(len(W0)) < n_attended,
        activations=H0,
        components=W0,
        delta=delta / V.sum(),
        mu=mu / V.sum(),
        beta=beta,
        solver="published",
        contrast="components",
        max_iter=int(n_iter),
        tol=0,
    )
    assert_allclose(result.components, W, rtol=1e-6)
    assert_allclose(result.activations, H, rtol=1e-6)
    assert result.n_iter == n_iter


def test_published_rule_raises_the_cost_and_ends_above(problem):
    data = problem(n_frames=200)
    published, descended = (
        contrastive_nmf(
            **data,
            delta=0.05,
            contrast="components",
            solver=solver,
            max_iter=200,
            tol=0,
        )
        for solver in ("published", "mu")
    )
    assert np.diff(published.objective).max() > 1e-6
    assert published.objective[-1] > descended.objective[-1] + 0.01
    stated = contrastive_cost(
        data["X"], published.activations, published.components,
        guide=data["guide"], attended=np.arange(6) < 3, delta=0.05,
        contrast="components",
    )  # fmt: skip
    assert_allclose(published.objective[-1], stated, rtol=1e-9)


@pytest.mark.parametrize("contrast", ["components", "group"])
def test_converged_factors_are_stationary(problem, contrast):
    data = problem(n_frames=20, n_bins=8, n_components=3, n_guides=1)
    attended = np.array([True, False, False])
    result = contrastive_nmf(
        **data, attended=attended, delta=0.02, contrast=contrast, max_iter=5000, tol=0
    )

    def cost(A, W):
        return contrastive_cost(
            data["X"], A, W, guide=data["guide"], attended=attended, delta=0.02,
            contrast=contrast,
        )  # fmt: skip

    for factor in ("activations", "components"):
        factors = vars(result)
        values = factors[factor]
        start = cost(factors["activations"], factors["components"])
        scale = values.max()
        for index in np.ndindex(values.shape):
            for direction in (1e-5, -1e-5):
                moved = values.copy()
                moved[index] = max(0, moved[index] + direction * scale)
                pair = {**factors, factor: moved}
                slope = (cost(pair["activations"], pair["components"]) - start) / 1e-5
                assert slope > -2e-4


def test_gain_and_order_of_frames_do_not_matter(problem):
    data = problem()
    options = {"delta": 0.05, "max_iter": 30, "tol": 0}
    start = data.pop("activations"), data.pop("components")
    X, guide = data["X"], data["guide"]
    result = contrastive_nmf(
        X, guide=guide, activations=start[0], components=start[1], **options
    )
    louder = contrastive_nmf(
        1e6 * X, guide=3 * guide, activations=1e6 * start[0], components=start[1],
        **options,
    )  # fmt: skip
    assert_allclose(louder.objective, result.objective, rtol=1e-9)
    assert_allclose(louder.activations, result.activations, rtol=1e-6, atol=1e-12)
    assert_allclose(louder.components, 1e6 * result.components, rtol=1e-6)

    order = np.random.default_rng(0).permutation(len(X))
    shuffled = contrastive_nmf(
        X[order], guide=guide[order], activations=start[0][order], components=start[1],
        **options,
    )  # fmt: skip
    assert_allclose(shuffled.activations, result.activations[order], rtol=1e-6)


def test_doubled_frames_and_repeated_guides(problem):
    data = problem()
    once = contrastive_nmf(**data, delta=0.05, max_iter=30, tol=0)
    doubled = {
        key: value if key == "components" else np.concatenate([value, value])
        for key, value in data.items()
    }
    twice = contrastive_nmf(**doubled, delta=0.05, max_iter=30, tol=0)
    assert_allclose(twice.objective, once.objective, rtol=1e-9)
    n_frames = len(data["X"])
    assert_allclose(
        twice.activations[:n_frames] * np.sqrt(2), once.activations, rtol=1e-6
    )
    data["guide"] = np.concatenate([data["guide"]] * 2, axis=1)
    repeated = contrastive_nmf(**data, delta=0.025, max_iter=30, tol=0)
    assert_allclose(repeated.objective, once.objective, rtol=1e-9)


def test_attended_components_follow_the_guide(problem):
    data = problem(n_guides=1)
    attended = np.array([False, True, False, False, True, False])
    result = contrastive_nmf(**data, attended=attended, delta=0.1, tol=1e-7)
    guide = data["guide"][:, 0] / np.linalg.norm(data["guide"])
    cosines = guide @ result.activations
    assert cosines[attended].min() > cosines[~attended].max() + 0.3


@pytest.mark.parametrize("delta", [0, 0.05])
def test_fixed_components_keep_their_spectrum(problem, delta):
    data = problem()
    fixed = np.array([True, False, True, True, False, False])
    result = contrastive_nmf(**data, fixed=fixed, delta=delta, max_iter=40, tol=0)
    shape = result.components / result.components.sum(1, keepdims=True)
    start = data["components"] / data["components"].sum(1, keepdims=True)
    assert_allclose(shape[fixed], start[fixed], rtol=1e-12)
    assert np.abs(shape[~fixed] / start[~fixed] - 1).max(1).min() > 0.1
    assert largest_rise(result.objective) <= 0


def test_stops_at_tol(problem):
    data = problem()
    result = contrastive_nmf(**data, delta=0.01, tol=1e-4, max_iter=1000)
    assert result.converged
    assert result.n_iter < 1000
    assert 0 <= result.objective[-11] - result.objective[-1] < 1e-3
    assert not contrastive_nmf(**data, delta=0.01, tol=1e-4, max_iter=12).converged


def test_silence(problem):
    data = problem()
    data["X"][5:9] = 0
    result = contrastive_nmf(**data, delta=0.5, max_iter=20)
    assert_array_equal(result.activations[5:9], 0)
    assert np.isfinite(result.components).all()
    with pytest.warns(UserWarning, match="X is silent"):
        silent = contrastive_nmf(np.zeros((6, 5)), 2, random_state=0)
    assert_array_equal(silent.activations @ silent.components, 0)


def test_guide_of_zeros_turns_the_contrast_off(problem):
    data = problem()
    data["guide"][:, 0] = 0
    assert np.isfinite(contrastive_nmf(**data, max_iter=5).objective).all()
    data["guide"][:] = 0
    with pytest.warns(UserWarning, match="guide is zero"):
        result = contrastive_nmf(**data, delta=0.1, max_iter=5)
    data["guide"] = None
    plain = contrastive_nmf(**data, delta=0.1, max_iter=5)
    assert_array_equal(result.objective, plain.objective)


@pytest.mark.parametrize("shape", [(1, 1), (1, 8), (8, 1), (3, 4)])
def test_more_components_than_frames_or_bins(shape):
    X = np.random.default_rng(0).random(shape) + 0.1
    result = contrastive_nmf(X, 6, guide=X[:, :1], delta=0.02, random_state=0)
    assert_allclose(result.activations @ result.components, X, rtol=0.2)
    assert largest_rise(result.objective) <= 0


def test_inputs_are_not_written_to_and_seeds_repeat(problem):
    data = problem()
    copies = {key: value.copy() for key, value in data.items()}
    for value in data.values():
        value.setflags(write=False)
    contrastive_nmf(**data, max_iter=5)
    for key, value in data.items():
        assert_array_equal(value, copies[key])
    X = data["X"]
    one, two, other = (
        contrastive_nmf(X, 4, random_state=seed, max_iter=5).components
        for seed in (0, 0, 1)
    )
    assert_array_equal(one, two)
    assert np.abs(one - other).max() > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": -np.ones((60, 33))}, "Negative values"),
        ({"X": np.full((60, 33), np.nan)}, "X contains NaN"),
        ({"guide": -np.ones((60, 2))}, "Negative values in data.*guide|guide"),
        ({"guide": np.ones((59, 2))}, "guide: expected 60 frames as in X, got 59"),
        ({"delta": -1}, "delta: expected a finite number >= 0, got -1"),
        ({"delta": np.nan}, "delta: expected a finite number >= 0, got nan"),
        ({"mu": -0.1}, "mu: expected a finite number >= 0"),
        ({"beta": "1"}, "beta: expected a finite number >= 0, got '1'"),
        ({"tol": -1}, "tol: expected"),
        ({"max_iter": 0}, "max_iter: expected a whole number >= 1, got 0"),
        ({"max_iter": 2.5}, "max_iter: expected a whole number >= 1, got 2.5"),
        ({"solver": "cd"}, "solver: expected one of"),
        ({"solver": "plain"}, "solver: expected one of"),
        ({"contrast": "both"}, "contrast: expected one of"),
        (
            {"solver": "published", "contrast": "group"},
            "solver='published' knows only 'components'",
        ),
        ({"n_components": 7}, "n_components: found numbers that disagree"),
        ({"attended": np.ones(6)}, "attended: expected 6 booleans"),
        ({"fixed": [True]}, "fixed: expected 6 booleans"),
        ({"activations": np.ones((59, 6))}, r"activations: expected shape \(60, 6\)"),
        ({"components": -np.ones((6, 33))}, "Negative values"),
        ({"components": None, "fixed": np.ones(6, bool)}, "components is None"),
        (
            {"activations": None, "components": None},
            "n_components: a number is needed",
        ),
    ],
)
def test_bad_input_is_named(problem, change, message):
    with pytest.raises(ValueError, match=message):
        contrastive_nmf(**{**problem(), **change})


@pytest.mark.parametrize(
    ("dtype", "gains"),
    [(np.float64, [1e300, 1e-160, 1e-300]), (np.float32, [1e21, 1e-19, 1e-30])],
)
def test_extreme_magnitudes_give_the_same_factors(problem, dtype, gains):
    data = problem(n_frames=30, dtype=dtype)
    X, guide = data["X"] / data["X"].max(), data["guide"]
    options = {"guide": guide, "delta": 0.1, "random_state": 0, "max_iter": 30}
    expected = contrastive_nmf(X, 4, **options)
    for gain in gains:
        found = contrastive_nmf(X * dtype(gain), 4, **options)
        assert found.activations.dtype == found.components.dtype == dtype
        assert_allclose(found.objective, expected.objective, rtol=1e-4)
        assert_allclose(
            found.components / dtype(gain), expected.components, rtol=0.02, atol=1e-4
        )


def test_published_rule_keeps_float32_whatever_the_type_of_its_weights(problem):
    data = problem(dtype=np.float32)
    result = contrastive_nmf(
        **data, solver="published", contrast="components", delta=np.float64(0.01),
        mu=np.float64(0.01), beta=np.float64(0.01), max_iter=5,
    )  # fmt: skip
    assert result.activations.dtype == result.components.dtype == np.float32


def test_guide_of_one_dimension_is_a_column(problem):
    data = problem()
    guide = data.pop("guide")[:, 0]
    flat = contrastive_nmf(**data, guide=guide, delta=0.1, max_iter=5)
    column = contrastive_nmf(**data, guide=guide[:, None], delta=0.1, max_iter=5)
    assert_array_equal(flat.objective, column.objective)


def sparse_problem(dtype=np.float64):
    rng = np.random.default_rng(0)
    W = rng.random((6, 25)) ** 4
    X = rng.random((60, 3)) @ W[:3]
    return X.astype(dtype), W.astype(dtype), np.array([0, 0, 0.1, 0.1, 0.5, 2.0])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fixed": np.ones(6, dtype=bool)},
        {"fixed": np.arange(6) < 3},
        {"mu": 0.01, "beta": 0.001},
        {"delta": 0.3},
        {"delta": 0.02, "contrast": "components"},
    ],
)
def test_sparsity_never_raises_the_stated_cost(dtype, options):
    X, W, weights = sparse_problem(dtype)
    options = {"delta": 0.0, **options}
    guide = X[:, :1] if options["delta"] > 0 else None
    result = contrastive_nmf(
        X, 6, components=W, sparsity=weights, guide=guide, tol=0.0, max_iter=60,
        random_state=0, **options,
    )  # fmt: skip
    assert np.diff(result.objective).max() <= 0
    options.pop("fixed", None)
    cost = contrastive_cost(
        X, result.activations, result.components, sparsity=weights, guide=guide,
        attended=np.arange(6) < 3, **options,
    )  # fmt: skip
    assert result.objective[-1] == pytest.approx(cost, rel=1e-3, abs=1e-5)


def test_sparsity_ends_where_no_entry_could_lower_the_cost():
    X, W, weights = sparse_problem()
    fixed = np.ones(6, dtype=bool)
    result = contrastive_nmf(
        X, components=W, fixed=fixed, sparsity=weights, delta=0.0, tol=0.0,
        max_iter=4000, random_state=0,
    )  # fmt: skip
    rows = W / W.sum(axis=1, keepdims=True)
    A = result.activations * result.components.sum(axis=1)
    slope = 1 + weights - (X / (A @ rows)) @ rows.T
    assert slope.min() > -1e-3
    assert np.abs(A * slope).max() < 1e-3 * A.max()
    # Without it, more is explained by what pays for being there.
    free = contrastive_nmf(
        X, components=W, fixed=fixed, delta=0.0, tol=0.0, max_iter=4000, random_state=0
    )
    share = [
        (r.activations.sum(0) * r.components.sum(1))[3:].sum() for r in (result, free)
    ]
    assert share[0] < share[1]


def test_free_spectra_come_to_rest_with_sparsity_too():
    X, W, weights = sparse_problem()
    result = contrastive_nmf(
        X, components=W, sparsity=weights / 10, delta=0.0, tol=0.0, max_iter=3000,
        random_state=0,
    )  # fmt: skip
    sums = result.components.sum(axis=1)
    A, rows = result.activations * sums, result.components / sums[:, None]
    ratio = X / (A @ rows)
    slope = 1 + weights / 10 - ratio @ rows.T
    assert np.abs(A * slope).max() < 1e-3 * A.max()
    # A row of W can't lower the cost by moving magnitude from bin to bin.
    gain = A.T @ ratio
    assert np.abs(rows * (gain - np.sum(rows * gain, 1)[:, None])).max() < 1e-2


def test_no_sparsity_is_none():
    X, W, _ = sparse_problem()
    options = {"components": W, "delta": 0.0, "random_state": 0}
    plain = contrastive_nmf(X, **options)
    zero = contrastive_nmf(X, sparsity=np.zeros(6), **options)
    assert_array_equal(plain.objective, zero.objective)


@pytest.mark.parametrize(
    ("sparsity", "solver", "message"),
    [
        ([0.1] * 5, "mu", "sparsity: expected shape"),
        ([-0.1] * 6, "mu", "sparsity: found negative weights"),
        ([np.nan] * 6, "mu", "sparsity: found 6 NaN"),
        ([0.1] * 6, "published", "sparsity: solver='published' does not know it"),
    ],
)
def test_bad_sparsity_is_refused(sparsity, solver, message):
    X, _, _ = sparse_problem()
    with pytest.raises(ValueError, match=message):
        contrastive_nmf(
            X, 6, sparsity=sparsity, solver=solver, contrast="components", delta=0.0
        )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fixed": np.arange(6) < 3},
        {"sparsity": [0, 0, 0.1, 0.1, 0.5, 2.0]},
        {"mu": 0.01, "beta": 0.001},
        {"delta": 0.3},
    ],
)
def test_a_prior_never_raises_the_stated_cost(dtype, options):
    X, W, _ = sparse_problem(dtype)
    X = X[:, ::-1].copy()
    weights = np.array([0, 0.001, 0.01, 0.1, 1.0, 10.0])
    options = {"delta": 0.0, **options}
    guide = X[:, :1] if options["delta"] > 0 else None
    result = contrastive_nmf(
        X, components=W, prior=weights, guide=guide, tol=0.0, max_iter=60,
        random_state=0, **options,
    )  # fmt: skip
    assert np.diff(result.objective).max() <= 0
    fixed = options.pop("fixed", np.zeros(6, dtype=bool))
    cost = contrastive_cost(
        X, result.activations, result.components, guide=guide,
        prior=np.where(fixed, 0, weights), expected=W,
        attended=np.arange(6) < 3, **options,
    )  # fmt: skip
    assert result.objective[-1] == pytest.approx(cost, rel=1e-3, abs=1e-5)


def test_a_prior_ends_where_no_entry_could_lower_the_cost():
    X, W, _ = sparse_problem()
    X = X[:, ::-1].copy()
    result = contrastive_nmf(
        X, components=W, prior=np.full(6, 0.02), delta=0.0, tol=0.0, max_iter=4000,
        random_state=0,
    )  # fmt: skip
    sums = result.components.sum(axis=1)
    A, rows = result.activations * sums, result.components / sums[:, None]
    expected = W / W.sum(axis=1, keepdims=True)
    counts = rows * (A.T @ (X / (A @ rows))) + 0.02 * X.sum() * expected
    assert_allclose(rows, counts / counts.sum(axis=1, keepdims=True), atol=1e-4)


def test_the_larger_the_prior_the_nearer_is_what_was_expected():
    X, W, _ = sparse_problem()
    X = X[:, ::-1].copy()
    expected = W / W.sum(axis=1, keepdims=True)
    options = {"components": W, "delta": 0.0, "random_state": 0}

    def distance(**changes):
        spectra = contrastive_nmf(X, **options, **changes).components
        return np.abs(spectra / spectra.sum(axis=1, keepdims=True) - expected).sum()

    free = distance()
    distances = [distance(prior=np.full(6, w)) for w in (0.01, 0.1, 1.0, 100.0)]
    assert free > distances[0] > distances[1] > distances[2] > distances[3]
    assert distances[3] < 0.01 * free
    assert distance(prior=np.zeros(6)) == free


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prior": [0.1] * 5}, "prior: expected shape"),
        ({"prior": [-0.1] * 6}, "prior: found negative weights"),
        ({"prior": [0.1] * 6, "solver": "published"}, "prior: solver='published'"),
        ({"prior": [0.1] * 6, "components": None}, "prior: components to start from"),
    ],
)
def test_a_bad_prior_is_refused(changes, message):
    X, W, _ = sparse_problem()
    options = {"components": W, "contrast": "components", "delta": 0.0, **changes}
    with pytest.raises(ValueError, match=message):
        contrastive_nmf(X, 6, **options)


def test_a_prior_in_the_cost_needs_what_is_expected():
    X, W, _ = sparse_problem()
    A = np.ones((60, 6))
    with pytest.raises(ValueError, match="expected: None, but prior needs it"):
        contrastive_cost(X, A, W, prior=np.ones(6))
    with pytest.raises(ValueError, match="expected: expected shape"):
        contrastive_cost(X, A, W, prior=np.ones(6), expected=W[:, 1:])


@pytest.mark.parametrize(
    ("solver", "contrast"),
    [("mu", "components"), ("mu", "group"), ("published", "components")],
)
def test_terms_add_up_to_the_cost(solver, contrast):
    rng = np.random.default_rng(0)
    X, guide = rng.random((30, 20)), rng.random(30)
    attended = np.arange(4) < 2
    result = contrastive_nmf(
        X, 4, guide=guide, attended=attended, contrast=contrast, mu=0.01, beta=0.02,
        delta=0.05, solver=solver, max_iter=15, random_state=0,
    )  # fmt: skip
    assert result.terms.shape == (result.n_iter + 1, 3)
    assert_allclose(result.terms.sum(axis=1), result.objective)
    model = result.activations @ result.components
    divergence = np.sum(X * np.log(X / model) - X + model) / X.sum()
    value = contrast_value(
        result.activations, result.components, guide, attended, contrast=contrast
    )
    assert_allclose(result.terms[-1, 0], divergence, rtol=1e-6)
    assert_allclose(result.terms[-1, 2], -0.05 * value, rtol=1e-6)


def test_terms_hold_the_prior():
    rng = np.random.default_rng(0)
    X, W = rng.random((30, 20)), rng.random((4, 20))
    options = {"components": W, "delta": 0.0, "max_iter": 5, "tol": 0}
    result = contrastive_nmf(X, prior=np.full(4, 0.1), **options)
    assert_allclose(result.terms.sum(axis=1), result.objective)
    assert result.terms[0, 1] == 0
    assert np.all(result.terms[1:, 1] > 0)


@pytest.mark.parametrize("solver", ["mu", "published"])
def test_a_term_that_does_not_count_is_zero(solver):
    rng = np.random.default_rng(0)
    X, guide = rng.random((30, 20)), rng.random(30)
    result = contrastive_nmf(
        X, 4, guide=guide, contrast="components", delta=0.05, solver=solver,
        max_iter=15, tol=0, random_state=0,
    )  # fmt: skip
    assert np.all(result.terms[:, 1] == 0)
    assert np.all(result.terms[:, 2] != 0)
