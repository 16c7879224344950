"""How well places are found: the share of co-visible points within 3 % of the object's size, DIS beside it."""

from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from training.motion.batches import CELLS, Batch, cell_centres, make_batch
from training.motion.shards import list_shards, read_shard
from tween4d.priors.embedded.motion.flow import dense_flow, sample
from tween4d.priors.embedded.motion.network import STRIDE, MatchingNetwork, network_input

CLOSE = 0.03
"""Error, in object sizes, up to which a match is right."""


def measure(model: MatchingNetwork, folder: Path, limit: int) -> dict[str, float]:
    """Right matches and matchability of the bare network on stored pairs, unvaried.

    Args:
        folder: of shards.
        limit: pairs that are looked at.
    """
    was = model.training
    model.eval()
    right, weight, judged = [], [], []
    with torch.inference_mode():
        for batch in stored(folder, limit):
            descriptors, matchable = model(network_input(batch.pictures))
            found = best_places(model.scale, descriptors, batch.solid)
            right.append((error(found, batch) < CLOSE).numpy())
            weight.append(batch.seen.numpy())
            says = (matchable.flatten(2) > 0) == batch.seen
            judged.append((says & batch.solid).sum() / batch.solid.sum())
    model.train(was)
    right, weight = np.concatenate(right), np.concatenate(weight)
    return {"right": float(right[weight].mean()), "matchable_right": float(np.mean(judged))}


def measure_flow(folder: Path, limit: int) -> float:
    """The same share for DIS flow, on the pictures enlarged to 256 pixels."""
    right, weight = [], []
    for batch in stored(folder, limit):
        found = torch.zeros_like(batch.places)
        for row, pair in enumerate(batch.pictures.permute(0, 1, 3, 4, 2).numpy()):
            large = [cv2.resize(p, (256, 256), interpolation=cv2.INTER_CUBIC).clip(0, 1) for p in pair]
            for k in range(2):
                shift = sample(dense_flow(large[k], large[1 - k]), 2 * cell_centres()) / 2
                found[row, k] = torch.from_numpy(cell_centres() + shift)
        right.append((error(found, batch) < CLOSE).numpy())
        weight.append(batch.seen.numpy())
    return float(np.concatenate(right)[np.concatenate(weight)].mean())


def best_places(
    scale: Tensor, descriptors: Float[Tensor, "b 2 d h w"], solid: Bool[Tensor, "b 2 n"]
) -> Float[Tensor, "b 2 n 2"]:
    """The likeliest place of every cell in the other picture, as the mean of the likely cells about the best."""
    flat = descriptors.flatten(3)
    logits = scale * torch.einsum("bkdq,bkdn->bkqn", flat, flat.flip(1))
    # An outline may run between the centres of cells: the cells beside it are allowed.
    grown = torch.nn.functional.max_pool2d(solid.float().unflatten(2, (CELLS, CELLS)), 3, 1, 1).flatten(2) > 0
    logits = logits.masked_fill(~grown.flip(1)[:, :, None], -1e4)
    centres = torch.from_numpy(cell_centres()).float()
    best = centres[logits.argmax(-1)]
    near = (torch.cdist(best, centres.expand(*best.shape[:2], -1, -1)) < 1.6 * STRIDE).float()
    share = torch.softmax(logits, -1) * near
    return (share @ centres) / share.sum(-1, keepdim=True)


def error(found: Float[Tensor, "b 2 n 2"], batch: Batch) -> Float[Tensor, "b 2 n"]:
    """Distance from the truth in object sizes: the diagonal of the object's box in the cell's own picture."""
    gap = (found - batch.places).norm(dim=-1)
    solid = batch.pictures[:, :, 3] > 0.5
    size = torch.hypot(solid.any(2).sum(-1).float(), solid.any(3).sum(-1).float())
    return gap / size[..., None]


def stored(folder: Path, limit: int, batch: int = 16):
    """Unvaried batches of the first pairs of a folder, evenly from all its shards."""
    paths = list_shards(folder)
    each = max(1, limit // max(1, len(paths)))
    for path in paths:
        fields, _ = read_shard(path)
        rows = np.linspace(0, len(fields["labels"]) - 1, min(each, len(fields["labels"]))).astype(int)
        for begin in range(0, len(rows), batch):
            yield make_batch(fields, rows[begin : begin + batch], None)
