"""Thousands of pairs on Ray: a task per stage, each with what it needs; only paths travel between them."""

import contextlib
import csv
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError

from tween4d.app.batchlist import Pair
from tween4d.app.making import working_folder
from tween4d.app.run import STAGES
from tween4d.app.stagewise import NEEDS, attempt, finished_account
from tween4d.errors import BackendError
from tween4d.io.atomic import whole_file

COLUMNS = (
    "name", "state", "seconds", "processor_seconds", "cost", "psnr_start", "psnr_end", "psnr_near", "psnr_far",
    "motion_error", "gaussians", "bytes", "peak_memory", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class BatchSettings:
    """How a batch is run."""

    address: str = "local"
    """`local`, or that of a running cluster."""
    gpus: float = 0.0
    """GPUs that this machine gives; 0 asks for none. A cluster says itself what it has."""
    cpus: int | None = None
    """Processors that this machine gives; None all."""
    retries: int = 3
    """How often a pair may lose a stage to a dead process or node, or to a reason nobody foresaw."""
    ahead: int = 2
    """Pairs under way for each processor: none waits, and working folders do not fill the disk."""
    price: float = 0.0
    """Of a processor for an hour, in any currency."""
    keep_work: bool = False
    """Keep the working folders of finished assets."""


@dataclass
class Line:
    """How far a pair is."""

    pair: Pair
    out: Path
    stage: int = 0
    tries: int = 0
    seconds: float = 0.0
    """Of all its stages together, by the clock."""
    processor_seconds: float = 0.0
    """What they worked of that."""
    parts: int = 0
    """Parts of the present stage that are still being made."""
    account: dict[str, Any] | None = None
    reason: str = ""
    state: str = "waiting"
    retried: list[str] = field(default_factory=list)
    """Why stages were tried again."""

    def as_row(self, price: float) -> dict[str, Any]:
        """The line of the summary."""
        told = self.account or {}
        psnr, scores = told.get("endpoint_psnr", {}), told.get("scores", {})
        return {
            "name": self.pair.name,
            "state": self.state,
            "seconds": round(self.seconds, 1),
            "processor_seconds": round(self.processor_seconds, 1),
            "cost": round(self.seconds / 3600 * price, 6),
            "psnr_start": psnr.get("start", ""),
            "psnr_end": psnr.get("end", ""),
            "psnr_near": scores.get("near", {}).get("PSNR", ""),
            "psnr_far": scores.get("far", {}).get("PSNR", ""),
            "motion_error": scores.get("points", {}).get("EPE", ""),
            "gaussians": told.get("gaussians", ""),
            "bytes": told.get("bytes", ""),
            "peak_memory": told.get("peak_memory", ""),
            "reason": self.reason or "; ".join(self.retried),
        }


def run_batch(
    pairs: tuple[Pair, ...],
    out_dir: Path,
    settings: BatchSettings = BatchSettings(),
    progress: Callable[[int, int, float | None], None] = lambda done, of, eta: None,
) -> list[Line]:
    """Make an asset of every pair; a pair that fails does not stop the others.

    Pairs whose asset is complete are not made again; of the others, finished stages are reused, whichever process or
    node made them. So the same call goes on after the driver has died.

    Args:
        out_dir: gets `NAME.t4d`, `NAME.json` and `summary.csv`; on a cluster a folder that every node sees.
        progress: told how many of how many have ended and the seconds to go, None while unknown.
    Returns:
        The lines in the order of the pairs.
    Raises:
        BackendError: when no cluster answers at the address.
    """
    out_dir = out_dir.absolute()
    out_dir.mkdir(parents=True, exist_ok=True)
    lines = [Line(pair, out_dir / f"{pair.name}.t4d") for pair in pairs]
    for line in lines:
        if (account := finished_account(line.pair, line.out)) is not None:
            line.account, line.state = account, "done before"
    with _connected(settings):
        _Batch(lines, settings, progress).run()
    _write_summary(lines, out_dir / "summary.csv", settings.price)
    return lines


@dataclass(frozen=True)
class _Work:
    """What a task does: the present stage of a pair, or one part of it."""

    line: Line
    part: tuple[int, str] | None = None
    """Number of the fragment, and the key of its input."""


class _Batch:
    """The pairs under way and the tasks that stand for them."""

    def __init__(self, lines: list[Line], settings: BatchSettings, progress: Callable) -> None:
        self.lines, self.settings, self.progress = lines, settings, progress
        self.waiting = [line for line in reversed(lines) if line.state == "waiting"]
        self.tasks: dict[ray.ObjectRef, _Work] = {}
        self.before = len(lines) - len(self.waiting)
        self.under_way = 0
        self.began, self.ended = time.monotonic(), 0

    def run(self) -> None:
        """Keep as many pairs under way as the cluster can use, until all have ended."""
        self._tell()
        while self.waiting or self.tasks:
            # Nodes come and go, so the cluster is asked each time.
            most = max(2, int(self.settings.ahead * ray.cluster_resources().get("CPU", 1)))
            while self.waiting and self.under_way < most:
                self.under_way += 1
                self._submit(_Work(self.waiting.pop()))
            ready, _ = ray.wait(list(self.tasks), num_returns=1)
            for task in ready:
                self._follow(task, self.tasks.pop(task))

    def _submit(self, work: _Work) -> None:
        line = work.line
        need = NEEDS[line.stage]
        gpus = need.gpus if self.settings.gpus or ray.cluster_resources().get("GPU") else 0.0
        gpus = gpus if line.pair.priors == "pretrained" else 0.0
        name = f"{line.pair.name}/{line.stage}" + (f".{work.part[0]}" if work.part else "")
        # While pairs wait, they keep all processors busy, and dividing a stage would only cost.
        divide = not self.waiting
        task = _stage.options(num_cpus=need.cpus, num_gpus=gpus, name=name).remote(
            line.pair.as_json(), str(line.out), line.stage, divide, work.part
        )
        line.state = "running"
        self.tasks[task] = work

    def _follow(self, task: ray.ObjectRef, work: _Work) -> None:
        line = work.line
        try:
            told = ray.get(task)
        except RayError as error:
            # The process or its node is gone. What it had finished lies in the working folder.
            told = {"lost": type(error).__name__}
        line.seconds += told.get("seconds", 0.0)
        line.processor_seconds += told.get("processor_seconds", 0.0)
        if line.state == "failed":
            return  # another part of it has failed
        if "refused" in told:
            self._end(line, "failed", told["refused"])
        elif "lost" in told:
            line.tries += 1
            line.retried.append(f"stage {line.stage} again: {told['lost']}")
            if line.tries > self.settings.retries:
                self._end(line, "failed", f"{told['lost']} in stage {line.stage}, {line.tries} times")
            else:
                self._submit(work)
        elif work.part is not None:
            line.parts -= 1
            if line.parts == 0:
                self._submit(_Work(line))
        elif line.stage < STAGES - 1:
            line.stage += 1
            line.parts = told.get("parts", 0)
            parts = [_Work(line, (part, told["key"])) for part in range(line.parts)]
            for following in parts or [_Work(line)]:
                self._submit(following)
        else:
            line.account = finished_account(line.pair, line.out)
            self._end(line, "done" if line.account else "failed", "" if line.account else "the asset is not there")

    def _end(self, line: Line, state: str, reason: str) -> None:
        line.state, line.reason = state, reason
        if state == "done" and not self.settings.keep_work:
            shutil.rmtree(working_folder(line.out), ignore_errors=True)
        self.ended += 1
        self.under_way -= 1
        self._tell()

    def _tell(self) -> None:
        left = len(self.lines) - self.before - self.ended
        eta = (time.monotonic() - self.began) / self.ended * left if self.ended else None
        self.progress(self.before + self.ended, len(self.lines), eta)


# Repetition is the driver's business: it says why, and another process may still hold the working folder.
_stage = ray.remote(max_retries=0)(attempt)


@contextlib.contextmanager
def _connected(settings: BatchSettings) -> Iterator[None]:
    if ray.is_initialized():
        # Whoever connected first also ends the connection.
        yield
        return
    local = settings.address == "local"
    threads = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    words: dict[str, Any] = {"num_cpus": settings.cpus, "num_gpus": settings.gpus} if local else {}
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        ray.init(
            address=settings.address, include_dashboard=False, log_to_driver=False, logging_level="error",
            runtime_env={"env_vars": threads}, **words,
        )  # fmt: skip
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise BackendError("no Ray cluster answers", f"{settings.address}: {error}", "use --ray local") from error
    try:
        yield
    finally:
        ray.shutdown()


def _write_summary(lines: list[Line], path: Path, price: float) -> None:
    with whole_file(path) as part, part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(line.as_row(price) for line in lines)
