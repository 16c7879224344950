"""The network that reads an object's orientation from a picture, and its front and back surface given one."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

SIDE = 64
"""Pixels of the square picture it reads and of the maps it gives."""
SECTORS = 36
"""Classes of azimuth; sector k is centred at -180 + 360 (k + 0.5) / SECTORS degrees."""
INPUTS = 7
"""Colour times coverage, coverage, the half thickness that inflation gives, and the place of the pixel."""
WIDTHS = (24, 72, 144)
"""Channels at a half, a quarter and an eighth of the side."""
PIECES = 6
"""What the last layer gives a pixel: middle, half thickness, doubt, three of hidden colour."""


class Seen(NamedTuple):
    """What the network makes of a picture before it is told an orientation."""

    fine: Float[Tensor, "b c0 s0 s0"]
    mid: Float[Tensor, "b c1 s1 s1"]
    deep: Float[Tensor, "b c2 s2 s2"]
    summary: Float[Tensor, "b d"]
    """Of the whole picture."""


@dataclass(frozen=True)
class SurfaceMaps:
    """The front and back surface along each pixel's ray, and what the back looks like."""

    middle: Float[Tensor, "b s s"]
    """How much nearer than the object's centre the middle between both surfaces lies, in sides of the crop."""
    half: Float[Tensor, "b s s"]
    """Half the distance between both surfaces, same unit, >= 0."""
    doubt: Float[Tensor, "b s s"]
    """Expected error of the middle, same unit, > 0."""
    hidden: Float[Tensor, "b 3 s s"]
    """Colour of the back surface in [0, 1]."""
    slant: Float[Tensor, "b 2"]
    """Depth per length of the plane that the middle is added to, to the right and downwards."""


def sector_azimuths() -> Float[Tensor, "k"]:
    """Azimuths at the middle of each sector, radians."""
    return (torch.arange(SECTORS) + 0.5) * (2 * math.pi / SECTORS) - math.pi


class Block(nn.Module):
    """A residual block: a wide depthwise filter, then two layers that mix channels (ConvNeXt, arXiv:2201.03545)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.spread = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.norm = nn.BatchNorm2d(width)
        self.widen = nn.Conv2d(width, 2 * width, 1)
        self.narrow = nn.Conv2d(2 * width, width, 1)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The features with what the block adds."""
        return x + self.narrow(F.relu(self.widen(self.norm(self.spread(x)))))


