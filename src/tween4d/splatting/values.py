"""What passes between the two halves of a rasteriser: projecting Gaussians, and compositing their ellipses."""

from dataclasses import dataclass
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Projection:
    """How Gaussians are projected and which are dropped."""

    width: int
    height: int
    near_plane: float = 0.01
    far_plane: float = 1e10
    eps2d: float = 0.3
    """Variance in squared pixels added to every ellipse."""
    antialiased: bool = False
    """Whether the reach follows the compensated opacity."""
    radius_clip: float = 0.0
    """Ellipses of at most this many pixels in both directions are dropped."""


class Projected(NamedTuple):
    """Ellipses of `n` Gaussians on `c` images."""

    means2d: Float[Tensor, "c n 2"]
    """Centres in pixels; pixel i covers [i, i + 1)."""
    conics: Float[Tensor, "c n 3"]
    """Upper triangle of the inverse covariance, 1 / pixel^2."""
    depths: Float[Tensor, "c n"]
    """Distance along the viewing axis."""
    compensations: Float[Tensor, "c n"]
    """Factor in [0, 1] on opacity that undoes the gain of eps2d (Mip-Splatting)."""
    extents: Float[Tensor, "c n 2"]
    """Half width and height of the box outside which alpha < 1/255; zero where the Gaussian is not drawn."""


class Composite(NamedTuple):
    """Blended images."""

    images: Float[Tensor, "c h w d"]
    alphas: Float[Tensor, "c h w 1"]
