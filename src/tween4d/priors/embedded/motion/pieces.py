"""Where pieces of one picture reappear in the other: similarity motions found by exhaustive search.

A motion is (angle, log scale, x, y): a point p of a piece with centre c goes to exp(log scale) R(angle) (p - c) +
(x, y). Places are in pixels of the pictures given.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Complex, Float, Int
from scipy import ndimage

from tween4d.priors.embedded.motion.flow import sample

# Weights of lightness, two colour differences and coverage. Lightness changes with a part's turn towards the light.
CHANNELS = np.array([0.7, 1.5, 1.2, 1.0])


def features(picture: Float[np.ndarray, "h w 4"]) -> Float[np.ndarray, "h w 4"]:
    """Opponent colours and coverage of a premultiplied picture, weighted for comparison by squared differences."""
    r, g, b, a = np.moveaxis(picture, -1, 0)
    return np.stack([(r + g + b) / 3, r - g, (r + g) / 2 - b, a], -1) * CHANNELS


@dataclass(frozen=True)
class Motions:
    """Similarity motions of pieces, each about its own centre."""

    centre: Float[np.ndarray, "m 2"]
    angle: Float[np.ndarray, "m"]
    log_scale: Float[np.ndarray, "m"]
    place: Float[np.ndarray, "m 2"]
    """Where the centre goes."""
    cost: Float[np.ndarray, "m"]
    """Mean squared feature difference of the piece."""

    def carry(self, rows: Int[np.ndarray, "*#k"], points: Float[np.ndarray, "*#k 2"]) -> Float[np.ndarray, "*#k 2"]:
        """Points under the motions of the given rows; leading dimensions broadcast. Single precision."""
        # A similarity of the plane is a multiplication of complex numbers.
        factor = np.exp(self.log_scale + 1j * self.angle).astype(np.complex64)
        shift = (_complex(self.place) - factor * _complex(self.centre)).astype(np.complex64)
        moved = factor[rows] * _complex(points).astype(np.complex64) + shift[rows]
        return moved.view(np.float32).reshape(*moved.shape, 2)

    def inverse(self) -> "Motions":
        """The motions from the other picture's side."""
        return Motions(self.place, -self.angle, -self.log_scale, self.centre, self.cost)


def _complex(points: Float[np.ndarray, "*k 2"]) -> Complex[np.ndarray, "*k"]:
    return points[..., 0] + 1j * points[..., 1]


def join(parts: list[Motions]) -> Motions:
    """Motions of several sets in one."""
    return Motions(
        *(np.concatenate([getattr(p, n) for p in parts]) for n in ("centre", "angle", "log_scale", "place", "cost"))
    )


def search(
    source: Float[np.ndarray, "h w 4"],
    target: Float[np.ndarray, "h w 4"],
    centres: Float[np.ndarray, "s 2"],
    radius: float,
    keep: int = 8,
    angles: int = 32,
) -> Motions:
    """The best placements of round pieces of the source in the target, over all turns and places.

    Args:
        source, target: features.
        centres: of the pieces.
        radius: of the pieces.
        keep: placements per piece, mutually distinct.
        angles: steps of the full turn.
    """
    # Pieces are reduced to about 9 x 9 samples: the search needs the coarse look only.
    step = max(1.0, radius / 5)
    half = round(radius / step)
    offsets = np.stack(np.meshgrid(np.arange(-half, half + 1), np.arange(-half, half + 1)), -1).reshape(-1, 2) * step
    window = np.exp(-0.5 * np.square(offsets / (0.6 * radius)).sum(-1))
    offsets, window = offsets[window > 0.2], window[window > 0.2]
    smooth_source, smooth_target = (ndimage.gaussian_filter(x, (0.4 * step, 0.4 * step, 0)) for x in (source, target))
    h, w = target.shape[:2]
    xs, ys = np.arange(0.5, w, 0.5 * step + 0.5), np.arange(0.5, h, 0.5 * step + 0.5)
    places = np.stack(np.meshgrid(xs, ys), -1)
    alpha = sample(target[..., 3:], places.reshape(-1, 2)).reshape(len(ys), len(xs)) / CHANNELS[3]
    candidates = places[alpha > 0.3]
    pieces = sample(smooth_source, (centres[:, None] + offsets).reshape(-1, 2)).reshape(len(centres), -1, 4)
    # Background inside a piece tells of the outline, but something else may come to lie there.
    weight = window * np.where(pieces[..., 3] > 0.5 * CHANNELS[3], 1.0, 0.4)
    weight /= weight.sum(1, keepdims=True)
    left = torch.from_numpy((weight[..., None] * pieces).reshape(len(centres), -1).astype(np.float32))
    power = torch.from_numpy(weight.astype(np.float32))
    own = torch.from_numpy((weight[..., None] * np.square(pieces)).sum((1, 2)).astype(np.float32))
    costs = []
    turns = np.linspace(-np.pi, np.pi, angles, endpoint=False)
    for angle in turns:
        c, s = np.cos(angle), np.sin(angle)
        turned = offsets @ np.array([[c, s], [-s, c]])
        patches = sample(smooth_target, (candidates[:, None] + turned).reshape(-1, 2)).reshape(len(candidates), -1, 4)
        right = torch.from_numpy(patches.reshape(len(candidates), -1).astype(np.float32))
        squares = torch.from_numpy(np.square(patches).sum(-1).astype(np.float32))
        costs.append(power @ squares.T - 2 * left @ right.T + own[:, None])
    return _peaks(torch.stack(costs, 1).numpy(), centres, candidates, turns, radius, keep)


