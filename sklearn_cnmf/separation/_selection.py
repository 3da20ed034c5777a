"""Which of several candidates a guide supports best."""

import numpy as np

# Share of the guide's power that may lie outside the band it is said to occupy,
# on either side.
_BAND_TAIL = 0.01


def guide_support(guide, envelopes):
    """Pearson correlation of a guide with each candidate's envelope.

    A decoded guide occupies a band (slow drifts and fast changes are filtered
    out of EEG), a candidate's envelope does not. Each row of the guide is
    compared with the envelopes in the band that holds 98 % of the row's power;
    the correlations are averaged over rows.

    Parameters
    ----------
    guide : ndarray of shape (n_guides, n_times)
        Signed guide.
    envelopes : ndarray of shape (n_candidates, n_times)
        Envelope of each candidate at the same times.

    Returns
    -------
    support : ndarray of shape (n_candidates,)
        Mean correlation, from -1 to 1. A constant guide or a silent candidate
        has zero.
    """
    candidates = _centred_spectra(envelopes)
    return np.mean(
        [_band_correlation(row, candidates) for row in _centred_spectra(guide)], axis=0
    )


def _centred_spectra(rows):
    rows = np.asarray(rows, dtype=np.float64)
    return np.fft.rfft(rows - rows.mean(axis=1, keepdims=True), axis=1)


def _band_correlation(guide, candidates):
    power = np.abs(guide) ** 2
    total = power.sum()
    if total == 0:
        return np.zeros(len(candidates))
    share = np.cumsum(power) / total
    band = (share > _BAND_TAIL) & (share - power / total < 1 - _BAND_TAIL)
    guide, candidates = guide[band], candidates[:, band]
    products = np.real(candidates @ guide.conj())
    norms = np.linalg.norm(guide) * np.linalg.norm(candidates, axis=1)
    return np.divide(products, norms, out=np.zeros_like(products), where=norms > 0)
