"""Density control: split where the picture is wrong, remove what is empty, never above a cap."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.gaussians import Gaussians, concatenate
from tween4d.geometry.rotation import to_matrix

SPLIT_SHARE = 0.06
EMPTY_OPACITY = 0.02
SPLIT_SHRINK = 1.6


class Density:
    """Accumulates how strongly a loss pulls at each Gaussian's position."""

    def __init__(self, count: int) -> None:
        self.pull = torch.zeros(count)

    def observe(self, gradient: Float[Tensor, "n 3"] | None) -> None:
        """Add one step's positional gradient."""
        if gradient is not None:
            self.pull += gradient.detach().norm(dim=-1)


def grow_and_prune(gaussians: Gaussians, density: Density, cap: int) -> Gaussians:
    """Remove empty Gaussians, and split the few percent that are pulled at hardest into two along their longest axis.

    A percentile, not an absolute threshold: gradients scale with resolution and loss weights (method of STAG4D).

    Returns:
        No more than `cap`, unless more were given and none of them is empty. Deterministic.
    """
    keep = gaussians.opacities > EMPTY_OPACITY
    if not keep.any():
        return gaussians
    gaussians, pull = gaussians.select(keep), density.pull[keep]
    room = max(0, min(cap - len(gaussians), math.ceil(SPLIT_SHARE * len(gaussians))))
    if room == 0 or float(pull.max()) == 0:
        return gaussians
    chosen = torch.zeros(len(gaussians), dtype=torch.bool)
    chosen[pull.topk(room).indices] = True
    return concatenate([gaussians.select(~chosen), *_halves(gaussians.select(chosen))])


def _halves(g: Gaussians) -> tuple[Gaussians, Gaussians]:
    """Each Gaussian as two smaller ones, half a deviation apart from the centre on its longest axis."""
    axis = g.log_scales.argmax(-1)
    rows = torch.arange(len(g))
    direction = to_matrix(g.quats)[rows, :, axis]
    offset = 0.5 * g.scales[rows, axis][:, None] * direction
    log_scales = g.log_scales.clone()
    log_scales[rows, axis] -= math.log(SPLIT_SHRINK)
    return (
        Gaussians(g.means + offset, g.quats, log_scales, g.opacity_logits, g.sh),
        Gaussians(g.means - offset, g.quats, log_scales, g.opacity_logits, g.sh),
    )
