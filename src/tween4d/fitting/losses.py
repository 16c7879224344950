"""What a render is compared with. Colours are premultiplied by coverage unless said otherwise."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from tween4d.splatting.numba_engine.stored import Kernel
from tween4d.splatting.numba_engine.threads import share

COLOR_SQUARE, ALPHA_SQUARE = 2.0, 1.0
"""Weight of squared against absolute differences."""
VALUE, GRADIENT = (Kernel("tween4d.fitting.kernels", f"picture_{what}") for what in ("value", "gradient"))


def picture_loss(
    color: Float[Tensor, "h w 3"],
    alpha: Float[Tensor, "h w"],
    target_color: Float[Tensor, "h w 3"],
    target_alpha: Float[Tensor, "h w"],
    mask_weight: float,
) -> Float[Tensor, ""]:
    """Mean absolute plus squared difference of colour, and the same of coverage times a weight.

    Comparing premultiplied colour and coverage separately is the same as comparing over every background.

    Args:
        color, target_color: premultiplied colour.
        alpha, target_alpha: coverage in [0, 1].
        mask_weight: weight of coverage against colour.
    Returns:
        A scalar >= 0; 0 only for equal pictures. Differentiable in `color` and `alpha`, not in the targets.
    """
    if all(t.device.type == "cpu" and t.dtype == torch.float32 for t in (color, alpha, target_color, target_alpha)):
        return _Picture.apply(color, alpha, target_color, target_alpha, mask_weight)
    return picture_loss_in_torch(color, alpha, target_color, target_alpha, mask_weight)


def picture_loss_in_torch(
    color: Float[Tensor, "h w 3"],
    alpha: Float[Tensor, "h w"],
    target_color: Float[Tensor, "h w 3"],
    target_alpha: Float[Tensor, "h w"],
    mask_weight: float,
) -> Float[Tensor, ""]:
    """The readable twin of the kernels of `picture_loss`: any float type and device."""
    dc, da = color - target_color, alpha - target_alpha
    color_loss = (dc.abs() + COLOR_SQUARE * dc.square()).mean()
    return color_loss + mask_weight * (da.abs() + ALPHA_SQUARE * da.square()).mean()


class _Picture(torch.autograd.Function):
    @staticmethod
    def forward(ctx, color, alpha, target_color, target_alpha, mask_weight):
        height = color.shape[0]
        # Rows, whatever their channels, are what the kernels go through.
        rows = [t.detach().reshape(height, -1).contiguous().numpy() for t in (color, target_color, alpha, target_alpha)]
        ctx.state = rows, mask_weight, color.shape
        sums = np.empty((2, height), np.float32)
        share(VALUE, rows[0], rows[1], np.float32(COLOR_SQUARE), sums[0])
        share(VALUE, rows[2], rows[3], np.float32(ALPHA_SQUARE), sums[1])
        totals = sums.sum(1, dtype=np.float64)
        return color.new_tensor(totals[0] / rows[0].size + mask_weight * totals[1] / rows[2].size)

    @staticmethod
    @once_differentiable
    def backward(ctx, v):
        rows, mask_weight, shape = ctx.state
        v_color, v_alpha = np.empty_like(rows[0]), np.empty_like(rows[2])
        factors = np.float32(float(v) / rows[0].size), np.float32(float(v) * mask_weight / rows[2].size)
        share(GRADIENT, rows[0], rows[1], np.float32(COLOR_SQUARE), factors[0], v_color)
        share(GRADIENT, rows[2], rows[3], np.float32(ALPHA_SQUARE), factors[1], v_alpha)
        return torch.from_numpy(v_color).reshape(shape), torch.from_numpy(v_alpha), None, None, None
