"""The guiding video and the motion that made it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from tween4d.data.images import Image
from tween4d.geometry.barycentric import locate, ride


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
        """One frame as a picture."""
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
    """Frame whose image the sheet covers without deformation: 0 (start), -1 (end), or one between."""
    layers: Int[Tensor, "f"] | None = None
    """Rigid-part label per triangle, if known."""
    span: tuple[int, int] | None = None
    """First and last frame of the piece of the motion that the sheet describes; beyond it the sheet rides on the
    neighbouring pieces' sheets. None is the whole motion."""


@dataclass(frozen=True)
class Guide:
    """The imagined motion: the video, and the sheets that carry start and end through it (if the prior knows)."""

    video: Video
    lattices: tuple[Lattice, ...] = ()
    still: bool = False
    """True when both inputs are the same picture."""
    fov_degrees: float = 33.8
    """Field of view of the input camera along the longer image side."""
    given: tuple[int, ...] = ()
    """Frames between first and last that are input pictures."""

    @property
    def pictures(self) -> tuple[int, ...]:
        """All frames that are input pictures, in order."""
        return (0, *self.given, len(self.video) - 1)


def carry_pixels(
    guide: Guide, points: Float[Tensor, "p 2"], frame: int, frames: Sequence[int]
) -> tuple[Float[Tensor, "t p 2"], Float[Tensor, "p"]]:
    """Where the material under pixels of one frame is at other frames, ridden on the guide's lattices.

    Sheets are mixed by how near the frame is to their own anchor, so the start's sheet rules at the start. A guide
    without lattices leaves points where they are.

    Args:
        points: (x, y) in pixels of the guiding video at `frame`.
        frame: index of the frame the points are given in.
        frames: indices wanted.
    Returns:
        Positions in pixels, and trust in [0, 1]: the lattice confidence, lowered for points off the sheet. At
        `frame` itself the positions are the given ones exactly. Not differentiable.
    """
    if not guide.lattices:
        return points.expand(len(frames), -1, -1).clone(), points.new_zeros(len(points))
    base = points.detach().cpu().numpy().astype(np.float64)
    total = np.zeros((len(frames), len(base), 2))
    mass = np.zeros(len(base))
    trust = np.zeros(len(base))
    for lattice in guide.lattices:
        posed = lattice.vertices.cpu().numpy().astype(np.float64)
        triangles = lattice.triangles.cpu().numpy()
        triangle, coordinates, outside = locate(base, posed[frame], triangles)
        offsets = ride(triangle, coordinates, posed[list(frames)] - posed[frame], triangles)
        confidence = ride(triangle, coordinates, lattice.confidence.cpu().numpy()[None, :, None], triangles)[0, :, 0]
        fit = np.exp(-2.0 * outside)
        # Never zero: far from its anchor, and off the sheet, a lattice still knows best when it is the only one.
        share = _nearness(guide, lattice, frame) * fit * (0.05 + confidence) + 1e-9
        total += share[None, :, None] * offsets
        mass += share
        trust += share * confidence * fit
    carried = base + total / mass[None, :, None]
    like = {"dtype": points.dtype, "device": points.device}
    return torch.as_tensor(carried, **like), torch.as_tensor(trust / mass, **like)


def _nearness(guide: Guide, lattice: Lattice, frame: int) -> float:
    """In [0, 1]: 1 at the sheet's own picture, 0 at the other end of its piece and outside it."""
    last = len(guide.video) - 1
    first, end = lattice.span or (0, last)
    if not first <= frame <= end:
        return 0.0
    begin, now, finish = (float(guide.video.times[row]) for row in (first, frame, end))
    share = (now - begin) / max(finish - begin, 1e-9)
    return 1 - share if lattice.anchor % (last + 1) == first else share
