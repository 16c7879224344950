"""Attention across time against plain attention and a dense reference."""

import math
from dataclasses import replace

import pytest
import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0

from tests.priors.pretrained import tiny
from tween4d.priors.pretrained.crosstime_attention import CrossTimeAttention, CrossTimeConfig, Moments, even_moments
from tween4d.priors.pretrained.zero123 import install_attention

N, C = 16, 8


@pytest.fixture
def layer() -> Attention:
    torch.manual_seed(0)
    return Attention(C, heads=2, dim_head=4).double().eval()


def tokens(frames: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(frames, N, C, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def dense(layer: Attention, x: torch.Tensor, config: CrossTimeConfig) -> torch.Tensor:
    """Softmax over all tokens of all frames, with a weight for each pair: one for own, reach for seen, zero else."""
    frames = len(x)
    answer = torch.zeros_like(x)
    for t in range(frames):
        share = t / (frames - 1)
        seen = {0, max(0, t - 1), frames - 1} - {t}
        own = (1 - config.gamma) * x[t] + config.gamma * ((1 - share) * x[0] + share * x[-1])
        bank = torch.cat([own] + [x[s] for s in range(frames)])
        weight = torch.zeros(N, len(bank), dtype=x.dtype)
        weight[:, :N] = 1
        for s in seen:
            for i in range(N):
                for j in range(N):
                    same_row = i // 4 == j // 4
                    sparse = j % config.stride == 0
                    kept = {"all": True, "rows": same_row, "sparse": sparse}[config.tokens]
                    weight[i, (s + 1) * N + j] = config.reach * kept
        heads = []
        for h in range(2):
            part = slice(4 * h, 4 * h + 4)
            q, k, v = (f(y)[:, part] for f, y in ((layer.to_q, x[t]), (layer.to_k, bank), (layer.to_v, bank)))
            e = torch.exp(q @ k.T / math.sqrt(4)) * weight
            heads.append(e / e.sum(-1, keepdim=True) @ v)
        answer[t] = layer.to_out[0](torch.cat(heads, -1))
    return answer


@pytest.mark.parametrize("kind", ["all", "rows", "sparse"])
@pytest.mark.parametrize("gamma, reach", [(0.5, 1.0), (0.0, 0.3), (0.3, 0.7)])
@torch.no_grad()
def test_it_is_the_dense_softmax(layer: Attention, kind: str, gamma: float, reach: float) -> None:
    """Oracle: naive loops in float64 over every pair of tokens."""
    config = CrossTimeConfig(gamma, reach, kind, stride=4)
    x = tokens(5)
    wanted = dense(layer, x, config)
    # All queries at once, and in slices of which the last is shorter.
    for rows in (None, 5):
        made = CrossTimeAttention(config, even_moments(5), rows=rows)(layer, x)
        torch.testing.assert_close(made, wanted, rtol=1e-10, atol=1e-12)


@torch.no_grad()
def test_one_frame_or_no_weight_is_plain_attention_bit_for_bit(layer: Attention) -> None:
    """Oracle: the processor of diffusers."""
    layer, plain = layer.float(), AttnProcessor2_0()
    one, many = tokens(1).float(), tokens(4).float()
    assert torch.equal(CrossTimeAttention(CrossTimeConfig(), even_moments(1))(layer, one), plain(layer, one))
    off = CrossTimeAttention(CrossTimeConfig(gamma=0, reach=0), even_moments(4))
    assert torch.equal(off(layer, many), plain(layer, many))


@torch.no_grad()
def test_the_order_of_the_batch_does_not_matter(layer: Attention) -> None:
    """Oracle: invariance; shuffled rows with their ranks give shuffled answers, and groups do not see one another."""
    x, shuffle = tokens(5), [3, 0, 4, 1, 2]
    config, moments = CrossTimeConfig(0.4, 0.8), even_moments(5)
    straight = CrossTimeAttention(config, moments)(layer, x)
    mixed = Moments(tuple(shuffle), tuple(moments.shares[i] for i in shuffle))
    torch.testing.assert_close(CrossTimeAttention(config, mixed)(layer, x[shuffle]), straight[shuffle])
    other = tokens(5, seed=2)
    both = CrossTimeAttention(config, moments)(layer, torch.cat([x, other]))
    torch.testing.assert_close(both[:5], straight)
    torch.testing.assert_close(both[5:], CrossTimeAttention(config, moments)(layer, other))


@torch.no_grad()
def test_the_largest_attention_does_not_grow_with_frames(layer: Attention, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: counting; keys per call are at most 4 frames' and calls grow as frames do, so memory is linear."""
    calls: list[tuple[int, int]] = []
    real = torch.nn.functional.scaled_dot_product_attention

    def spy(q: torch.Tensor, k: torch.Tensor, *args: object, **kwargs: object) -> torch.Tensor:
        calls.append((q.shape[0], k.shape[2]))
        return real(q, k, *args, **kwargs)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", spy)
    for frames in (4, 8, 16):
        calls.clear()
        CrossTimeAttention(CrossTimeConfig(), even_moments(frames))(layer, tokens(frames))
        assert len(calls) == frames and max(rows * keys for rows, keys in calls) <= 4 * N
    calls.clear()
    CrossTimeAttention(CrossTimeConfig(), even_moments(4), rows=N // 4)(layer, tokens(4))
    assert len(calls) == 4 * 4


@torch.no_grad()
def test_reference_attention_composes_with_it() -> None:
    """Oracle: the same network one moment at a time; equal when moments do not look at one another, else not."""
    torch.manual_seed(0)
    unet = tiny.tiny_unet()
    reference, sample, words = torch.randn(3, 4, 8, 8), torch.randn(3, 4, 12, 8), torch.randn(3, 5, 32)

    def passes(rows: slice, config: CrossTimeConfig) -> torch.Tensor:
        count = len(range(*rows.indices(3)))
        install_attention(unet, config, even_moments(count))
        store: dict[str, torch.Tensor] = {}
        for what, writing in ((reference, True), (sample, False)):
            told = {"writing": writing, "store": store}
            answer = unet(what[rows], 10, words[rows], cross_attention_kwargs=told).sample
        assert store
        return answer

    off = CrossTimeConfig(gamma=0, reach=0)
    together = passes(slice(0, 3), off)
    for row in range(3):
        torch.testing.assert_close(together[row : row + 1], passes(slice(row, row + 1), off), rtol=1e-4, atol=1e-5)
    assert (passes(slice(0, 3), replace(off, reach=1.0)) - together).abs().max() > 1e-4
