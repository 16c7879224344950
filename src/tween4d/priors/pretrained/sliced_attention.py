"""Attention in slices of its queries: the same answer, with less held at once."""

import torch
from jaxtyping import Float
from torch import Tensor


def attend(
    q: Float[Tensor, "b h n d"],
    k: Float[Tensor, "b h m d"],
    v: Float[Tensor, "b h m d"],
    mask: Tensor | None = None,
    scale: float | None = None,
    rows: int | None = None,
) -> Float[Tensor, "b h n d"]:
    """Scaled dot-product attention.

    Args:
        mask: added to the logits; broadcasts to [b, h, n, m].
        scale: of the logits; None is 1 / sqrt(d).
        rows: queries that are worked on at once; None takes all. No query looks at another, so nothing else changes.
    """
    product = torch.nn.functional.scaled_dot_product_attention
    if rows is None or rows >= q.shape[2]:
        return product(q, k, v, attn_mask=mask, scale=scale)
    parts = []
    for start in range(0, q.shape[2], rows):
        some = slice(start, start + rows)
        masked = mask if mask is None or mask.shape[-2] == 1 else mask[..., some, :]
        parts.append(product(q[:, :, some], k, v, attn_mask=masked, scale=scale))
    return torch.cat(parts, 2)
