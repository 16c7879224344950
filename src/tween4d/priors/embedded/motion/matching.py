"""Learned correspondence: how likely each place of one picture is to lie anywhere in the other.

The network reads both pictures several times, turned and mirrored alike; the answers are averaged.
"""

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from tween4d.priors.embedded.motion.evidence import flow_evidence
from tween4d.priors.embedded.motion.network import SIDE, STRIDE, MatchingNetwork, network_input
from tween4d.priors.embedded.weights import load_weights

MARGIN = 1.12
"""Side of the crop about both objects, as a multiple of their longer side."""
GRID = 2 * SIDE // STRIDE
"""Places per side at which likeness is tabled."""
REACH = 10.0
"""Number of nats below the best place at which a place is as unlikely as any other."""


@dataclass(frozen=True)
class Reading:
    """What the network says of both pictures in one pose of the crop."""

    to_network: Float[np.ndarray, "2 3"]
    """Takes pixels of the pictures to pixels of the network."""
    descriptors: Float[Tensor, "2 d h w"]
    matchable: Float[Tensor, "2 1 h w"]
    """In [0, 1]."""


@dataclass(frozen=True)
class Likeness:
    """How places of one picture resemble all places of the other."""

    table: Float[np.ndarray, "v g g"]
    """Nats below each place's best counterpart, on a regular grid over the other picture, at most REACH."""
    matchable: Float[np.ndarray, "v"]
    """How likely the other picture shows the place, in [0, 1]."""
    origin: Float[np.ndarray, "2"]
    """The other picture's pixel (x, y) at the grid's corner ..."""
    step: float
    """... and pixels from one entry to the next; entry i covers [i, i + 1) steps."""

    def at(self, rows: Int[np.ndarray, "k"], spots: Float[np.ndarray, "k 2"]) -> Float[np.ndarray, "k"]:
        """Nats below the best for places `rows` at spots (x, y) in pixels; REACH outside the grid."""
        side = self.table.shape[1]
        grid = (spots - self.origin) / self.step - 0.5
        inside = (grid > -1).all(-1) & (grid < side).all(-1)
        grid = np.clip(grid, 0, side - 1.001)
        low = grid.astype(int)
        x, y = (grid - low).T
        table, i, j = self.table, low[:, 1], low[:, 0]
        top = (1 - x) * table[rows, i, j] + x * table[rows, i, j + 1]
        bottom = (1 - x) * table[rows, i + 1, j] + x * table[rows, i + 1, j + 1]
        return np.where(inside, (1 - y) * top + y * bottom, REACH)

    def spots(self, index: Int[np.ndarray, "*k"]) -> Float[np.ndarray, "*k 2"]:
        """Centres (x, y) of flat entries of the grid, pixels."""
        side = self.table.shape[1]
        return self.origin + self.step * (np.stack([index % side, index // side], -1) + 0.5)


class Matching:
    """The learned correspondence of one pair of pictures."""

    def __init__(self, readings: list[Reading], box: tuple[Float[np.ndarray, "2"], float]) -> None:
        self._readings = readings
        self._origin, self._step = box[0], box[1] / GRID
        line = (np.arange(GRID) + 0.5) * self._step
        self._grid = self._origin + np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
        self._tabled = [self._describe(side, self._grid)[0] for side in range(2)]

    def likeness(self, side: int, places: Float[np.ndarray, "v 2"], covered: Float[np.ndarray, "h w"]) -> Likeness:
        """Likeness of places of one picture (0 start, 1 end) to the other picture.

        Args:
            places: (x, y) in pixels.
            covered: the other picture's coverage; off it nothing is like anything.
        """
        descriptors, matchable = self._describe(side, places)
        similar = (descriptors @ self._tabled[1 - side].T).numpy()
        maps = ((self._grid - 0.5) / 1.0).astype(np.float32)
        grown = cv2.dilate((covered > 0.3).astype(np.float32), np.ones((3, 3)), iterations=max(1, round(self._step)))
        solid = cv2.remap(grown, maps[:, :1], maps[:, 1:], cv2.INTER_NEAREST)[:, 0] > 0
        similar[:, ~solid] = -np.inf
        best = similar.max(1, keepdims=True) if solid.any() else np.zeros((len(places), 1))
        table = np.minimum(np.nan_to_num(best - similar, posinf=REACH), REACH).astype(np.float32)
        return Likeness(table.reshape(-1, GRID, GRID), matchable.numpy(), self._origin, self._step)

    def _describe(self, side: int, places: Float[np.ndarray, "v 2"]) -> tuple[Float[Tensor, "v d"], Float[Tensor, "v"]]:
        """Descriptors whose products are mean similarities over all readings, and the mean matchability."""
        parts, matchable = [], 0.0
        for reading in self._readings:
            there = places @ reading.to_network[:, :2].T + reading.to_network[:, 2]
            at = torch.from_numpy((there / (SIDE / 2) - 1).astype(np.float32))[None, None]
            options = {"mode": "bilinear", "padding_mode": "border", "align_corners": False}
            found = functional.grid_sample(reading.descriptors[side : side + 1], at, **options)[0, :, 0].T
            parts.append(found / math.sqrt(len(self._readings)))
            says = functional.grid_sample(reading.matchable[side : side + 1], at, **options)[0, 0, 0]
            matchable = matchable + says / len(self._readings)
        return torch.cat(parts, 1), matchable


def match_pictures(
    network: MatchingNetwork,
    start: Float[np.ndarray, "h w 4"],
    end: Float[np.ndarray, "h w 4"],
    turns: tuple[float, ...] = (-15.0, 0.0, 15.0),
) -> Matching:
    """Ask the network about two premultiplied pictures.

    Args:
        start, end: of equal size, from one camera.
        turns: degrees by which both pictures are turned for each reading; each is read mirrored too.
    Returns:
        Not differentiable; deterministic.
    """
    middle, side = _box(start, end)
    poses = [_pose(middle, side, turn, flip) for turn in turns for flip in (1.0, -1.0)]
    crops = np.stack([[_crop(picture, pose) for picture in (start, end)] for pose in poses])
    with torch.inference_mode():
        pictures = torch.from_numpy(crops).permute(0, 1, 4, 2, 3)
        evidence = torch.from_numpy(np.stack([flow_evidence(pair) for pair in crops]))
        descriptors, matchable = network(network_input(pictures), evidence)
        readings = [
            Reading(pose, d, torch.sigmoid(m)[:, None])
            for pose, d, m in zip(poses, descriptors, matchable, strict=True)
        ]
        return Matching(readings, (middle - side / 2, side))


@cache
def shipped_network() -> MatchingNetwork:
    """The network with the weights of the package, read once. Raises WeightsError if they are not sound."""
    network = MatchingNetwork()
    network.load_state_dict(load_weights("motion"))
    return network.eval().to(memory_format=torch.channels_last)


def _box(start: Float[np.ndarray, "h w 4"], end: Float[np.ndarray, "h w 4"]) -> tuple[Float[np.ndarray, "2"], float]:
    """Middle and side, in pixels, of the square about both objects."""
    rows, columns = np.nonzero(np.maximum(start[..., 3], end[..., 3]) > 0.3)
    if len(rows) == 0:
        rows, columns = (np.array([0, n - 1]) for n in start.shape[:2])
    low = np.array([columns.min(), rows.min()], float)
    high = np.array([columns.max() + 1, rows.max() + 1], float)
    return (low + high) / 2, MARGIN * float((high - low).max())


def _pose(middle: Float[np.ndarray, "2"], side: float, degrees: float, flip: float) -> Float[np.ndarray, "2 3"]:
    # Turned corners may leave the crop: what is turned is made a little smaller.
    size = SIDE / side * (1.0 if degrees == 0 else 0.92)
    c, s = size * math.cos(math.radians(degrees)), size * math.sin(math.radians(degrees))
    linear = np.array([[c, -s], [s, c]]) @ np.diag([flip, 1.0])
    return np.concatenate([linear, (SIDE / 2 - linear @ middle)[:, None]], 1)


def _crop(picture: Float[np.ndarray, "h w 4"], pose: Float[np.ndarray, "2 3"]) -> Float[np.ndarray, "s s 4"]:
    """The picture as the network sees it, averaged before it is made smaller."""
    factor = 1 / math.sqrt(abs(np.linalg.det(pose[:, :2])))
    smooth = picture.astype(np.float32)
    if factor > 1.2:
        smooth = cv2.GaussianBlur(smooth, (0, 0), 0.4 * factor)
    # cv2 counts from the centre of the first pixel, we from its corner.
    moved = pose.copy()
    moved[:, 2] += pose[:, :2] @ [0.5, 0.5] - 0.5
    return cv2.warpAffine(smooth, moved, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
