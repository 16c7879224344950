"""How a stage is called: the `Step` protocol and its plain form. Wrappers (cache, progress) live above."""

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar, runtime_checkable

P = ParamSpec("P")
T = TypeVar("T")


@runtime_checkable
class Step(Protocol):
    """Calls a stage and returns its result, unchanged.

    A wrapper may time, cache, report or release memory around the call; it may not change the value.
    """

    def __call__(self, stage: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T: ...


def run(stage: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call the stage directly."""
    return stage(*args, **kwargs)
