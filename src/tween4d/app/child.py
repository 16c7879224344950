"""A function in a process of its own: its memory is its own, and it goes back when it ends."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

from tween4d.errors import Tween4dError
from tween4d.events import Event, Listener, StageFinished, silent


@dataclass(frozen=True)
class _Failure:
    """What a child says before it ends without a result."""

    what: str
    got: str
    remedy: str
    expected: bool


def call_in_child(function: Callable[..., Any], *args: Any, listener: Listener = silent) -> Any:
    """Call `function(*args, listener=...)` in a fresh process and return its result.

    Args:
        function: importable by name; its arguments and result can be pickled.
        listener: receives the child's events, without the values of stages.
    Raises:
        Tween4dError: as the child raised it.
        RuntimeError: when the child failed in another way or was killed.
        KeyboardInterrupt: the child has then ended too.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(theirs, function, args), daemon=True)
    process.start()
    theirs.close()
    answer: Any = None
    try:
        while True:
            try:
                kind, content = ours.recv()
            except EOFError:
                break
            if kind == "event":
                listener(content)
            else:
                answer = (kind, content)
    finally:
        # After Ctrl-C the child got the signal as well and is cleaning up.
        process.join(timeout=10)
        if process.is_alive():
            process.terminate()
            process.join()
        ours.close()
    if answer is None:
        raise RuntimeError(f"a child process ended without a result (exit code {process.exitcode})")
    kind, content = answer
    if kind == "result":
        return content
    if content.expected:
        raise Tween4dError(content.what, content.got, content.remedy)
    raise RuntimeError(content.what)


def _serve(connection: Connection, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    def forward(event: Event) -> None:
        connection.send(("event", replace(event, value=None) if isinstance(event, StageFinished) else event))

    try:
        connection.send(("result", function(*args, listener=forward)))
    except KeyboardInterrupt:
        os._exit(128 + signal.SIGINT)
    except Tween4dError as error:
        connection.send(("failure", _Failure(error.what, error.got, error.remedy, True)))
    except Exception as error:
        if os.environ.get("TWEEN4D_DEBUG"):
            raise
        connection.send(("failure", _Failure(f"{type(error).__name__}: {error}", "", "", False)))
