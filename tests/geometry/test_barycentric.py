"""Riding on a triangle sheet."""

import numpy as np

from tween4d.geometry.barycentric import barycentric, locate, ride


def sheet(n: int = 6) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:n, :n].astype(float)
    vertices = np.stack([x.ravel(), y.ravel()], -1)
    index = np.arange(n * n).reshape(n, n)
    a, b, c, d = index[:-1, :-1].ravel(), index[:-1, 1:].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel()
    return vertices, np.concatenate([np.stack([a, b, c], -1), np.stack([b, d, c], -1)])


def test_affine_maps_are_reproduced_exactly() -> None:
    """Oracle: closed form; barycentric interpolation is exact for affine functions."""
    vertices, triangles = sheet()
    rng = np.random.default_rng(0)
    points = rng.uniform(0.05, 4.95, (200, 2))
    A, d = rng.normal(size=(2, 2)), rng.normal(size=2)
    triangle, coordinates, outside = locate(points, vertices, triangles)
    assert outside.max() < 1e-9
    carried = ride(triangle, coordinates, np.stack([vertices, vertices @ A.T + d]), triangles)
    np.testing.assert_allclose(carried[0], points, atol=1e-9)
    np.testing.assert_allclose(carried[1], points @ A.T + d, atol=1e-9)


def test_points_outside_ride_on_the_nearest_edge_and_are_reported() -> None:
    """Oracle: construction; a point one unit left of the sheet."""
    vertices, triangles = sheet()
    triangle, coordinates, outside = locate(np.array([[-1.0, 2.5]]), vertices, triangles)
    assert outside[0] > 0.3
    assert coordinates.min() >= 0
    place = ride(triangle, coordinates, vertices[None], triangles)[0, 0]
    assert abs(place[0]) < 1e-9


def test_degenerate_triangle_has_equal_coordinates() -> None:
    """Oracle: stated limit."""
    np.testing.assert_allclose(barycentric(np.zeros(2), np.zeros((3, 2))), [1 / 3] * 3)
