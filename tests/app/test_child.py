"""A function in a process of its own."""

import os
import signal

import pytest
import torch

from tween4d.app.child import call_in_child
from tween4d.app.memory import available_memory_bytes, peak_memory_bytes
from tween4d.errors import InputError, Tween4dError
from tween4d.events import Event, Listener, Note, StageFinished


def answer(value: int, *, listener: Listener) -> tuple[int, int]:
    listener(Note("hello"))
    listener(StageFinished("stage", 1.0, False, torch.zeros(3)))
    return value + 1, os.getpid()


def refuse(*, listener: Listener) -> None:
    raise InputError("what", "got", "remedy")


def crash(*, listener: Listener) -> None:
    raise ZeroDivisionError("by zero")


def vanish(*, listener: Listener) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt(*, listener: Listener) -> None:
    raise KeyboardInterrupt


def measure(megabytes: int, *, listener: Listener) -> int:
    before = peak_memory_bytes()
    block = torch.ones(megabytes, 1 << 20, dtype=torch.uint8)
    return peak_memory_bytes() - before + 0 * int(block[0, 0])


def test_result_and_events_come_back() -> None:
    """Oracle: the call itself; another process answers, and values of stages stay there."""
    events: list[Event] = []
    value, process = call_in_child(answer, 41, listener=events.append)
    assert value == 42 and process != os.getpid()
    assert events == [Note("hello"), StageFinished("stage", 1.0, False, None)]


def test_errors_come_back() -> None:
    """Oracle: contract; what the user can act on keeps its words, everything else names itself."""
    with pytest.raises(Tween4dError) as caught:
        call_in_child(refuse)
    assert (caught.value.what, caught.value.got, caught.value.remedy) == ("what", "got", "remedy")
    with pytest.raises(RuntimeError, match="ZeroDivisionError: by zero"):
        call_in_child(crash)


@pytest.mark.parametrize("function", [vanish, interrupt])
def test_a_child_that_ends_without_a_word_is_an_error(function: object) -> None:
    """Oracle: contract; killed for want of memory, for example."""
    with pytest.raises(RuntimeError, match="without a result"):
        call_in_child(function)  # type: ignore[arg-type]


def test_the_peak_is_the_childs_own() -> None:
    """Oracle: a block of known size; what this process holds does not enter."""
    ours = torch.ones(300, 1 << 20, dtype=torch.uint8)
    assert 190e6 < call_in_child(measure, 200) < 260e6
    assert float(ours[0, 0]) == 1 and peak_memory_bytes() > 300e6
    assert available_memory_bytes() > 0
