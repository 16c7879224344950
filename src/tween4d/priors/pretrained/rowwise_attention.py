"""Self-attention of MV-Adapter: a layer's own, one along the rows of all views, and one to the input picture."""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.priors.pretrained.sliced_attention import attend


class AdapterAttention(torch.nn.Module):
    """A self-attention layer with the two that MV-Adapter puts beside it; their answers are added.

    Source: MV-Adapter (arXiv:2412.03632), Sec. 4.2; parameters are named as in the published files. A batch is laid
    out [view, moment]: the layer's own attention is left to `across`, which sees the moments of each view; that along
    rows sees the same row of all views of one moment. A first pass (`writing`) leaves the tokens of the input picture,
    one per moment, in `store`, which the caller makes anew; it is the layer as it was.
    """

    def __init__(self, name: str, width: int, views: int, plain: Any) -> None:
        super().__init__()
        self.name, self.views, self.plain, self.across = name, views, plain, plain
        self.rows: int | None = None
        for kind in ("mv", "ref"):
            for part in ("to_q", "to_k", "to_v"):
                self.add_module(f"{part}_{kind}", torch.nn.Linear(width, width, bias=False))
            self.add_module(f"to_out_{kind}", torch.nn.ModuleList([torch.nn.Linear(width, width)]))

    # Not `forward`: diffusers reads the names of what it may hand on from the signature of the call.
    def __call__(
        self,
        attn: Any,
        hidden_states: Float[Tensor, "b n c"],
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        writing: bool = False,
        blind: bool = False,
        store: dict[str, Tensor] | None = None,
    ) -> Float[Tensor, "b n c"]:
        """The layer's answer; `blind` shows zeros for the input picture, as the half without guidance does."""
        assert store is not None
        if writing:
            store[self.name] = hidden_states
            return self.plain(attn, hidden_states, None, attention_mask)
        own = self.across(attn, hidden_states, None, attention_mask)
        seen = store[self.name]
        seen = torch.zeros_like(seen) if blind else seen
        beside = self._along_rows(attn.heads, hidden_states) + self._to_picture(attn.heads, hidden_states, seen)
        return own + beside / attn.rescale_output_factor

    def _along_rows(self, heads: int, tokens: Float[Tensor, "b n c"]) -> Float[Tensor, "b n c"]:
        batch, count, width = tokens.shape
        side = math.isqrt(count)
        moments = batch // self.views

        def split(x: Tensor) -> Tensor:
            grid = x.reshape(self.views, moments, side, side, heads, width // heads)
            # All views of a row of a moment look at one another: [moment row, head, view column, channel].
            return grid.permute(1, 2, 4, 0, 3, 5).reshape(moments * side, heads, self.views * side, -1)

        q, k, v = (split(layer(tokens)) for layer in (self.to_q_mv, self.to_k_mv, self.to_v_mv))
        answer = torch.nn.functional.scaled_dot_product_attention(q, k, v)
        grid = answer.reshape(moments, side, heads, self.views, side, -1).permute(3, 0, 1, 4, 2, 5)
        return self.to_out_mv[0](grid.reshape(batch, count, width))

    def _to_picture(
        self, heads: int, tokens: Float[Tensor, "b n c"], seen: Float[Tensor, "t m c"]
    ) -> Float[Tensor, "b n c"]:
        batch, count, width = tokens.shape

        def split(x: Tensor) -> Tensor:
            return x.reshape(len(x), -1, heads, width // heads).transpose(1, 2)

        q = split(self.to_q_ref(tokens))
        k, v = (split(layer(seen)).repeat(self.views, 1, 1, 1) for layer in (self.to_k_ref, self.to_v_ref))
        answer = attend(q, k, v, rows=self.rows)
        return self.to_out_ref[0](answer.transpose(1, 2).reshape(batch, count, width))
