"""How kernels are compiled, and machine instructions that numba does not expose. Imported only to compile."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir
from numba import cfunc, njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array
from numba.np.numpy_support import from_dtype

from tween4d.splatting.numba_engine.stored import Kinds, callable_at

# No kernel relies on NaN, signed zero or the order of a sum; infinities and NaN are refused before any kernel runs.
OPTIONS = {
    "fastmath": {"contract", "nsz", "arcp", "reassoc", "nnan", "ninf"},
    "boundscheck": False,
    "error_model": "numpy",
}
LIBRARY = {"log", "logf", "exp", "expf", "sqrt", "sqrtf", "ceil", "ceilf", "floor", "floorf", "memset", "memcpy"}
"""Functions of C that code may call; anything else is numba's own."""

WORDS = types.void(types.CPointer(types.int64))
"""How every kernel is called."""

inlined = njit(**OPTIONS, forceinline=True)
"""For small functions that only kernels call."""
shared = njit(**OPTIONS)
"""The same for functions that are called from many places of a kernel."""


@dataclass(frozen=True)
class Compiled:
    """A kernel in memory, and what is needed to keep it."""

    entry: Callable[[Any], None]
    owner: Any
    """Holds the code in memory."""
    symbol: str = ""
    needs: tuple[str, ...] = ()
    code: bytes | None = None
    """The object file, or None when it would not run without numba."""


def compile_kernel(function: Callable[..., None], kinds: Kinds) -> Compiled:
    """Compile a kernel for arguments of these kinds."""
    # Inlined before types are inferred, so that only one function goes through the compiler.
    body, given = njit(**OPTIONS, inline="always")(function), _type_of(kinds)

    @intrinsic
    def unpacked(typingctx, words):
        def codegen(context, builder, sig, args):
            return _Words(context, builder, args[0]).value(given)

        return given(words), codegen

    # Numba cannot inline a call with *arguments.
    source = f"def run(words):\n    x = unpacked(words)\n    body({', '.join(f'x[{i}]' for i in range(len(kinds)))})\n"
    scope: dict[str, Any] = {"unpacked": unpacked, "body": body}
    exec(source, scope)
    try:
        return _alone(scope["run"])
    except (AttributeError, KeyError, TypeError):
        # Another numba inside: slower to start, since nothing is kept, but it runs.
        made = cfunc(WORDS, **OPTIONS)(scope["run"])
        return Compiled(made.ctypes, made)


def _alone(run: Callable[..., None]) -> Compiled:
    """Compile to code that needs nothing of numba: numba has no public way to it, so what this uses may change."""
    # No kernel allocates or counts references.
    made = njit(**OPTIONS, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)(run)
    result = made._compiler.compile(WORDS.args, WORDS.return_type)
    library, symbol = result.library, result.fndesc.llvm_func_name
    needs = {f.name for f in library._final_module.functions if f.is_declaration and not f.name.startswith("llvm.")}
    code = library._get_compiled_object() if needs <= LIBRARY else None
    return Compiled(callable_at(library.get_pointer_to_function(symbol)), result, symbol, tuple(sorted(needs)), code)


def _type_of(kind: Any) -> types.Type:
    """Numba's type for a kind of argument."""
    if isinstance(kind, str):
        return getattr(types, kind)
    if len(kind) == 2 and isinstance(kind[0], str) and isinstance(kind[1], int):
        return types.Array(from_dtype(np.dtype(kind[0])), kind[1], "C")
    return types.Tuple([_type_of(part) for part in kind])


class _Words:
    """Reads arguments from a row of 64-bit words."""

    def __init__(self, context: Any, builder: ir.IRBuilder, pointer: Any) -> None:
        self.context, self.builder, self.pointer = context, builder, pointer
        self.next = 0

    def word(self) -> Any:
        place = self.builder.gep(self.pointer, [ir.Constant(ir.IntType(64), self.next)])
        self.next += 1
        return self.builder.load(place)

    def value(self, kind: types.Type) -> Any:
        builder = self.builder
        if isinstance(kind, types.BaseTuple):
            return self.context.make_tuple(builder, kind, [self.value(part) for part in kind])
        if isinstance(kind, types.Array):
            return self.array(kind)
        raw = self.word()
        if kind == types.float32:
            return builder.bitcast(builder.trunc(raw, ir.IntType(32)), ir.FloatType())
        return builder.trunc(raw, ir.IntType(1)) if kind == types.boolean else raw

    def array(self, kind: types.Array) -> Any:
        data = self.builder.inttoptr(self.word(), self.context.get_data_type(kind.dtype).as_pointer())
        return _filled(self.context, self.builder, kind, data, [self.word() for _ in range(kind.ndim)])


def _filled(context: Any, builder: ir.IRBuilder, kind: types.Array, data: Any, shape: list[Any]) -> Any:
    """Numba's idea of a contiguous array that nobody owns."""
    array = context.make_array(kind)(context, builder)
    size = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    strides: list[Any] = [ir.Constant(ir.IntType(64), size)]
    for length in shape[:0:-1]:
        strides.insert(0, builder.mul(strides[0], length))
    populate_array(array, data, shape, strides, size, None)
    return array._getvalue()


@intrinsic(prefer_literal=True)
def on_stack(typingctx, like, count):
    """A small scratch array of the type of `like`, with undefined contents; `count` is a constant.

    Kernels allocate nothing else: numba's own arrays would tie their code to numba.
    """
    kind = types.Array(types.unliteral(like), 1, "C")

    def codegen(context, builder, sig, args):
        items = ir.ArrayType(context.get_data_type(kind.dtype), count.literal_value)
        with builder.goto_entry_block():
            data = builder.alloca(items)
        data = builder.gep(data, [ir.Constant(ir.IntType(32), 0)] * 2)
        return _filled(context, builder, kind, data, [ir.Constant(ir.IntType(64), count.literal_value)])

    return kind(like, count), codegen


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
