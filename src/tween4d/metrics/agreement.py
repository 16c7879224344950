"""How well the imagined views of neighbouring moments agree."""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.cameras import Camera, backproject, project
from tween4d.data.video import Guide, carry_pixels
from tween4d.data.views import KeyframeViews, MultiViews

SEEN = 0.15
"""A point is seen in a view that shows its colour within this."""


def warping_error(guide: Guide, views: MultiViews) -> float | None:
    """Mean absolute difference in colour on white between what a view shows of a point at one keyframe and at the next.

    The points are those of the earlier keyframe's surface; they are carried along the guide's sheets at their own
    depth, and looked up where they then are. Only points that the earlier view shows count, in all views but the input
    camera's.

    Returns:
        In [0, 1]; None without sheets or surfaces, or with one keyframe only.
    """
    errors = []
    for earlier, later in pairwise(views.keyframes):
        surface = earlier.surface
        if surface is None or not guide.lattices or earlier.frame == later.frame:
            continue
        eye = earlier.cameras[0]
        pixels, depth = project(surface.positions, eye)
        carried, _ = carry_pixels(guide, pixels, earlier.frame, [later.frame])
        moved = backproject(carried[0], depth, eye)
        for index in range(1, min(len(earlier.cameras), len(later.cameras))):
            before = _shown(earlier, index, surface.positions, earlier.cameras[index])
            after = _shown(later, index, moved, later.cameras[index])
            seen = (before - surface.colors).abs().amax(-1) < SEEN
            if bool(seen.any()):
                errors.append(float((before - after)[seen].abs().mean()))
    return sum(errors) / len(errors) if errors else None


def _shown(views: KeyframeViews, index: int, points: Float[Tensor, "p 3"], camera: Camera) -> Float[Tensor, "p 3"]:
    """Colour on white at the points' places in a view."""
    alpha = views.alpha[index][..., None]
    picture = (views.rgb[index] * alpha + 1 - alpha).permute(2, 0, 1)[None]
    pixels, _ = project(points, camera)
    size = torch.tensor([picture.shape[3], picture.shape[2]]).to(pixels)
    grid = (2 * pixels / size - 1)[None, :, None]
    found = torch.nn.functional.grid_sample(picture, grid.to(picture), padding_mode="border", align_corners=False)
    return found[0, :, :, 0].T
