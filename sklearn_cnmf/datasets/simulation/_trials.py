"""Simulated listeners who attend to one instrument of a piece."""

import numpy as np

from ...trial import Reference, Trial
from .._stems import Piece, load_example_stems
from ._auditory_response import auditory_drive
from ._checks import (
    check_count,
    check_levels,
    check_pieces,
    check_rate,
    check_sources,
    entropy,
)
from ._head_model import CH_NAMES
from ._listener import (
    EEG_SFREQ,
    background,
    background_power,
    draw_listener,
    evoked,
)

# A source this much weaker than the mixture is not heard (dB).
_AUDIBLE_DB = -60.0
# There is little between 1 and 8 Hz in less (seconds).
_SHORTEST = 1.0
# What the numbers of a subject are drawn for, so that none depends on another.
_LISTENER, _ATTENTION, _TRIAL = range(3)

RandomState = int | np.random.Generator | np.random.RandomState | None


def simulate_trials(
    stems: list[Piece] | None = None,
    *,
    n_subjects: int = 4,
    attend: str = "each",
    n_repetitions: int = 4,
    snr_db: float = -20.0,
    attention_gain: float = 4.0,
    random_state: RandomState = None,
) -> tuple[list[Trial], list[Reference]]:
    """Simulate listeners who attend to one instrument of each piece.

    Every listener hears every piece, `n_repetitions` times in a row without a
    pause, which makes one continuous trial as in MAD-EEG. Both auditory cortices
    follow the envelope and the onsets of each instrument with a P1, N1 and P2 at
    about 50, 100 and 200 ms, the attended instrument more than the others. On top
    comes activity of the rest of the cortex with a spectrum of 1/f, an alpha rhythm
    that waxes and wanes, and noise of the electrodes. Potentials are those of MNE's
    forward solution in a spherical head.

    Parameters
    ----------
    stems : list of Piece, default=None
        What is played: objects with `name`, `instruments`, `stems` (n_sources,
        n_samples) and `sfreq`, such as :class:`Piece`. They may differ in length,
        number of sources and rate. None takes all duos of
        :func:`load_example_stems`.
    n_subjects : int, default=4
        Number of listeners. More of them leave the first ones as they are.
    attend : {"each", "random"}, default="each"
        "each": one trial per instrument of a piece, so that trials of the same
        mixture differ in attention alone. "random": one trial per piece; over the
        pieces that a subject hears, each place in the order of instruments is
        attended equally often, to within one.
    n_repetitions : int, default=4
        How often a piece is played in a trial.
    snr_db : float, default=-20.0
        Power of the activity that the attended instrument evokes, relative to the
        background (1/f, alpha and electrode noise), in dB: both from 1 to 8 Hz,
        averaged over channels. This is the median; it varies between subjects with
        a standard deviation of 1.5 dB, between trials of 1.5 dB and within trials
        of 1.5 dB. ``-inf`` evokes nothing.
    attention_gain : float, default=4.0
        Amplitude of the activity that the attended instrument evokes, relative to
        each of the others. 1 is no attention, ``inf`` silences the others.
    random_state : int, Generator, RandomState or None, default=None
        An int gives the same trials in each call.

    Returns
    -------
    trials : list of Trial
        By subject ("sim01", "sim02", ...), then piece, then attended instrument.
        `eeg` is float64, (20, n_times), in volts at 256 Hz, against linked
        mastoids, in the order of channels of MAD-EEG (F3 F1 Fz F2 F4 C3 C1 Cz C2
        C4 CPz P3 P1 Pz P2 P4 POz O1 Oz O2). `stimulus` is the name of the piece.
        Mixtures keep the precision and rate of the stems. They are read-only and
        shared by the trials of a piece.
    references : list of Reference
        Their `sources` add up to the mixture to the last bit. Read-only and shared.

    Raises
    ------
    ValueError
        If `stems` is no list of such pieces, or a count or `random_state` is of
        another type;
        if a piece has no sources, NaN, or lasts less than 1 s with its repetitions;
        if two pieces share a name; if a number is out of range.

    See Also
    --------
    simulate_eeg : Simulate the EEG of one listener to any sources.
    load_example_stems : The pieces that are played by default.

    Notes
    -----
    An instrument that is 60 dB weaker than the mixture or silent evokes nothing. The
    others evoke the same power when equally attended, since cortical responses adapt
    to level.

    Subjects differ in place and orientation of their auditory sources, in latencies,
    amplitudes and strength of the response, and in level, slope, alpha frequency and
    alpha strength of the background.

    At the default level, decoded envelopes correlate with the attended one about as in
    published recordings (median r of 0.119 on MAD-EEG [1]_), and 71.9 % of choices by
    the envelope are right; for other levels, and for what is easier here than in
    recordings, see :doc:`/measurements/simulation`. With a smaller `attention_gain`
    fewer choices are right at the same r.

    References
    ----------
    .. [1] G. Cantisani, S. Essid, G. Richard, "EEG-based decoding of auditory
       attention to a target instrument in polyphonic music", WASPAA 2019.

    Examples
    --------
    >>> from sklearn_cnmf.datasets import load_example_stems, simulate_trials
    >>> pieces = load_example_stems(ensemble="duo")[:2]
    >>> trials, references = simulate_trials(pieces, n_subjects=1, random_state=0)
    >>> len(trials)
    4
    >>> trials[0].subject, trials[0].eeg.shape[0], trials[0].eeg_sfreq
    ('sim01', 20, 256.0)
    >>> [reference.attended for reference in references]
    [0, 1, 0, 1]
    """
    pieces = load_example_stems(ensemble="duo") if stems is None else stems
    check_pieces(pieces)
    check_count("n_subjects", n_subjects, 1)
    check_count("n_repetitions", n_repetitions, 1)
    check_levels(snr_db, attention_gain)
    if attend not in ("each", "random"):
        raise ValueError(f"attend: expected 'each' or 'random', got {attend!r}")
    played = [
        _play(piece, n_repetitions, f"stems[{index}] ({piece.name!r})")
        for index, piece in enumerate(pieces)
    ]
    seed = entropy(random_state)
    trials, references = [], []
    for subject in range(n_subjects):
        listener = draw_listener(_rng(seed, subject, _LISTENER))
        drawn = _balanced_draw(pieces, _rng(seed, subject, _ATTENTION))
        number = 0
        for piece, (sources, mixture, drives), only in zip(pieces, played, drawn):
            for attended in range(len(sources)):
                rng = _rng(seed, subject, _TRIAL, number)
                number += 1
                if attend == "random" and attended != only:
                    continue
                eeg = _listen(listener, drives, attended, snr_db, attention_gain, rng)
                trials.append(
                    Trial(
                        eeg,
                        EEG_SFREQ,
                        mixture,
                        float(piece.sfreq),
                        instruments=tuple(piece.instruments),
                        subject=f"sim{subject + 1:02d}",
                        stimulus=piece.name,
                        ch_names=CH_NAMES,
                    )
                )
                references.append(Reference(sources, attended))
    return trials, references


