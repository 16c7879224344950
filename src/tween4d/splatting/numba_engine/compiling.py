"""How kernels are compiled, and two machine instructions that numba does not expose."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

# No kernel relies on NaN, signed zero or the order of a sum; infinities and NaN are refused before any kernel runs.
OPTIONS = {
    "fastmath": {"contract", "nsz", "arcp", "reassoc", "nnan", "ninf"},
    "cache": True,
    "nogil": True,
    "boundscheck": False,
    "error_model": "numpy",
}

PACKAGE = Path(__file__).parents[1]


def _digest() -> bytes:
    """Of everything that ends up in a kernel."""
    whole = hashlib.sha256()
    for path in (PACKAGE / "constants.py", *sorted(PACKAGE.rglob("numba_engine/*.py"))):
        whole.update(path.read_bytes())
    return whole.digest()


DIGEST = _digest()


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function on first use, or load it from the disk."""
    dispatcher = njit(**OPTIONS)(function)
    # Numba asks whether the function's own file has changed, not those of what it calls: after an upgrade it would run
    # old code. Its cache has no public way to say so; if this one ever goes, numba's own rule is left.
    stored = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    if stored is not None:
        stored._source_stamp = stored._source_stamp, DIGEST
    return dispatcher


@intrinsic
def take_ticket(typingctx, counter):
    """Add 1 to counter[0] (int64) atomically and return the old value: how threads share out work."""

    def codegen(context, builder, signature, args):
        array = context.make_array(signature.args[0])(context, builder, args[0])
        return builder.atomic_rmw("add", array.data, context.get_constant(types.int64, 1), "monotonic")

    return types.int64(counter), codegen


@intrinsic
def lowest_bit(typingctx, mask):
    """Index of the lowest set bit of a non-zero int64."""

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], cgutils.true_bit)

    return types.int64(types.int64), codegen


inlined = njit(**{k: v for k, v in OPTIONS.items() if k != "cache"}, forceinline=True)
"""For small functions that only kernels call; they are cached as part of them."""
