from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import signal

from sklearn_cnmf import check_trials
from sklearn_cnmf.datasets import (
    load_example_stems,
    simulate_eeg,
    simulate_trials,
)

AUDIO_SFREQ = 4000.0


@dataclass(frozen=True, eq=False)
class Music:
    name: str
    instruments: tuple
    stems: np.ndarray
    sfreq: float = AUDIO_SFREQ


def notes(rng, n_samples, sfreq=AUDIO_SFREQ):
    """Noise with decaying notes at random times."""
    envelope = np.zeros(n_samples)
    for onset in np.flatnonzero(rng.random(n_samples) < 2.5 / sfreq):
        decay = np.exp(-np.arange(n_samples - onset) / (0.2 * sfreq))
        envelope[onset:] = np.maximum(envelope[onset:], rng.uniform(0.5, 1) * decay)
    return (0.1 * envelope * rng.standard_normal(n_samples)).astype(np.float32)


def music(name, seed, n_sources=2, n_samples=24_000, sfreq=AUDIO_SFREQ):
    rng = np.random.default_rng(seed)
    stems = np.stack([notes(rng, n_samples, sfreq) for _ in range(n_sources)])
    return Music(name, tuple("abc"[:n_sources]), stems, sfreq)


@pytest.fixture(scope="module")
def duos():
    return [music(f"piece{seed}", seed) for seed in range(6)]


def decode(trials, references):
    """Quick ridge within subjects, leaving one stimulus out: r per source, choice."""
    sos = signal.butter(3, [1, 8], "band", fs=64, output="sos")
    prepared = []
    for trial, reference in zip(trials, references):
        eeg = signal.sosfiltfilt(sos, signal.resample_poly(trial.eeg, 1, 4, axis=1))
        eeg /= eeg.std()
        lagged = np.zeros((17, *eeg.shape))
        for lag in range(17):
            lagged[lag, :, : eeg.shape[1] - lag] = eeg[:, lag:]
        lagged = lagged.reshape(-1, eeg.shape[1])
        n_times = eeg.shape[1]
        edges = np.rint(np.arange(n_times + 1) / 64 * trial.audio_sfreq).astype(int)
        energy = np.add.reduceat(
            reference.sources.astype(float) ** 2,
            edges[:-1].clip(max=reference.sources.shape[1] - 1),
            axis=1,
        )
        envelopes = signal.sosfiltfilt(sos, energy**0.3)
        target = envelopes[reference.attended]
        prepared.append((lagged, envelopes, lagged @ lagged.T, lagged @ target))
    scores, right = [], []
    for trial, reference, (lagged, envelopes, _, _) in zip(
        trials, references, prepared
    ):
        training = [
            product
            for other, product in zip(trials, prepared)
            if other.subject == trial.subject and other.stimulus != trial.stimulus
        ]
        covariance = sum(product[2] for product in training)
        ridge = np.trace(covariance) / len(covariance) * np.eye(len(covariance))
        weights = np.linalg.solve(
            covariance + ridge, sum(product[3] for product in training)
        )
        r = [np.corrcoef(weights @ lagged, envelope)[0, 1] for envelope in envelopes]
        scores.append(r[reference.attended])
        right.append(np.argmax(r) == reference.attended)
    return np.array(scores), np.array(right)


def test_default_pieces_are_the_duos_that_ship():
    trials, references = simulate_trials(n_subjects=1, n_repetitions=1, random_state=0)
    pieces = load_example_stems(ensemble="duo")
    check_trials(trials, references, require_instruments=True)
    assert len(trials) == 2 * len(pieces)
    assert [t.stimulus for t in trials[::2]] == [piece.name for piece in pieces]
    assert [t.instruments for t in trials[1::2]] == [p.instruments for p in pieces]
    np.testing.assert_array_equal(references[3].sources, pieces[1].stems)


def test_fields_of_a_trial(duos):
    trials, references = simulate_trials(duos, n_subjects=2, random_state=0)
    check_trials(trials, references, require_instruments=True)
    assert len(trials) == len(references) == 2 * len(duos) * 2
    assert [t.subject for t in trials[::12]] == ["sim01", "sim02"]
    trial = trials[5]
    assert trial.stimulus == "piece2"
    assert references[5].attended == 1
    assert trial.instruments == ("a", "b")
    assert " ".join(trial.ch_names) == (
        "F3 F1 Fz F2 F4 C3 C1 Cz C2 C4 CPz P3 P1 Pz P2 P4 POz O1 Oz O2"
    )
    assert trial.eeg.shape == (20, 24 * 256)
    assert trial.eeg.dtype == np.float64
    assert (trial.eeg_sfreq, trial.audio_sfreq) == (256.0, AUDIO_SFREQ)
    assert trial.mixture.dtype == references[5].sources.dtype == np.float32
    rms = [np.sqrt(np.mean(t.eeg**2)) for t in trials]
    assert min(rms) > 6e-6
    assert max(rms) < 25e-6


