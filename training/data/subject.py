"""What training data is made of: an object in two states of motion, from any source."""

from dataclasses import dataclass

from tween4d.synthetic.scene import PosedSurface, Surface


@dataclass(frozen=True)
class Subject:
    """An object at the start and at the end of a motion, as both lie in one frame: +Y up, its front towards +Z.

    Units and place are free; whoever takes a picture of it moves it before a camera and scales it.
    """

    name: str
    """The model or the procedural object, with its seed."""
    family: str
    """The group that is held out as a whole, when it is: a procedural family, or the pack and kind of a model."""
    surface: Surface
    start: PosedSurface
    end: PosedSurface
    """The same vertices as `start`, elsewhere."""
