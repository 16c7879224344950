"""Sixteen float32 lanes as one value inside numba kernels.

Numba vectorises loops only when it can prove that they are safe, and it keeps nothing in registers from one inner loop
to the next. Here a vector is a type of its own: `+ - * /`, comparisons, `minimum`, `maximum`, `select` and reductions
map to one LLVM vector operation each, which LLVM splits for narrower machines. `Tuple` helpers work on several vectors.
"""

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from tween4d.splatting.numba_engine.layout import LANES

_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_BITS = ir.VectorType(ir.IntType(1), LANES)


class _Vector(types.Type):
    def __init__(self) -> None:
        super().__init__(name="float32x16")


class _Mask(types.Type):
    def __init__(self) -> None:
        super().__init__(name="bool1x16")


vector, mask = _Vector(), _Mask()


@register_model(_Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, _FLOATS)


@register_model(_Mask)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, _BITS)


def _spread(builder, value):
    """A scalar float in all lanes."""
    one = builder.insert_element(ir.Constant(_FLOATS, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(_FLOATS, ir.Undefined), zeros)


def _lanes(builder, kind, value):
    return value if kind == vector else _spread(builder, value)


def _define(symbol, emit, result):
    """Give a Python operator a meaning for vector x vector, vector x float32 and float32 x vector."""

    @infer_global(symbol)
    class Typing(AbstractTemplate):
        def generic(self, args, kws):
            if len(args) == 2 and vector in args and all(a in (vector, types.float32) for a in args):
                return signature(result, *args)

    def lower(context, builder, sig, args):
        return emit(builder, *(_lanes(builder, kind, a) for kind, a in zip(sig.args, args, strict=True)))

    for a, b in ((vector, vector), (vector, types.float32), (types.float32, vector)):
        lower_builtin(symbol, a, b)(lower)


_define(operator.add, lambda b, x, y: b.fadd(x, y), vector)
_define(operator.sub, lambda b, x, y: b.fsub(x, y), vector)
_define(operator.mul, lambda b, x, y: b.fmul(x, y), vector)
_define(operator.truediv, lambda b, x, y: b.fdiv(x, y), vector)
_define(operator.gt, lambda b, x, y: b.fcmp_ordered(">", x, y), mask)
_define(operator.ge, lambda b, x, y: b.fcmp_ordered(">=", x, y), mask)
_define(operator.lt, lambda b, x, y: b.fcmp_ordered("<", x, y), mask)
_define(operator.le, lambda b, x, y: b.fcmp_ordered("<=", x, y), mask)


@infer_global(operator.and_)
class _AndTyping(AbstractTemplate):
    def generic(self, args, kws):
        if args == (mask, mask):
            return signature(mask, mask, mask)


@lower_builtin(operator.and_, mask, mask)
def _and(context, builder, sig, args):
    return builder.and_(*args)


@intrinsic
def spread(typingctx, value):
    """A float32 in all lanes."""
    return vector(value), lambda context, builder, sig, args: _spread(builder, args[0])


@intrinsic
def constant(typingctx, values):
    """A vector from a tuple of 16 float32 values."""

    def codegen(context, builder, sig, args):
        result = ir.Constant(_FLOATS, ir.Undefined)
        for i in range(LANES):
            lane = builder.extract_value(args[0], i)
            result = builder.insert_element(result, lane, ir.Constant(ir.IntType(32), i))
        return result

    return vector(values), codegen


@intrinsic
def minimum(typingctx, x, y):
    """Lane by lane; y may be a float32."""

    def codegen(context, builder, sig, args):
        a, b = _lanes(builder, x, args[0]), _lanes(builder, y, args[1])
        return builder.select(builder.fcmp_ordered("<", a, b), a, b)

    return vector(x, y), codegen


@intrinsic
def maximum(typingctx, x, y):
    """Lane by lane; y may be a float32."""

    def codegen(context, builder, sig, args):
        a, b = _lanes(builder, x, args[0]), _lanes(builder, y, args[1])
        return builder.select(builder.fcmp_ordered(">", a, b), a, b)

    return vector(x, y), codegen


def _call(builder, name, args):
    kind = ir.FunctionType(_FLOATS, [_FLOATS])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{LANES}f32"), args)


@intrinsic
def magnitude(typingctx, x):
    """Absolute values."""
    return vector(x), lambda context, builder, sig, args: _call(builder, "fabs", args)


@intrinsic
def square_root(typingctx, x):
    """Square roots of values >= 0."""
    return vector(x), lambda context, builder, sig, args: _call(builder, "sqrt", args)


@intrinsic
def select(typingctx, condition, x, y):
    """x where the mask is set, else y; either may be a float32."""

    def codegen(context, builder, sig, args):
        return builder.select(args[0], _lanes(builder, x, args[1]), _lanes(builder, y, args[2]))

    return vector(condition, x, y), codegen


@intrinsic
def bits(typingctx, condition):
    """The mask as an int32, lane 0 lowest."""

    def codegen(context, builder, sig, args):
        return builder.zext(builder.bitcast(args[0], ir.IntType(LANES)), ir.IntType(32))

    return types.int32(condition), codegen


def _address(context, builder, array_type, array, index):
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _FLOATS.as_pointer())


@intrinsic
def load(typingctx, array, index):
    """16 values of a contiguous float32 array from flat element `index` (intp); not checked."""

    def codegen(context, builder, sig, args):
        return builder.load(_address(context, builder, sig.args[0], *args), align=4)

    return vector(array, types.intp), codegen


@intrinsic
def store(typingctx, array, index, value):
    """Write 16 values from flat element `index` (intp); not checked."""

    def codegen(context, builder, sig, args):
        builder.store(args[2], _address(context, builder, sig.args[0], *args[:2]), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), codegen


