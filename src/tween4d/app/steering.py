"""The user's hand on a motion: images between, places that are dragged, pace and rate."""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tween4d.data.asset import Repeat
from tween4d.data.drags import Drag
from tween4d.errors import InputError
from tween4d.geometry.pacing import Ease

MAX_IMAGES = 16
MAX_DRAGS = 32
NUMBER = r"\s*([-+]?\d*\.?\d+(?:e[-+]?\d+)?)\s*"
DRAG = re.compile(f"{NUMBER},{NUMBER}->{NUMBER},{NUMBER}@{NUMBER}", re.IGNORECASE)


@dataclass(frozen=True)
class PixelDrag:
    """A place of the start image, and where it has to be at a time."""

    source: tuple[float, float]
    """Pixels (x, y) of the start image as it lies on disk, from its upper left corner."""
    target: tuple[float, float]
    time: float

    def within(self, width: int, height: int) -> Drag:
        """The same in shares of the start image's size.

        Raises:
            InputError: when it begins outside the image.
        """
        (x, y), (to_x, to_y) = self.source, self.target
        if not (0 <= x <= width and 0 <= y <= height):
            raise InputError(
                "a drag begins outside the start image",
                f"{x:g},{y:g} in an image of {width}x{height} pixels",
                "x counts from the left and y from the top",
            )
        return Drag((x / width, y / height), (to_x / width, to_y / height), self.time)


@dataclass(frozen=True)
class Steering:
    """What leads the motion besides its two ends."""

    images: tuple[Path, ...] = ()
    """The object between start and end, in order."""
    times: tuple[float, ...] = ()
    """When each image is reached, start and end included; empty spreads them evenly."""
    drags: tuple[PixelDrag, ...] = ()
    ease: Ease | None = None
    """Pace; None leaves it to what imagines the motion."""
    fps: float | None = None
    """Frames per second; None takes the preset's."""
    repeat: Repeat = "ping-pong"
    """What the asset does at its end; with loop the motion returns to the start image at time 1."""

    def inner(self, start: Path, end: Path) -> tuple[tuple[Path, ...], Path, tuple[float, ...]]:
        """What lies between the first and the last state, the last state, and when the ones between are reached."""
        closed = self.repeat == "loop"
        images = (*self.images, end) if closed else self.images
        count = len(images) + 1
        times = self.times or tuple(k / count for k in range(count + (not closed)))
        return images, start if closed else end, times[1:] if closed else times[1:-1]

    def check(self) -> None:
        """Refuse what can be refused before anything is read.

        Raises:
            InputError: when times, drags or the rate are out of range.
        """
        count = len(self.images) + 2
        if count > MAX_IMAGES:
            raise InputError(f"at most {MAX_IMAGES} images make one motion", f"{count} images", "leave some out")
        if self.times:
            _check_times(self.times, count, self.repeat)
        if len(self.drags) > MAX_DRAGS:
            raise InputError(f"at most {MAX_DRAGS} drags lead one motion", f"{len(self.drags)} drags", "leave some out")
        for drag in self.drags:
            if not 0 < drag.time < 1:
                raise InputError(
                    "a drag ends between the first and the last moment",
                    f"@{drag.time:g}",
                    "give a time above 0 and below 1; at both ends the images say where everything is",
                )
        if self.fps is not None and not 1 <= self.fps <= 240:
            raise InputError(
                "the frames a second must be between 1 and 240", f"{self.fps:g}", "leave --fps out for the preset's"
            )


def _check_times(times: tuple[float, ...], count: int, repeat: Repeat) -> None:
    told = ",".join(f"{time:g}" for time in times)
    if len(times) != count:
        raise InputError("every image needs one time", f"{len(times)} times for {count} images: {told}", "add or drop")
    if any(not b > a for a, b in pairwise(times)):
        raise InputError("the times must increase", told, "list the images in the order of time")
    if times[0] != 0 or (times[-1] >= 1 if repeat == "loop" else times[-1] != 1):
        end = "end before 1, when the start image comes again" if repeat == "loop" else "end at 1"
        raise InputError(f"the times must begin at 0 and {end}", told, "for example --times 0,0.4,1")


def parse_times(text: str) -> tuple[float, ...]:
    """Numbers from `0,0.4,1`; none from nothing.

    Raises:
        InputError: when these are not numbers.
    """
    if not text:
        return ()
    try:
        times = tuple(float(word) for word in text.split(","))
    except ValueError:
        raise InputError("times are numbers with commas between", repr(text), "for example --times 0,0.4,1") from None
    return times


def parse_drag(text: str) -> PixelDrag:
    """A drag from `x0,y0->x1,y1@t`.

    Raises:
        InputError: when it has another form.
    """
    found = DRAG.fullmatch(text)
    if found is None:
        raise InputError(
            "a drag says from where to where and when",
            repr(text),
            'in pixels of the start image, for example --drag "120,80->140,60@0.5" with the quotes',
        )
    x0, y0, x1, y1, time = (float(word) for word in found.groups())
    return PixelDrag((x0, y0), (x1, y1), time)
