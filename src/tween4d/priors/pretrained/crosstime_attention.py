"""Self-attention that also looks at other moments: each frame at itself, both ends, and the frame before it."""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.priors.pretrained.sliced_attention import attend


@dataclass(frozen=True)
class CrossTimeConfig:
    """How far a frame looks at other moments."""

    gamma: float = 0.5
    """Share of the ends in a frame's own keys and values, in [0, 1] (STAG4D: 0.5)."""
    reach: float = 1.0
    """Weight in [0, 1] of the tokens of other moments beside a frame's own; 0 does not look at them."""
    tokens: Literal["all", "rows", "sparse"] = "all"
    """Which of them: all, those of the query's own row (linear in the picture's size), or every `stride`-th."""
    stride: int = 4
    """For sparse tokens."""


@dataclass(frozen=True)
class Moments:
    """Which row of a batch is which moment.

    The batch is a number of equal groups (with and without guidance, say), each of `len(ranks)` rows.
    """

    ranks: tuple[int, ...]
    """Place in time of each row of a group: 0 for the first end, the largest for the last."""
    shares: tuple[float, ...]
    """How far along each row is from the first end (0) to the last (1)."""

    def neighbours(self, row: int) -> tuple[int, ...]:
        """Rows of the first end, the moment before, and the last end, without the row itself and without doubles."""
        order = sorted(range(len(self.ranks)), key=self.ranks.__getitem__)
        before = order[max(0, order.index(row) - 1)]
        return tuple(dict.fromkeys(other for other in (order[0], before, order[-1]) if other != row))

    def ends(self) -> tuple[int, int]:
        """Rows of the first and the last moment."""
        return self.ranks.index(min(self.ranks)), self.ranks.index(max(self.ranks))


def even_moments(count: int) -> Moments:
    """Rows in the order of time, evenly apart."""
    return Moments(tuple(range(count)), tuple(i / max(1, count - 1) for i in range(count)))


class CrossTimeAttention:
    """A processor for the attention layers of diffusers. Holds no state between calls.

    Source: In-2-4D, Sec. 3.3 (queries of a frame, keys and values of the keyframes); gamma is STAG4D's mixing.
    Keys and values of each frame are those of its own tokens, mixed with the ends' by `gamma`, and beside them those
    of both ends and of the frame before, whose attention is weighted by `reach` (the logarithm of it is added to the
    logits). Extra tokens after a frame's own, as reference attention brings, are kept untouched. One frame, or gamma
    and reach 0, take the plain path. Frames are worked on one after another: memory grows linearly with their number.
    """

    def __init__(
        self, config: CrossTimeConfig, moments: Moments, proportion: float = 1.0, rows: int | None = None
    ) -> None:
        """Set what holds for every layer.

        Args:
            proportion: height of the picture over its width: with the number of tokens it gives their rows.
            rows: queries that are worked on at once; None takes all.
        """
        self.config, self.moments, self.proportion, self.rows = config, moments, proportion, rows

    def __call__(
        self,
        attn: Any,
        hidden_states: Float[Tensor, "b n c"],
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> Float[Tensor, "b n c"]:
        """The layer's answer; not differentiable through `gamma`."""
        own = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        count = len(self.moments.ranks)
        plain = count == 1 or (self.config.gamma == 0 and self.config.reach == 0)
        if plain:
            return _finish(attn, _attend(attn, hidden_states, own, attention_mask, self.rows))
        answers = []
        for group in range(0, len(hidden_states), count):
            for row in range(count):
                at = group + row
                answers.append(self._frame(attn, hidden_states, own, group, at))
        return _finish(attn, torch.cat(answers))

    def _frame(self, attn: Any, queries: Tensor, own: Tensor, group: int, at: int) -> Tensor:
        n, gamma, reach = queries.shape[1], self.config.gamma, self.config.reach
        row = at - group
        first, last = (group + r for r in self.moments.ends())
        share = self.moments.shares[row]
        end = (1 - share) * own[first, :n] + share * own[last, :n]
        mixed = torch.lerp(own[at, :n], end, gamma) if gamma else own[at, :n]
        others = [own[group + r, :n] for r in self.moments.neighbours(row)] if reach else []
        kept = [mixed, own[at, n:]]
        if self.config.tokens == "sparse":
            others = [tokens[:: self.config.stride] for tokens in others]
        tokens = torch.cat([*kept, *others])[None]
        inside = sum(len(part) for part in kept)
        bias = self._bias(n, inside, tokens.shape[1], queries) if others else None
        return _attend(attn, queries[at : at + 1], tokens, bias, self.rows)

    def _bias(self, n: int, inside: int, total: int, like: Tensor) -> Tensor | None:
        if self.config.tokens != "rows" and self.config.reach == 1:
            return None
        bias = like.new_zeros(1 if self.config.tokens != "rows" else n, total)
        bias[:, inside:] = torch.log(like.new_tensor(self.config.reach))
        if self.config.tokens == "rows":
            width = self._width(n)
            index = torch.arange(n, device=like.device) // width
            same = index[:, None] == index[None]
            bias[:, inside:] = bias[:, inside:].masked_fill(~same.repeat(1, (total - inside) // n), float("-inf"))
        return bias.expand(n, total)[None, None]

    def _width(self, n: int) -> int:
        """Columns of a grid of `n` tokens."""
        return max(1, round((n / self.proportion) ** 0.5))


def _attend(attn: Any, queries: Tensor, tokens: Tensor, mask: Tensor | None, rows: int | None) -> Tensor:
    """Attention of a layer before its output projection."""
    batch, n, _ = queries.shape
    q, k, v = attn.to_q(queries), attn.to_k(tokens), attn.to_v(tokens)
    split = (batch, -1, attn.heads, q.shape[-1] // attn.heads)
    q, k, v = (x.view(split).transpose(1, 2) for x in (q, k, v))
    answer = attend(q, k, v, mask, attn.scale, rows)
    return answer.transpose(1, 2).reshape(batch, n, -1)


def _finish(attn: Any, answer: Tensor) -> Tensor:
    return attn.to_out[1](attn.to_out[0](answer)) / attn.rescale_output_factor


class ReferenceAttention:
    """Reference attention of Zero123++: a first pass over the input picture leaves its tokens, a second reads them.

    Source: Zero123++ (arXiv:2310.15110), Sec. 2.2. Tokens travel in `store`, which the caller makes anew for every
    step; `inner` attends, so that it composes with attention across time, which is used in the second pass only.
    """

    def __init__(self, name: str, plain: Any, inner: Any) -> None:
        self.name, self.plain, self.inner = name, plain, inner

    def __call__(
        self,
        attn: Any,
        hidden_states: Float[Tensor, "b n c"],
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        writing: bool = False,
        store: dict[str, Tensor] | None = None,
    ) -> Float[Tensor, "b n c"]:
        """The layer's answer; writes into or reads from `store`."""
        assert store is not None
        own = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        if writing:
            store[self.name] = own
            return self.plain(attn, hidden_states, own, attention_mask)
        return self.inner(attn, hidden_states, torch.cat([own, store[self.name]], 1), attention_mask)


class OrdinaryAttention:
    """Any other layer: takes and ignores what reference attention is told."""

    def __init__(self, plain: Any) -> None:
        self.plain = plain

    def __call__(
        self,
        attn: Any,
        hidden_states: Float[Tensor, "b n c"],
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        writing: bool = False,
        store: dict[str, Tensor] | None = None,
    ) -> Float[Tensor, "b n c"]:
        """The layer's own answer."""
        return self.plain(attn, hidden_states, encoder_hidden_states, attention_mask)
