"""A run in steps: each call finishes one more stage in the working folder, in whatever process it happens.

Nothing but paths and small accounts passes between the calls; pictures, Gaussians and motions stay on disk. A stage
that makes something of each fragment may be divided: a call for each, side by side, then the stage puts them together.
"""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tween4d
from tween4d.app.batchlist import Pair
from tween4d.app.bench import judge_asset
from tween4d.app.case import load_case
from tween4d.app.making import make_to_file, working_folder
from tween4d.app.memory import peak_memory_bytes
from tween4d.app.run import STAGES, Change, configured, make_asset
from tween4d.data.fragments import FragmentPlan
from tween4d.errors import InputError, Tween4dError
from tween4d.events import Event, StageFinished
from tween4d.io.atomic import whole_file
from tween4d.io.cache import WorkingFolder, code_version
from tween4d.io.values import digest, pack
from tween4d.stages.deform import fit_motion
from tween4d.stages.reconstruct import reconstruct_keyframes


@dataclass(frozen=True)
class Need:
    """What a stage takes while it runs."""

    cpus: float
    gpus: float = 0.0
    """Share of a GPU when the batch has some; the embedded priors use none."""


NEEDS = (Need(1), Need(1, 1.0), Need(1), Need(1, 1.0), Need(1, 0.5), Need(1, 0.5), Need(1, 0.25))
"""By the order of stages: matte, motion, fragments, views, reconstruct, deform, merge."""
DIVISIBLE: dict[int, tuple[Callable[..., tuple], str]] = {
    4: (reconstruct_keyframes, "reconstruct"),
    5: (fit_motion, "deform"),
}
"""Stages with a result for each fragment and a parameter `only`, with the name of their config."""
INPUT = "input"
FOLDER = "parts"


class _Enough(Exception):
    """The stage that was asked for is kept, or what the next one needs lies ready for its parts."""


@dataclass(frozen=True)
class Division:
    """The next stage, ready to be made in parts."""

    parts: int
    key: str
    """Of the input that all parts have."""


def advance(pair: Pair, out: Path, stage: int, divide: bool = False) -> Division | None:
    """Finish the stages of a pair up to one of them; those that lie in the working folder are not made again.

    Args:
        out: the asset that the last stage will write.
        stage: 0 to 6; after 6 the asset and its account are written.
        divide: leave the next stage's input for calls of `advance_part`, where it can be divided.
    Returns:
        How the next stage can now be made in parts; None when it is to be made as a whole.
    Raises:
        Tween4dError: as `make_asset`.
    """
    if stage == STAGES - 1:
        _complete(pair, out)
        return None
    parts = _Parts(out, stage, divide)
    try:
        make_asset(
            Path(pair.start),
            Path(pair.end),
            preset_name=pair.preset,
            seed=pair.seed,
            listener=parts.listen,
            work_dir=working_folder(out),
            options=pair.options,
            change=Change(compute=parts.step),
        )
    except _Enough:
        pass
    return parts.ready


def advance_part(pair: Pair, out: Path, stage: int, part: int, key: str) -> None:
    """Make a stage's result for one fragment from the input that `advance` left under a key; a kept one stays.

    Raises:
        InputError: when that input is not there.
    """
    call, name = DIVISIBLE[stage]
    folder = _parts_folder(out)
    if folder.fetch(f"part{part}", key) is not None:
        return
    entry = folder.fetch(INPUT, key)
    if entry is None:
        raise InputError(f"the input of stage {stage} is not there", str(folder.path))
    began = time.perf_counter()
    value = call(*entry.value, getattr(configured(pair.preset, pair.options), name), only=part)
    folder.keep(f"part{part}", key, value, time.perf_counter() - began)


class _Parts:
    """Stops a run after a stage, and puts the stages that were made in parts together."""

    def __init__(self, out: Path, stage: int, divide: bool) -> None:
        self.folder, self.stage, self.divide = _parts_folder(out), stage, divide
        self.finished, self.fragments = 0, 0
        self.ready: Division | None = None

    def listen(self, event: Event) -> None:
        """Count what is done."""
        if not isinstance(event, StageFinished):
            return
        self.finished += 1
        if isinstance(event.value, FragmentPlan):
            self.fragments = len(event.value.fragments)
        if self.finished > self.stage and not (self.divide and self.fragments > 1 and self.finished in DIVISIBLE):
            raise _Enough

    def step(self, stage: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Compute a stage that is not kept yet; fragments that lie ready are taken as they are."""
        if self.finished not in DIVISIBLE or self.fragments < 2:
            return stage(*args, **kwargs)
        key = _key(stage.__name__, args)
        if self.finished > self.stage:
            # The config, the last argument, is what every part makes for itself.
            self.folder.keep(INPUT, key, args[:-1], 0.0)
            self.ready = Division(self.fragments, key)
            raise _Enough
        kept = [self.folder.fetch(f"part{part}", key) for part in range(self.fragments)]
        if not any(kept):
            return stage(*args, **kwargs)
        return sum((e.value if e else stage(*args, only=part) for part, e in enumerate(kept)), ())


def attempt(
    pair: dict[str, Any], out: str, stage: int, divide: bool = False, part: tuple[int, str] | None = None
) -> dict[str, Any]:
    """One stage of one pair, or a part of one, in plain values.

    Returns:
        `seconds` and `processor_seconds`, with `parts` and `key` when the next stage can be divided; or why it was
        `refused`, or `lost` and may be tried again.
    """
    began, spent = time.perf_counter(), time.process_time()
    told: dict[str, Any] = {}
    try:
        if part is not None:
            advance_part(Pair(**pair), Path(out), stage, *part)
        elif (ready := advance(Pair(**pair), Path(out), stage, divide)) is not None:
            told = {"parts": ready.parts, "key": ready.key}
    except Tween4dError as error:
        # Another process may still hold the working folder for a moment, after its node was given up.
        kind = "lost" if error.what.startswith("another run is using") else "refused"
        told = {kind: str(error)}
    except Exception as error:
        told = {"lost": f"{type(error).__name__}: {error}"}
    return told | {"seconds": time.perf_counter() - began, "processor_seconds": time.process_time() - spent}


def account_path(out: Path) -> Path:
    """Where the account of a finished asset lies; it is written last, so what has one is complete."""
    return out.with_suffix(".json")


def finished_account(pair: Pair, out: Path) -> dict[str, Any] | None:
    """The account of an asset that is complete and was made from the same line; else None."""
    try:
        account = json.loads(account_path(out).read_text())
        return account if account["line"] == pair.as_json() and out.is_file() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _complete(pair: Pair, out: Path) -> None:
    made = make_to_file(
        Path(pair.start), Path(pair.end), out, preset_name=pair.preset, seed=pair.seed, options=pair.options
    )
    shutil.rmtree(working_folder(out) / FOLDER, ignore_errors=True)
    account = made.as_json() | {"line": pair.as_json(), "peak_memory": peak_memory_bytes()}
    if pair.case is not None:
        with tempfile.TemporaryDirectory() as place:
            account["scores"] = judge_asset(made.asset, load_case(Path(pair.case)), Path(place)).as_json()
    with whole_file(account_path(out)) as part:
        part.write_text(json.dumps(account, indent=1))


def _parts_folder(out: Path) -> WorkingFolder:
    folder = working_folder(out) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return WorkingFolder(folder)


def _key(stage: str, args: tuple[Any, ...]) -> str:
    version = code_version(Path(tween4d.__file__).parent)
    return hashlib.sha256(f"{stage} {version} {digest(pack(args))}".encode()).hexdigest()
