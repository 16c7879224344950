"""Gaussians that hang on moving nodes: the motion of an asset."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from tween4d.geometry.rotation import multiply, rotate


def skin_gaussians(
    rest_positions: Float[Tensor, "m 3"],
    node_quats: Float[Tensor, "*t m 4"],
    node_translations: Float[Tensor, "*t m 3"],
    indices: Int[Tensor, "n k"],
    weights: Float[Tensor, "n k"],
    means: Float[Tensor, "n 3"],
    quats: Float[Tensor, "n 4"],
) -> tuple[Float[Tensor, "*t n 3"], Float[Tensor, "*t n 4"]]:
    """Carry Gaussians with rigid node motions, blended linearly: x' = sum_k w_k (R_k (x - p_k) + p_k + d_k).

    Orientations are turned by the weighted sum of the node quaternions, signs aligned with the first node's.

    Args:
        rest_positions: nodes at rest, world units.
        node_quats: rotations wxyz from rest, any length > 0; at most one leading time axis.
        node_translations: displacements of the nodes, world units.
        indices: nodes of each Gaussian.
        weights: summing to 1 per Gaussian.
        means: centres at rest.
        quats: orientations wxyz at rest.
    Returns:
        Centres and orientations; the length of an orientation is that of its input. Differentiable in node_quats,
        node_translations, means and quats.
    """
    arrays = rest_positions, node_quats, node_translations, weights, means, quats
    if not all(a.device.type == "cpu" and a.dtype == torch.float32 for a in arrays):
        return blend_in_torch(rest_positions, node_quats, node_translations, indices, weights, means, quats)
    from tween4d.splatting.numba_engine.skin_operator import skin

    if node_quats.dim() == 3:
        return skin(rest_positions, node_quats, node_translations, indices, weights, means, quats)
    posed, turned = skin(rest_positions, node_quats[None], node_translations[None], indices, weights, means, quats)
    return posed.squeeze(0), turned.squeeze(0)


def blend_in_torch(
    rest_positions: Float[Tensor, "m 3"],
    node_quats: Float[Tensor, "*t m 4"],
    node_translations: Float[Tensor, "*t m 3"],
    indices: Int[Tensor, "n k"],
    weights: Float[Tensor, "n k"],
    means: Float[Tensor, "n 3"],
    quats: Float[Tensor, "n 4"],
) -> tuple[Float[Tensor, "*t n 3"], Float[Tensor, "*t n 4"]]:
    """The readable twin of the kernels of `skin_gaussians`: any float type and device."""
    index = indices.long()
    unit = node_quats / node_quats.norm(dim=-1, keepdim=True)
    turns = unit[..., index, :]
    rest = rest_positions[index]
    moved = rotate(turns, (means[:, None] - rest).expand_as(turns[..., 1:])) + rest + node_translations[..., index, :]
    posed = (weights[..., None] * moved).sum(-2)
    aligned = torch.where((turns * turns[..., :1, :]).sum(-1, keepdim=True) < 0, -turns, turns)
    blend = (weights[..., None] * aligned).sum(-2)
    blend = blend / blend.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    return posed, multiply(blend, quats.expand_as(blend))
