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
@given(st.integers(0, 2**31 - 1), st.sampled_from([(7, 3), (5, 4, 3), (9,), (1, 3)]), st.integers(2, 16))
def test_linear_errs_by_less_than_a_level(seed: int, shape: tuple[int, ...], bits: int) -> None:
    """Oracle: the documented bound, half a level of each channel's range, plus rounding of float32."""
    x = values(seed, *shape)
    y = decode(*encode(x, "linear", bits))
    flat = x.reshape(-1, x.shape[-1]) if x.ndim > 1 else x.reshape(-1, 1)
    span = (flat.amax(0) - flat.amin(0)).clamp(min=1e-12)
    error = (y.reshape(flat.shape) - flat).abs()
    assert bool((error <= span / 2 / (2**bits - 1) + 1e-6 * flat.abs().amax(0)).all())


def test_linear_keeps_a_constant_channel() -> None:
    """Oracle: limit; a range of zero."""
    x = torch.full((6, 2), 0.37)
    assert torch.allclose(decode(*encode(x, "linear")), x)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31 - 1), st.integers(6, 16))
def test_unit_vectors_stay_unit_and_near(seed: int, bits: int) -> None:
    """Oracle: invariant; length 1, and an error below the step; any input length."""
    x = values(seed, 20, 4)
    y = decode(*encode(x, "unit", bits))
    unit = x / x.norm(dim=-1, keepdim=True)
    assert torch.allclose(y.norm(dim=-1), torch.ones(20))
    assert float((y - unit).abs().max()) < 1.3 / (2 ** (bits - 1) - 1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31 - 1), st.integers(5, 8))
def test_weights_sum_to_one(seed: int, bits: int) -> None:
    """Oracle: invariant; every weight within one level."""
    x = torch.rand(20, 4, generator=torch.Generator().manual_seed(seed)) + 1e-3
    x = x / x.sum(-1, keepdim=True)
    y = decode(*encode(x, "simplex", bits))
    assert torch.allclose(y.sum(-1), torch.ones(20), atol=1e-6)
    assert float((y - x).abs().max()) < 1.001 / (2**bits - 1)


@pytest.mark.parametrize(("largest", "planes"), [(255, 1), (256, 2), (60_000, 2)])
def test_indices_come_back_exactly(largest: int, planes: int) -> None:
    """Oracle: round trip, in as many byte planes as the largest index needs."""
    x = torch.tensor([[0, 1, largest, 3], [largest, 0, 2, largest]])
    stored, form = encode(x, "plain")
    assert stored.shape == (planes, 4, 2) and torch.equal(decode(stored, form), x)


def test_neighbours_that_are_alike_are_stored_as_small_numbers() -> None:
    """Oracle: closed form; a straight line has one difference, whose high byte is zero, after its first level."""
    stored, _ = encode(torch.linspace(0, 1, 256)[:, None], "linear", 16)
    assert stored[0, 0].tolist() == [0] + [1] * 255 and stored[1, 0].tolist() == [0] + [1] * 255


@pytest.mark.parametrize("encoding", ["linear", "unit", "simplex", "plain"])
def test_version_1_is_decoded(encoding: str) -> None:
    """Oracle: the formulas of version 1: 16 bits, signed for unit vectors, weights of 8 bits, no planes."""
    stored, form, expected = {
        "linear": (torch.tensor([[0], [65535]], dtype=torch.uint16), {"low": [1.0], "high": [3.0]}, [[1.0], [3.0]]),
        "unit": (torch.tensor([[0, -32767]], dtype=torch.int16), {}, [[0.0, -1.0]]),
        "simplex": (torch.tensor([[64, 192]], dtype=torch.uint8), {}, [[0.25, 0.75]]),
        "plain": (torch.tensor([[3, 7]], dtype=torch.uint8), {}, [[3, 7]]),
    }[encoding]
    assert decode(stored, {"encoding": encoding, **form}).tolist() == expected


def test_a_description_that_does_not_fit_is_refused() -> None:
    """Oracle: contract."""
    stored, form = encode(torch.rand(4, 3), "linear")
    with pytest.raises(ValueError, match="do not fit"):
        decode(stored, {**form, "low": [0.0]})
    with pytest.raises(ValueError, match="unknown encoding"):
        decode(stored, {"encoding": "other"})
    with pytest.raises(ValueError, match="out of range"):
        decode(stored, {**form, "bits": 40})
    with pytest.raises(ValueError, match="byte planes"):
        decode(torch.rand(2, 3, 4), form)
