"""The finished asset as pictures and as tracked points."""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.asset import Asset4D, Clip
from tween4d.data.cameras import ORBIT_RADIUS, Camera, intrinsics_from_fov
from tween4d.data.gaussians import Gaussians, concatenate
from tween4d.data.images import Image
from tween4d.data.nodes import pose_at
from tween4d.geometry.rigidity import nearest
from tween4d.geometry.rotation import conjugate, rotate
from tween4d.splatting.drawing import FITTED_BLUR, draw
from tween4d.splatting.skinning import skin_gaussians

NEAREST = 0.5


def pose_clip(clip: Clip, time: float) -> Gaussians:
    """The clip's Gaussians carried to a time by its nodes; opacity includes the clip's presence."""
    quats, translations = pose_at(clip.motion, time)
    g = clip.gaussians
    means, turned = skin_gaussians(
        clip.motion.rest, quats, translations, clip.skin.indices, clip.skin.weights, g.means, g.quats
    )
    opacity = (g.opacities * clip.presence(time)).clamp(1e-6, 1 - 1e-6)
    return Gaussians(means, turned, g.log_scales, torch.logit(opacity), g.sh)


def pose_asset(asset: Asset4D, time: float) -> Gaussians:
    """All Gaussians that are visible at a time in [0, 1]; never empty for a valid asset."""
    return concatenate([pose_clip(clip, time) for clip in asset.clips if clip.presence(time) > 0])


def render_view(asset: Asset4D, camera: Camera, time: float) -> Image:
    """The asset from a camera at a time in [0, 1], with straight alpha and a transparent background.

    Not differentiable.
    """
    return render_gaussians(pose_asset(asset, time), camera, blur_of(asset, camera))


def blur_of(asset: Asset4D, camera: Camera) -> float:
    """The blur that the Gaussians were fitted with, as it looks to another camera: variance in squared pixels.

    It keeps its size on the object, so that an enlarged picture shows no gaps between Gaussians and a reduced one no
    fattened outline.
    """
    fitted = intrinsics_from_fov(asset.fov_degrees, asset.image_width, asset.image_height)
    enlarged = camera.intrinsics[0, 0] * camera.intrinsics[1, 1] / (fitted[0, 0] * fitted[1, 1])
    distance = max(float(camera.position.norm()), NEAREST)
    return FITTED_BLUR * float(enlarged) * (ORBIT_RADIUS / distance) ** 2


def with_fitted_blur(asset: Asset4D, gaussians: Gaussians) -> Gaussians:
    """The asset's Gaussians as large as the fitted blur makes them at the origin, for viewers that cannot add it.

    Those know a blur of a fixed number of pixels, which opens gaps between the Gaussians of an enlarged picture.
    """
    fitted = intrinsics_from_fov(asset.fov_degrees, asset.image_width, asset.image_height)
    variance = FITTED_BLUR * ORBIT_RADIUS**2 / float(fitted[0, 0] * fitted[1, 1])
    return replace(gaussians, log_scales=0.5 * torch.log(gaussians.scales**2 + variance))


def render_gaussians(gaussians: Gaussians, camera: Camera, blur: float = FITTED_BLUR) -> Image:
    """Still Gaussians from a camera; straight alpha. Not differentiable.

    Args:
        blur: variance added to every ellipse, squared pixels.
    """
    with torch.no_grad():
        color, alpha = draw(gaussians, camera, blur)
    alpha = alpha.clamp(0, 1)
    return Image((color / alpha[..., None].clamp(min=1e-4)).clamp(0, 1), alpha)


def trace_points(
    asset: Asset4D, times: Float[Tensor, "t"], count: int
) -> tuple[Float[Tensor, "t m 3"], Float[Tensor, "m 3"]]:
    """Points on the object at time 0, followed through all clips: index i is the same material point at every time.

    A point rides on its clip's nodes; at a seam it is handed to the next clip at the place where it is, so its path
    has no jump.

    Args:
        times: increasing, in [0, 1].
        count: points wanted; fewer when the first clip has fewer opaque Gaussians.
    Returns:
        Positions in the world, and sRGB colours in [0, 1]. Deterministic.
    """
    first = pose_clip(asset.clips[0], 0.0)
    opaque = torch.nonzero(first.opacities > 0.3)[:, 0]
    if len(opaque) == 0:
        opaque = torch.arange(len(first))
    rows = opaque[torch.linspace(0, len(opaque) - 1, min(count, len(opaque))).round().long()]
    points, colors = first.means[rows], first.colors[rows].clamp(0, 1)
    out = torch.empty(len(times), len(rows), 3)
    index = 0
    skin_rows, anchor_time = rows, 0.0
    for i, time in enumerate(times.tolist()):
        while index + 1 < len(asset.clips) and time > _seam(asset, index):
            seam = _seam(asset, index)
            points = _ride(asset.clips[index], points, skin_rows, anchor_time, seam)
            index, anchor_time = index + 1, seam
            _, near = nearest(points, pose_clip(asset.clips[index], seam).means, 1)
            skin_rows = near[:, 0]
        out[i] = _ride(asset.clips[index], points, skin_rows, anchor_time, time)
    return out, colors


def _seam(asset: Asset4D, index: int) -> float:
    """The time at which clip `index` hands over to the next: when both are equally present."""
    begin, end = asset.clips[index].fade_out[0], asset.clips[index + 1].fade_in[1]
    return (begin + end) / 2


def _ride(clip: Clip, points: Tensor, rows: Tensor, start: float, end: float) -> Tensor:
    """Move points with the skin of the Gaussians `rows` from one time to another."""
    weights, indices = clip.skin.weights[rows], clip.skin.indices[rows]
    q0, d0 = pose_at(clip.motion, start)
    q1, d1 = pose_at(clip.motion, end)
    at_rest = clip.gaussians.means[rows]
    unit = torch.tensor([1.0, 0.0, 0.0, 0.0]).expand(len(rows), 4)
    x0, r0 = skin_gaussians(clip.motion.rest, q0, d0, indices, weights, at_rest, unit)
    x1, r1 = skin_gaussians(clip.motion.rest, q1, d1, indices, weights, at_rest, unit)
    # The offset from the carrying Gaussian turns with it, so the path starts exactly at `points`.
    return x1 + rotate(r1, rotate(conjugate(r0), points - x0))
