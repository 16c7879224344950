"""Numbers that kernels and their callers share, where numba is not needed to know them."""

from tween4d.splatting.constants import TILE

LANES = 16
"""Float32 values of a vector."""
BLOCKS = 16
"""Blocks of 4 by 4 pixels per tile, numbered row by row; so are the lanes of a block."""
RECORD = 6
"""Leading columns of a record: centre x, y; A, B, C; log2 of opacity o. alpha = o 2^(A dx^2 + B dx dy + C dy^2)."""
BATCH = 64
"""Entries that are tested against the blocks before any is blended."""
MOMENTS = 6
"""Sums over pixels of v, v dx, v dy, v dx^2, v dx dy, v dy^2, where v is the gradient of the exponent."""
PROJECTED = 256
"""Gaussians per ticket of the projection; the length of a scratch column."""
PROJECTED_SCRATCH = 20 * PROJECTED
"""Floats that a thread of the projection works on: shape 10, gradients 7, compensation, extents 2."""
SKINNED = 1024
"""Gaussians per ticket of skinning."""
DIGIT_BITS = 11
"""Of the radix sort, which takes a depth's 32 bits in three turns."""
DIGITS = 1 << DIGIT_BITS
assert BLOCKS * LANES == TILE * TILE


def record_width(channels: int) -> int:
    """Columns of a record, padded to whole vectors."""
    return -(-(RECORD + channels) // LANES) * LANES


def sums_width(channels: int, absolute: bool) -> int:
    """Columns of the backward pass's sums: moments, colour, absolute gradient, padded to whole vectors."""
    return -(-(MOMENTS + channels + 2 * absolute) // LANES) * LANES


def blend_scratch(channels: int) -> int:
    """Floats that a thread of the forward pass works on: the pixels of a tile, and the records of a batch."""
    return BLOCKS * (1 + channels) * LANES + BATCH * record_width(channels)


def unblend_scratch(channels: int) -> int:
    """The same for the backward pass: the pixels of a tile."""
    return BLOCKS * (2 + channels) * LANES
