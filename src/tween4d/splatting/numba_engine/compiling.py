"""How kernels are compiled, and two machine instructions that numba does not expose."""

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

kernel = njit(**OPTIONS)


@intrinsic
def take_ticket(typingctx, counter):
    """Add 1 to counter[0] (int64) atomically and return the old value: how threads share out work."""

    def codegen(context, builder, signature, args):
        array = context.make_array(signature.args[0])(context, builder, args[0])
        return builder.atomic_rmw("add", array.data, context.get_constant(types.int64, 1), "monotonic")

    return types.int64(counter), codegen


@intrinsic
def lowest_bit(typingctx, mask):
    """Index of the lowest set bit of a non-zero int32."""

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], cgutils.true_bit)

    return types.int32(types.int32), codegen


inlined = njit(**{k: v for k, v in OPTIONS.items() if k != "cache"}, forceinline=True)
"""For small functions that only kernels call; they are cached as part of them."""