def test_sources_are_the_stems_tiled_and_add_up_exactly(duos):
    trials, references = simulate_trials(
        duos[:2], n_subjects=1, n_repetitions=3, random_state=0
    )
    for trial, reference, piece in zip(trials[::2], references[::2], duos):
        np.testing.assert_array_equal(
            reference.sources, np.concatenate([piece.stems] * 3, axis=1)
        )
        np.testing.assert_array_equal(reference.sources.sum(axis=0), trial.mixture)


def test_audio_is_shared_and_read_only(duos):
    trials, references = simulate_trials(
        duos[:1], n_subjects=2, n_repetitions=1, random_state=0
    )
    assert all(trial.mixture is trials[0].mixture for trial in trials)
    for array in (trials[0].mixture, references[0].sources):
        with pytest.raises(ValueError, match="read-only"):
            array[..., 0] = 1
    assert duos[0].stems.flags.writeable


def test_read_only_stems_are_accepted_and_not_changed():
    piece = music("piece", 0)
    before = piece.stems.copy()
    piece.stems.flags.writeable = False
    simulate_trials([piece], n_subjects=1, n_repetitions=1, random_state=0)
    np.testing.assert_array_equal(piece.stems, before)


def test_same_seed_same_bits_another_seed_others(duos):
    first, _ = simulate_trials(duos[:2], n_subjects=2, random_state=3)
    second, _ = simulate_trials(duos[:2], n_subjects=2, random_state=3)
    other, _ = simulate_trials(duos[:2], n_subjects=2, random_state=4)
    for one, same, different in zip(first, second, other):
        np.testing.assert_array_equal(one.eeg, same.eeg)
        assert not np.allclose(one.eeg, different.eeg, atol=1e-6)


def test_global_state_is_neither_used_nor_changed(duos):
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    simulate_trials(duos[:1], n_subjects=1, n_repetitions=1)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


@pytest.mark.parametrize("kind", [np.random.RandomState, np.random.default_rng])
def test_generators_are_accepted_and_advance(kind, duos):
    rng = kind(0)
    first, again = (
        simulate_trials(duos[:1], n_subjects=1, n_repetitions=1, random_state=rng)
        for _ in range(2)
    )
    fresh = simulate_trials(
        duos[:1], n_subjects=1, n_repetitions=1, random_state=kind(0)
    )
    np.testing.assert_array_equal(first[0][0].eeg, fresh[0][0].eeg)
    assert not np.allclose(first[0][0].eeg, again[0][0].eeg, atol=1e-6)


def test_more_subjects_or_pieces_leave_the_first_ones_alone(duos):
    few, _ = simulate_trials(duos[:2], n_subjects=1, random_state=0)
    many, _ = simulate_trials(duos[:3], n_subjects=2, random_state=0)
    for one, same in zip(few, many):
        np.testing.assert_array_equal(one.eeg, same.eeg)


def test_subjects_and_trials_differ(duos):
    trials, _ = simulate_trials(duos[:1], n_subjects=3, random_state=0)
    for index, trial in enumerate(trials):
        for other in trials[:index]:
            r = np.corrcoef(trial.eeg.ravel(), other.eeg.ravel())[0, 1]
            assert abs(r) < 0.3


def test_random_attention_is_balanced_and_picks_from_each(duos):
    pieces = [*duos, *(music(f"trio{seed}", seed, n_sources=3) for seed in range(4))]
    settings = {"n_subjects": 3, "n_repetitions": 1, "random_state": 0}
    each = simulate_trials(pieces, **settings)
    drawn = simulate_trials(pieces, attend="random", **settings)
    known = {
        (trial.subject, trial.stimulus, reference.attended): trial.eeg
        for trial, reference in zip(*each)
    }
    assert len(known) == 3 * (2 * 6 + 3 * 4)
    assert len(drawn[0]) == 3 * len(pieces)
    draws = {}
    for trial, reference in zip(*drawn):
        key = (trial.subject, trial.stimulus, reference.attended)
        np.testing.assert_array_equal(trial.eeg, known[key])
        draws.setdefault(trial.subject, []).append(reference.attended)
    for attended in draws.values():
        assert sorted(attended[:6]) == [0, 0, 0, 1, 1, 1]
        counts = np.bincount(attended[6:], minlength=3)
        assert counts.max() - counts.min() <= 1
    assert len({tuple(attended) for attended in draws.values()}) > 1
    # Not simply in turn, which would tell the attended source from the last one.
    assert any(np.any(np.diff(attended[:6]) == 0) for attended in draws.values())


