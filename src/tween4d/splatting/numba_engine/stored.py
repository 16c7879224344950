"""Kernels as machine code: compiled by numba once, kept on the disk, and loaded without numba ever after.

Importing numba and filling its registries takes a second, and most processes need none of it. So what is kept is an
object file that LLVM's loader links by itself, and a kernel is called as a C function of one pointer to words: for an
array its address and shape, for a number its value.
"""

import ctypes
import hashlib
import importlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

PACKAGE = Path(__file__).parents[1]
SUFFIX = ".kernel"
_guard = threading.RLock()
_loaded: list[Any] = []
"""What holds code in memory; never dropped."""
_nothing = ctypes.c_void_p()
"""Where kernels write that they return nothing."""
Kinds = tuple[Any, ...]
"""Of arguments: (dtype, dimensions) of an array, the name of a number's type, or a tuple of kinds."""


class Kernel:
    """A compiled function of contiguous arrays, numbers and tuples of them that returns nothing."""

    def __init__(self, module: str, name: str, *variant: Any, function: Callable[..., None] | None = None) -> None:
        """Name a kernel without importing it.

        Args:
            module: where it is defined.
            name: of the kernel, or of what makes it.
            variant: arguments of its maker.
            function: the source, if it is at hand.
        """
        self.module, self.name, self.variant = module, name, variant
        self._function = function
        self._entries: dict[Kinds, Callable[[Any], None]] = {}

    def __call__(self, *arguments: Any) -> None:
        """Run it on the caller's thread, without the interpreter lock."""
        self.bind(*arguments)()

    def bind(self, *arguments: Any) -> Callable[[], None]:
        """A call that is prepared once and may then run on several threads at once."""
        words: list[int] = []
        kinds = _pack(arguments, words)
        entry = self._entries.get(kinds)
        if entry is None:
            entry = self._entry(kinds)
        packed = (ctypes.c_int64 * len(words))(*words)

        # The arguments live as long as the call that may write to them.
        def call(entry: Any = entry, packed: Any = packed, held: Any = arguments) -> None:
            entry(packed)

        return call

    @property
    def function(self) -> Callable[..., None]:
        """The source, for numba; imports it."""
        if self._function is None:
            found = getattr(importlib.import_module(self.module), self.name)
            self._function = (found(*self.variant) if self.variant else found).function
        return self._function

    def path(self, folder: Path, kinds: Kinds) -> Path:
        """Where the code for such arguments is kept; the name changes with anything that the code depends on."""
        whole = hashlib.sha256(_digest())
        whole.update(repr((self.module, self.name, self.variant, kinds)).encode())
        whole.update(_source(self.module))
        words = "-".join([self.name, *(str(v) for v in self.variant)])
        return folder / f"{self.module.rpartition('.')[2]}.{words}-{whole.hexdigest()[:20]}{SUFFIX}"

    def _entry(self, kinds: Kinds) -> Callable[[Any], None]:
        with _guard:
            if kinds not in self._entries:
                known = self._named()
                found = self._load(kinds) if known else None
                self._entries[kinds] = found or self._compile(kinds, keep=known)
            return self._entries[kinds]

    def _named(self) -> bool:
        """False for what was made on the spot: its name would not find it again."""
        return bool(self.variant) or "<locals>" not in self.name

    def _load(self, kinds: Kinds) -> Callable[[Any], None] | None:
        for folder in _folders():
            try:
                head, _, code = self.path(folder, kinds).read_bytes().partition(b"\n")
                told = json.loads(head)
            except (OSError, ValueError):
                continue
            if told.get("sha256") == hashlib.sha256(code).hexdigest():
                address = _link(told["symbol"], told["needs"], code)
                if address is not None:
                    return callable_at(address)
        return None

    def _compile(self, kinds: Kinds, keep: bool) -> Callable[[Any], None]:
        from tween4d.splatting.numba_engine.compiling import compile_kernel

        compiled = compile_kernel(self.function, kinds)
        _loaded.append(compiled.owner)
        if keep and compiled.code is not None:
            head = {
                "symbol": compiled.symbol, "needs": compiled.needs, "sha256": hashlib.sha256(compiled.code).hexdigest()
            }  # fmt: skip
            for folder in _folders():
                if _write(self.path(folder, kinds), json.dumps(head).encode() + b"\n" + compiled.code):
                    break
        return compiled.entry


def kernel(function: Callable[..., None]) -> Kernel:
    """Mark the source of a kernel."""
    return Kernel(function.__module__, function.__qualname__, function=function)


def _pack(arguments: tuple[Any, ...], words: list[int]) -> Kinds:
    """Append what the kernel is given, and say of what kinds it is."""
    kinds: list[Any] = []
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            if not argument.flags.c_contiguous:
                raise ValueError("a kernel takes contiguous arrays")
            words.append(argument.ctypes.data)
            words.extend(argument.shape)
            kinds.append((argument.dtype.str, argument.ndim))
        elif isinstance(argument, tuple):
            kinds.append(_pack(argument, words))
        elif isinstance(argument, np.float32):
            words.append(int(argument.view(np.int32)))
            kinds.append("float32")
        elif isinstance(argument, bool | np.bool_):
            words.append(int(argument))
            kinds.append("boolean")
        elif isinstance(argument, int | np.integer):
            words.append(int(argument))
            kinds.append("int64")
        else:
            raise TypeError(f"a kernel takes no {type(argument).__name__}")
    return tuple(kinds)


def callable_at(address: int) -> Callable[[Any], None]:
    """A function in numba's own convention: where a result goes, where an error goes, and its argument."""
    function = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 3)(address)
    return partial(function, ctypes.byref(_nothing), ctypes.byref(_nothing))


@cache
def _digest() -> bytes:
    """Of everything that decides about machine code: the engine's sources, the compiler, the processor."""
    import llvmlite.binding as llvm

    whole = hashlib.sha256()
    for path in (PACKAGE / "constants.py", *sorted(Path(__file__).parent.glob("*.py"))):
        whole.update(path.read_bytes())
    # As numba chooses its target.
    cpu = os.environ.get("NUMBA_CPU_NAME") or llvm.get_host_cpu_name()
    features = os.environ.get("NUMBA_CPU_FEATURES") or llvm.get_host_cpu_features().flatten()
    whole.update(repr((version("numba"), version("llvmlite"), llvm.get_process_triple(), cpu, features)).encode())
    return whole.digest()


@cache
def _source(module: str) -> bytes:
    """A module's file, without importing it; the engine's own are in the digest."""
    spec = find_spec(module)
    return Path(spec.origin).read_bytes() if spec is not None and spec.origin else b""


def _folders() -> Iterator[Path]:
    """Where code is kept: as numba, in the folder that the variable names, else beside the sources or the user's."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        yield Path(named)
        return
    yield Path(__file__).parent / "__pycache__"
    yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tween4d" / "kernels"


def _write(path: Path, data: bytes) -> bool:
    """Whole or not at all; False where it cannot be written."""
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        return False
    return True


def _link(symbol: str, needs: list[str], code: bytes) -> int | None:
    """The address of a function in an object file, or None where something that it calls is not here."""
    import llvmlite.binding as llvm

    if any(llvm.address_of_symbol(name) is None for name in needs):
        return None
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _loaded.append(engine)
    return engine.get_function_address(symbol) or None
