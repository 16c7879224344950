"""The guiding video and the motion that made it."""

from dataclasses import dataclass

from jaxtyping import Bool, Float, Int
from torch import Tensor

from tween4d.data.images import Image


@dataclass(frozen=True)
class Video:
    """`t` matted frames from the input camera; straight alpha."""

    rgb: Float[Tensor, "t h w 3"]
    alpha: Float[Tensor, "t h w"]
    times: Float[Tensor, "t"]
    """Increasing, from 0 to 1 over the whole motion."""

    def __len__(self) -> int:
        return self.rgb.shape[0]

    def frame(self, index: int) -> Image:
        return Image(self.rgb[index], self.alpha[index])


@dataclass(frozen=True)
class Lattice:
    """A triangulated sheet over the object in one end image, posed at every frame: dense correspondence.

    A pixel inside a posed triangle at one time lies at the same barycentric place at every other time.
    """

    vertices: Float[Tensor, "t v 2"]
    """Positions (x, y) in pixels of the guiding video, per frame; pixel i covers [i, i + 1)."""
    triangles: Int[Tensor, "f 3"]
    confidence: Float[Tensor, "v"]
    """In [0, 1]: how far the motion of the vertex was measured (1) rather than inferred from neighbours (0)."""
    anchor: int
    """Frame whose image the sheet covers without deformation: 0 (start) or -1 (end)."""
    layers: Int[Tensor, "f"] | None = None
    """Rigid-part label per triangle, if known."""


@dataclass(frozen=True)
class Guide:
    """The imagined motion: the video, and the sheets that carry start and end through it (if the prior knows)."""

    video: Video
    lattices: tuple[Lattice, ...] = ()
    still: bool = False
    """True when both inputs are the same picture."""
    visible: Bool[Tensor, "t h w"] | None = None