def test_ragged_pieces_and_odd_rates_keep_eeg_and_audio_equally_long():
    pieces = [
        music("long", 0, n_samples=24_001),
        music("short", 1, n_samples=7_777),
        music("trio", 2, n_sources=3, n_samples=55_555, sfreq=11_025.0),
        music("solo", 3, n_sources=1, n_samples=9_000, sfreq=3_333.3),
    ]
    trials, references = simulate_trials(pieces, n_subjects=1, random_state=0)
    check_trials(trials, references)
    assert [len(t.instruments) for t in trials] == [2, 2, 2, 2, 3, 3, 3, 1]
    for trial in trials:
        duration = trial.mixture.shape[-1] / trial.audio_sfreq
        assert abs(trial.eeg.shape[1] / 256 - duration) <= 0.5 / 256 + 1e-9


def test_simulate_eeg_gives_the_trials_of_simulate_trials(duos):
    trials, references = simulate_trials(
        duos[:2], n_subjects=2, snr_db=-10, attention_gain=2, random_state=7
    )
    eeg = simulate_eeg(
        references[6].sources,
        AUDIO_SFREQ,
        references[6].attended,
        snr_db=-10,
        attention_gain=2,
        subject=1,
        trial=2,
        random_state=7,
    )
    np.testing.assert_array_equal(eeg, trials[6].eeg)


def test_channels_of_a_source_add_their_power(duos):
    mono = duos[0].stems.astype(float)
    stereo = np.stack([0.6 * mono, 0.8 * mono], axis=1)
    one, other = (
        simulate_eeg(sources, AUDIO_SFREQ, 0, snr_db=0, random_state=0)
        for sources in (mono, stereo)
    )
    np.testing.assert_allclose(one, other, atol=1e-12)


def test_nothing_is_evoked_at_minus_infinity(duos):
    sources = duos[0].stems
    settings = {"snr_db": -np.inf, "random_state": 0}
    eeg = simulate_eeg(sources, AUDIO_SFREQ, 0, **settings)
    silence = simulate_eeg(np.zeros_like(sources), AUDIO_SFREQ, 0, **settings)
    np.testing.assert_array_equal(eeg, silence)
    assert eeg.std() > 5e-6


def test_equal_gain_is_no_attention(duos):
    first, second = (
        simulate_eeg(
            duos[0].stems, AUDIO_SFREQ, attended, attention_gain=1, random_state=0
        )
        for attended in (0, 1)
    )
    np.testing.assert_array_equal(first, second)


def test_infinite_gain_silences_the_others(duos):
    alone = duos[0].stems.copy()
    alone[0] = 0
    full, single = (
        simulate_eeg(sources, AUDIO_SFREQ, 1, attention_gain=np.inf, random_state=0)
        for sources in (duos[0].stems, alone)
    )
    np.testing.assert_array_equal(full, single)


@pytest.mark.parametrize("factor", [0, 1e-4])
def test_source_that_is_not_heard_evokes_nothing(factor, duos):
    quiet = duos[0].stems.copy()
    quiet[1] *= factor
    absent = quiet.copy()
    absent[1] = 0
    for attended in (0, 1):
        one, other = (
            simulate_eeg(sources, AUDIO_SFREQ, attended, snr_db=10, random_state=0)
            for sources in (quiet, absent)
        )
        np.testing.assert_array_equal(one, other)
        assert np.isfinite(one).all()


def test_all_sources_silent_leaves_the_background(duos):
    silent = replace(duos[0], stems=np.zeros_like(duos[0].stems))
    trials, references = simulate_trials([silent], n_subjects=1, random_state=0)
    check_trials(trials, references)
    assert trials[0].eeg.std() > 5e-6


