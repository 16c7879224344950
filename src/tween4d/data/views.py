"""What a multi-view prior imagined for every keyframe."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from tween4d.data.cameras import Camera
from tween4d.data.gaussians import Gaussians


@dataclass(frozen=True)
class SurfacePoints:
    """Oriented coloured points that initialise Gaussians and say where the surface is."""

    positions: Float[Tensor, "p 3"]
    normals: Float[Tensor, "p 3"]
    colors: Float[Tensor, "p 3"]
    spacing: Float[Tensor, "p"]
    """Distance to the neighbouring samples, world units: the initial Gaussian radius."""
    seen: Float[Tensor, "p"]
    """1 for points the keyframe's image shows, 0 for completed ones."""
    coverage: Float[Tensor, "p"]
    """Coverage in [0, 1] of the ray through the point: below 1 where the picture is translucent."""


@dataclass(frozen=True)
class KeyframeViews:
    """One moment of the object from several cameras; view 0 is the guiding frame from the input camera."""

    frame: int
    rgb: Float[Tensor, "v h w 3"]
    alpha: Float[Tensor, "v h w"]
    cameras: tuple[Camera, ...]
    weights: Float[Tensor, "v"]
    """Trust in each view, 1 for the real frame."""
    surface: SurfacePoints | None = None
    given: Gaussians | None = None
    """The Gaussians themselves, when they were made elsewhere; then nothing is fitted to the views."""


@dataclass(frozen=True)
class MultiViews:
    """The views of every fragment's keyframe, in fragment order."""

    keyframes: tuple[KeyframeViews, ...]
