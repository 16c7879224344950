"""Sets of descriptors compared by nearest counterparts: how alike two pictures are, and how far their places moved."""

import torch
from jaxtyping import Float
from torch import Tensor


def resemblance(own: Float[Tensor, "n c"], other: Float[Tensor, "m c"]) -> float:
    """Mean over a set of the cosine with the nearest of another set.

    Source: In-2-4D, Sec. 3.2 (heat maps H of DIFT similarity).

    Args:
        own, other: unit length, at least one each.
    Returns:
        At most 1, which is where each has an equal in the other set; not symmetric.
    """
    return float((own @ other.T).amax(1).mean().clamp(-1, 1))


def matched_motion(
    own: Float[Tensor, "n c"], other: Float[Tensor, "m c"], here: Float[Tensor, "n 2"], there: Float[Tensor, "m 2"]
) -> float:
    """Root mean square displacement of places that are each other's nearest.

    Args:
        own, other: unit-length descriptors.
        here, there: their places.
    Returns:
        In the unit of the places; NaN when no two are each other's nearest.
    """
    similar = own @ other.T
    forth, back = similar.argmax(1), similar.argmax(0)
    mutual = back[forth] == torch.arange(len(own), device=own.device)
    moved = (there[forth] - here)[mutual]
    return float(moved.square().sum(-1).mean().sqrt())
