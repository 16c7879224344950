"""How far a motion of nodes is from rigid and smooth."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

from tween4d.geometry.rigidity import acceleration_energy, arap_energy, isometry_energy
from tween4d.geometry.rotation import to_matrix
from tween4d.splatting.numba_engine.stored import Kernel
from tween4d.splatting.numba_engine.threads import share

ENERGY = Kernel("tween4d.fitting.kernels", "motion_energy")


def motion_energy(
    rest: Float[Tensor, "m 3"],
    posed: Float[Tensor, "t m 3"],
    quats: Float[Tensor, "t m 4"],
    graph: Int[Tensor, "m k"],
    rigid: float,
    smooth: float,
) -> Float[Tensor, ""]:
    """rigid * (as-rigid-as-possible + isometry energy) + smooth * acceleration energy.

    Args:
        rest: nodes at rest.
        posed: nodes at each time.
        quats: rotations from rest, any length > 0.
        graph: neighbours of each node; k = 0 leaves only smoothness.
        rigid, smooth: weights.
    Returns:
        A scalar >= 0; 0 for a rigid motion at constant speed. Differentiable in `posed` and `quats`.
    """
    if all(a.device.type == "cpu" and a.dtype == torch.float32 for a in (rest, posed, quats)):
        return _Energy.apply(rest, posed, quats, graph, rigid, smooth)
    return motion_energy_in_torch(rest, posed, quats, graph, rigid, smooth)


def motion_energy_in_torch(
    rest: Float[Tensor, "m 3"],
    posed: Float[Tensor, "t m 3"],
    quats: Float[Tensor, "t m 4"],
    graph: Int[Tensor, "m k"],
    rigid: float,
    smooth: float,
) -> Float[Tensor, ""]:
    """The readable twin of the kernel of `motion_energy`: any float type and device."""
    bending = smooth * acceleration_energy(posed)
    if graph.shape[1] == 0:
        return bending
    shape = arap_energy(rest, posed, to_matrix(quats), graph) + isometry_energy(rest, posed, graph)
    return rigid * shape + bending


class _Energy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, rest, posed, quats, graph, rigid, smooth):
        arrays = [t.detach().contiguous().numpy() for t in (rest, graph, posed, quats)]
        (times, m), k = posed.shape[:2], graph.shape[1]
        edges = arrays[0][arrays[1]] - arrays[0][:, None]
        squared = np.square(edges).sum(-1, dtype=np.float64)
        scales = np.zeros(3, np.float32)
        if k:
            scales[0] = rigid / (times * m * k * (squared.mean() + 1e-12))
            scales[1] = rigid / (times * m * k * (np.sqrt(squared).mean() + 1e-12))
        if times > 2:
            scales[2] = smooth / ((times - 2) * m)
        sums, v_posed, v_quats = np.empty((times, 3), np.float64), np.empty_like(arrays[2]), np.empty_like(arrays[3])
        share(ENERGY, *arrays, scales, sums, v_posed, v_quats)
        ctx.gradients = torch.from_numpy(v_posed), torch.from_numpy(v_quats)
        return posed.new_tensor(float(sums.sum(0) @ scales))

    @staticmethod
    @once_differentiable
    def backward(ctx, v):
        v_posed, v_quats = ctx.gradients
        return None, v * v_posed, v * v_quats, None, None, None
