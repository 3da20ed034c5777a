"""Frames in blocks of a fixed size, which threads may share."""

# Sums over frames are sums over blocks, in this order for any number of threads.
_BLOCK_FRAMES = 64


def blocks_of(n_frames: int) -> list[slice]:
    """Split frames into blocks."""
    starts = range(0, n_frames, _BLOCK_FRAMES)
    return [slice(start, min(start + _BLOCK_FRAMES, n_frames)) for start in starts]
