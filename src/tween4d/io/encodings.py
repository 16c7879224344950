"""The integer forms of an asset's tensors: each is named in the manifest, so that a reader can undo it."""

from typing import Any, Literal

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

Encoding = Literal["plain", "linear", "unit", "simplex"]


def encode(values: Tensor, encoding: Encoding) -> tuple[Shaped[Tensor, "..."], dict[str, Any]]:
    """Store a tensor in few bytes.

    Args:
        values: floating point, or integer for "plain".
        encoding: "plain" keeps floats as 32 bit and indices in the smallest unsigned type that holds them; "linear"
            is unsigned 16 bit between the least and largest value of each channel of the last axis; "unit" is signed
            16 bit for vectors of length one; "simplex" is unsigned 8 bit for weights that sum to one.
    Returns:
        The stored tensor, and what a reader needs besides it. "linear" errs by at most 1/131070 of a channel's range.
    """
    if encoding == "plain":
        return _plain(values), {"encoding": "plain"}
    if encoding == "unit":
        unit = values / values.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        return (unit * 32767).round().to(torch.int16), {"encoding": "unit"}
    if encoding == "simplex":
        return (values.clamp(0, 1) * 255).round().to(torch.uint8), {"encoding": "simplex"}
    flat = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values.reshape(-1, 1)
    if len(flat) == 0:
        low = high = torch.zeros(flat.shape[-1])
    else:
        low, high = flat.amin(0), flat.amax(0)
    span = (high - low).clamp(min=1e-12).double()
    levels = ((flat.double() - low) / span * 65535).round().clamp(0, 65535)
    stored = levels.to(torch.int32).to(torch.uint16).reshape(values.shape)
    return stored, {"encoding": "linear", "low": low.tolist(), "high": high.tolist()}


def decode(stored: Tensor, form: dict[str, Any]) -> Float[Tensor, "..."] | Tensor:
    """Undo `encode`.

    Raises:
        ValueError, KeyError: when the description does not fit the tensor.
    """
    encoding = form["encoding"]
    if encoding == "plain":
        return stored if stored.is_floating_point() else stored.long()
    if encoding == "unit":
        vectors = stored.float() / 32767
        return vectors / vectors.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    if encoding == "simplex":
        weights = stored.float() / 255
        return weights / weights.sum(-1, keepdim=True).clamp(min=1e-12)
    if encoding == "linear":
        low, high = (torch.tensor(form[name], dtype=torch.float64) for name in ("low", "high"))
        channels = stored.shape[-1] if stored.ndim > 1 else 1
        if low.shape != (channels,) or high.shape != (channels,):
            raise ValueError("the bounds do not fit the channels")
        flat = stored.to(torch.int32).double().reshape(-1, channels)
        return (low + flat / 65535 * (high - low)).reshape(stored.shape).float()
    raise ValueError(f"unknown encoding {encoding!r}")


def _plain(values: Tensor) -> Tensor:
    if values.is_floating_point():
        return values.float().contiguous()
    largest = int(values.max()) if values.numel() else 0
    return values.to(torch.uint8 if largest < 256 else torch.int32)
