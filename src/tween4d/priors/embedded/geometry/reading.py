"""What the network sees in a picture: hypotheses of orientation, and the middle surface at the picture's own size."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from tween4d.data.facing import Facing
from tween4d.data.images import Image
from tween4d.geometry.inflation import inflate
from tween4d.priors.embedded.geometry.network import (
    SIDE,
    Seen,
    SurfaceNet,
    network_input,
    sector_azimuths,
)

MARGIN = 1.15
"""Side of the crop as a multiple of the object's longer side, as in training."""
RELAXATIONS = 20
"""Sweeps of the inflation that the network is shown, as in training."""
REACH = math.radians(30)
"""Azimuths this near to a peak belong to its hypothesis."""


@dataclass(frozen=True)
class Crop:
    """The square about an object that the network looks at."""

    left: float
    top: float
    side: float
    """All in pixels of the picture; may reach beyond it."""


@dataclass(frozen=True)
class Reading:
    """A picture after the network's first look; mirrored in row 1."""

    crop: Crop
    seen: Seen
    log_chance: Float[Tensor, "k"]
    """Log-probability of each sector of azimuth, both looks averaged."""


@torch.no_grad()
def read_picture(network: SurfaceNet, image: Image) -> Reading:
    """Look at a matted picture, straight and mirrored.

    Args:
        image: with alpha; the object may lie anywhere in it.
    """
    rgb = image.rgb.cpu().numpy().astype(np.float32)
    alpha = image.alpha.cpu().numpy().astype(np.float32)
    crop = find_crop(alpha > 0.5)
    small = _cut(np.concatenate([rgb * alpha[..., None], alpha[..., None]], -1), crop)
    covered = small[..., 3:]
    color = np.clip(small[..., :3] / np.maximum(covered, 1e-3), 0, 1)
    inflated = inflate(covered[..., 0] > 0.5, RELAXATIONS) / SIDE
    planes = [torch.from_numpy(p).permute(2, 0, 1)[None] for p in (color, covered, inflated[..., None])]
    straight = network_input(*planes)
    mirrored = network_input(*(plane.flip(-1) for plane in planes))
    seen = network.encode(torch.cat([straight, mirrored]))
    chances = torch.log_softmax(network.orientation(seen), 1)
    # Sector k mirrors to sector SECTORS - 1 - k.
    return Reading(crop, seen, torch.log_softmax((chances[0] + chances[1].flip(0)) / 2, 0))


@torch.no_grad()
def rank_facings(network: SurfaceNet, readings: Sequence[Reading], most: int = 4) -> tuple[Facing, ...]:
    """Hypotheses of where the front points that fit all pictures of one object, likeliest first.

    Args:
        readings: of pictures between which the object turns little.
    Returns:
        At least one; weights sum to at most 1.
    """
    chance = torch.softmax(torch.stack([reading.log_chance for reading in readings]).mean(0), 0)
    azimuths = sector_azimuths()
    smooth = 0.5 * chance + 0.25 * (chance.roll(1) + chance.roll(-1))
    peaks = torch.nonzero((smooth >= smooth.roll(1)) & (smooth > smooth.roll(-1)))[:, 0]
    found = []
    left = chance.clone()
    for peak in sorted(peaks.tolist(), key=lambda k: -float(smooth[k])):
        near = torch.cos(azimuths - azimuths[peak]) > math.cos(REACH)
        mass = left * near
        left = left * ~near
        weight = float(mass.sum())
        if weight <= 0:
            continue
        azimuth = float(torch.atan2((mass * azimuths.sin()).sum(), (mass * azimuths.cos()).sum()))
        found.append(Facing(math.degrees(azimuth), elevation_for(network, readings, azimuth), weight))
    return tuple(sorted(found, key=lambda facing: -facing.weight)[:most])


@torch.no_grad()
def elevation_for(network: SurfaceNet, readings: Sequence[Reading], azimuth: float) -> float:
    """Elevation in degrees of a front whose azimuth (radians) is known."""
    told = torch.tensor([azimuth, -azimuth])
    values = [network.elevation(reading.seen, told).mean() for reading in readings]
    return math.degrees(float(torch.stack(values).mean()))


