"""Tracked points against true trajectories; percent of the object's size, whose bounding sphere has diameter 1."""

import numpy as np
from jaxtyping import Float
from scipy.spatial import cKDTree


def chamfer_distance(truth: Float[np.ndarray, "t n 3"], predicted: Float[np.ndarray, "s m 3"]) -> float:
    """Symmetric Chamfer distance: the mean of both mean nearest-neighbour distances, mean over times, times 100.

    Two independent samples of one surface do not reach 0: 4,096 points each are about 0.5 apart.

    Raises:
        ValueError: when the numbers of times differ.
    """
    truth, predicted = _aligned(truth, predicted)
    distances = [
        0.5 * (cKDTree(b).query(a)[0].mean() + cKDTree(a).query(b)[0].mean())
        for a, b in zip(truth, predicted, strict=True)
    ]
    return 100 * float(np.mean(distances))


def endpoint_error(truth: Float[np.ndarray, "t n 3"], predicted: Float[np.ndarray, "s m 3"]) -> float:
    """Mean error of the displacement since the first time, times 100.

    Every true point follows the predicted point that is nearest to it at the first time.

    Args:
        predicted: index i is the same material point at every time.
    Raises:
        ValueError: when the numbers of times differ.
    """
    truth, predicted = _aligned(truth, predicted)
    near = cKDTree(predicted[0]).query(truth[0])[1]
    error = (predicted[:, near] - predicted[0, near]) - (truth - truth[0])
    return 100 * float(np.linalg.norm(error, axis=-1)[1:].mean())


def frozen_endpoint_error(truth: Float[np.ndarray, "t n 3"]) -> float:
    """The `endpoint_error` of an object that does not move: what any motion has to beat."""
    truth = np.asarray(truth, np.float64)
    return 100 * float(np.linalg.norm(truth - truth[0], axis=-1)[1:].mean())


def _aligned(truth: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if len(truth) != len(predicted):
        raise ValueError(f"points at {len(predicted)} times, but the truth has {len(truth)}")
    return np.asarray(truth, np.float64), np.asarray(predicted, np.float64)
