"""A set of Gaussians from one camera."""

from jaxtyping import Float
from torch import Tensor

from tween4d.data.cameras import Camera
from tween4d.data.gaussians import Gaussians
from tween4d.splatting.rasterization import rasterize

FITTED_BLUR = 0.3
"""Variance that fitting adds to every ellipse, squared pixels of the input camera's picture."""
DEGREES = {1: 0, 4: 1, 9: 2, 16: 3}
"""Degree of the harmonics, by their number."""


def draw(
    gaussians: Gaussians, camera: Camera, blur: float = FITTED_BLUR
) -> tuple[Float[Tensor, "h w 3"], Float[Tensor, "h w"]]:
    """Colour and coverage of Gaussians from a camera, over black. Differentiable in all parameters of the Gaussians.

    Args:
        blur: variance added to every ellipse, squared pixels.
    Returns:
        Colour multiplied by coverage, not clipped, and coverage in [0, 1].
    """
    degree = DEGREES[gaussians.sh.shape[1]]
    colors, alphas, _ = rasterize(
        gaussians.means,
        gaussians.quats,
        gaussians.scales,
        gaussians.opacities,
        gaussians.sh if degree else gaussians.colors,
        camera.world_to_camera[None],
        camera.intrinsics[None],
        camera.width,
        camera.height,
        sh_degree=degree or None,
        eps2d=blur,
    )
    return colors[0], alphas[0, ..., 0]
