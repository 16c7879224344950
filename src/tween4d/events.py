"""Typed events that a run emits; bars, previews and logs only listen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class StageStarted:
    """A stage began."""

    stage: str
    index: int
    count: int


@dataclass(frozen=True)
class StageProgress:
    """A stage advanced; `fraction` is in [0, 1]."""

    stage: str
    fraction: float
    message: str = ""


@dataclass(frozen=True)
class StageFinished:
    """A stage ended; `reused` says that its value came from the cache. `value` is the stage's result."""

    stage: str
    seconds: float
    reused: bool
    value: Any = None


@dataclass(frozen=True)
class Note:
    """Something the user should know: a choice made for them, or non-fatal trouble (`warning`)."""

    message: str
    warning: bool = False


Event = StageStarted | StageProgress | StageFinished | Note
Listener = Callable[[Event], None]


def silent(event: Event) -> None:
    """Drop an event: the listener of a run that nobody watches."""
