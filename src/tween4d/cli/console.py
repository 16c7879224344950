"""What the user sees: results on stdout, everything else on stderr, and nothing but warnings when nobody watches."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tween4d.events import Event, Listener, Note, StageFinished, StageProgress, StageStarted

LABELS = {
    "matte_images": "matte",
    "imagine_motion": "motion",
    "select_fragments": "fragments",
    "imagine_views": "views",
    "reconstruct_keyframes": "reconstruct",
    "fit_motion": "deform",
    "merge_clips": "merge",
}


def own_version() -> str:
    """Version of the installed package."""
    try:
        return version("tween4d")
    except PackageNotFoundError:
        return "unknown"


def say(text: str) -> None:
    """A line of the result."""
    print(text)


def say_json(value: Any) -> None:
    """The result as one JSON object."""
    print(json.dumps(value, indent=1, allow_nan=False))


def complain(text: str) -> None:
    """One line on stderr."""
    print(" ".join(text.split("\n")), file=sys.stderr, flush=True)


@contextmanager
def progress(*, prefix: str = "") -> Iterator[Listener]:
    """A listener that shows a run on stderr: a bar and a line per stage on a terminal, only warnings otherwise."""
    if not sys.stderr.isatty():
        yield _warnings_only
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(f"{prefix}start", total=1.0)

        def listen(event: Event) -> None:
            match event:
                case StageStarted(stage, index, count):
                    bars.update(task, description=f"{prefix}{_label(stage)}", total=count, completed=index)
                case StageProgress(stage, fraction, message):
                    bars.update(task, description=f"{prefix}{_label(stage)} {message}".rstrip(), completed=fraction)
                case StageFinished(stage, seconds, reused):
                    took = "reused" if reused else f"{seconds:6.1f} s"
                    bars.console.print(f"  {prefix}{_label(stage):12s} {took}", highlight=False)
                case Note(message, warning):
                    bars.console.print(f"{'warning' if warning else 'note'}: {message}", highlight=False)

        yield listen


def _warnings_only(event: Event) -> None:
    if isinstance(event, Note):
        complain(f"{'warning' if event.warning else 'note'}: {event.message}")


def _label(stage: str) -> str:
    return LABELS.get(stage, stage)


@contextmanager
def counting(label: str) -> Iterator[Callable[[int, int], None]]:
    """Shows on a terminal how many of how many are done; silent otherwise."""
    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(label, total=None)
        yield lambda done, of: bars.update(task, completed=done, total=of)


@contextmanager
def working(label: str) -> Iterator[None]:
    """Shows on a terminal that something is going on; silent otherwise."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(label):
        yield