@torch.no_grad()
def read_middle(
    network: SurfaceNet, reading: Reading, facings: Sequence[Facing], mask: Bool[np.ndarray, "h w"], focal: float
) -> Float[np.ndarray, "h w"]:
    """The surface midway between front and back, the mean over hypotheses by their weight.

    Args:
        facings: where the front may point; one alone counts whatever its weight.
        mask: pixels of the object in the picture that was read.
        focal: of the camera, pixels.
    Returns:
        How much nearer than the object's centre it lies, pixels at the centre's distance; continued beyond the mask, so
        that it can be interpolated at its rim.
    """
    total = sum(facing.weight for facing in facings)
    spread = torch.full((2,), reading.crop.side / focal)
    middle = torch.zeros(SIDE, SIDE)
    for facing in facings:
        azimuth, elevation = math.radians(facing.azimuth), torch.full((2,), math.radians(facing.elevation))
        looks = network.decode(reading.seen, torch.tensor([azimuth, -azimuth]), elevation, spread).middle
        middle += facing.weight / total * (looks[0] + looks[1].flip(-1)) / 2
    inside = _cut(mask[..., None].astype(np.float32), reading.crop)[..., 0] > 0.5
    return reading.crop.side * _paste(_continued(middle.numpy()[..., None], inside), reading.crop, mask.shape)[..., 0]


def find_crop(mask: Bool[np.ndarray, "h w"]) -> Crop:
    """The square about a mask, with a margin."""
    rows, columns = np.nonzero(mask if mask.any() else np.ones_like(mask))
    low = np.array([columns.min(), rows.min()], float)
    high = np.array([columns.max(), rows.max()], float) + 1
    side = float((high - low).max() * MARGIN)
    left, top = (low + high) / 2 - side / 2
    return Crop(float(left), float(top), side)


def _cut(picture: Float[np.ndarray, "h w c"], crop: Crop) -> Float[np.ndarray, "s s c"]:
    """The crop at the network's size, averaged over what each of its pixels covers; nothing beyond the picture."""
    times = max(1, math.ceil(crop.side / SIDE))
    fine = (np.arange(SIDE * times) + 0.5) * (crop.side / (SIDE * times))
    cut = _sampled(picture, crop.left + fine, crop.top + fine, "zeros")
    return cut.reshape(SIDE, times, SIDE, times, -1).mean((1, 3))


def _paste(maps: Float[np.ndarray, "s s c"], crop: Crop, shape: tuple[int, int]) -> Float[np.ndarray, "h w c"]:
    """Maps of a crop, interpolated at the picture's size."""
    scale = SIDE / crop.side
    columns, rows = (np.arange(shape[1]) + 0.5 - crop.left) * scale, (np.arange(shape[0]) + 0.5 - crop.top) * scale
    return _sampled(maps, columns, rows, "border")


def _sampled(
    maps: Float[np.ndarray, "h w c"], columns: Float[np.ndarray, "n"], rows: Float[np.ndarray, "m"], beyond: str
) -> Float[np.ndarray, "m n c"]:
    """Bilinear values at all crossings of some columns and rows, in pixels; pixel i covers [i, i + 1)."""
    h, w = maps.shape[:2]
    x, y = (torch.from_numpy(2 * line / size - 1).float() for line, size in ((columns, w), (rows, h)))
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)[None]
    planes = torch.from_numpy(np.ascontiguousarray(maps)).permute(2, 0, 1)[None].float()
    sampled = torch.nn.functional.grid_sample(planes, grid, padding_mode=beyond, align_corners=False)
    return sampled[0].permute(1, 2, 0).numpy()


def _continued(maps: Float[np.ndarray, "s s c"], inside: Bool[np.ndarray, "s s"]) -> Float[np.ndarray, "s s c"]:
    """Maps whose values outside the object are those of the nearest places inside, smoothly."""
    filled = maps * inside[..., None]
    weight = inside.astype(np.float32)
    out, known = filled.copy(), weight.copy()
    for sigma in (1.0, 2.0, 4.0, 8.0, 16.0, 32.0):
        spread = cv2.GaussianBlur(weight, (0, 0), sigma)
        # OpenCV drops a last axis of one channel.
        blurred = cv2.GaussianBlur(filled, (0, 0), sigma).reshape(filled.shape)
        average = blurred / np.maximum(spread, 1e-6)[..., None]
        new = (known == 0) & (spread > 1e-2)
        out[new] = average[new]
        known[new] = 1.0
    return out
