"""Do defaults in seconds give the same result at any sampling rate?"""

from dataclasses import replace

import numpy as np
from scipy.signal import resample_poly

from benchmarks._quality_cases import make_cases


def gains_at_rates(pieces, tested, rates, memory):
    """Yield (sfreq, gains) with learned spectra and the right instrument.

    All pieces are brought to each rate before anything is learned.
    """
    for sfreq in rates:
        moved = {piece.name: _at_rate(piece, sfreq) for piece in pieces}
        cases = make_cases(
            list(moved.values()), [moved[piece.name] for piece in tested], memory
        )
        yield (
            sfreq,
            [
                case.gain(attended, case.candidates[attended])
                for case in cases
                for attended in range(len(case.piece.stems))
            ],
        )


def _at_rate(piece, sfreq):
    if sfreq == piece.sfreq:
        return piece
    divisor = np.gcd(int(sfreq), int(piece.sfreq))
    stems = resample_poly(
        piece.stems, int(sfreq) // divisor, int(piece.sfreq) // divisor, axis=1
    )
    return replace(piece, stems=stems.astype(piece.stems.dtype), sfreq=float(sfreq))