def simulate_eeg(
    sources: np.ndarray,
    audio_sfreq: float,
    attended: int,
    *,
    snr_db: float = -20.0,
    attention_gain: float = 4.0,
    subject: int = 0,
    trial: int = 0,
    random_state: RandomState = None,
) -> np.ndarray:
    """Simulate the EEG of one listener who attends to one of several sources.

    The activity is that of :func:`simulate_trials`: with the sources of its
    references and its seed, this gives the EEG of its trials.

    Parameters
    ----------
    sources : ndarray of shape (n_sources, n_samples) or \
            (n_sources, n_audio_channels, n_samples)
        The isolated sources, as `Reference.sources` has them.
    audio_sfreq : float
        Their sampling rate in Hz.
    attended : int
        Index of the attended source.
    snr_db : float, default=-20.0
        As in :func:`simulate_trials`.
    attention_gain : float, default=4.0
        As in :func:`simulate_trials`.
    subject : int, default=0
        Number of the listener: with one `random_state`, the same number is the same
        head, response and kind of background.
    trial : int, default=0
        Number of the trial, which draws the background and the variation of gain.
    random_state : int, Generator, RandomState or None, default=None
        An int gives the same EEG in each call.

    Returns
    -------
    eeg : ndarray of shape (20, n_times)
        In volts at 256 Hz, for the channels F3 F1 Fz F2 F4 C3 C1 Cz C2 C4 CPz P3 P1
        Pz P2 P4 POz O1 Oz O2 against linked mastoids, as long as the audio to within
        half a sample.

    Raises
    ------
    ValueError
        If an argument is of another type;
        if `sources` has another shape, NaN, or lasts less than 1 s; if a number is
        out of range.

    See Also
    --------
    simulate_trials : Simulate several listeners and pieces.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.datasets import simulate_eeg
    >>> sources = np.random.default_rng(0).standard_normal((2, 3 * 22050))
    >>> eeg = simulate_eeg(sources, 22050, attended=1, random_state=0)
    >>> eeg.shape
    (20, 768)
    """
    check_sources(sources, "sources", (2, 3))
    check_rate("audio_sfreq", audio_sfreq)
    check_count("attended", attended, 0)
    if attended >= len(sources):
        raise ValueError(
            f"attended: expected an index from 0 to {len(sources) - 1} into sources, "
            f"got {attended}"
        )
    check_count("subject", subject, 0)
    check_count("trial", trial, 0)
    check_levels(snr_db, attention_gain)
    drives = _drives(sources, float(audio_sfreq), "sources")
    seed = entropy(random_state)
    listener = draw_listener(_rng(seed, subject, _LISTENER))
    rng = _rng(seed, subject, _TRIAL, trial)
    return _listen(listener, drives, attended, snr_db, attention_gain, rng)


