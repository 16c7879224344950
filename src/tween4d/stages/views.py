"""Stage 4: how every keyframe looks from other sides."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from tween4d.data.cameras import Camera, input_camera, orbit_camera
from tween4d.data.fragments import FragmentPlan
from tween4d.data.views import KeyframeViews, MultiViews, SurfacePoints
from tween4d.fitting.initial import gaussians_from_surface
from tween4d.priors.protocols import MultiViewPrior
from tween4d.splatting.drawing import draw


@dataclass(frozen=True)
class ViewsConfig:
    """Which cameras supervise a keyframe."""

    size: int = 256
    """Longer side of the imagined views, pixels."""
    azimuths: tuple[float, ...] = (45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0)
    """Cameras around the object, degrees, besides the input camera."""
    elevations: tuple[float, ...] = (0.0, 30.0, 0.0, -20.0, 0.0, 30.0, 0.0)
    """Their elevations, degrees; same length."""
    trust: float = 0.3
    """Weight of an imagined view against the real frame's 1."""


def imagine_views(plan: FragmentPlan, multiview: MultiViewPrior, config: ViewsConfig, *, seed: int) -> MultiViews:
    """Ask the multi-view prior for every keyframe, and draw from its surface the views it did not imagine itself.

    Source: In-2-4D, Sec. 3.3 (canonical views, consistent over time).

    Args:
        plan: the fragments with their keyframes.
        multiview: answers for all keyframes in one call, so that it can keep them in agreement.
        seed: passed to the prior.
    Returns:
        Views in fragment order; view 0 of each is the guiding frame from the input camera, weight 1.
    """
    video = plan.guide.video
    height, width = video.rgb.shape[1:3]
    scale = config.size / max(height, width)
    small = (max(1, round(width * scale)), max(1, round(height * scale)))
    fov = plan.guide.fov_degrees
    cameras = (input_camera(width, height, fov),) + tuple(
        orbit_camera(azimuth, elevation, *small, fov)
        for azimuth, elevation in zip(config.azimuths, config.elevations, strict=True)
    )
    answers = multiview.imagine(plan.guide, plan.keyframes, cameras, seed=seed)
    return MultiViews(tuple(_completed(answer, cameras, config.trust) for answer in answers))


def _completed(views: KeyframeViews, cameras: tuple[Camera, ...], trust: float) -> KeyframeViews:
    """Views of all cameras: a prior that only gave a surface gets the rest drawn from it."""
    if len(views.cameras) > 1 or views.surface is None:
        return views
    rest = cameras[1:]
    drawn = [_picture(views.surface, camera) for camera in rest]
    h, w = views.alpha.shape[1:]
    rgb = torch.stack([views.rgb[0]] + [_fit(c, h, w) for c, _ in drawn])
    alpha = torch.stack([views.alpha[0]] + [_fit(a[..., None], h, w)[..., 0] for _, a in drawn])
    weights = torch.cat([views.weights[:1], torch.full((len(rest),), trust).to(views.weights)])
    sized = tuple(camera.resized(w, h) for camera in rest)
    return replace(views, rgb=rgb, alpha=alpha, cameras=(views.cameras[0], *sized), weights=weights)


def _fit(image: Tensor, height: int, width: int) -> Tensor:
    """Resize a picture [h, w, c] when the views are smaller than the guiding frame."""
    if image.shape[:2] == (height, width):
        return image
    resized = torch.nn.functional.interpolate(
        image.permute(2, 0, 1)[None], (height, width), mode="bilinear", align_corners=False, antialias=True
    )
    return resized[0].permute(1, 2, 0)


def _picture(surface: SurfacePoints, camera: Camera) -> tuple[Tensor, Tensor]:
    """Straight colour [h, w, 3] and alpha [h, w] of the surface splatted from a camera."""
    with torch.no_grad():
        color, alpha = draw(gaussians_from_surface(surface), camera)
    return (color / alpha[..., None].clamp(min=1e-3)).clamp(0, 1), alpha
