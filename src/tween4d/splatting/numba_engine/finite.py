"""Whether an array holds NaN or infinity, in one pass over its bits: compiled code may assume that it does not."""

import numpy as np
from torch import Tensor

from tween4d.splatting.numba_engine.stored import kernel

EXPONENT = np.uint32(0x7F800000)


@kernel
def count_infinite(bits, found):
    """In found[0], how many float32 of these bits are NaN or infinite."""
    count = 0
    for i in range(len(bits)):
        if bits[i] & EXPONENT == EXPONENT:
            count += 1
    found[0] = count


def all_finite(array: Tensor) -> bool:
    """For float32 on the CPU."""
    found = np.empty(1, np.int64)
    count_infinite(array.detach().contiguous().view(-1).numpy().view(np.uint32), found)
    return bool(found[0] == 0)