def test_level_of_a_source_does_not_matter(duos):
    louder = duos[0].stems.astype(float)
    louder[0] *= 8
    one, other = (
        simulate_eeg(sources, AUDIO_SFREQ, 0, snr_db=10, random_state=0)
        for sources in (duos[0].stems.astype(float), louder)
    )
    np.testing.assert_allclose(one, other, atol=1e-11)


def test_snr_is_that_of_the_attended_activity(duos):
    def band_power(potentials):
        freqs, power = signal.periodogram(potentials, 256.0)
        return power[:, (freqs >= 1) & (freqs <= 8)].sum(axis=1).mean()

    levels = []
    for subject in range(20):
        for trial in range(2):
            settings = {"subject": subject, "trial": trial, "random_state": 0}
            rest = simulate_eeg(
                duos[trial].stems, AUDIO_SFREQ, 0, snr_db=-np.inf, **settings
            )
            eeg = simulate_eeg(
                duos[trial].stems,
                AUDIO_SFREQ,
                0,
                snr_db=-12,
                attention_gain=np.inf,
                **settings,
            )
            levels.append(10 * np.log10(band_power(eeg - rest) / band_power(rest)))
    assert np.median(levels) == pytest.approx(-12, abs=1.2)
    assert 1 < np.std(levels) < 4


def test_attention_gain_is_a_ratio_of_amplitudes(duos):
    solo = np.zeros_like(duos[0].stems)
    solo[0] = duos[0].stems[0]
    settings = {"snr_db": 0, "attention_gain": 4, "random_state": 0}
    rest = simulate_eeg(0 * solo, AUDIO_SFREQ, 0, **settings)
    attended = simulate_eeg(solo, AUDIO_SFREQ, 0, **settings) - rest
    unattended = simulate_eeg(solo, AUDIO_SFREQ, 1, **settings) - rest
    np.testing.assert_allclose(attended, 4 * unattended, atol=1e-15)


def test_response_follows_the_sound_with_the_latencies_of_p1_n1_p2(duos):
    sources = np.zeros((1, 24_000))
    clicks = np.arange(2_000, 22_000, 4_000)
    sources[0, clicks] = 1
    average = []
    for subject in range(10):
        settings = {"subject": subject, "random_state": 0}
        eeg = simulate_eeg(sources, AUDIO_SFREQ, 0, snr_db=20, **settings)
        rest = simulate_eeg(0 * sources, AUDIO_SFREQ, 0, snr_db=20, **settings)
        vertex = (eeg - rest)[7]
        for click in clicks / AUDIO_SFREQ:
            start = round(click * 256)
            average.append(vertex[start : start + 128])
    response = np.mean(average, axis=0)
    lags = np.arange(128) / 256
    n1 = lags[np.argmin(response)]
    assert n1 == pytest.approx(0.1, abs=0.012)
    assert lags[np.argmax(np.where(lags < n1, response, 0))] == pytest.approx(
        0.05, abs=0.012
    )
    assert lags[np.argmax(np.where(lags > n1, response, 0))] == pytest.approx(
        0.2, abs=0.02
    )


def test_decoding_is_near_perfect_when_the_response_is_strong(duos):
    scores, right = decode(
        *simulate_trials(duos, n_subjects=2, snr_db=10, random_state=0)
    )
    assert right.mean() >= 0.95
    assert scores.mean() > 0.6
    # A response whose gain varies, not a copy of the sound.
    assert scores.max() < 0.995


def test_decoding_is_at_chance_without_response(duos):
    scores, right = decode(
        *simulate_trials(duos, n_subjects=3, snr_db=-np.inf, random_state=0)
    )
    assert len(right) == 36
    assert 0.25 < right.mean() < 0.75
    assert abs(scores.mean()) < 0.05


def test_decoding_has_no_preference_without_attention(duos):
    # Twin trials carry the same EEG up to noise, so one of them must be wrong.
    _, right = decode(
        *simulate_trials(
            duos, n_subjects=3, snr_db=10, attention_gain=1, random_state=0
        )
    )
    assert 0.25 < right.mean() < 0.75


def test_default_is_as_hard_as_published_recordings(duos):
    scores, right = decode(*simulate_trials(duos, n_subjects=3, random_state=0))
    assert 0.05 < scores.mean() < 0.2
    assert 0.5 < right.mean() < 0.97


def without(field):
    piece = music("piece", 0)
    fields = {k: getattr(piece, k) for k in ("name", "instruments", "stems", "sfreq")}
    del fields[field]
    return type("Other", (), fields)()


def changed(**fields):
    return [music("first", 0), replace(music("second", 1), **fields)]