class SurfaceNet(nn.Module):
    """RGBA crop to a distribution over orientation, and orientation to two surfaces.

    Orientation is a choice among sectors and not a mean, because an ambiguous slant averages to flat. The decoder is
    told the orientation, so each hypothesis has surfaces of its own, and a user's word is one more hypothesis.
    """

    def __init__(self, widths: tuple[int, int, int] = WIDTHS) -> None:
        super().__init__()
        fine, mid, deep = widths
        self.stem = nn.Sequential(nn.Conv2d(INPUTS, fine, 4, stride=2, padding=1), nn.ReLU())
        self.down = nn.Sequential(
            nn.BatchNorm2d(fine), nn.Conv2d(fine, mid, 2, stride=2), *(Block(mid) for _ in range(2))
        )
        self.bottom = nn.Sequential(
            nn.BatchNorm2d(mid),
            nn.Conv2d(mid, deep, 2, stride=2),
            *(Block(deep) for _ in range(4)),
            nn.BatchNorm2d(deep),
        )
        self.even = nn.LayerNorm(3 * deep)
        self.orient = nn.Sequential(nn.Linear(3 * deep, 192), nn.ReLU(), nn.Linear(192, SECTORS))
        self.tilt = nn.Sequential(nn.Linear(3 * deep + 2, 64), nn.ReLU(), nn.Linear(64, 1))
        self.plane = nn.Sequential(nn.Linear(3 * deep + 6, 128), nn.ReLU(), nn.Linear(128, 2))
        self.told = nn.Sequential(nn.Linear(6, 96), nn.ReLU(), nn.Linear(96, 4 * deep))
        self.think = nn.ModuleList([Block(deep), Block(deep)])
        self.up = nn.Sequential(nn.Conv2d(deep, 4 * mid, 1), nn.PixelShuffle(2))
        self.join = nn.Sequential(nn.Conv2d(2 * mid, mid, 1), Block(mid))
        self.rise = nn.Sequential(nn.Conv2d(mid, 4 * fine, 1), nn.PixelShuffle(2))
        self.finish = nn.Sequential(nn.Conv2d(2 * fine, fine, 1), Block(fine), nn.Conv2d(fine, 4 * PIECES, 1))
        self.unfold = nn.PixelShuffle(2)

    def encode(self, x: Float[Tensor, "b 7 s s"]) -> Seen:
        """Features at three scales, and a summary of the whole picture."""
        fine = self.stem(x)
        mid = self.down(fine)
        deep = self.bottom(mid)
        weight = F.avg_pool2d(x[:, 3:4], 8)
        inside = (deep * weight).sum((2, 3)) / weight.sum((2, 3)).clamp(min=1e-3)
        return Seen(fine, mid, deep, self.even(torch.cat([inside, deep.mean((2, 3)), deep.amax((2, 3))], 1)))

    def orientation(self, seen: Seen) -> Float[Tensor, "b k"]:
        """Logits of the azimuth's sectors."""
        return self.orient(seen.summary)

    def elevation(self, seen: Seen, azimuth: Float[Tensor, "b"]) -> Float[Tensor, "b"]:
        """Elevation of the front, radians, if its azimuth is the given one."""
        return self.tilt(torch.cat([seen.summary, azimuth.sin()[:, None], azimuth.cos()[:, None]], 1))[:, 0]

    def decode(
        self, seen: Seen, azimuth: Float[Tensor, "b"], elevation: Float[Tensor, "b"], spread: Float[Tensor, "b"]
    ) -> SurfaceMaps:
        """Surfaces of an object whose front looks into a direction (radians) under a perspective (crop / distance).

        The middle is a plane, whose slant is almost everything, and what the object adds to it.
        """
        a, e = azimuth, elevation
        told = torch.stack([a.sin(), a.cos(), (2 * a).sin(), (2 * a).cos(), e.sin(), spread], 1)
        slant = self.plane(torch.cat([seen.summary, told], 1))
        line = (torch.arange(SIDE, device=told.device) + 0.5) / SIDE - 0.5
        plane = slant[:, 0, None, None] * line + slant[:, 1, None, None] * line[:, None]
        scale0, shift0, scale1, shift1 = self.told(told)[..., None, None].chunk(4, 1)
        x = self.think[0](seen.deep * (1 + scale0) + shift0)
        x = self.think[1](x * (1 + scale1) + shift1)
        x = self.join(torch.cat([seen.mid, self.up(x)], 1))
        x = self.unfold(self.finish(torch.cat([seen.fine, self.rise(x)], 1)))
        half, doubt = F.softplus(x[:, 1] - 2), F.softplus(x[:, 2] - 2) + 1e-3
        return SurfaceMaps(x[:, 0] + plane, half, doubt, torch.sigmoid(x[:, 3:6]), slant)


def network_input(
    rgb: Float[Tensor, "b 3 s s"], alpha: Float[Tensor, "b 1 s s"], inflated: Float[Tensor, "b 1 s s"]
) -> Float[Tensor, "b 7 s s"]:
    """What the network reads.

    Args:
        rgb: straight colour in [0, 1].
        alpha: coverage in [0, 1].
        inflated: half thickness of the inflated outline, in sides of the crop.
    """
    line = torch.linspace(-1, 1, rgb.shape[-1]).to(rgb)
    place = torch.stack(torch.meshgrid(line, line, indexing="ij")).expand(len(rgb), 2, -1, -1)
    return torch.cat([rgb * alpha - 0.5 * alpha, alpha, 4 * inflated, place], 1)
