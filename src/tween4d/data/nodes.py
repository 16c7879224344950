"""Motion as a skin: SE(3) control nodes over time and four weights per Gaussian."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class NodeMotion:
    """Rigid motions of `m` control nodes at `t` times.

    Node k carries a rest point x to `R_k (x - p_k) + p_k + d_k`, with p_k its rest position.
    """

    rest: Float[Tensor, "m 3"]
    """Rest positions, world units, at the clip's keyframe."""
    quats: Float[Tensor, "t m 4"]
    """Rotations wxyz from rest to time, unit; sign-continuous along time."""
    translations: Float[Tensor, "t m 3"]
    """Displacements d of the node itself, world units."""
    times: Float[Tensor, "t"]
    """Increasing times in [0, 1] of the whole asset."""


@dataclass(frozen=True)
class Skin:
    """How each Gaussian follows the nodes: four indices and four weights that sum to 1."""

    indices: Int[Tensor, "n 4"]
    weights: Float[Tensor, "n 4"]


def pose_at(motion: NodeMotion, time: float) -> tuple[Float[Tensor, "m 4"], Float[Tensor, "m 3"]]:
    """Node rotations and displacements at any time: normalised-linear rotation, linear displacement.

    Args:
        time: clamped to the span of `motion.times`.
    Returns:
        Unit quaternions wxyz [m, 4] and displacements [m, 3]. Differentiable in the motion.
    """
    times = motion.times
    if len(times) == 1:
        return motion.quats[0], motion.translations[0]
    t = min(max(time, float(times[0])), float(times[-1]))
    hi = int(torch.searchsorted(times, torch.tensor(t, dtype=times.dtype), right=True).clamp(1, len(times) - 1))
    lo = hi - 1
    f = (t - float(times[lo])) / max(float(times[hi] - times[lo]), 1e-12)
    q = (1 - f) * motion.quats[lo] + f * motion.quats[hi]
    q = q / q.norm(dim=-1, keepdim=True)
    return q, (1 - f) * motion.translations[lo] + f * motion.translations[hi]
