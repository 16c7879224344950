"""The embedded inbetweener: two registered sheets swing towards each other."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from tween4d.data.images import Image
from tween4d.data.video import Guide, Lattice, Video
from tween4d.geometry.lattice import Sheet, cover_mask, interpolate_sheet, make_sheet
from tween4d.priors.embedded.motion.registration import Registered, register
from tween4d.priors.embedded.motion.rendering import PosedSheet, draw_moment


@dataclass(frozen=True)
class MotionConfig:
    """How finely and how stiffly the motion is described."""

    spacing: float = 6.0
    """Edge length of the sheets' triangles, pixels of a picture whose longer side is 256."""


class LatticeInbetweener:
    """Imagines motion without learned weights: what is matched moves as rigidly as possible, the rest stays."""

    def __init__(self, config: MotionConfig = MotionConfig()) -> None:
        self.config = config

    def inbetween(self, start: Image, end: Image, frames: int, *, prompt: str, seed: int) -> Guide:
        """A guide of `frames` frames with one sheet per end; see `Inbetweener`. The prompt has no effect."""
        times = np.linspace(0, 1, frames)
        pictures = [_premultiplied(image) for image in (start, end)]
        spacing = self.config.spacing * max(start.width, start.height) / 256
        sheets = [make_sheet(*cover_mask(p[..., 3] > 0.1, spacing)) for p in pictures]
        there = register(sheets[0], pictures[0], pictures[1], spacing)
        back = register(sheets[1], pictures[1], pictures[0], spacing)
        drawn = [
            _posed_sheet(sheets[0], pictures[0], there, times, reverse=False),
            _posed_sheet(sheets[1], pictures[1], back, times, reverse=True),
        ]
        moments = [draw_moment(drawn[0], drawn[1], row, float(t)) for row, t in enumerate(times)]
        video = _video(moments, start, end, times)
        return Guide(video, (_lattice(drawn[0], there, 0), _lattice(drawn[1], back, -1)))


def _premultiplied(image: Image) -> Float[np.ndarray, "h w 4"]:
    rgb = image.rgb.detach().cpu().numpy().astype(np.float64)
    alpha = np.ones(rgb.shape[:2]) if image.alpha is None else image.alpha.detach().cpu().numpy().astype(np.float64)
    return np.concatenate([rgb * alpha[..., None], alpha[..., None]], -1)


def _posed_sheet(
    sheet: Sheet, picture: Float[np.ndarray, "h w 4"], found: Registered, times: Float[np.ndarray, "t"], reverse: bool
) -> PosedSheet:
    poses = interpolate_sheet(sheet, found.posed, 1 - times if reverse else times)
    return PosedSheet(picture, sheet.rest, poses, sheet.triangles, found.confidence, np.zeros(len(sheet.triangles)))


def _lattice(drawn: PosedSheet, found: Registered, anchor: int) -> Lattice:
    return Lattice(
        vertices=torch.from_numpy(drawn.poses.astype(np.float32)),
        triangles=torch.from_numpy(drawn.triangles.astype(np.int64)),
        confidence=torch.from_numpy(found.confidence.astype(np.float32)),
        anchor=anchor,
    )


def _video(moments: list[Float[np.ndarray, "h w 4"]], start: Image, end: Image, times: Float[np.ndarray, "t"]) -> Video:
    planes = np.stack(moments)
    alpha = planes[..., 3].clip(0, 1)
    rgb = (planes[..., :3] / np.maximum(alpha, 1e-3)[..., None]).clip(0, 1)
    video = Video(*(torch.from_numpy(x.astype(np.float32)) for x in (rgb, alpha, times)))
    for index, image in ((0, start), (-1, end)):
        video.rgb[index] = image.rgb
        video.alpha[index] = torch.ones_like(image.rgb[..., 0]) if image.alpha is None else image.alpha
    return video
