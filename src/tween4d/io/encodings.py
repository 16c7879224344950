"""The integer forms of an asset's tensors: each is named in the manifest, so that a reader can undo it."""

from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Integer, Shaped
from torch import Tensor

Encoding = Literal["plain", "linear", "unit", "simplex"]


def encode(values: Tensor, encoding: Encoding, bits: int = 16) -> tuple[Shaped[Tensor, "..."], dict[str, Any]]:
    """Store a tensor in few bytes.

    Args:
        values: floating point, or integer from 0 to 65535 for "plain".
        encoding: "plain" keeps floats as they are, and integers exactly; "linear" has 2^bits levels between the least
            and the largest value of each channel of the last axis; "unit" is for vectors of length one, with levels
            between -1 and 1; "simplex" is for weights that sum to one, with levels that sum to 2^bits - 1.
        bits: of a level, 2 to 16.
    Returns:
        The stored tensor, and what a reader needs besides it. Levels are stored as planes [bytes, columns, rows] of
        differences between neighbouring rows, which deflate well where neighbours are alike. "linear" errs by at most
        half a level, that is range / 2 (2^bits - 1).
    """
    if encoding == "plain" and values.is_floating_point():
        return values.float().contiguous(), {"encoding": "plain"}
    form: dict[str, Any] = {"encoding": encoding, "bits": bits, "shape": list(values.shape)}
    if encoding == "plain":
        bits = 8 if int(values.max()) < 256 else 16
        form = {"encoding": encoding, "shape": list(values.shape)}
        levels = values.numpy().astype(np.int64)
    elif encoding == "unit":
        unit = values.double() / values.double().norm(dim=-1, keepdim=True).clamp(min=1e-12)
        middle = 2 ** (bits - 1) - 1
        levels = np.rint(unit.numpy() * middle).astype(np.int64) + middle
    elif encoding == "simplex":
        levels = _shares(values.double().clamp(0, 1).numpy(), 2**bits - 1)
    else:
        flat = values.double().reshape(-1, values.shape[-1] if values.ndim > 1 else 1).numpy()
        low, high = flat.min(0), flat.max(0)
        levels = np.rint((flat - low) / np.maximum(high - low, 1e-12) * (2**bits - 1)).astype(np.int64)
        form |= {"low": low.tolist(), "high": high.tolist()}
    return _planes(levels.reshape(len(values), -1), 1 if bits <= 8 else 2), form


def decode(stored: Tensor, form: dict[str, Any]) -> Float[Tensor, "..."] | Integer[Tensor, "..."]:
    """Undo `encode`, of this version and of version 1, which stores levels as they are.

    Raises:
        ValueError, KeyError: when the description does not fit the tensor.
    """
    encoding, bits = form["encoding"], int(form.get("bits", 16))
    if not 2 <= bits <= 16:
        raise ValueError(f"{bits} bits are out of range")
    if "shape" in form and "bits" in form and len(stored) != (1 if bits <= 8 else 2):
        raise ValueError("the planes do not fit the bits")
    levels = _summed(stored, form["shape"]) if "shape" in form else stored
    if encoding == "plain":
        return levels if levels.is_floating_point() else levels.long()
    if encoding == "unit":
        # Version 1 has signed levels.
        middle = 2 ** (bits - 1) - 1 if "bits" in form else 0
        vectors = levels.float() - middle
        return vectors / vectors.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    if encoding == "simplex":
        weights = levels.float()
        return weights / weights.sum(-1, keepdim=True).clamp(min=1e-12)
    if encoding == "linear":
        low, high = (torch.tensor(form[name], dtype=torch.float64) for name in ("low", "high"))
        channels = levels.shape[-1] if levels.ndim > 1 else 1
        if low.shape != (channels,) or high.shape != (channels,):
            raise ValueError("the bounds do not fit the channels")
        flat = levels.to(torch.int32).double().reshape(-1, channels)
        top = 2**bits - 1
        return (low + flat / top * (high - low)).reshape(levels.shape).float()
    raise ValueError(f"unknown encoding {encoding!r}")


def _shares(weights: Float[np.ndarray, "n k"], total: int) -> Integer[np.ndarray, "n k"]:
    """Whole numbers that sum to `total`: what rounding down leaves goes to those that lost most."""
    exact = weights / np.maximum(weights.sum(-1, keepdims=True), 1e-12) * total
    levels = np.floor(exact).astype(np.int64)
    rank = np.argsort(np.argsort(levels - exact, -1, kind="stable"), -1, kind="stable")
    return levels + (rank < (total - levels.sum(-1, keepdims=True)))


def _planes(levels: Integer[np.ndarray, "rows columns"], width: int) -> Integer[Tensor, "bytes columns rows"]:
    differences = np.diff(levels, axis=0, prepend=0).T % 256**width
    planes = [(differences >> 8 * place) & 255 for place in range(width)]
    return torch.from_numpy(np.stack(planes).astype(np.uint8))


def _summed(stored: Tensor, shape: list[int]) -> Integer[Tensor, "..."]:
    if stored.dtype != torch.uint8 or stored.ndim != 3 or not 1 <= len(stored) <= 2:
        raise ValueError("a tensor is not stored as byte planes")
    differences = sum(stored[place].int() << 8 * place for place in range(len(stored)))
    assert isinstance(differences, Tensor)
    return (differences.cumsum(-1) % 256 ** len(stored)).T.reshape(shape)
