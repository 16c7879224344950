"""A made-up asset: two overlapping clips of a striped ellipsoid that bends and swings."""

import math

import torch

from tween4d.data.asset import Asset4D, Clip
from tween4d.data.gaussians import Gaussians, sh_from_colors
from tween4d.data.images import Image
from tween4d.data.nodes import NodeMotion, Skin

SWING_DEGREES = 70.0


def moving_ellipsoid(count: int = 1000, nodes: int = 12, frames: int = 17, size: int = 256) -> Asset4D:
    """Two clips of `count` Gaussians: the first lives on [0, 0.6], the second on [0.4, 1].

    The nodes lie along the long axis and turn about the centre by an angle that grows along the axis, up to
    SWING_DEGREES at time 1, so that the body bends.
    """
    generator = torch.Generator().manual_seed(7)
    clips = tuple(
        _clip(index, count, nodes, torch.linspace(first, last, frames // 2 + 1), generator)
        for index, (first, last) in enumerate([(0.0, 0.6), (0.4, 1.0)])
    )
    return Asset4D(clips, frames, 16.0, size, size, endpoints=(_disc(size, 0.35), _disc(size, 0.75)))


def _clip(index: int, count: int, nodes: int, times: torch.Tensor, generator: torch.Generator) -> Clip:
    directions = torch.randn(count, 3, generator=generator)
    directions = directions / directions.norm(dim=-1, keepdim=True)
    means = directions * torch.tensor([0.42, 0.16, 0.12])
    stripes = (torch.sin(22 * means[:, 0]) > 0).float()[:, None]
    warm, cool = torch.tensor([0.86, 0.42, 0.22]), torch.tensor([0.13, 0.33, 0.42])
    colors = stripes * warm + (1 - stripes) * cool + 0.25 * directions[:, 1:2] * 0.4
    gaussians = Gaussians(
        means=means,
        quats=torch.randn(count, 4, generator=generator),
        log_scales=torch.log(0.008 + 0.018 * torch.rand(count, 3, generator=generator)),
        opacity_logits=torch.logit(0.35 + 0.6 * torch.rand(count, generator=generator)),
        sh=sh_from_colors(colors.clamp(0.02, 0.98)),
    )
    rest = torch.zeros(nodes, 3)
    rest[:, 0] = torch.linspace(-0.42, 0.42, nodes)
    distances = torch.cdist(means, rest)
    near, indices = distances.topk(4, largest=False)
    weights = torch.exp(-((near / 0.1) ** 2)) + 1e-4
    motion = _swing(rest, times)
    return Clip(
        gaussians=gaussians,
        skin=Skin(indices.int(), weights / weights.sum(-1, keepdim=True)),
        motion=motion,
        keyframe_time=float(times[0]) if index == 0 else float(times[-1]),
        fade_in=(0.0, 0.0) if index == 0 else (0.4, 0.5),
        fade_out=(0.5, 0.6) if index == 0 else (1.0, 1.0),
    )


def _swing(rest: torch.Tensor, times: torch.Tensor) -> NodeMotion:
    angles = math.radians(SWING_DEGREES) * times[:, None] * (rest[:, 0] / 0.42).abs()[None]
    half = angles * torch.sign(rest[:, 0])[None] / 2
    zero = torch.zeros_like(half)
    quats = torch.stack([half.cos(), zero, zero, half.sin()], -1)
    turned = torch.stack([rest[:, 0] * (2 * half).cos(), rest[:, 0] * (2 * half).sin(), zero], -1)
    return NodeMotion(rest, quats, turned - rest, times)


def _disc(size: int, level: float) -> Image:
    axis = (torch.arange(size) + 0.5) / size * 2 - 1
    inside = (axis[:, None] ** 2 + axis[None] ** 2 < 0.4).float()
    rgb = torch.full((size, size, 3), level)
    return Image(rgb, inside)
