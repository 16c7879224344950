"""Scratch arrays that are kept between calls, so that a call costs no page faults for what the last one used."""

import math
from collections import deque

import numpy as np

KEPT_BYTES = 512 << 20
"""Scratch memory kept for later calls; what is beyond it is given back to the system."""
SMALLEST = 1 << 12


class _Kept:
    """Blocks that nobody uses, by size."""

    def __init__(self) -> None:
        self.blocks: dict[int, deque[np.ndarray]] = {}
        self.bytes = 0

    def take(self, size: int) -> np.ndarray:
        # Append and pop of a deque are atomic, so no lock is needed; `bytes` is a budget and may drift slightly.
        try:
            block = self.blocks[size].pop()
        except (KeyError, IndexError):
            return np.empty(size, np.uint8)
        self.bytes -= size
        return block

    def give(self, block: np.ndarray) -> None:
        if self.bytes + len(block) <= KEPT_BYTES:
            self.bytes += len(block)
            self.blocks.setdefault(len(block), deque()).append(block)


_kept = _Kept()


class Lease:
    """Arrays in use by one call, or by one graph that waits for its backward pass; free again when it is dropped."""

    def __init__(self) -> None:
        self._blocks: list[np.ndarray] = []

    def array(self, shape: tuple[int, ...], kind: type) -> np.ndarray:
        """An array with undefined contents, valid as long as this lease lives."""
        used = math.prod(shape) * np.dtype(kind).itemsize
        block = _kept.take(max(SMALLEST, 1 << max(used - 1, 1).bit_length()))
        self._blocks.append(block)
        return block[:used].view(kind).reshape(shape)

    def __del__(self, kept: _Kept = _kept) -> None:
        for block in self._blocks:
            kept.give(block)
