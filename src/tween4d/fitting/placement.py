"""Where control nodes sit and how Gaussians hang on them."""

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.nodes import Skin
from tween4d.geometry.rigidity import farthest_points, nearest

INFLUENCES = 4
MOTION_WEIGHT = 1.5


def place_nodes(trajectories: Float[Tensor, "t n 3"], count: int) -> Tensor:
    """Rows of `trajectories` that serve as nodes: spread over the object, denser where it moves apart.

    Args:
        trajectories: positions of n points at t times; time 0 is the rest.
        count: nodes wanted.
    Returns:
        Indices [m], m = min(count, n); deterministic.
    """
    t = trajectories.shape[0]
    moved = (trajectories - trajectories[:1]) * (MOTION_WEIGHT / t**0.5)
    return farthest_points(torch.cat([trajectories[0], moved.permute(1, 0, 2).flatten(1)], -1), count)


def hang(trajectories: Float[Tensor, "t n 3"], nodes: Float[Tensor, "t m 3"], candidates: int = 16) -> Skin:
    """Skin points to the nodes that stay near at all times.

    The distance of a point and a node is the largest over the times, so parts that touch but move apart do not pull
    at each other. Weights fall off as a Gaussian whose width is the distance of the INFLUENCES-th node.

    Args:
        trajectories: points at t times.
        nodes: node positions at the same times.
        candidates: nodes considered per point, nearest on average.
    Returns:
        Four nodes per point (repeated with weight 0 if there are fewer nodes); weights sum to 1.
    """
    n, m = trajectories.shape[1], nodes.shape[1]
    _, near = nearest(
        trajectories.permute(1, 0, 2).reshape(n, -1), nodes.permute(1, 0, 2).reshape(m, -1), min(candidates, m)
    )
    gap = (trajectories[:, :, None] - nodes[:, near]).norm(dim=-1).amax(0)
    order = gap.argsort(dim=-1, stable=True)[:, :INFLUENCES]
    indices, gap = near.gather(1, order), gap.gather(1, order)
    # Relative to the nearest node, so that a point far from every node still gets weights.
    width = gap[:, -1:].clamp(min=1e-9)
    weights = torch.exp(-2.0 * (gap / width).square() + 2.0 * (gap[:, :1] / width).square())
    missing = INFLUENCES - indices.shape[1]
    if missing > 0:
        indices = torch.cat([indices, indices[:, :1].expand(-1, missing)], 1)
        weights = torch.cat([weights, torch.zeros(n, missing)], 1)
    return Skin(indices.int(), weights / weights.sum(-1, keepdim=True))
