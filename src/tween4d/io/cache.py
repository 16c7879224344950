"""The working folder of a run: finished stages kept by the content they were made from, so that a rerun reuses them."""

import errno
import gc
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import safetensors
import safetensors.torch
import torch

from tween4d.errors import OutputError
from tween4d.events import Listener, Note, StageFinished, StageStarted, silent
from tween4d.io.atomic import as_output_error, whole_file
from tween4d.io.values import Packed, ValueFormError, digest, pack, unpack
from tween4d.steps import Step, run

P = ParamSpec("P")
T = TypeVar("T")

KEPT_PER_STAGE = 2
SUFFIX = ".stage"
# Code that only shows or stores results; changing it leaves every stage's value as it was.
SHELLS = ("cli", "app", "io", "metrics", "synthetic")


@dataclass(frozen=True)
class Entry:
    """A finished stage as it lies in the folder."""

    value: Any
    seconds: float
    """What it took when it was computed."""


class WorkingFolder:
    """Finished stages on disk; one run at a time holds the folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def held(self) -> Iterator["WorkingFolder"]:
        """Create the folder and keep other runs out of it; a run that was killed leaves no lock behind.

        Raises:
            OutputError: when another run holds it, or it cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            stream = (self.path / "lock").open("a")
        except OSError as error:
            raise as_output_error(error, self.path) from error
        with stream:
            if not _lock(stream.fileno()):
                raise OutputError(
                    "another run is using the working folder", str(self.path), "wait for it, or choose another output"
                )
            for leftover in self.path.glob(".*.part*"):
                leftover.unlink(missing_ok=True)
            yield self

    def fetch(self, stage: str, key: str) -> Entry | None:
        """The entry of a stage, or None when there is none.

        Raises:
            ValueFormError: when the entry is damaged.
        """
        path = self._file(stage, key)
        if not path.exists():
            return None
        try:
            with safetensors.safe_open(path, framework="pt") as stored:
                header = stored.metadata()
                tensors = {str(i): stored.get_tensor(str(i)) for i in range(len(stored.keys()))}
            packed = Packed(json.loads(header["tree"]), tensors)
            if digest(packed) != header["digest"]:
                raise ValueFormError("the checksum does not hold")
            return Entry(unpack(packed), float(header["seconds"]))
        except (safetensors.SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            raise ValueFormError(str(error)) from error

    def keep(self, stage: str, key: str, value: Any, seconds: float) -> None:
        """Write an entry, whole or not at all, and drop the oldest ones of the same stage."""
        packed = pack(value)
        header = {"tree": json.dumps(packed.tree), "digest": digest(packed), "seconds": f"{seconds:.3f}"}
        path = self._file(stage, key)
        with whole_file(path) as part:
            try:
                safetensors.torch.save_file(packed.tensors, part, metadata=header)
            except safetensors.SafetensorError as error:
                # The library reports the operating system's refusal as text only.
                told = re.search(r"os error (\d+)", str(error))
                code = int(told[1]) if told else errno.EIO
                raise OSError(code, str(error)) from error
        siblings = sorted(self.path.glob(f"{stage}-*{SUFFIX}"), key=lambda p: p.stat().st_mtime, reverse=True)
        for old in siblings[KEPT_PER_STAGE:]:
            with suppress(OSError):
                old.unlink()

    def _file(self, stage: str, key: str) -> Path:
        return self.path / f"{stage}-{key[:24]}{SUFFIX}"


class CachedStep:
    """A `Step` that reuses what the working folder holds, reports each stage, and records what it took.

    The key of a call is the content of its arguments, the stage's name, the identity of the priors and the version of
    the code; a changed option therefore invalidates its own stage and those that see another value because of it.
    """

    def __init__(
        self,
        folder: WorkingFolder | None,
        identities: Mapping[int, str],
        listener: Listener = silent,
        *,
        count: int,
        version: str,
        compute: Step = run,
    ) -> None:
        """Prepare a wrapper for one run.

        Args:
            folder: where values are kept, or None to keep none.
            identities: by `id()` of an argument that is no value (a prior), what its answers depend on.
            listener: receives StageStarted and StageFinished with the stage's value.
            count: number of stages of the whole run.
            version: of the code, from `code_version`.
            compute: how a stage that is not kept is called.
        """
        self.compute = compute
        self.folder, self.identities, self.listener = folder, identities, listener
        self.count, self.version = count, version
        self.timings: dict[str, float] = {}

    def __call__(self, stage: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Fetch the stage's value, or compute and keep it."""
        name = stage.__name__
        self.listener(StageStarted(name, len(self.timings), self.count))
        key = self._key(name, args, kwargs) if self.folder is not None else ""
        entry = self._fetch(name, key)
        if entry is None:
            began = time.perf_counter()
            value = self.compute(stage, *args, **kwargs)
            entry = Entry(value, time.perf_counter() - began)
            if self.folder is not None:
                self.folder.keep(name, key, value, entry.seconds)
            reused = False
        else:
            reused = True
        self.timings[name] = round(entry.seconds, 3)
        self.listener(StageFinished(name, entry.seconds, reused, entry.value))
        if not reused:
            # What the stage left in cycles goes before the next one needs the memory.
            gc.collect()
        return entry.value

    def _fetch(self, name: str, key: str) -> Entry | None:
        if self.folder is None:
            return None
        try:
            return self.folder.fetch(name, key)
        except ValueFormError as error:
            self.listener(Note(f"the kept result of {name} is damaged ({error}): it is made again", warning=True))
            return None

    def _key(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        total = hashlib.sha256(f"{name} {self.version} torch {torch.__version__}".encode())
        for label, value in [*((str(i), v) for i, v in enumerate(args)), *sorted(kwargs.items())]:
            total.update(f" {label}=".encode())
            total.update((self.identities.get(id(value)) or digest(pack(value))).encode())
        return total.hexdigest()


def code_version(package: Path) -> str:
    """A digest of the package's code and shipped weights, without the shells that only store or show results.

    Args:
        package: folder of the package.
    """
    total = hashlib.sha256()
    for path in sorted([*package.rglob("*.py"), *package.rglob("*.safetensors")]):
        relative = path.relative_to(package)
        if relative.parts[0] not in SHELLS:
            total.update(relative.as_posix().encode())
            total.update(path.read_bytes())
    return total.hexdigest()[:16]


def _lock(descriptor: int) -> bool:
    """Take an advisory lock that ends with the process."""
    try:
        import fcntl
    except ImportError:
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
