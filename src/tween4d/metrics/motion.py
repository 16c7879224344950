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


def rigid_parts(
    truth: Float[np.ndarray, "t n 3"], tolerance: float = 0.004, least: float = 0.03, seed: int = 0
) -> list[np.ndarray]:
    """Rows of points that move as one rigid body, largest part first; what bends belongs to none.

    Source: sequential RANSAC; a hypothesis is the rigid motion of a point and its 12 nearest neighbours.

    Args:
        truth: exact trajectories.
        tolerance: distance from the rigid motion at every time, object sizes.
        least: share of all points that makes a part.
    """
    truth = np.asarray(truth, np.float64)
    left, parts = np.arange(truth.shape[1]), []
    draw = np.random.default_rng(seed)
    while len(left) >= max(13, least * truth.shape[1]):
        tree = cKDTree(truth[0, left])
        best = np.empty(0, int)
        for start in draw.choice(len(left), min(40, len(left)), replace=False):
            near = left[tree.query(truth[0, left[start]], 13)[1]]
            inside = left[_rigid_residual(truth, near, left).max(0) < tolerance]
            if len(inside) > len(best):
                best = inside
        # Fitted once more to all of them: thirteen points leave the rotation open.
        if len(best) > 13:
            best = left[_rigid_residual(truth, best, left).max(0) < tolerance]
        if len(best) < max(13, least * truth.shape[1]):
            break
        parts.append(best)
        left = np.setdiff1d(left, best)
    return parts


def rigidity_error(truth: Float[np.ndarray, "t n 3"], predicted: Float[np.ndarray, "s m 3"]) -> float | None:
    """How far parts that are rigid in truth bend, times 100: root mean square about their best rigid motion.

    Every true point follows the predicted point that is nearest to it at the first time.

    Returns:
        The mean over parts by their number of points; None where nothing is rigid.
    Raises:
        ValueError: when the numbers of times differ.
    """
    truth, predicted = _aligned(truth, predicted)
    parts = rigid_parts(truth)
    if not parts:
        return None
    near = cKDTree(predicted[0]).query(truth[0])[1]
    followed = predicted[:, near]
    errors = [float(np.sqrt(np.square(_rigid_residual(followed, part, part)[1:]).mean())) for part in parts]
    return 100 * float(np.average(errors, weights=[len(part) for part in parts]))


def _rigid_residual(points: np.ndarray, fitted: np.ndarray, measured: np.ndarray) -> Float[np.ndarray, "t p"]:
    """Distance of the measured points from the rigid motion, since the first time, that fits the fitted ones best."""
    rest = points[0, fitted].mean(0)
    here = points[0, fitted] - rest
    centre = points[:, fitted].mean(1)
    u, _, vt = np.linalg.svd(np.einsum("pi,tpj->tij", here, points[:, fitted] - centre[:, None]))
    flip = np.ones((len(points), 3))
    flip[:, 2] = np.sign(np.linalg.det(u @ vt))
    turn = (u * flip[:, None]) @ vt
    moved = np.einsum("pi,tij->tpj", points[0, measured] - rest, turn) + centre[:, None]
    return np.linalg.norm(points[:, measured] - moved, axis=-1)


def _aligned(truth: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if len(truth) != len(predicted):
        raise ValueError(f"points at {len(predicted)} times, but the truth has {len(truth)}")
    return np.asarray(truth, np.float64), np.asarray(predicted, np.float64)
