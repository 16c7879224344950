"""The integer forms of tensors."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tween4d.io.encodings import decode, encode


def values(seed: int, *shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator) * 10 ** float(torch.rand(1, generator=generator) * 6 - 3)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31 - 1), st.sampled_from([(7, 3), (5, 4, 3), (9,), (1, 3)]))
def test_linear_errs_by_less_than_a_level(seed: int, shape: tuple[int, ...]) -> None:
    """Oracle: the documented bound, 1/131070 of each channel's range, plus rounding of float32."""
    x = values(seed, *shape)
    y = decode(*encode(x, "linear"))
    flat = x.reshape(-1, x.shape[-1]) if x.ndim > 1 else x.reshape(-1, 1)
    span = (flat.amax(0) - flat.amin(0)).clamp(min=1e-12)
    error = (y.reshape(flat.shape) - flat).abs()
    assert bool((error <= span / 131070 + 1e-6 * flat.abs().amax(0)).all())


def test_linear_keeps_a_constant_channel() -> None:
    """Oracle: limit; a range of zero."""
    x = torch.full((6, 2), 0.37)
    assert torch.allclose(decode(*encode(x, "linear")), x)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31 - 1))
def test_unit_vectors_stay_unit_and_near(seed: int) -> None:
    """Oracle: invariant; length 1, and an angle below the step of 16 bits; any input length."""
    x = values(seed, 20, 4)
    y = decode(*encode(x, "unit"))
    unit = x / x.norm(dim=-1, keepdim=True)
    assert torch.allclose(y.norm(dim=-1), torch.ones(20))
    assert float((y - unit).abs().max()) < 4e-5


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31 - 1))
def test_weights_sum_to_one(seed: int) -> None:
    """Oracle: invariant; every weight within one level of 8 bits."""
    x = torch.rand(20, 4, generator=torch.Generator().manual_seed(seed)) + 1e-3
    x = x / x.sum(-1, keepdim=True)
    y = decode(*encode(x, "simplex"))
    assert torch.allclose(y.sum(-1), torch.ones(20), atol=1e-6)
    assert float((y - x).abs().max()) < 1.5 / 255


@pytest.mark.parametrize(("largest", "kind"), [(255, torch.uint8), (256, torch.int32), (100_000, torch.int32)])
def test_indices_come_back_exactly(largest: int, kind: torch.dtype) -> None:
    """Oracle: round trip, in the smallest type that holds them."""
    x = torch.tensor([[0, 1, largest, 3]])
    stored, form = encode(x, "plain")
    assert stored.dtype == kind and torch.equal(decode(stored, form), x)


def test_a_description_that_does_not_fit_is_refused() -> None:
    """Oracle: contract."""
    stored, form = encode(torch.rand(4, 3), "linear")
    with pytest.raises(ValueError, match="do not fit"):
        decode(stored, {**form, "low": [0.0]})
    with pytest.raises(ValueError, match="unknown encoding"):
        decode(stored, {"encoding": "other"})
