"""The skinning kernels as a differentiable PyTorch function."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

from tween4d.splatting.numba_engine.layout import LANES, SKINNED
from tween4d.splatting.numba_engine.memory import Lease
from tween4d.splatting.numba_engine.stored import Kernel
from tween4d.splatting.numba_engine.threads import share, threads_for

HERE = __name__.rpartition(".")[0]
fill_nodes, skin_forward, skin_backward, nodes_backward = (
    Kernel(f"{HERE}.skin", name) for name in ("fill_nodes", "skin_forward", "skin_backward", "nodes_backward")
)


class _Skin(torch.autograd.Function):
    @staticmethod
    def forward(ctx, rest, node_quats, translations, indices, weights, means, quats):
        arrays = [t.detach().contiguous().numpy() for t in (rest, node_quats, translations, indices, weights)]
        points = [t.detach().contiguous().numpy() for t in (means, quats)]
        times, nodes, n = *node_quats.shape[:2], len(means)
        lease = Lease()
        rows = lease.array((times, nodes, LANES), np.float32)
        posed, turned = np.empty((times, n, 3), np.float32), np.empty((times, n, 4), np.float32)
        for t in range(times):
            fill_nodes(arrays[0], arrays[1][t], arrays[2][t], rows[t])
            share(skin_forward, rows[t], *arrays[3:], *points, posed[t], turned[t], threads=threads_for(n))
        ctx.state = arrays, points, lease, rows
        return torch.from_numpy(posed), torch.from_numpy(turned)

    @staticmethod
    @once_differentiable
    def backward(ctx, v_posed, v_turned):
        (rest, node_quats, _, indices, weights), (means, quats), _, rows = ctx.state
        v_posed, v_turned = v_posed.contiguous().numpy(), v_turned.contiguous().numpy()
        times, nodes, n = *node_quats.shape[:2], len(means)
        v_means, v_quats = np.zeros((n, 3), np.float32), np.zeros((n, 4), np.float32)
        v_nodes, v_translations = np.empty((times, nodes, 4), np.float32), np.empty((times, nodes, 3), np.float32)
        scratch = Lease()
        v_rows = scratch.array((-(-n // SKINNED), nodes, LANES), np.float32)
        for t in range(times):
            share(
                skin_backward,
                *(rows[t], indices, weights, means, quats, (v_posed[t], v_turned[t]), (v_means, v_quats, v_rows)),
                threads=threads_for(n),
            )
            nodes_backward(rest, node_quats[t], rows[t], v_rows, v_nodes[t], v_translations[t])
        v = [torch.from_numpy(a) for a in (v_nodes, v_translations, v_means, v_quats)]
        return None, v[0], v[1], None, None, v[2], v[3]


def skin(
    rest: Float[Tensor, "m 3"],
    node_quats: Float[Tensor, "t m 4"],
    translations: Float[Tensor, "t m 3"],
    indices: Int[Tensor, "n k"],
    weights: Float[Tensor, "n k"],
    means: Float[Tensor, "n 3"],
    quats: Float[Tensor, "n 4"],
) -> tuple[Float[Tensor, "t n 3"], Float[Tensor, "t n 4"]]:
    """See `skinning.skin_gaussians`; float32 on the CPU, with a time axis."""
    return _Skin.apply(rest, node_quats, translations, indices, weights, means, quats)
