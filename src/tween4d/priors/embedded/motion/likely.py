"""What learned likeness adds to the choice of motions: candidates that it points at, and what they cost."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial import cKDTree

from tween4d.priors.embedded.motion.matching import REACH, Likeness
from tween4d.priors.embedded.motion.pieces import Motions

LEAST = 5
"""Places that a motion is fitted to, at least."""


@dataclass(frozen=True)
class LearnedWeights:
    """What learned likeness counts beside appearance."""

    unlikely: float = 0.5
    """Cost of a place one nat below the likeliest."""
    most: float = 3.0
    """Cost at which a place is simply unlikely."""
    modes: int = 3
    """Counterparts of each piece that motions are fitted to."""


def likely_motions(
    places: Float[np.ndarray, "v 2"],
    likeness: Likeness,
    centres: Float[np.ndarray, "s 2"],
    radius: float,
    modes: int,
) -> Motions:
    """Similarity motions of pieces, fitted to the likeliest counterparts of the places in them.

    A piece has up to `modes` motions: its centre's best counterparts, mutually distinct, each lead the others to
    choose theirs about it.

    Args:
        places: of which likeness was asked, pixels.
        centres: of the pieces; each at one of the places.
        radius: of the pieces.
    """
    tree = cKDTree(places)
    table = likeness.table.reshape(len(places), -1)
    rows = []
    for centre in centres:
        near = np.array(tree.query_ball_point(centre, 1.3 * radius))
        if len(near) < LEAST:
            continue
        entries = np.flatnonzero((table[near] < REACH).any(0))
        if len(entries) == 0:
            continue
        spots, costs = likeness.spots(entries), table[near][:, entries]
        offsets = places[near] - centre
        home = np.exp(-0.5 * np.square(offsets / (0.7 * radius)).sum(-1))
        lead = costs[np.linalg.norm(offsets, axis=-1).argmin()]
        free = np.ones(len(entries), bool)
        for _ in range(modes):
            if not free.any():
                break
            aim = spots[np.where(free, lead, np.inf).argmin()]
            away = np.linalg.norm(spots - aim, axis=-1)
            free &= away > radius
            rows.append((*centre, *_fit(offsets, home * likeness.matchable[near], costs, spots, aim), 0.0))
    motions = np.array(rows).reshape(-1, 7)
    return Motions(motions[:, :2], motions[:, 2], motions[:, 3], motions[:, 4:6], motions[:, 6])


def _fit(offsets, weight, costs, spots, aim) -> tuple[float, float, float, float]:
    """Angle, log scale and place of the similarity that best agrees with the likely counterparts about an aim."""
    reach = np.linalg.norm(offsets, axis=-1)
    gap = np.linalg.norm(spots[None] - aim, axis=-1)
    # A rigid piece keeps its distances: a counterpart farther from the aim than its place from the centre is none.
    excess = np.maximum(np.abs(gap - reach[:, None]) - 3.0, 0) / (0.35 * reach[:, None] + 3.0)
    total = costs + np.square(excess)
    pick = total.argmin(1)
    found = spots[pick]
    trust = (weight + 1e-3) * np.exp(-total[np.arange(len(pick)), pick])
    source, target = offsets[:, 0] + 1j * offsets[:, 1], found[:, 0] + 1j * found[:, 1]
    for _ in range(4):
        w = trust / max(trust.sum(), 1e-12)
        a, b = (w * source).sum(), (w * target).sum()
        x, y = source - a, target - b
        turn = (w * np.conj(x) * y).sum() / max((w * np.abs(x) ** 2).sum(), 1e-9)
        size = np.clip(np.abs(turn), 0.7, 1.4)
        factor = size * np.exp(1j * np.angle(turn))
        trust = trust / (1 + np.abs(y - factor * x) ** 2 / 9.0)
    place = b - factor * a
    return float(np.angle(factor)), float(np.log(size)), float(place.real), float(place.imag)


def likeness_cost(
    likeness: Likeness,
    places: Float[np.ndarray, "v 2"],
    motions: Motions,
    allowed: Bool[np.ndarray, "v m"],
    weights: LearnedWeights,
) -> Float[np.ndarray, "v m"]:
    """Cost of carrying each place by each allowed motion; 0 where not allowed. What is hidden costs little anywhere."""
    rows, columns = np.nonzero(allowed)
    spots = motions.carry(columns, places[rows])
    out = np.zeros(allowed.shape)
    below = np.minimum(weights.unlikely * likeness.at(rows, spots), weights.most)
    out[rows, columns] = likeness.matchable[rows] * below
    return out
