"""Whether an array holds NaN or infinity, in one pass over its bits: compiled code may assume that it does not."""

import numpy as np
from torch import Tensor

from tween4d.splatting.numba_engine.compiling import kernel

EXPONENT = np.uint32(0x7F800000)


@kernel
def _count(bits):
    count = 0
    for i in range(len(bits)):
        if bits[i] & EXPONENT == EXPONENT:
            count += 1
    return count


def all_finite(array: Tensor) -> bool:
    """For float32 on the CPU."""
    return _count(array.detach().contiguous().view(-1).numpy().view(np.uint32)) == 0
