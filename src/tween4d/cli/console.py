"""What the user sees: results on stdout, everything else on stderr, and only notes when nobody watches."""

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
"""The stages in the user's words."""


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
    print(" ".join(text.split()), file=sys.stderr, flush=True)


@contextmanager
def progress() -> Iterator[Listener]:
    """A listener that shows a run on stderr: a bar and a line per stage on a terminal, only notes otherwise."""
    if not sys.stderr.isatty():
        yield _notes_only
        return
    from rich.markup import escape
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

    with _bars(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()) as bars:
        task = bars.add_task("reading the images", total=None)
        started = 0

        def listen(event: Event) -> None:
            nonlocal started
            match event:
                case StageStarted(stage, index, count):
                    started = index
                    bars.update(task, description=label(stage), total=count, completed=index)
                case StageProgress(stage, fraction, message):
                    text = escape(f"{label(stage)} {message}".rstrip())
                    bars.update(task, description=text, completed=started + fraction)
                case StageFinished(stage, seconds, reused):
                    took = "reused" if reused else f"{seconds:.1f} s"
                    bars.console.print(f"  {label(stage):12s} {took:>8s}", highlight=False, markup=False)
                case Note(message, warning):
                    text = f"{'warning' if warning else 'note'}: {message}"
                    bars.console.print(text, highlight=False, markup=False, soft_wrap=True)

        yield listen


@contextmanager
def counting(text: str) -> Iterator[Callable[..., None]]:
    """Shows on a terminal how many of how many are done and, if told, the seconds to go; silent otherwise."""
    if not sys.stderr.isatty():
        yield lambda done, of, left=None: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

    with _bars(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()) as bars:
        task = bars.add_task(text, total=None)

        def tell(done: int, of: int, left: float | None = None) -> None:
            known = left is not None and done < of
            bars.update(task, completed=done, total=of, description=f"{text}, {duration(left)} left" if known else text)

        yield tell


def duration(seconds: float) -> str:
    """A span of time as people say it, such as `40 s` or `2 h 5 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours = round(minutes / 60)
    return f"{hours // 24} d {hours % 24} h" if hours >= 48 else f"{minutes // 60} h {minutes % 60} min"


@contextmanager
def working(text: str) -> Iterator[None]:
    """Shows on a terminal that something is going on; silent otherwise."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield


def label(stage: str) -> str:
    """The user's word for a stage."""
    return LABELS.get(stage, stage)


@contextmanager
def _bars(*columns: Any) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield bars


def _notes_only(event: Event) -> None:
    if isinstance(event, Note):
        complain(f"{'warning' if event.warning else 'note'}: {event.message}")