def _play(piece, n_repetitions, where):
    """Repeat a piece: its sources, its mixture and the drives they make."""
    mixture = np.tile(piece.stems.sum(axis=0), n_repetitions)
    sources = np.tile(piece.stems, n_repetitions)
    mixture.flags.writeable = False
    sources.flags.writeable = False
    return sources, mixture, _drives(sources, float(piece.sfreq), where)


def _drives(sources, audio_sfreq, where):
    """Drive of each source at the times of the EEG, zero where it is not heard."""
    duration = sources.shape[-1] / audio_sfreq
    if duration < _SHORTEST:
        raise ValueError(
            f"{where}: at least {_SHORTEST:g} s with all repetitions are expected, "
            f"found {duration:.3f} s"
        )
    n_times = round(duration * EEG_SFREQ)
    times = np.arange(n_times) / EEG_SFREQ
    drives = auditory_drive(sources, audio_sfreq, times)
    axes = tuple(range(1, sources.ndim))
    power = np.square(sources, dtype=np.float64).sum(axis=axes)
    drives[power <= power.sum() * 10 ** (_AUDIBLE_DB / 10)] = 0.0
    return drives


def _listen(listener, drives, attended, snr_db, attention_gain, rng):
    """EEG of one trial, in volts."""
    noise = background(listener, drives.shape[1], rng)
    level = np.sqrt(background_power(listener))
    level *= 10 ** ((snr_db + listener.gain_db) / 20)
    weights = np.full(len(drives), level / attention_gain)
    weights[attended] = level
    return evoked(listener, drives, weights, rng) + noise


def _balanced_draw(pieces, rng):
    """Index of an attended source per piece, each position about equally often."""
    n_sources = np.array([len(piece.stems) for piece in pieces])
    drawn = np.empty(len(pieces), dtype=int)
    for n in np.unique(n_sources):
        (alike,) = np.nonzero(n_sources == n)
        positions = (np.arange(len(alike)) + rng.integers(n)) % n
        drawn[alike] = rng.permutation(positions)
    return drawn


def _rng(seed, *key):
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
