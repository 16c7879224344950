"""Barycentric places in a posed triangle sheet: how a pixel rides on a lattice."""

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import cKDTree


def barycentric(p: Float[np.ndarray, "*#n 2"], corners: Float[np.ndarray, "*#n 3 2"]) -> Float[np.ndarray, "*#n 3"]:
    """Barycentric coordinates of p in its triangle; they sum to 1 and may be negative outside.

    A degenerate triangle gives a third for each corner.
    """
    a, b, c = corners[..., 0, :], corners[..., 1, :], corners[..., 2, :]
    ab, ac, ap = b - a, c - a, p - a
    area = ab[..., 0] * ac[..., 1] - ab[..., 1] * ac[..., 0]
    ok = np.abs(area) > 1e-9
    safe = np.where(ok, area, 1.0)
    v = np.where(ok, (ap[..., 0] * ac[..., 1] - ap[..., 1] * ac[..., 0]) / safe, 1 / 3)
    w = np.where(ok, (ab[..., 0] * ap[..., 1] - ab[..., 1] * ap[..., 0]) / safe, 1 / 3)
    return np.stack([1 - v - w, v, w], -1)


def locate(
    points: Float[np.ndarray, "p 2"],
    vertices: Float[np.ndarray, "v 2"],
    triangles: Int[np.ndarray, "f 3"],
    candidates: int = 12,
) -> tuple[Int[np.ndarray, "p"], Float[np.ndarray, "p 3"], Float[np.ndarray, "p"]]:
    """The triangle of a sheet that holds each point, or the nearest one.

    Args:
        points, vertices: in one plane and unit.
        candidates: triangles tried per point, nearest centroids first; enough while triangles are of similar size.
    Returns:
        Triangle index, barycentric coordinates (clamped to the triangle and renormalised, so a point outside rides on
        the nearest edge), and how far the point lay outside, in triangle sizes (0 inside).
    """
    corners = vertices[triangles]
    k = min(candidates, len(triangles))
    _, near = cKDTree(corners.mean(1)).query(points, k=k)
    near = np.asarray(near).reshape(len(points), k)
    coordinates = barycentric(np.broadcast_to(points[:, None], (len(points), k, 2)), corners[near])
    outside = np.maximum(0.0, -coordinates.min(-1))
    best = outside.argmin(1)
    rows = np.arange(len(points))
    chosen = np.clip(coordinates[rows, best], 0.0, None)
    chosen /= chosen.sum(-1, keepdims=True)
    return near[rows, best], chosen, outside[rows, best]


def ride(
    triangle: Int[np.ndarray, "p"],
    coordinates: Float[np.ndarray, "p 3"],
    vertices: Float[np.ndarray, "t v d"],
    triangles: Int[np.ndarray, "f 3"],
) -> Float[np.ndarray, "t p d"]:
    """Positions (or any vertex attribute) of located points at all poses of the sheet."""
    return np.einsum("tpcd,pc->tpd", vertices[:, triangles[triangle]], coordinates)
