"""Points of one keyframe carried through time, at depths that pass to those of its neighbours."""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from torch import Tensor

from tween4d.data.cameras import Camera, backproject, project
from tween4d.data.gaussians import Gaussians
from tween4d.data.video import Guide, carry_pixels
from tween4d.geometry.layers import CELL, middle_of_layers, read_cells

SOLID = 0.2
"""Opacity below which a Gaussian is no part of a surface."""


def middle_depth(gaussians: Gaussians, camera: Camera) -> Float[Tensor, "2 h w"]:
    """The depth halfway between front and back of still Gaussians under a camera's pixels, in cells of `CELL` pixels.

    Returns:
        Depth, continued smoothly beyond the object, and 1 where the object is.
    """
    solid = gaussians.means[gaussians.opacity_logits.sigmoid() > SOLID]
    pixels, depth = project(solid, camera)
    height, width = (-(-side // CELL) for side in (camera.height, camera.width))
    return middle_of_layers(pixels[depth > 0], depth[depth > 0], height, width)


def carry_points(
    guide: Guide,
    points: Float[Tensor, "n 3"],
    camera: Camera,
    keyframe: int,
    frames: Sequence[int],
    middles: Mapping[int, Float[Tensor, "2 h w"]],
) -> tuple[Float[Tensor, "t n 3"], Float[Tensor, "n"]]:
    """World paths of a keyframe's points: in the picture they ride on the guide, and their depth passes evenly to where
    the keyframes before and after have the same place.

    Clips on both sides of a seam then agree about depth, which no guiding frame shows.

    Args:
        points: at the keyframe.
        middles: `middle_depth` of the keyframe and of its neighbours, by frame; empty: depths stay.
    Returns:
        Paths, at the keyframe the points themselves, and trust in them, in [0, 1]. Not differentiable.
    """
    pixels, depth = project(points, camera)
    carried, trust = carry_pixels(guide, pixels, keyframe, frames)
    depths = depth.expand(len(frames), -1)
    others = [frame for frame in middles if frame != keyframe] if guide.lattices else []
    if others:
        times, rows = guide.video.times.to(depth), list(frames)
        own, _ = read_cells(middles[keyframe], pixels)
        places, _ = carry_pixels(guide, pixels, keyframe, others)
        for other, place in zip(others, places, strict=True):
            there, covered = read_cells(middles[other], place)
            share = ((times[rows] - times[keyframe]) / (times[other] - times[keyframe])).clamp(0, 1)
            depths = depths + share[:, None] * covered * (there - own)
    return backproject(carried, depths, camera), trust