@intrinsic
def zeros_like(typingctx, values):
    """As many zero vectors as the tuple has entries."""
    result = types.UniTuple(vector, len(values))

    def codegen(context, builder, sig, args):
        return context.make_tuple(builder, result, [ir.Constant(_FLOATS, [0.0] * LANES)] * len(values))

    return result(values), codegen


def _items(builder, kind, value):
    """The entries of a tuple as vectors."""
    return [_lanes(builder, k, builder.extract_value(value, i)) for i, k in enumerate(kind.types)]


@intrinsic
def add_scaled(typingctx, totals, factor, values):
    """totals + factor * values, entry by entry."""

    def codegen(context, builder, sig, args):
        pairs = zip(_items(builder, totals, args[0]), _items(builder, values, args[2]), strict=True)
        sums = [builder.fadd(t, builder.fmul(args[1], v)) for t, v in pairs]
        return context.make_tuple(builder, sig.return_type, sums)

    return types.UniTuple(vector, len(totals))(totals, factor, values), codegen


@intrinsic
def dot(typingctx, x, y):
    """Sum of the products of two tuples' entries."""

    def codegen(context, builder, sig, args):
        total = None
        for a, b in zip(_items(builder, x, args[0]), _items(builder, y, args[1]), strict=True):
            product = builder.fmul(a, b)
            total = product if total is None else builder.fadd(total, product)
        return total

    return vector(x, y), codegen


@intrinsic
def load_each(typingctx, array, index, values):
    """As many neighbouring vectors as `values` has entries."""
    result = types.UniTuple(vector, len(values))

    def codegen(context, builder, sig, args):
        found = []
        for i in range(len(values)):
            at = builder.add(args[1], ir.Constant(ir.IntType(64), i * LANES))
            found.append(builder.load(_address(context, builder, sig.args[0], args[0], at), align=4))
        return context.make_tuple(builder, result, found)

    return result(array, types.intp, values), codegen


@intrinsic
def store_each(typingctx, array, index, values):
    """Write neighbouring vectors."""

    def codegen(context, builder, sig, args):
        for i in range(len(values)):
            at = builder.add(args[1], ir.Constant(ir.IntType(64), i * LANES))
            item = builder.extract_value(args[2], i)
            builder.store(item, _address(context, builder, sig.args[0], args[0], at), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, values), codegen


@intrinsic
def scalars_at(typingctx, array, index, like):
    """As many neighbouring float32 scalars as `like` has entries."""
    result = types.UniTuple(types.float32, len(like))

    def codegen(context, builder, sig, args):
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        found = []
        for i in range(len(like)):
            at = builder.add(args[1], ir.Constant(ir.IntType(64), i))
            found.append(builder.load(builder.gep(data, [at])))
        return context.make_tuple(builder, result, found)

    return result(array, types.intp, like), codegen


@intrinsic
def column_bits(typingctx, array, index, bit):
    """Bit k of the int64 result is bit `bit` of the k-th of 16 int32 from flat element `index`."""
    numbers = ir.VectorType(ir.IntType(32), LANES)

    def codegen(context, builder, sig, args):
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        at = builder.bitcast(builder.gep(data, [args[1]]), numbers.as_pointer())
        one = builder.shl(ir.Constant(ir.IntType(32), 1), builder.trunc(args[2], ir.IntType(32)))
        first = builder.insert_element(ir.Constant(numbers, ir.Undefined), one, ir.Constant(ir.IntType(32), 0))
        wanted = builder.shuffle_vector(first, first, ir.Constant(numbers, [0] * LANES))
        found = builder.and_(builder.load(at, align=4), wanted)
        hit = builder.icmp_unsigned("!=", found, ir.Constant(numbers, [0] * LANES))
        return builder.zext(builder.bitcast(hit, ir.IntType(LANES)), ir.IntType(64))

    return types.int64(array, types.intp, types.int64), codegen


@intrinsic
def select_each(typingctx, condition, values):
    """The tuple's vectors where the mask is set, else 0."""

    def codegen(context, builder, sig, args):
        zero = ir.Constant(_FLOATS, [0.0] * LANES)
        chosen = [builder.select(args[0], builder.extract_value(args[1], i), zero) for i in range(len(values))]
        return context.make_tuple(builder, sig.return_type, chosen)

    return types.UniTuple(vector, len(values))(condition, values), codegen


@intrinsic
def accumulate_each(typingctx, totals, values):
    """totals + values, entry by entry."""

    def codegen(context, builder, sig, args):
        pairs = [(builder.extract_value(args[0], i), builder.extract_value(args[1], i)) for i in range(len(totals))]
        return context.make_tuple(builder, sig.return_type, [builder.fadd(a, b) for a, b in pairs])

    return types.UniTuple(vector, len(totals))(totals, values), codegen


@intrinsic
def load_columns(typingctx, array, index, stride, values):
    """As many vectors as `values` has entries, `stride` elements apart."""
    result = types.UniTuple(vector, len(values))

    def codegen(context, builder, sig, args):
        found, at = [], args[1]
        for _ in range(len(values)):
            found.append(builder.load(_address(context, builder, sig.args[0], args[0], at), align=4))
            at = builder.add(at, args[2])
        return context.make_tuple(builder, result, found)

    return result(array, types.intp, types.intp, values), codegen


@intrinsic
def store_columns(typingctx, array, index, stride, values):
    """Write the tuple's vectors, `stride` elements apart."""

    def codegen(context, builder, sig, args):
        at = args[1]
        for i in range(len(values)):
            item = builder.extract_value(args[3], i)
            builder.store(item, _address(context, builder, sig.args[0], args[0], at), align=4)
            at = builder.add(at, args[2])
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, values), codegen
