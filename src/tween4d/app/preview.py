"""A picture of how far a run has come, for the working folder."""

from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.asset import Asset4D, Clip
from tween4d.data.cameras import orbit_camera
from tween4d.data.fragments import FragmentPlan
from tween4d.data.gaussians import Gaussians
from tween4d.data.images import Image, Keyframes
from tween4d.data.video import Guide
from tween4d.io.images import resize_image, save_png
from tween4d.stages.render import pose_clip, render_gaussians, render_view

TILE = 160
COLUMNS = 6


def write_preview(value: Any, path: Path) -> bool:
    """Draw what a finished stage can show.

    Args:
        value: any stage's result.
        path: PNG to replace.
    Returns:
        False when the value has nothing to show; the file is then left alone.
    """
    rows = _rows(value)
    if not rows:
        return False
    save_png(Image(torch.cat([torch.cat(row, 1) for row in rows], 0)), path)
    return True


def _rows(value: Any) -> list[list[Float[Tensor, "h w 3"]]]:
    """Tiles on white: frames over time, and from the second row on other sides of the object."""
    if isinstance(value, Keyframes):
        return [[tile(value.start), tile(value.end)]]
    if isinstance(value, Guide):
        return [_film(value)]
    if isinstance(value, FragmentPlan):
        return [[tile(value.guide.video.frame(k)) for k in value.keyframes]]
    if isinstance(value, Asset4D):
        times = torch.linspace(0, 1, COLUMNS).tolist()
        return [[tile(render_view(value, orbit_camera(a, 0, TILE, TILE), t)) for t in times] for a in (0, 45, 180)]
    if isinstance(value, tuple) and value and all(isinstance(item, Gaussians) for item in value):
        return [[tile(render_gaussians(g, orbit_camera(a, 0, TILE, TILE))) for g in value] for a in (0, 45)]
    if isinstance(value, tuple) and value and all(isinstance(item, Clip) for item in value):
        posed = [(clip, float(t)) for clip in value for t in (clip.motion.times[0], clip.motion.times[-1])]
        return [
            [tile(render_gaussians(pose_clip(c, t), orbit_camera(a, 0, TILE, TILE))) for c, t in posed] for a in (0, 45)
        ]
    return []


def _film(guide: Guide) -> list[Float[Tensor, "h w 3"]]:
    rows = torch.linspace(0, len(guide.video) - 1, COLUMNS).round().long().tolist()
    return [tile(guide.video.frame(i)) for i in rows]


def tile(image: Image) -> Float[Tensor, "h w 3"]:
    """The picture on white in a square tile."""
    scale = TILE / max(image.width, image.height)
    small = resize_image(image, max(1, round(image.width * scale)), max(1, round(image.height * scale))).on(1.0)
    square = torch.ones(TILE, TILE, 3)
    top, left = (TILE - small.shape[0]) // 2, (TILE - small.shape[1]) // 2
    square[top : top + small.shape[0], left : left + small.shape[1]] = small
    return square
