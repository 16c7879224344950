"""Neighbour graphs, local rigid fits and as-rigid-as-possible energies on points `x` [n, 3]."""

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.spatial import cKDTree
from torch import Tensor


def nearest(query: Float[Tensor, "q d"], points: Float[Tensor, "p d"], k: int) -> tuple[Tensor, Tensor]:
    """Distances and indices of the k nearest points, nearest first; k is clipped to the number of points."""
    k = min(k, len(points))
    distance, index = cKDTree(points.detach().cpu().numpy()).query(query.detach().cpu().numpy(), k=k)
    distance, index = np.asarray(distance).reshape(len(query), k), np.asarray(index).reshape(len(query), k)
    return torch.from_numpy(distance).to(query), torch.from_numpy(index.astype(np.int64)).to(query.device)


def trajectory_graph(trajectories: Float[Tensor, "t n 3"], k: int) -> Int[Tensor, "n k"]:
    """Neighbours that stay close at all times: nearest by the largest distance over the times.

    Parts that touch once but move apart are not joined. Candidates come from the mean over time, so a pair whose
    distance is moderate everywhere beats one that is close on average.

    Args:
        trajectories: positions of n points at t times.
        k: neighbours per point, clipped to n - 1.
    Returns:
        Indices [n, k], nearest first, never the point itself.
    """
    t, n, _ = trajectories.shape
    k = min(k, n - 1)
    embedded = trajectories.permute(1, 0, 2).reshape(n, -1)
    _, candidates = nearest(embedded, embedded, min(4 * k + 1, n))
    gaps = (trajectories[:, candidates] - trajectories[:, :, None]).norm(dim=-1).amax(0)
    gaps[candidates == torch.arange(n, device=gaps.device)[:, None]] = torch.inf
    order = gaps.argsort(dim=-1, stable=True)[:, :k]
    return candidates.gather(1, order)


def farthest_points(points: Float[Tensor, "n d"], count: int) -> Int[Tensor, "m"]:
    """Greedy farthest-point sampling from the point nearest to the centroid; covers the set evenly.

    Returns:
        m = min(count, n) distinct indices; deterministic.
    """
    count = min(count, len(points))
    chosen = torch.empty(count, dtype=torch.long, device=points.device)
    current = (points - points.mean(0)).square().sum(-1).argmin()
    gap = torch.full((len(points),), torch.inf, dtype=points.dtype, device=points.device)
    for i in range(count):
        chosen[i] = current
        gap = torch.minimum(gap, (points - points[current]).square().sum(-1))
        gap[current] = -1.0
        current = gap.argmax()
    return chosen


def local_rotations(
    rest: Float[Tensor, "n 3"], posed: Float[Tensor, "t n 3"], neighbours: Int[Tensor, "n k"]
) -> Float[Tensor, "t n 3 3"]:
    """The rotation at each point that best carries its rest edges to its posed edges.

    Source: orthogonal Procrustes (Kabsch) per neighbourhood, as in Sorkine & Alexa 2007, Eq. 5-6.

    Returns:
        Proper rotations (determinant +1); the identity where a neighbourhood has collapsed. The smallest rotation is
        taken where the edges span only a line or plane. Not differentiable.
    """
    with torch.no_grad():
        e0 = rest[neighbours] - rest[:, None]
        e1 = posed[:, neighbours] - posed[:, :, None]
        covariance = torch.einsum("nki,tnkj->tnij", e0, e1)
        # A little identity makes the answer unique for flat neighbourhoods: it prefers the smallest rotation.
        scale = e0.square().sum((-1, -2))[None, :, None, None]
        covariance = covariance + 1e-3 * (scale + 1e-12) * torch.eye(3, dtype=rest.dtype, device=rest.device)
        u, _, vh = torch.linalg.svd(covariance)
        v, ut = vh.transpose(-1, -2), u.transpose(-1, -2)
        sign = torch.linalg.det(v @ ut)
        fix = torch.ones(*sign.shape, 3, dtype=rest.dtype, device=rest.device)
        fix[..., 2] = torch.where(sign < 0, -1.0, 1.0)
        return (v * fix[..., None, :]) @ ut


def arap_energy(
    rest: Float[Tensor, "n 3"],
    posed: Float[Tensor, "t n 3"],
    rotations: Float[Tensor, "t n 3 3"],
    neighbours: Int[Tensor, "n k"],
) -> Float[Tensor, ""]:
    """Mean squared deviation of posed edges from rigidly rotated rest edges, in rest edge lengths.

    Source: Sorkine & Alexa 2007, Eq. 3, uniform weights, divided by the mean squared rest edge.

    Returns:
        A scalar >= 0; 0 for a rigid motion with its own rotations. Differentiable in `posed` and `rotations`.
    """
    e0 = rest[neighbours] - rest[:, None]
    e1 = posed[:, neighbours] - posed[:, :, None]
    turned = torch.einsum("tnij,nkj->tnki", rotations, e0)
    return (e1 - turned).square().sum(-1).mean() / (e0.square().sum(-1).mean() + 1e-12)


def isometry_energy(
    rest: Float[Tensor, "n 3"], posed: Float[Tensor, "t n 3"], neighbours: Int[Tensor, "n k"]
) -> Float[Tensor, ""]:
    """Mean absolute change of neighbour distances, in mean rest distances.

    Source: In-2-4D, Eq. 4. Returns a scalar >= 0, 0 for rigid motion; differentiable in `posed`.
    """
    d0 = (rest[neighbours] - rest[:, None]).norm(dim=-1)
    d1 = (posed[:, neighbours] - posed[:, :, None]).square().sum(-1).add(1e-12).sqrt()
    return (d1 - d0).abs().mean() / (d0.mean() + 1e-12)


def acceleration_energy(positions: Float[Tensor, "t n 3"]) -> Float[Tensor, ""]:
    """Mean squared second difference along time; 0 for fewer than three times."""
    if positions.shape[0] < 3:
        return positions.sum() * 0
    return (positions[2:] - 2 * positions[1:-1] + positions[:-2]).square().sum(-1).mean()
