"""What a render is compared with. Colours are premultiplied by coverage unless said otherwise."""

from jaxtyping import Float
from torch import Tensor


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
        A scalar >= 0; 0 only for equal pictures.
    """
    dc, da = color - target_color, alpha - target_alpha
    return (dc.abs() + 2 * dc.square()).mean() + mask_weight * (da.abs() + da.square()).mean()
