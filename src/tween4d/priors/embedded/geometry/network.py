"""The network that reads an object's orientation from a picture, and its front and back surface given one."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

SIDE = 32
"""Pixels of the square picture it reads and of the maps it gives."""
SECTORS = 36
"""Classes of azimuth; sector k is centred at -180 + 360 (k + 0.5) / SECTORS degrees."""
INPUTS = 7
"""Colour times coverage, coverage, the half thickness that inflation gives, and the place of the pixel."""
WIDTHS = (16, 40, 80, 128)
"""Channels at the full side, a half, a quarter and an eighth of it."""
SUMMARY = 256
"""Numbers that describe the whole picture."""
TOLD = 6
"""Numbers that tell an orientation and the perspective."""
PIECES = 6
"""What the last layer gives a pixel: middle, half thickness, doubt, three of hidden colour."""


class Seen(NamedTuple):
    """What the network makes of a picture before it is told an orientation."""

    full: Float[Tensor, "b c0 s s"]
    half: Float[Tensor, "b c1 s1 s1"]
    quarter: Float[Tensor, "b c2 s2 s2"]
    eighth: Float[Tensor, "b c3 s3 s3"]
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


def _layer(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    """A convolution, normalised over the batch and rectified."""
    filters = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)
    return nn.Sequential(filters, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class SurfaceNet(nn.Module):
    """RGBA crop to a distribution over orientation, and orientation to two surfaces.

    Orientation is a choice among sectors and not a mean, because an ambiguous slant averages to flat. The decoder is
    told the orientation, so each hypothesis has surfaces of its own, and a user's word is one more hypothesis. Small
    and plain on purpose: on a CPU, objects seen count for more than layers.
    """

    def __init__(self, widths: tuple[int, int, int, int] = WIDTHS) -> None:
        super().__init__()
        full, half, quarter, eighth = widths
        small = SIDE // 8
        self.at_full = _layer(INPUTS, full)
        self.at_half = _layer(full, half, stride=2)
        self.at_quarter = _layer(half, quarter, stride=2)
        self.at_eighth = nn.Sequential(_layer(quarter, eighth, stride=2), _layer(eighth, eighth))
        self.summarise = nn.Sequential(
            nn.Flatten(), nn.Linear(eighth * small * small, SUMMARY), nn.BatchNorm1d(SUMMARY), nn.ReLU()
        )
        self.orient = nn.Sequential(nn.Dropout(0.3), nn.Linear(SUMMARY, SECTORS))
        self.tilt = nn.Sequential(nn.Linear(SUMMARY + 2, 64), nn.ReLU(), nn.Linear(64, 1))
        self.plane = nn.Sequential(nn.Linear(SUMMARY + TOLD, 128), nn.ReLU(), nn.Linear(128, 2))
        self.told = nn.Sequential(nn.Linear(SUMMARY + TOLD, 96), nn.ReLU(), nn.Linear(96, 2 * eighth))
        self.think = _layer(eighth, eighth)
        self.to_quarter = nn.Sequential(_layer(eighth + quarter, 64, 1), _layer(64, 48))
        self.to_half = nn.Sequential(_layer(48 + half, 32, 1), _layer(32, 24))
        self.to_full = nn.Sequential(_layer(24 + full, 16, 1), _layer(16, 16), nn.Conv2d(16, PIECES, 1))

    def encode(self, x: Float[Tensor, "b 7 s s"]) -> Seen:
        """Features at four scales, and a summary of the whole picture."""
        full = self.at_full(x)
        half = self.at_half(full)
        quarter = self.at_quarter(half)
        eighth = self.at_eighth(quarter)
        return Seen(full, half, quarter, eighth, self.summarise(eighth))

    def orientation(self, seen: Seen) -> Float[Tensor, "b k"]:
        """Logits of the azimuth's sectors."""
        return self.orient(seen.summary)

    def elevation(self, seen: Seen, azimuth: Float[Tensor, "b"]) -> Float[Tensor, "b"]:
        """Elevation of the front, radians, if its azimuth is the given one."""
        return self.tilt(torch.cat([seen.summary, azimuth.sin()[:, None], azimuth.cos()[:, None]], 1))[:, 0]

    def slant(
        self, seen: Seen, azimuth: Float[Tensor, "b"], elevation: Float[Tensor, "b"], spread: Float[Tensor, "b"]
    ) -> Float[Tensor, "b 2"]:
        """Depth per length of the middle surface, to the right and downwards, for an orientation (radians)."""
        return self.plane(torch.cat([seen.summary, _tell(azimuth, elevation, spread)], 1))

    def decode(
        self, seen: Seen, azimuth: Float[Tensor, "b"], elevation: Float[Tensor, "b"], spread: Float[Tensor, "b"]
    ) -> SurfaceMaps:
        """Surfaces of an object whose front looks into a direction (radians) under a perspective (crop / distance).

        The middle is a plane, whose slant is almost everything, and what the object adds to it.
        """
        slant = self.slant(seen, azimuth, elevation, spread)
        line = (torch.arange(SIDE, device=slant.device) + 0.5) / SIDE - 0.5
        plane = slant[:, 0, None, None] * line + slant[:, 1, None, None] * line[:, None]
        words = self.told(torch.cat([seen.summary, _tell(azimuth, elevation, spread)], 1))
        scale, shift = words[..., None, None].chunk(2, 1)
        x = self.think(seen.eighth * (1 + scale) + shift)
        x = self.to_quarter(torch.cat([_double(x), seen.quarter], 1))
        x = self.to_half(torch.cat([_double(x), seen.half], 1))
        x = self.to_full(torch.cat([_double(x), seen.full], 1))
        half, doubt = F.softplus(x[:, 1] - 2), F.softplus(x[:, 2] - 2) + 1e-3
        return SurfaceMaps(x[:, 0] + plane, half, doubt, torch.sigmoid(x[:, 3:6]), slant)


def _tell(azimuth: Tensor, elevation: Tensor, spread: Tensor) -> Float[Tensor, "b 6"]:
    a = azimuth
    return torch.stack([a.sin(), a.cos(), (2 * a).sin(), (2 * a).cos(), elevation.sin(), spread], 1)


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")


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
