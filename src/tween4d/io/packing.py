"""What compressed splat formats share: unit quaternions without their largest part, and an order of near neighbours."""

import numpy as np
from jaxtyping import Float, Integer
from torch import Tensor

from tween4d.data.gaussians import Gaussians

# Opacity 0 and 1 have no finite logit.
LOGIT_LIMIT = 15.0


def as_array(values: Tensor) -> np.ndarray:
    """A tensor as a float64 array."""
    return values.detach().cpu().double().numpy()


def unit_quats(gaussians: Gaussians) -> Float[np.ndarray, "n 4"]:
    """Orientations wxyz of length 1, float64; a quaternion of length 0 becomes the identity."""
    quats = gaussians.quats.detach().cpu().double().numpy()
    length = np.linalg.norm(quats, axis=-1, keepdims=True)
    return np.where(length > 1e-12, quats / np.maximum(length, 1e-12), [1.0, 0.0, 0.0, 0.0])


def smallest_three(
    quats: Float[np.ndarray, "n 4"],
) -> tuple[Integer[np.ndarray, "n"], Float[np.ndarray, "n 3"]]:
    """Leave out the largest component, which the other three determine.

    Args:
        quats: unit, components in the order of the format.
    Returns:
        Index of the component left out, and the others in order, in [-sqrt(1/2), sqrt(1/2)], with the sign that makes
        the missing one positive.
    """
    largest = np.abs(quats).argmax(-1)
    rows = np.arange(len(quats))
    signed = quats * np.where(quats[rows, largest] < 0, -1.0, 1.0)[:, None]
    others = np.array([[k for k in range(4) if k != left] for left in range(4)])
    return largest, np.take_along_axis(signed, others[largest], -1)


def near_order(means: Float[np.ndarray, "n 3"]) -> Integer[np.ndarray, "n"]:
    """Rows along a Z-order curve, so that neighbours in a file are neighbours in space."""
    low, high = means.min(0), means.max(0)
    cells = ((means - low) / np.maximum(high - low, 1e-12) * 1023).astype(np.uint64)
    code = np.zeros(len(means), np.uint64)
    for bit in range(10):
        for axis in range(3):
            code |= ((cells[:, axis] >> np.uint64(bit)) & np.uint64(1)) << np.uint64(3 * bit + axis)
    return np.argsort(code, kind="stable")
