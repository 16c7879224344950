"""A few helper threads that run kernels without the interpreter lock.

Numba's own parallel layers are not used: workqueue aborts the process when two Python threads enter it at once, the
OpenMP layers spin and lose badly when a core is shared, and both double the time to compile. Here the caller shares
the work with the helpers by tickets, so a helper that wakes late only does less.
"""

import os
import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue

import numpy as np
import torch

from tween4d.splatting.numba_engine.stored import Kernel


class _Pool:
    """Daemon threads that wait for kernels; started on first use."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue = SimpleQueue()
        self.size = 0
        self.guard = threading.Lock()

    def grow(self, size: int) -> None:
        with self.guard:
            while self.size < size:
                threading.Thread(target=self._serve, name=f"tween4d-{self.size}", daemon=True).start()
                self.size += 1

    def _serve(self) -> None:
        while True:
            call, finished = self.jobs.get()
            try:
                call()
                finished.put(None)
            except BaseException as error:
                finished.put(error)


_pool = _Pool()


def _forget_pool() -> None:
    """Threads do not survive a fork."""
    global _pool
    _pool = _Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


ALONE = 4096
"""Gaussians below which waking another thread costs more than it saves."""


def thread_count() -> int:
    """Threads that share the work: torch's number, so that one knob governs both."""
    return torch.get_num_threads()


def threads_for(gaussians: int) -> int:
    """Threads that share work on so many Gaussians."""
    return thread_count() if gaussians > ALONE else 1


def share(kernel: Callable[..., None], *arguments: object, threads: int | None = None) -> None:
    """Run kernel(counter, *arguments) on several threads at once; they draw tickets from the shared counter.

    Returns when all have finished. Safe to call from several threads.

    Args:
        threads: how many; None takes all.
    """
    counter = np.zeros(1, np.int64)
    helpers = (thread_count() if threads is None else threads) - 1
    call = kernel.bind(counter, *arguments) if isinstance(kernel, Kernel) else partial(kernel, counter, *arguments)
    if helpers == 0:
        call()
        return
    finished: SimpleQueue = SimpleQueue()
    _pool.grow(helpers)
    for _ in range(helpers):
        _pool.jobs.put((call, finished))
    try:
        call()
    finally:
        errors = [finished.get() for _ in range(helpers)]
    for error in errors:
        if error is not None:
            raise error
