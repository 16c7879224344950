"""The network that reads an object's orientation from a picture, and its front and back surface given one."""

import math
from dataclasses import dataclass

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
            nn.BatchNorm2d(mid), nn.Conv2d(mid, deep, 2, stride=2), *(Block(deep) for _ in range(4))
        )
        self.orient = nn.Sequential(nn.Linear(3 * deep, 192), nn.GELU(), nn.Linear(192, SECTORS))
        self.tilt = nn.Sequential(nn.Linear(3 * deep + 2, 64), nn.GELU(), nn.Linear(64, 1))
        self.told = nn.Sequential(nn.Linear(6, 96), nn.GELU(), nn.Linear(96, 4 * deep))
        self.think = nn.ModuleList([Block(deep), Block(deep)])
        self.up = nn.Sequential(nn.Conv2d(deep, 4 * mid, 1), nn.PixelShuffle(2))
        self.join = nn.Sequential(nn.Conv2d(2 * mid, mid, 1), Block(mid))
        self.rise = nn.Sequential(nn.Conv2d(mid, 4 * fine, 1), nn.PixelShuffle(2))
        self.finish = nn.Sequential(nn.Conv2d(2 * fine, fine, 1), Block(fine), nn.Conv2d(fine, 4 * PIECES, 1))
        self.unfold = nn.PixelShuffle(2)

    def encode(self, x: Float[Tensor, "b 7 s s"]) -> tuple[tuple[Tensor, Tensor, Tensor], Float[Tensor, "b d"]]:
        """Features at three scales, and a summary of the whole picture."""
        fine = self.stem(x)
        mid = self.down(fine)
        deep = self.bottom(mid)
        weight = F.avg_pool2d(x[:, 3:4], 8)
        inside = (deep * weight).sum((2, 3)) / weight.sum((2, 3)).clamp(min=1e-3)
        return (fine, mid, deep), torch.cat([inside, deep.mean((2, 3)), deep.amax((2, 3))], 1)

    def orientation(self, summary: Float[Tensor, "b d"]) -> Float[Tensor, "b k"]:
        """Logits of the azimuth's sectors."""
        return self.orient(summary)

    def elevation(self, summary: Float[Tensor, "b d"], azimuth: Float[Tensor, "b"]) -> Float[Tensor, "b"]:
        """Elevation of the front, radians, if its azimuth is the given one."""
        return self.tilt(torch.cat([summary, azimuth.sin()[:, None], azimuth.cos()[:, None]], 1))[:, 0]

    def decode(
        self,
        features: tuple[Tensor, Tensor, Tensor],
        azimuth: Float[Tensor, "b"],
        elevation: Float[Tensor, "b"],
        spread: Float[Tensor, "b"],
    ) -> SurfaceMaps:
        """Surfaces of an object whose front looks into a direction (radians) under a perspective (crop / distance)."""
        fine, mid, deep = features
        a, e = azimuth, elevation
        told = torch.stack([a.sin(), a.cos(), (2 * a).sin(), (2 * a).cos(), e.sin(), spread], 1)
        scale0, shift0, scale1, shift1 = self.told(told)[..., None, None].chunk(4, 1)
        x = self.think[0](deep * (1 + scale0) + shift0)
        x = self.think[1](x * (1 + scale1) + shift1)
        x = self.join(torch.cat([mid, self.up(x)], 1))
        x = self.unfold(self.finish(torch.cat([fine, self.rise(x)], 1)))
        return SurfaceMaps(x[:, 0], F.softplus(x[:, 1] - 2), F.softplus(x[:, 2] - 2) + 1e-3, torch.sigmoid(x[:, 3:6]))


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
