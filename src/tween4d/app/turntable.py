"""A film of an asset: once around it while time plays forth, once more while it plays back."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tween4d.data.asset import Asset4D
from tween4d.data.cameras import Camera, orbit_camera
from tween4d.data.images import Image
from tween4d.stages.render import render_view


@dataclass(frozen=True)
class TurntableConfig:
    """How the film runs."""

    size: int = 512
    """Longer side, pixels."""
    fps: float = 24.0
    slowdown: float = 1.25
    """How much longer a turn takes than the asset plays."""
    elevation_degrees: float = 8.0
    """Height of the camera at the back; in front it is that of the input camera."""
    frames: int | None = None
    """Frames of the film; None makes as many as `slowdown` asks for."""


def turntable_views(asset: Asset4D, config: TurntableConfig = TurntableConfig()) -> list[tuple[Camera, float]]:
    """Cameras and moments of the film.

    It begins at the input camera at time 0, is there again at time 1 when half of it is over, and closes without a
    jump: both given pictures are seen from where they were taken. A loop plays twice.
    """
    count = config.frames
    if count is None:
        count = max(2, round(2 * config.slowdown * asset.frame_count / asset.fps * config.fps))
    width, height = fitted_size(asset, config.size)
    views = []
    for index in range(count):
        phase = index / count
        # A motion that closes plays once in each turn; any other is eased at both turning points and does not bounce.
        time = 2 * phase % 1 if asset.repeat == "loop" else 0.5 - 0.5 * math.cos(2 * math.pi * phase)
        rise = config.elevation_degrees * (0.5 - 0.5 * math.cos(4 * math.pi * phase))
        views.append((orbit_camera(720 * phase, rise, width, height, asset.fov_degrees), time))
    return views


def render_turntable(asset: Asset4D, config: TurntableConfig = TurntableConfig()) -> Iterator[Image]:
    """The film's pictures, one by one."""
    for camera, time in turntable_views(asset, config):
        yield render_view(asset, camera, time)


def fitted_size(asset: Asset4D, size: int) -> tuple[int, int]:
    """Width and height of the input camera's picture when its longer side is `size` pixels."""
    scale = size / max(asset.image_width, asset.image_height)
    return max(1, round(asset.image_width * scale)), max(1, round(asset.image_height * scale))