def _peaks(
    costs: Float[np.ndarray, "s a p"],
    centres: Float[np.ndarray, "s 2"],
    candidates: Float[np.ndarray, "p 2"],
    turns: Float[np.ndarray, "a"],
    radius: float,
    keep: int,
) -> Motions:
    """The lowest costs per piece, no two of them near each other in place and angle."""
    found = []
    a, p = costs.shape[1:]
    for row, centre in enumerate(centres):
        flat = costs[row].ravel()
        order = np.argpartition(flat, min(600, flat.size - 1))[:600]
        order = order[np.argsort(flat[order])]
        where, angle = candidates[order % p], turns[order // p]
        free = np.ones(len(order), dtype=bool)
        for _ in range(keep):
            first = int(free.argmax())
            if not free[first]:
                break
            found.append((*centre, angle[first], 0.0, *where[first], flat[order[first]]))
            turn = np.abs(np.angle(np.exp(1j * (angle - angle[first]))))
            near = (np.linalg.norm(where - where[first], axis=1) < 0.6 * radius) & (turn < np.radians(35))
            free &= ~near
    table = np.array(found)
    return Motions(table[:, :2], table[:, 2], table[:, 3], table[:, 4:6], table[:, 6])


def refine(
    source: Float[np.ndarray, "h w 4"],
    target: Float[np.ndarray, "h w 4"],
    motions: Motions,
    radius: float,
    rounds: int = 8,
) -> Motions:
    """Motions moved to the nearest minimum of their cost (Gauss-Newton over turn, scale and place).

    Returns:
        The same number of motions with renewed costs; steps are bounded, so a motion stays near where it was.
    """
    count = 9
    grid = np.linspace(-1, 1, count)
    offsets = np.stack(np.meshgrid(grid, grid), -1).reshape(-1, 2)
    offsets = offsets[np.square(offsets).sum(-1) <= 1.05] * radius
    blur = 0.5 * radius / count * 2
    smooth = [ndimage.gaussian_filter(x, (blur, blur, 0)) for x in (source, target)]
    gradient = np.concatenate(
        [cv2.Sobel(smooth[1].astype(np.float32), -1, *d, ksize=3, scale=1 / 8) for d in ((1, 0), (0, 1))], -1
    )
    m, n = len(motions.angle), len(offsets)
    pieces = sample(smooth[0], (motions.centre[:, None] + offsets).reshape(-1, 2)).reshape(m, n, 4)
    weight = np.exp(-0.5 * np.square(offsets / (0.7 * radius)).sum(-1)) * np.where(pieces[..., 3] > 0.5, 1.0, 0.4)
    angle, log_scale, place = motions.angle.copy(), motions.log_scale.copy(), motions.place.copy()
    begin = place.copy()

    def moved() -> Float[np.ndarray, "m n 2"]:
        about = Motions(np.zeros((m, 2)), angle, log_scale, place, motions.cost)
        return about.carry(np.arange(m)[:, None], offsets[None])

    def costs(difference: Float[np.ndarray, "m n 4"]) -> Float[np.ndarray, "m"]:
        return (weight * np.minimum(np.square(difference).sum(-1), 0.5)).sum(1) / weight.sum(1)

    for _ in range(rounds):
        spots = moved()
        difference = sample(smooth[1], spots.reshape(-1, 2)).reshape(m, n, 4) - pieces
        slope = sample(gradient, spots.reshape(-1, 2)).reshape(m, n, 2, 4)
        arm = spots - place[:, None]
        by_turn = slope[:, :, 1] * arm[..., :1] - slope[:, :, 0] * arm[..., 1:]
        by_scale = slope[:, :, 0] * arm[..., :1] + slope[:, :, 1] * arm[..., 1:]
        jacobian = np.stack([by_turn / radius, by_scale / radius, slope[:, :, 0], slope[:, :, 1]], -1)
        robust = weight / (1 + np.square(difference).sum(-1) / 0.1)
        normal = np.einsum("mncp,mn,mncq->mpq", jacobian, robust, jacobian)
        right = np.einsum("mncp,mn,mnc->mp", jacobian, robust, difference)
        # Scale is held back: most parts keep their size.
        prior = np.array([1e-4, 3e-3, 1e-4, 1e-4]) * weight.sum(1)[:, None]
        right[:, 1] += prior[:, 1] * log_scale * radius
        delta = -np.linalg.solve(normal + prior[:, :, None] * np.eye(4), right[..., None])[..., 0]
        delta *= np.minimum(1.0, 0.3 * radius / np.maximum(np.abs(delta).max(1, keepdims=True), 1e-9))
        angle += delta[:, 0] / radius
        log_scale = np.clip(log_scale + delta[:, 1] / radius, -0.5, 0.5)
        place = begin + np.clip(place + delta[:, 2:] - begin, -0.6 * radius, 0.6 * radius)
    difference = sample(smooth[1], moved().reshape(-1, 2)).reshape(m, n, 4) - pieces
    return Motions(motions.centre, angle, log_scale, place, costs(difference))
