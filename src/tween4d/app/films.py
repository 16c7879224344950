"""Films of an asset: where the camera is and which moment it sees, picture by picture."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.app.turntable import TurntableConfig, fitted_size, turntable_views
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import ORBIT_RADIUS, Camera, orbit_camera
from tween4d.data.images import Image
from tween4d.errors import InputError
from tween4d.splatting.drawing import DEGREES
from tween4d.splatting.rasterization import rasterize
from tween4d.stages.render import blur_of, pose_asset, render_view

CameraPath = Literal["turntable", "fixed", "dolly", "stereo"]
COLORS = {"white": (1.0, 1.0, 1.0), "black": (0.0, 0.0, 0.0), "grey": (0.5, 0.5, 0.5)}
FAR = 1e10
"""Depth where nothing is."""
EYES = ORBIT_RADIUS / 30
"""Distance of the two cameras of a stereo film: a thirtieth of that to the object, which is comfortable to see."""


@dataclass(frozen=True)
class FilmConfig:
    """How a film runs."""

    path: CameraPath = "turntable"
    """turntable: twice around, forth and back in time; fixed: one view; dolly: it comes nearer; stereo: two eyes."""
    size: int = 512
    """Longer side of one eye's picture, pixels."""
    fps: float = 24.0
    frames: int | None = None
    """None takes as many as the asset's duration asks for."""
    azimuth_degrees: float = 0.0
    """Where fixed, dolly and stereo look from; 0 is the input camera, 90 is on +X."""
    elevation_degrees: float = 0.0
    far_factor: float = 1.5
    """Where a dolly begins, in distances of the input camera; it ends at that camera's distance."""


@dataclass(frozen=True)
class FilmView:
    """One picture: a moment seen by one camera, or by a left and a right one."""

    time: float
    cameras: tuple[Camera, ...]


def film_views(asset: Asset4D, config: FilmConfig = FilmConfig()) -> list[FilmView]:
    """Cameras and moments of a film; all but the turntable run once from time 0 to time 1, even in time.

    A dolly ends at the distance of the input camera, so its last picture is that of the fixed view.
    """
    if config.path == "turntable":
        turning = TurntableConfig(size=config.size, fps=config.fps, frames=config.frames)
        return [FilmView(time, (camera,)) for camera, time in turntable_views(asset, turning)]
    seconds = (asset.frame_count - 1) / asset.fps
    count = config.frames or max(2, round(seconds * config.fps) + 1)
    width, height = fitted_size(asset, config.size)
    views = []
    for time in torch.linspace(0, 1, count).tolist():
        farther = (config.far_factor - 1) * (1 - time * time * (3 - 2 * time)) if config.path == "dolly" else 0
        distance = ORBIT_RADIUS * (1 + farther)
        camera = orbit_camera(
            config.azimuth_degrees, config.elevation_degrees, width, height, asset.fov_degrees, distance
        )
        views.append(FilmView(time, stereo_pair(camera) if config.path == "stereo" else (camera,)))
    return views


def stereo_pair(camera: Camera, eyes: float = EYES) -> tuple[Camera, Camera]:
    """Parallel cameras left and right of one, with windows that are shifted so that the origin is at screen depth."""
    depth = float(camera.world_to_camera[2, 3])
    pair = []
    for side in (-0.5, 0.5):
        pose, lens = camera.world_to_camera.clone(), camera.intrinsics.clone()
        pose[0, 3] -= side * eyes
        lens[0, 2] += lens[0, 0] * side * eyes / depth
        pair.append(Camera(pose, lens, camera.width, camera.height))
    return pair[0], pair[1]


def render_film(asset: Asset4D, views: list[FilmView]) -> Iterator[Image]:
    """The film's pictures, one by one; two eyes lie side by side, the left one on the left."""
    for view in views:
        pictures = [render_view(asset, camera, view.time) for camera in view.cameras]
        alphas = [picture.alpha for picture in pictures if picture.alpha is not None]
        yield Image(torch.cat([picture.rgb for picture in pictures], 1), torch.cat(alphas, 1))


def render_depth(asset: Asset4D, camera: Camera, time: float) -> tuple[Image, Float[Tensor, "h w"]]:
    """The asset from a camera with straight alpha, and the mean depth of what covers each pixel.

    Returns:
        Depth along the viewing axis, world units; 1e10 where coverage is below 1/255.
    """
    g = pose_asset(asset, time)
    degree = DEGREES[g.sh.shape[1]]
    arrays = (g.means, g.quats, g.scales, g.opacities, g.sh if degree else g.colors)
    with torch.no_grad():
        planes, alphas, _ = rasterize(
            *arrays,
            camera.world_to_camera[None],
            camera.intrinsics[None],
            camera.width,
            camera.height,
            eps2d=blur_of(asset, camera),
            sh_degree=degree or None,
            render_mode="RGB+ED",
        )
    alpha = alphas[0, ..., 0].clamp(0, 1)
    rgb = (planes[0, ..., :3] / alpha[..., None].clamp(min=1e-4)).clamp(0, 1)
    return Image(rgb, alpha), torch.where(alpha < 1 / 255, torch.full_like(alpha, FAR), planes[0, ..., 3])


def parse_background(text: str) -> tuple[float, float, float] | None:
    """A colour from `white`, `black`, `grey` or `#rrggbb`; None from `transparent`.

    Raises:
        InputError: for anything else.
    """
    word = text.strip().lower()
    if word == "transparent":
        return None
    if word in COLORS:
        return COLORS[word]
    if re.fullmatch(r"#?[0-9a-f]{6}", word):
        red, green, blue = (int(word[-6:][k : k + 2], 16) / 255 for k in (0, 2, 4))
        return red, green, blue
    raise InputError("this is no background", repr(text), f"use transparent, {', '.join(COLORS)} or #rrggbb")


def resized_for(config: FilmConfig, suffix: str, size: int | None, fps: float | None) -> FilmConfig:
    """The config with the user's size and rate, or those that suit the kind of file."""
    small = suffix in (".gif", ".webp")
    return replace(config, size=size or (320 if small else 512), fps=fps or (12.5 if small else 24.0))
