"""Which motion each place of a picture follows: a choice among candidate motions that neighbours agree on.

Neighbours agree when their motions carry the place between them to the same spot, so a joint costs nothing and a limb
may turn about it. The choice is the minimum of a truncated energy, found by min-sum belief propagation.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy import ndimage

from tween4d.priors.embedded.motion.flow import sample
from tween4d.priors.embedded.motion.pieces import Motions

ROUNDS = 40
DAMPING = 0.3
CHUNK = 8192
CEILING = 0.25
"""Feature difference (squared) beyond which a place counts as hidden and costs no more."""


@dataclass(frozen=True)
class Choices:
    """Up to `c` candidate motions per place, the likeliest first."""

    motion: Int[np.ndarray, "v c"]
    """Rows of the pool of motions."""
    spot: Float[np.ndarray, "v c 2"]
    """Where each candidate carries the place."""
    cost: Float[np.ndarray, "v c"]
    """Mean squared feature difference around the place, truncated."""


@dataclass(frozen=True)
class LabelWeights:
    """What the choice of motions balances."""

    difference: float = 0.05
    """Feature difference (squared) that costs 1."""
    bend: float = 0.3
    """Cost of a disagreement of one edge length between neighbours."""
    tear: float = 20.0
    """Disagreement cost at which neighbours simply come apart."""
    travel: float = 1.0
    """Cost of a motion across the whole object: what need not move rests."""
    turn: float = 1.0
    """Cost of a turn by a radian."""
    consent: float = 1.0
    """Cost of a place whose counterpart claims to come from an edge length away."""
    dissent: float = 10.0
    """Cost at which a counterpart's claim no longer counts."""
    hidden: float = 3.0
    """Cost of resting where the other picture shows something else, at most."""
    bare: float = 12.0
    """Cost of resting where the other picture shows nothing: nothing can hide the place there, so it has moved."""


def appearance_cost(
    source: Float[np.ndarray, "h w 4"],
    target: Float[np.ndarray, "h w 4"],
    places: Float[np.ndarray, "v 2"],
    motions: Motions,
    allowed: Bool[np.ndarray, "v m"],
    radius: float,
) -> Float[np.ndarray, "v m"]:
    """Feature difference around each place under each allowed motion; infinite where not allowed.

    Args:
        source, target: features.
        radius: of the neighbourhood that is compared, pixels.
    """
    blur = 0.25 * radius
    smooth = [ndimage.gaussian_filter(x, (blur, blur, 0)).astype(np.float32) for x in (source, target)]
    grid = np.linspace(-1, 1, 5)
    disc = np.stack(np.meshgrid(grid, grid), -1).reshape(-1, 2)
    disc = disc[np.square(disc).sum(-1) <= 1.3] * radius
    patches = sample(smooth[0], (places[:, None] + disc).reshape(-1, 2)).reshape(len(places), len(disc), 4)
    # Background around a thin part tells of its outline, but something else may come to lie there.
    weight = np.exp(-0.5 * np.square(disc / (0.8 * radius)).sum(-1)) * np.where(patches[..., 3] > 0.5, 1.0, 0.3)
    weight /= weight.sum(1, keepdims=True)
    rows, columns = np.nonzero(allowed)
    patches, weight = patches.astype(np.float32), weight.astype(np.float32)
    out = np.full(allowed.shape, np.inf)
    for begin in range(0, len(rows), CHUNK):
        r, c = rows[begin : begin + CHUNK], columns[begin : begin + CHUNK]
        spots = motions.carry(c[:, None], places[r][:, None] + disc)
        seen = sample(smooth[1], spots.reshape(-1, 2)).reshape(len(r), len(disc), 4)
        seen -= patches[r]
        gap = np.minimum(np.einsum("kpc,kpc->kp", seen, seen), 0.6)
        out[r, c] = (gap * weight[r]).sum(1)
    return out


def choose_candidates(
    places: Float[np.ndarray, "v 2"], motions: Motions, cost: Float[np.ndarray, "v m"], spacing: float, count: int
) -> Choices:
    """The cheapest motions per place that differ in where they carry it or how they turn it, and motion 0."""
    angle = np.round(motions.angle / np.radians(20)).astype(int)
    spots = motions.carry(np.arange(len(motions.angle))[None], places[:, None])
    cells = np.round(spots / (0.5 * spacing)).astype(int)
    chosen = np.zeros((len(places), count), dtype=int)
    value = np.full((len(places), count), np.inf)
    for row in range(len(places)):
        order = np.argsort(cost[row], kind="stable")
        order = order[np.isfinite(cost[row][order])][: 12 * count]
        keys = np.concatenate([cells[row, order], angle[order, None]], 1)
        _, first = np.unique(keys, axis=0, return_index=True)
        best = order[np.sort(first)][:count]
        chosen[row, : len(best)], value[row, : len(best)] = best, cost[row, best]
    # The first motion of the pool, rest, is always among the candidates.
    chosen[:, -1], value[:, -1] = 0, cost[:, 0]
    return Choices(chosen, np.take_along_axis(spots, chosen[..., None], 1), value)


def label(
    places: Float[np.ndarray, "v 2"],
    edges: Int[np.ndarray, "e 2"],
    strength: Float[np.ndarray, "e"],
    motions: Motions,
    choices: Choices,
    unary: Float[np.ndarray, "v c"],
    weights: LabelWeights,
    spacing: float,
) -> Int[np.ndarray, "v"]:
    """The candidate per place that is cheapest together with what the neighbours choose.

    Args:
        edges: pairs of neighbouring places.
        strength: factor on the cost of disagreement per edge.
        unary: cost of each candidate on its own; infinite for absent ones.
    Returns:
        Columns of `choices`.
    """
    middle = 0.5 * (places[edges[:, 0]] + places[edges[:, 1]])
    carried = [motions.carry(choices.motion[edges[:, side]], middle[:, None]) for side in range(2)]
    gap = np.square(carried[0][:, :, None] - carried[1][:, None]).sum(-1) / spacing**2
    pair = torch.from_numpy((np.minimum(weights.bend * gap, weights.tear) * strength[:, None, None]).astype(np.float32))
    # Directed messages: first half along the edges, second half against them.
    heads = torch.from_numpy(np.concatenate([edges[:, 1], edges[:, 0]]))
    tails = torch.from_numpy(np.concatenate([edges[:, 0], edges[:, 1]]))
    pair = torch.cat([pair, pair.transpose(1, 2)])
    own = torch.from_numpy(np.where(np.isfinite(unary), unary, 1e4).astype(np.float32))
    half = len(edges)
    message = torch.zeros(2 * half, own.shape[1])
    for _ in range(ROUNDS):
        belief = own.index_add(0, heads, message)
        back = torch.cat([message[half:], message[:half]])
        new = ((belief[tails] - back)[:, :, None] + pair).amin(1)
        new -= new.amin(1, keepdim=True)
        message = DAMPING * message + (1 - DAMPING) * new
    return own.index_add(0, heads, message).argmin(1).numpy()
