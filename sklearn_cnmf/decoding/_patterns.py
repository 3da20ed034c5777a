"""From a decoder's patterns to MNE."""

from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._validation import check_kind, check_whole
from ._decoder import EnvelopeDecoder

if TYPE_CHECKING:
    import mne


def pattern_to_evoked(
    decoder: EnvelopeDecoder,
    info: "mne.Info",
    *,
    output: int = 0,
    instrument: str | None = None,
) -> "mne.EvokedArray":
    """Put a decoder's forward pattern into MNE, for topographies and joint plots.

    Parameters
    ----------
    decoder : EnvelopeDecoder
        A fitted decoder.
    info : mne.Info
        Channels with their positions. If the decoder knows its channels' names, they
        are looked up; else `info` must have as many channels, in the same order.
    output : int, default=0
        Which output of the feature.
    instrument : str, default=None
        Take the model of this attended instrument, of a decoder fitted with
        `per_instrument`, rather than that of all trials.

    Returns
    -------
    evoked : mne.EvokedArray
        `patterns_[output]` in the unit of the training EEG. Time zero is the
        stimulus, and a pattern at 0.1 s shows in EEG 0.1 s later.

    Raises
    ------
    ValueError
        If `decoder` or `info` is of another kind, channels are missing from `info`, or
        `output` or `instrument` does not exist.

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

    check_kind("decoder", decoder, EnvelopeDecoder)
    check_kind("info", info, mne.Info)
    check_is_fitted(decoder, "model_")
    patterns = decoder.patterns_
    if instrument is not None:
        known = getattr(decoder, "decoders_", {})
        if instrument not in known:
            raise ValueError(
                f"instrument: expected one of {list(known)}, got {instrument!r}"
            )
        patterns = known[instrument].patterns
    n_outputs, n_channels, _ = patterns.shape
    check_whole("output", output, least=-n_outputs)
    if output >= n_outputs:
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
        patterns[output].astype(np.float64),
        at_rate,
        tmin=decoder.lags_[0] / decoder.sfreq,
        comment="forward pattern",
        verbose="error",
    )