BAD_STEMS = np.zeros((2, 24_000), dtype=np.float32)
BAD_STEMS[1, 7] = np.nan


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"stems": []}, ValueError, "stems: the list is empty"),
        ({"stems": music("a", 0)}, ValueError, "stems: expected a list of Piece"),
        (
            {"stems": [without("stems")]},
            ValueError,
            r"stems\[0\]: expected a Piece, got Other without stems",
        ),
        ({"stems": changed(name="first")}, ValueError, r"stems\[1\] \('first'\): st"),
        ({"stems": changed(name="")}, ValueError, r"stems\[1\]: name"),
        (
            {"stems": changed(stems=np.zeros((0, 24_000)), instruments=())},
            ValueError,
            r"stems\[1\] \('second'\): stems: expected shape .* got \(0, 24000\)",
        ),
        ({"stems": changed(stems=np.zeros(24_000))}, ValueError, r"\(24000,\)"),
        ({"stems": changed(stems=[[0.0]])}, ValueError, "ndarray of floats, got list"),
        (
            {"stems": changed(stems=np.zeros((2, 9), dtype=np.int16))},
            ValueError,
            "ndarray of floats, got int16",
        ),
        ({"stems": changed(stems=BAD_STEMS)}, ValueError, "found 1 NaN"),
        ({"stems": changed(instruments=("a",))}, ValueError, "1 instruments .* 2 st"),
        ({"stems": changed(instruments=("a", "a"))}, ValueError, "not all different"),
        ({"stems": changed(sfreq=0)}, ValueError, "sfreq: expected a positive rate"),
        ({"stems": changed(sfreq="x")}, ValueError, "sfreq: expected a number"),
        (
            {"stems": changed(stems=np.zeros((2, 900)))},
            ValueError,
            r"stems\[1\] \('second'\): at least 1 s .* found 0.900 s",
        ),
        ({"n_subjects": 0}, ValueError, "n_subjects: at least 1 is expected, got 0"),
        ({"n_subjects": 2.0}, ValueError, "n_subjects: expected an int, got float"),
        ({"n_repetitions": 0}, ValueError, "n_repetitions: at least 1"),
        ({"n_repetitions": True}, ValueError, "n_repetitions: expected an int"),
        ({"attend": "both"}, ValueError, "attend: expected 'each' or 'random'"),
        ({"snr_db": np.nan}, ValueError, "snr_db: .* got nan"),
        ({"snr_db": np.inf}, ValueError, "snr_db: .* got inf"),
        ({"snr_db": "low"}, ValueError, "snr_db: expected a number, got str"),
        ({"attention_gain": 0}, ValueError, "attention_gain: .* got 0"),
        ({"attention_gain": np.nan}, ValueError, "attention_gain: .* got nan"),
        ({"attention_gain": None}, ValueError, "attention_gain: expected a number"),
        ({"random_state": -1}, ValueError, "random_state: .* got -1"),
        ({"random_state": "0"}, ValueError, "random_state: .* got str"),
    ],
)
def test_bad_input_is_named(arguments, error, message):
    arguments = {"stems": [music("piece", 0)], **arguments}
    with pytest.raises(error, match=message):
        simulate_trials(**arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sources": np.zeros(9000)}, ValueError, "sources: expected shape"),
        ({"sources": np.zeros((2, 0))}, ValueError, r"got \(2, 0\)"),
        ({"sources": np.zeros((2, 100))}, ValueError, "sources: at least 1 s"),
        ({"sources": BAD_STEMS}, ValueError, "sources: found 1 NaN"),
        ({"audio_sfreq": -1}, ValueError, "audio_sfreq: expected a positive rate"),
        ({"audio_sfreq": np.inf}, ValueError, "audio_sfreq"),
        ({"attended": 2}, ValueError, "attended: .* from 0 to 1 .* got 2"),
        ({"attended": -1}, ValueError, "attended: at least 0"),
        ({"attended": True}, ValueError, "attended: expected an int"),
        ({"subject": -1}, ValueError, "subject: at least 0"),
        ({"trial": 0.5}, ValueError, "trial: expected an int"),
        ({"snr_db": np.nan}, ValueError, "snr_db"),
    ],
)
def test_bad_sources_are_named(arguments, error, message):
    sources = music("piece", 0).stems
    arguments = {"sources": sources, "audio_sfreq": 4000, "attended": 0, **arguments}
    with pytest.raises(error, match=message):
        simulate_eeg(**arguments)
