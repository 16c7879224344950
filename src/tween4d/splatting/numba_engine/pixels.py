"""Blocks of 4 by 4 pixels between an image's memory and vectors, one vector per channel."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tween4d.splatting.numba_engine.simd import LANES, vector

SIDE = 4
_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_INDEX = ir.IntType(32)


def _rows(context, builder, array_type, args, channels):
    """A pointer to the first element of each of the block's rows."""
    data = context.make_array(array_type)(context, builder, args[0]).data
    stride = builder.mul(args[2], ir.Constant(ir.IntType(64), channels))
    at = builder.mul(args[1], ir.Constant(ir.IntType(64), channels))
    pointers = []
    for _ in range(SIDE):
        pointers.append(builder.gep(data, [at]))
        at = builder.add(at, stride)
    return pointers


@intrinsic
def load_pixels(typingctx, image, pixel, width, like):
    """As many vectors as `like` has entries, from a contiguous image with as many channels.

    Args:
        pixel: number of the block's first pixel; width: pixels in a row of the image. Not checked.
    """
    channels = len(like)
    result = types.UniTuple(vector, channels)
    kind = ir.VectorType(ir.FloatType(), SIDE * channels)

    def codegen(context, builder, sig, args):
        rows = [
            builder.load(builder.bitcast(pointer, kind.as_pointer()), align=4)
            for pointer in _rows(context, builder, sig.args[0], args, channels)
        ]
        halves = [_joined(builder, rows[0], rows[1]), _joined(builder, rows[2], rows[3])]
        whole = _joined(builder, *halves)
        picks = [
            ir.Constant(ir.VectorType(_INDEX, LANES), [lane * channels + d for lane in range(LANES)])
            for d in range(channels)
        ]
        found = [builder.shuffle_vector(whole, whole, pick) for pick in picks]
        return context.make_tuple(builder, result, found)

    return result(image, pixel, width, like), codegen


@intrinsic
def store_pixels(typingctx, image, pixel, width, values):
    """Write one vector per channel to a contiguous image with as many channels; arguments as in `load_pixels`."""
    channels = len(values)
    kind = ir.VectorType(ir.FloatType(), SIDE * channels)

    def codegen(context, builder, sig, args):
        vectors = [builder.extract_value(args[3], d) for d in range(channels)]
        whole = vectors[0]
        for extra in vectors[1:]:
            whole = _joined(builder, whole, _widened(builder, extra, whole.type.count))
        for row, pointer in enumerate(_rows(context, builder, sig.args[0], args, channels)):
            # Channel d lies `places[d]` lanes into the joined vector.
            places = [0] + [LANES << d for d in range(channels - 1)]
            order = [places[d] + row * SIDE + k for k in range(SIDE) for d in range(channels)]
            pick = ir.Constant(ir.VectorType(_INDEX, len(order)), order)
            builder.store(
                builder.shuffle_vector(whole, whole, pick), builder.bitcast(pointer, kind.as_pointer()), align=4
            )
        return context.get_dummy_value()

    return types.void(image, pixel, width, values), codegen


def _joined(builder, low, high):
    """Two vectors of equal length, one after the other."""
    order = ir.Constant(ir.VectorType(_INDEX, 2 * low.type.count), list(range(2 * low.type.count)))
    return builder.shuffle_vector(low, high, order)


def _widened(builder, value, count):
    """A vector repeated up to a length."""
    pick = ir.Constant(ir.VectorType(_INDEX, count), [i % value.type.count for i in range(count)])
    return builder.shuffle_vector(value, value, pick)
