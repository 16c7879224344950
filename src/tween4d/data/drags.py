"""The user's hand on a motion."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Drag:
    """A place of the object in the start picture, and where it has to be at a time.

    Places are (x, y) in shares of the picture's width and height, from its upper left corner.
    """

    source: tuple[float, float]
    target: tuple[float, float]
    time: float
    """Within (0, 1)."""
