"""Long straight arithmetic on vectors, written by running it once.

Numba infers a type for every intermediate value, which takes seconds for a few hundred of them. A traced function is
plain Python instead: it runs while a kernel is compiled, on values whose operators write LLVM instructions, and numba
sees one call.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from tween4d.splatting.numba_engine.simd import LANES, vector

_FLOATS = ir.VectorType(ir.FloatType(), LANES)


class Lanes:
    """Sixteen float32 of a kernel that is being compiled; numbers and scalars are taken in all lanes."""

    def __init__(self, builder: ir.IRBuilder, value: Any) -> None:
        self.builder, self.value = builder, value

    def _of(self, other: "Lanes | float") -> Any:
        return other.value if isinstance(other, Lanes) else ir.Constant(_FLOATS, [float(other)] * LANES)

    def _made(self, name: str, *values: Any) -> "Lanes":
        return Lanes(self.builder, getattr(self.builder, name)(*values))

    def __add__(self, other: "Lanes | float") -> "Lanes":
        return self._made("fadd", self.value, self._of(other))

    def __sub__(self, other: "Lanes | float") -> "Lanes":
        return self._made("fsub", self.value, self._of(other))

    def __mul__(self, other: "Lanes | float") -> "Lanes":
        return self._made("fmul", self.value, self._of(other))

    def __truediv__(self, other: "Lanes | float") -> "Lanes":
        return self._made("fdiv", self.value, self._of(other))

    def __rsub__(self, other: float) -> "Lanes":
        return self._made("fsub", self._of(other), self.value)

    def __rtruediv__(self, other: float) -> "Lanes":
        return self._made("fdiv", self._of(other), self.value)

    def __neg__(self) -> "Lanes":
        return 0.0 - self

    __radd__, __rmul__ = __add__, __mul__

    def _compared(self, sign: str, other: "Lanes | float") -> "Lanes":
        return self._made("fcmp_ordered", sign, self.value, self._of(other))

    def __gt__(self, other: "Lanes | float") -> "Lanes":
        return self._compared(">", other)

    def __ge__(self, other: "Lanes | float") -> "Lanes":
        return self._compared(">=", other)

    def __lt__(self, other: "Lanes | float") -> "Lanes":
        return self._compared("<", other)

    def __le__(self, other: "Lanes | float") -> "Lanes":
        return self._compared("<=", other)

    def __and__(self, other: "Lanes") -> "Lanes":
        return self._made("and_", self.value, other.value)


def select(condition: Lanes, x: Lanes | float, y: Lanes | float) -> Lanes:
    """x where the condition holds, else y."""
    return condition._made("select", condition.value, condition._of(x), condition._of(y))


def minimum(x: Lanes, y: Lanes | float) -> Lanes:
    """Lane by lane."""
    return select(x < y, x, y)


def maximum(x: Lanes, y: Lanes | float) -> Lanes:
    """Lane by lane."""
    return select(x > y, x, y)


def square_root(x: Lanes) -> Lanes:
    """Of values >= 0."""
    kind = ir.FunctionType(_FLOATS, [_FLOATS])
    root = cgutils.get_or_insert_function(x.builder.module, kind, f"llvm.sqrt.v{LANES}f32")
    return x._made("call", root, [x.value])


def traced(count: int) -> Callable[[Callable[..., tuple[Lanes, ...]]], Any]:
    """A function of three tuples of vectors or float32 that returns a tuple of `count` vectors, for kernels to call."""

    def wrap(function: Callable[..., tuple[Lanes, ...]]) -> Any:
        @intrinsic
        def call(typingctx, x, y, z):
            def codegen(context, builder, sig, args):
                values = [
                    [_taken(builder, k, builder.extract_value(value, i)) for i, k in enumerate(kind.types)]
                    for kind, value in zip(sig.args, args, strict=True)
                ]
                made = function(*values)
                return context.make_tuple(builder, sig.return_type, [lanes.value for lanes in made])

            return types.UniTuple(vector, count)(x, y, z), codegen

        return call

    return wrap


def _taken(builder: ir.IRBuilder, kind: types.Type, value: Any) -> Lanes:
    """A vector, or a scalar in all lanes."""
    if kind == vector:
        return Lanes(builder, value)
    nothing = ir.Constant(_FLOATS, ir.Undefined)
    one = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return Lanes(builder, builder.shuffle_vector(one, nothing, zeros))
