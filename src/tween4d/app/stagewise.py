"""A run in steps: each call finishes one more stage in the working folder, in whatever process it happens.

Nothing but paths and small accounts passes between the calls; pictures, Gaussians and motions stay on disk.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tween4d.app.batchlist import Pair
from tween4d.app.making import make_to_file, working_folder
from tween4d.app.memory import peak_memory_bytes
from tween4d.app.run import STAGES, make_asset
from tween4d.errors import Tween4dError
from tween4d.events import Event, StageFinished
from tween4d.io.atomic import whole_file


@dataclass(frozen=True)
class Need:
    """What a stage takes while it runs."""

    cpus: float
    gpus: float = 0.0
    """Share of a GPU when the batch has some; the embedded priors use none."""


NEEDS = (Need(1), Need(1, 1.0), Need(1), Need(1, 1.0), Need(1, 0.5), Need(1, 0.5), Need(1, 0.25))
"""By the order of stages: matte, motion, fragments, views, reconstruct, deform, merge."""


class _Enough(Exception):
    """The stage that was asked for is kept."""


def advance(pair: Pair, out: Path, stage: int) -> float:
    """Finish the stages of a pair up to one of them; those that lie in the working folder are not made again.

    Args:
        out: the asset that the last stage will write.
        stage: 0 to 6; after 6 the asset and its account are written.
    Returns:
        Seconds that this call took.
    Raises:
        Tween4dError: as `make_asset`.
    """
    began = time.perf_counter()
    if stage == STAGES - 1:
        _complete(pair, out)
        return time.perf_counter() - began
    finished = 0

    def listen(event: Event) -> None:
        nonlocal finished
        if isinstance(event, StageFinished):
            finished += 1
            if finished > stage:
                raise _Enough

    try:
        make_asset(
            Path(pair.start),
            Path(pair.end),
            preset_name=pair.preset,
            seed=pair.seed,
            listener=listen,
            work_dir=working_folder(out),
            options=pair.options,
        )
    except _Enough:
        pass
    return time.perf_counter() - began


def attempt(pair: dict[str, Any], out: str, stage: int) -> dict[str, Any]:
    """One stage of one pair, in plain values: `seconds`, or why it was `refused` or `lost` and may be tried again."""
    try:
        return {"seconds": advance(Pair(**pair), Path(out), stage)}
    except Tween4dError as error:
        # Another process may still hold the working folder for a moment, after its node was given up.
        kind = "lost" if error.what.startswith("another run is using") else "refused"
        return {kind: str(error)}
    except Exception as error:
        return {"lost": f"{type(error).__name__}: {error}"}


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
    account = made.as_json() | {"line": pair.as_json(), "peak_memory": peak_memory_bytes()}
    with whole_file(account_path(out)) as part:
        part.write_text(json.dumps(account, indent=1))
