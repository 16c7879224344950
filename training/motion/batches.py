"""What a training step of the matching network reads: varied pairs, and the places that their cells correspond to."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from training.motion.pairs import NOWHERE, SEEN, SIDE, STEPS
from tween4d.priors.embedded.motion.evidence import flow_evidence
from tween4d.priors.embedded.motion.network import STRIDE

CELLS = SIDE // STRIDE


@dataclass(frozen=True)
class Batch:
    """Pairs as the network reads them, with the truth at the centres of its cells; the second axis is start and end."""

    pictures: Float[Tensor, "b 2 4 s s"]
    """Premultiplied."""
    evidence: Float[Tensor, "b 2 4 h w"]
    """Of the pictures' flow."""
    places: Float[Tensor, "b 2 n 2"]
    """Where a cell's centre lies in the other picture, pixels; 0 where nothing is known."""
    seen: Bool[Tensor, "b 2 n"]
    """The other picture shows it."""
    solid: Bool[Tensor, "b 2 n"]
    """The cell's centre is on the object."""


def make_batch(
    fields: dict[str, np.ndarray], rows: Int[np.ndarray, "b"], generator: np.random.Generator | None
) -> Batch:
    """Pairs of a shard, varied by turns, mirroring, scale and colour unless there is no generator."""
    made = [_vary(*(fields[n][row] for n in ("pictures", "places", "labels")), generator) for row in rows]
    pictures, places, seen, solid = (np.stack(values) for values in zip(*made, strict=True))
    return Batch(
        torch.from_numpy(pictures).permute(0, 1, 4, 2, 3),
        torch.from_numpy(np.stack([flow_evidence(pair) for pair in pictures])),
        torch.from_numpy(places.astype(np.float32)),
        torch.from_numpy(seen),
        torch.from_numpy(solid),
    )


def cell_centres() -> Float[np.ndarray, "n 2"]:
    """Centres (x, y) of the described cells, pixels, row by row."""
    line = (np.arange(CELLS) + 0.5) * STRIDE
    return np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)


def _vary(pictures, places, labels, g: np.random.Generator | None):
    planes = pictures.astype(np.float32) / 255
    planes[..., :3] *= planes[..., 3:]
    turn = np.eye(3) if g is None else _draw_turn(g)
    if g is not None:
        planes = np.stack([cv2.warpAffine(p, turn[:2], (SIDE, SIDE), flags=cv2.INTER_LINEAR) for p in planes])
        planes = _recoloured(planes, g)
    # cv2 counts from the centre of the first pixel, we from its corner.
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    turn = shift @ turn @ np.linalg.inv(shift)
    back = np.linalg.inv(turn)
    spots = cell_centres() @ back[:2, :2].T + back[:2, 2]
    pixel = np.clip(np.floor(spots), 0, SIDE - 1).astype(int)
    inside = ((spots >= 0) & (spots < SIDE)).all(-1)
    x, y = pixel[:, 0], pixel[:, 1]
    label = labels[:, y, x] * inside
    found = places[:, y, x]
    known = (found[..., 0] != NOWHERE) & (label > 0)
    # Truth is known at pixel centres; within half a pixel the motion is a shift.
    there = found / STEPS + (spots - pixel - 0.5)
    there = there @ turn[:2, :2].T + turn[:2, 2]
    seen = known & (label >= SEEN) & ((there > 0) & (there < SIDE)).all(-1)
    return planes, np.where(known[..., None], there, 0), seen, label > 0


def _draw_turn(g: np.random.Generator) -> Float[np.ndarray, "3 3"]:
    """A similarity of the picture, about its middle, sometimes mirrored."""
    angle = g.normal(0, 0.25) if g.random() < 0.85 else g.uniform(-np.pi, np.pi)
    size = g.uniform(0.8, 1.1)
    c, s = size * np.cos(angle), size * np.sin(angle)
    flip = -1.0 if g.random() < 0.5 else 1.0
    middle = (SIDE - 1) / 2
    linear = np.array([[c, -s], [s, c]]) @ np.diag([flip, 1.0])
    out = np.eye(3)
    out[:2, :2] = linear
    out[:2, 2] = middle + g.uniform(-5, 5, 2) - linear @ [middle, middle]
    return out


def _recoloured(planes: Float[np.ndarray, "2 s s 4"], g: np.random.Generator) -> Float[np.ndarray, "2 s s 4"]:
    """Other colours for both pictures alike, and slightly other light for each."""
    mix = np.eye(3) + g.normal(0, 0.08, (3, 3))
    if g.random() < 0.4:
        mix = mix[g.permutation(3)]
    if g.random() < 0.1:
        mix = np.full((3, 3), 1 / 3)
    out = planes.copy()
    each = g.random() < 0.6
    for k in range(2):
        gain = (1 + g.normal(0, 0.05) * each) * (1 + g.normal(0, 0.02, 3) * each)
        out[k, ..., :3] = planes[k, ..., :3] @ (mix * gain[:, None]).T.astype(np.float32)
    return np.clip(out, 0, out[..., 3:])
