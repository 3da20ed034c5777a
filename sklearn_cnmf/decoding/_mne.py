"""From MNE's recordings to trials, and from patterns back to MNE."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..trial import Trial, check_trials


def make_trials(
    eeg,
    mixtures,
    audio_sfreq,
    *,
    eeg_sfreq=None,
    ch_names=None,
    instruments=None,
    subject="",
    stimuli=None,
):
    """Make trials of EEG in any of its usual forms.

    Parameters
    ----------
    eeg : mne.io.BaseRaw, mne.BaseEpochs, ndarray or list of these
        One recording per trial: a list of `Raw` or of arrays (n_channels, n_times),
        which may differ in length; one `Raw`, which is one trial; `Epochs`; or an
        array (n_trials, n_channels, n_times). Of MNE's objects the EEG channels that
        are not marked bad are taken; epochs are cut at time zero.
    mixtures : list of ndarray, or ndarray
        What was played in each trial, from the same instant on: (n_samples,) or
        (n_audio_channels, n_samples). For a single trial the array itself will do.
    audio_sfreq : float
        Sampling rate of the mixtures in Hz.
    eeg_sfreq : float, default=None
        Sampling rate of arrays in Hz. MNE's objects know theirs.
    ch_names : sequence of str, default=None
        Channel names of arrays. MNE's objects know theirs.
    instruments : sequence of str or list of sequence of str, default=None
        Sources present, in all trials or in each.
    subject : str, default=""
        Who listened.
    stimuli : list of str, default=None
        Which mixture was played in each trial; trials that share it share a fold.

    Returns
    -------
    trials : list of Trial
        Checked with :func:`~sklearn_cnmf.check_trials`.

    Raises
    ------
    TypeError
        If `eeg` is something else.
    ValueError
        If numbers of trials differ, an array comes without `eeg_sfreq`, epochs start
        after time zero, or EEG and mixture differ in duration.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.decoding import make_trials
    >>> eeg = np.zeros((3, 20, 640))
    >>> mixtures = [np.zeros(80000) for _ in range(3)]
    >>> trials = make_trials(eeg, mixtures, 8000, eeg_sfreq=64,
    ...                      stimuli=["a", "b", "a"])
    >>> trials[2]
    Trial(subject='', stimulus='a', eeg=20 x 640 at 64 Hz, mixture=80000 at 8000 Hz)
    """
    recordings = _recordings(eeg, eeg_sfreq, ch_names)
    n_trials = len(recordings)
    if isinstance(mixtures, np.ndarray) and n_trials == 1:
        mixtures = [mixtures]
    if instruments is None or all(isinstance(name, str) for name in instruments):
        instruments = [instruments] * n_trials
    stimuli = [""] * n_trials if stimuli is None else stimuli
    for what, given in (
        ("mixtures", mixtures),
        ("instruments", instruments),
        ("stimuli", stimuli),
    ):
        if len(given) != n_trials:
            raise ValueError(
                f"{what}: {len(given)} entries for {n_trials} trials of eeg; one per "
                "trial is expected"
            )
    trials = [
        Trial(
            data,
            sfreq,
            mixture,
            float(audio_sfreq),
            instruments=None if present is None else tuple(present),
            subject=subject,
            stimulus=stimulus,
            ch_names=names,
        )
        for (data, sfreq, names), mixture, present, stimulus in zip(
            recordings, mixtures, instruments, stimuli
        )
    ]
    check_trials(trials)
    return trials


def pattern_to_evoked(decoder, info, *, output=0):
    """Put a decoder's forward pattern into MNE, for topographies and joint plots.

    Parameters
    ----------
    decoder : EnvelopeDecoder
        A fitted decoder; one of `decoders_` for a single instrument.
    info : mne.Info
        Channels with their positions. If the decoder knows its channels' names, they
        are looked up; else `info` must have as many channels, in the same order.
    output : int, default=0
        Which output of the feature.

    Returns
    -------
    evoked : mne.EvokedArray
        `patterns_[output]` in the unit of the training EEG. Time zero is the
        stimulus, and a pattern at 0.1 s shows in EEG 0.1 s later.

    Raises
    ------
    ValueError
        If channels are missing from `info` or `output` does not exist.

    Examples
    --------
    >>> import mne
    >>> import numpy as np
    >>> from sklearn_cnmf.decoding import EnvelopeDecoder, pattern_to_evoked
    >>> rng = np.random.default_rng(0)
    >>> info = mne.create_info(["Fz", "Cz", "Pz"], 64.0, "eeg")
    >>> decoder = EnvelopeDecoder(alpha=1.0)
    >>> decoder = decoder.fit(rng.standard_normal((640, 3)), rng.standard_normal(640))
    >>> evoked = pattern_to_evoked(decoder, info)
    >>> evoked.data.shape, float(evoked.times[-1])
    ((3, 17), 0.25)
    """
    import mne

    check_is_fitted(decoder)
    n_outputs, n_channels, _ = decoder.patterns_.shape
    if not -n_outputs <= output < n_outputs:
        raise ValueError(f"output: {output} of {n_outputs} outputs is asked for")
    names = [str(name) for name in getattr(decoder, "feature_names_in_", ())]
    if names:
        missing = [name for name in names if name not in info.ch_names]
        if missing:
            raise ValueError(f"info: has no channels {missing} of the decoder")
        info = mne.pick_info(info, [info.ch_names.index(name) for name in names])
    elif len(info.ch_names) != n_channels:
        raise ValueError(
            f"info: has {len(info.ch_names)} channels, but the decoder, which knows no "
            f"channel names, has {n_channels}"
        )
    at_rate = mne.create_info(
        info.ch_names, float(decoder.sfreq), info.get_channel_types()
    )
    at_rate.set_montage(info.get_montage())
    return mne.EvokedArray(
        decoder.patterns_[output].astype(np.float64),
        at_rate,
        tmin=decoder.lags_[0] / decoder.sfreq,
        comment="forward pattern",
        verbose="error",
    )


def _recordings(eeg, eeg_sfreq, ch_names):
    """Array, rate and names of channels of each trial."""
    import mne

    if isinstance(eeg, mne.BaseEpochs):
        return _of_epochs(eeg)
    if isinstance(eeg, mne.io.BaseRaw):
        return [_of_raw(eeg)]
    if isinstance(eeg, np.ndarray) and eeg.ndim != 3:
        raise ValueError(
            "eeg: expected shape (n_trials, n_channels, n_times), got "
            f"{eeg.shape}; pass [eeg] for one trial"
        )
    if not isinstance(eeg, (np.ndarray, list, tuple)):
        raise TypeError(
            "eeg: expected mne.io.Raw, mne.Epochs, an array or a list of recordings, "
            f"got {type(eeg).__name__}"
        )
    if all(isinstance(one, mne.io.BaseRaw) for one in eeg):
        return [_of_raw(one) for one in eeg]
    if eeg_sfreq is None:
        raise ValueError("eeg_sfreq: None, but arrays do not know their rate in Hz")
    names = None if ch_names is None else tuple(ch_names)
    return [(np.asarray(one), float(eeg_sfreq), names) for one in eeg]


def _of_raw(raw):
    names = _eeg_names(raw)
    return raw.get_data(picks=names), float(raw.info["sfreq"]), names


def _of_epochs(epochs):
    if epochs.tmin > 0.5 / epochs.info["sfreq"]:
        raise ValueError(
            f"eeg: epochs start at {epochs.tmin:g} s; EEG from time zero on, where the "
            "audio starts, is expected"
        )
    names = _eeg_names(epochs)
    first = int(np.argmin(np.abs(epochs.times)))
    data = epochs.get_data(picks=names)[..., first:]
    return [(one, float(epochs.info["sfreq"]), names) for one in data]


def _eeg_names(inst):
    import mne

    picks = mne.pick_types(inst.info, eeg=True)
    if len(picks) == 0:
        raise ValueError("eeg: found no EEG channel that is not marked bad")
    return tuple(inst.ch_names[pick] for pick in picks)
