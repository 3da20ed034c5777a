"""Which of several candidates a guide supports best."""

import numpy as np

# Share of the guide's power that may lie outside the band it is said to occupy,
# on either side.
_BAND_TAIL = 0.01


def guide_support(guide, envelopes):
    """Pearson correlation of a guide with each candidate's envelope.

    A decoded guide occupies a band (slow drifts and fast changes are filtered
    out of EEG), a candidate's envelope does not. Each column of the guide is
    compared with the envelopes, compressed as the ear does, in the band that
    holds 98 % of this column's power; the correlations are averaged over columns.

    Parameters
    ----------
    guide : ndarray of shape (n_frames, n_guides)
        Signed guide at the frames' times.
    envelopes : ndarray of shape (n_frames, n_candidates)
        Non-negative magnitude of each candidate over time.

    Returns
    -------
    support : ndarray of shape (n_candidates,)
        Mean correlation, from -1 to 1. A constant guide or a silent candidate
        has zero.
    """
    envelopes = np.asarray(envelopes, dtype=np.float64) ** 0.6
    spectra = np.fft.rfft(envelopes - envelopes.mean(0), axis=0)
    guides = np.fft.rfft(guide - np.mean(guide, axis=0), axis=0)
    support = [_band_correlation(g, spectra) for g in guides.T]
    return np.mean(support, axis=0)


def _band_correlation(guide, candidates):
    power = np.abs(guide) ** 2
    share = np.cumsum(power)
    if share[-1] == 0:
        return np.zeros(candidates.shape[1])
    share /= share[-1]
    band = (share > _BAND_TAIL) & (share - power / power.sum() < 1 - _BAND_TAIL)
    guide, candidates = guide[band], candidates[band]
    products = np.real(guide.conj() @ candidates)
    norms = np.linalg.norm(guide) * np.linalg.norm(candidates, axis=0)
    return np.divide(products, norms, out=np.zeros_like(products), where=norms > 0)
