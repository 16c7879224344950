"""How well places are found: the share of co-visible points within 3 % of the object's size, DIS beside it."""

from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from training.motion.batches import CELLS, Batch, cell_centres, make_batch
from training.motion.shards import list_shards, read_shard
from tween4d.data.images import Image
from tween4d.geometry.barycentric import locate, ride
from tween4d.priors.embedded.motion.flow import dense_flow, sample
from tween4d.priors.embedded.motion.inbetweener import LatticeInbetweener, MatchedInbetweener
from tween4d.priors.embedded.motion.network import STRIDE, MatchingNetwork, network_input

CLOSE = 0.03
"""Error, in object sizes, up to which a match is right."""
MOVING = 0.06
"""Motion, in object sizes, from which a point counts as moving."""


def measure(model: MatchingNetwork, folder: Path, limit: int) -> dict[str, float]:
    """Right matches and matchability of the bare network on stored pairs, unvaried.

    Args:
        folder: of shards.
        limit: pairs that are looked at.
    """
    was = model.training
    centres = torch.from_numpy(cell_centres()).float()
    model.eval()
    right, weight, moving, judged = [], [], [], []
    with torch.inference_mode():
        for batch in stored(folder, limit):
            descriptors, matchable = model(network_input(batch.pictures), batch.evidence)
            found = best_places(descriptors, batch.solid)
            right.append((error(found, batch) < CLOSE).numpy())
            weight.append(batch.seen.numpy())
            moving.append((error(centres.expand_as(batch.places), batch) > MOVING).numpy())
            says = (matchable.flatten(2) > 0) == batch.seen
            judged.append((says & batch.solid).sum() / batch.solid.sum())
    model.train(was)
    right, weight, moving = (np.concatenate(values) for values in (right, weight, moving))
    return {
        "right": float(right[weight].mean()),
        "moving_right": float(right[weight & moving].mean()),
        "matchable_right": float(np.mean(judged)),
    }


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


def best_places(descriptors: Float[Tensor, "b 2 d h w"], solid: Bool[Tensor, "b 2 n"]) -> Float[Tensor, "b 2 n 2"]:
    """The likeliest place of every cell in the other picture, as the mean of the likely cells about the best."""
    flat = descriptors.flatten(3)
    logits = torch.einsum("bkdq,bkdn->bkqn", flat, flat.flip(1))
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
    return gap / _size(batch.pictures[:, :, 3])[..., None]


def stored(folder: Path, limit: int, batch: int = 16):
    """Unvaried batches of the first pairs of a folder, evenly from all its shards."""
    paths = list_shards(folder)
    each = max(1, limit // max(1, len(paths)))
    for path in paths:
        fields, _ = read_shard(path)
        rows = np.linspace(0, len(fields["labels"]) - 1, min(each, len(fields["labels"]))).astype(int)
        for begin in range(0, len(rows), batch):
            yield make_batch(fields, rows[begin : begin + batch], None)


def measure_engine(model: MatchingNetwork | None, folder: Path, limit: int) -> dict[str, float]:
    """The same share for the sheets that the whole registration poses, on pictures of 256 pixels.

    Args:
        model: asked for likeness; without one the registration is the classical one.
    Returns:
        right: of all co-visible points; trusted: of those whose confidence exceeds one half; trust: their share.
    """
    prior = LatticeInbetweener() if model is None else MatchedInbetweener(network=model)
    right, trusted = [], []
    for batch in stored(folder, limit):
        for row, pair in enumerate(batch.pictures.permute(0, 1, 3, 4, 2).numpy()):
            large = [cv2.resize(p, (256, 256), interpolation=cv2.INTER_CUBIC).clip(0, 1) for p in pair]
            guide = prior.inbetween(*(_image(p) for p in large), 2, prompt="", seed=0)
            for k, lattice in enumerate(guide.lattices):
                seen = batch.seen[row, k].numpy()
                vertices, triangles = lattice.vertices.double().numpy(), lattice.triangles.numpy()
                where = locate(2 * cell_centres()[seen], vertices[k], triangles)
                found = ride(where[0], where[1], vertices[1 - k][None], triangles)[0] / 2
                trust = ride(where[0], where[1], lattice.confidence.double().numpy()[None, :, None], triangles)[0, :, 0]
                size = float(_size(batch.pictures[row, k, 3]))
                gap = np.linalg.norm(found - batch.places[row, k].numpy()[seen], axis=-1) / size
                right.append(gap < CLOSE)
                trusted.append(trust > 0.5)
    right, trusted = np.concatenate(right), np.concatenate(trusted)
    return {"right": float(right.mean()), "trusted": float(right[trusted].mean()), "trust": float(trusted.mean())}


def _image(picture: Float[np.ndarray, "h w 4"]) -> Image:
    rgb = picture[..., :3] / np.maximum(picture[..., 3:], 1e-3)
    return Image(torch.from_numpy(rgb).clamp(0, 1), torch.from_numpy(picture[..., 3]))


def _size(alpha: Float[Tensor, "*b s s"]) -> Float[Tensor, "*b"]:
    """Diagonal of the object's box, pixels."""
    solid = alpha > 0.5
    return torch.hypot(solid.any(-2).sum(-1).float(), solid.any(-1).sum(-1).float())
