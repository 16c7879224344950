"""Sums over lanes that grow over many vectors and are added up only at the end.

A machine with 32 wide registers keeps 16 partial sums per quantity. One with 16 narrower registers would spill them in
the middle of the backward kernel, so there the two halves of a vector are added into 8 partial sums at once, which
costs nothing: such a machine works on halves anyway.
"""

import llvmlite.binding
from llvmlite import ir
from numba import types
from numba.core import config
from numba.extending import intrinsic, models, register_model

from tween4d.splatting.numba_engine.simd import LANES


def _features() -> str:
    """What kernels are compiled for, as numba decides it."""
    if config.CPU_FEATURES is not None:
        return config.CPU_FEATURES
    return llvmlite.binding.get_host_cpu_features().flatten()


WIDTH = LANES if "+avx512f" in _features() else LANES // 2
"""Partial sums per quantity."""
_SUMS = ir.VectorType(ir.FloatType(), WIDTH)


class _Partial(types.Type):
    def __init__(self) -> None:
        super().__init__(name=f"sum_float32x{WIDTH}")


partial = _Partial()


@register_model(_Partial)
class _PartialModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, _SUMS)


def _parts(builder, value):
    """A vector of 16 lanes as pieces as wide as a partial sum."""
    kind = ir.VectorType(ir.IntType(32), WIDTH)
    if WIDTH == LANES:
        return [value]
    return [
        builder.shuffle_vector(value, value, ir.Constant(kind, list(range(start, start + WIDTH))))
        for start in range(0, LANES, WIDTH)
    ]


def _add(builder, total, value):
    for part in _parts(builder, value):
        total = builder.fadd(total, part)
    return total


def _add_product(builder, total, x, y):
    for a, b in zip(_parts(builder, x), _parts(builder, y), strict=True):
        total = builder.fadd(total, builder.fmul(a, b))
    return total


@intrinsic
def no_sums(typingctx, like):
    """As many empty sums as the tuple has entries."""
    result = types.UniTuple(partial, len(like))

    def codegen(context, builder, sig, args):
        return context.make_tuple(builder, result, [ir.Constant(_SUMS, [0.0] * WIDTH)] * len(like))

    return result(like), codegen


@intrinsic
def accumulate(typingctx, sums, values):
    """sums + values, entry by entry; the values are vectors."""

    def codegen(context, builder, sig, args):
        total = [
            _add(builder, builder.extract_value(args[0], i), builder.extract_value(args[1], i))
            for i in range(len(sums))
        ]
        return context.make_tuple(builder, sig.return_type, total)

    return types.UniTuple(partial, len(sums))(sums, values), codegen


@intrinsic
def accumulate_products(typingctx, sums, factor, values):
    """sums + factor * values, entry by entry; factor is a vector, the values are vectors."""

    def codegen(context, builder, sig, args):
        total = [
            _add_product(builder, builder.extract_value(args[0], i), args[1], builder.extract_value(args[2], i))
            for i in range(len(sums))
        ]
        return context.make_tuple(builder, sig.return_type, total)

    return types.UniTuple(partial, len(sums))(sums, factor, values), codegen


@intrinsic
def accumulate_each_product(typingctx, sums, x, y):
    """sums + x * y, entry by entry of three tuples; x and y hold vectors."""

    def codegen(context, builder, sig, args):
        total = [
            _add_product(builder, *(builder.extract_value(args[k], i) for k in range(3))) for i in range(len(sums))
        ]
        return context.make_tuple(builder, sig.return_type, total)

    return types.UniTuple(partial, len(sums))(sums, x, y), codegen


@intrinsic
def store_totals(typingctx, array, index, sums):
    """Write the totals of the sums next to each other from flat element `index`, padded with zeros to a multiple of 16.

    Pairs are folded into one until a single vector is left: about 3 instructions per sum, against 8 for separate ones.
    """

    def codegen(context, builder, sig, args):
        rows = [builder.extract_value(args[2], i) for i in range(len(sums))]
        rows += [ir.Constant(_SUMS, [0.0] * WIDTH)] * (-len(rows) % LANES)
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        for start in range(0, len(rows), WIDTH):
            at = builder.add(args[1], ir.Constant(ir.IntType(64), start))
            place = builder.bitcast(builder.gep(data, [at]), _SUMS.as_pointer())
            builder.store(_fold_all(builder, rows[start : start + WIDTH]), place, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, sums), codegen


def _fold_all(builder, rows):
    """A vector whose lane i is the sum of rows[i], of WIDTH rows; LLVM drops what only adds zeros."""
    size = WIDTH
    while size > 1:
        rows = [_fold(builder, x, y, size) for x, y in zip(rows[::2], rows[1::2], strict=True)]
        size //= 2
    return rows[0]


def _fold(builder, x, y, size):
    """Add the halves of each group of `size` lanes; x's groups come first."""
    starts = [lane + i for lane in range(0, 2 * WIDTH, size) for i in range(size // 2)]
    kind = ir.VectorType(ir.IntType(32), WIDTH)
    low = builder.shuffle_vector(x, y, ir.Constant(kind, starts))
    high = builder.shuffle_vector(x, y, ir.Constant(kind, [i + size // 2 for i in starts]))
    return builder.fadd(low, high)
