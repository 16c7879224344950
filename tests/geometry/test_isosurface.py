"""Fields to closed surfaces."""

import numpy as np
import pytest

from tween4d.geometry.isosurface import close_surface, fuse_depths, is_closed, reduce_triangles


def test_a_ball_is_reduced_to_the_number_asked_for() -> None:
    """Oracle: the number, and the ball in closed form: every vertex within a tenth of a cell, the volume within 1 %."""
    places = np.stack(np.meshgrid(*[np.linspace(-1, 1, 40)] * 3, indexing="ij"), -1)
    field = (np.linalg.norm(places, axis=-1) - 0.7).astype(np.float32)
    vertices, triangles = close_surface(field, np.full(3, -1, np.float32), 2 / 39, 800, smoothing=0.0)
    assert len(triangles) == 800 and is_closed(triangles)
    assert np.abs(np.linalg.norm(vertices, axis=-1) - 0.7).max() < 0.1 * 2 / 39
    corners = vertices[triangles]
    volume = np.einsum("fc,fc->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    assert abs(volume / (4 / 3 * np.pi * 0.7**3) - 1) < 0.01


@pytest.mark.parametrize("faces", [300, 1])
def test_a_ring_stays_a_closed_ring_however_few_are_asked_for(faces: int) -> None:
    """Oracle: Euler's number; a ring has 0. With one triangle asked for, about as few are left as a ring needs.

    The ring is thin: three cells across, so that decimation without regard for neighbours would pinch it.
    """
    x, y, z = np.meshgrid(*[np.linspace(-1, 1, 40)] * 3, indexing="ij")
    field = (np.hypot(np.hypot(x, y) - 0.7, z) - 0.08).astype(np.float32)
    vertices, triangles = close_surface(field, np.full(3, -1, np.float32), 2 / 39, faces, smoothing=0.0)
    edges = np.unique(
        np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), 1), axis=0
    )
    assert is_closed(triangles) and len(vertices) - len(edges) + len(triangles) == 0
    assert len(triangles) == 300 if faces == 300 else 14 <= len(triangles) < 80


def test_what_is_not_closed_is_not_reduced() -> None:
    """Oracle: contract; a single triangle, and two that lie on each other the same way round."""
    corners = np.eye(3, dtype=np.float32)
    for triangles in ([[0, 1, 2]], [[0, 1, 2], [0, 1, 2]]):
        with pytest.raises(ValueError, match="not closed"):
            reduce_triangles(corners, np.array(triangles, np.int32), 1)


def test_depths_of_two_pictures_fuse_to_a_signed_distance() -> None:
    """Oracle: by hand; a plate seen by two cameras that face each other, 1 from it, with a hole at the upper left.

    Between the two faces a picture's distance counts as far as the truncation behind what it sees.
    """
    front, back = np.eye(4, dtype=np.float32), np.diag([-1.0, 1.0, -1.0, 1.0]).astype(np.float32)
    front[2, 3] = back[2, 3] = 2.0
    depths = np.full((2, 8, 8), 1.9, np.float32)
    alphas = np.ones((2, 8, 8), np.float32)
    alphas[:, :2, :2] = 0
    lens = np.array([[8.0, 0, 4], [0, 8, 4], [0, 0, 1]], np.float32)
    origin = np.array([0.0, 0.0, -0.2], np.float32)
    field = fuse_depths(origin, 0.05, (1, 1, 9), np.stack([front, back]), lens, depths, alphas, 0.5)[0, 0]
    z = origin[2] + 0.05 * np.arange(9)
    # Both pictures see every place here; the means of (1.9 - 2 - z) and (1.9 - 2 + z), less the outward shift.
    assert np.allclose(field, -0.1 / 0.5 - 0.15, atol=1e-5) and len(z) == 9
    # Where nothing is covered a place is outside by twice the coverage that makes an outline, which is 0.3.
    outside = np.array([-0.9, -0.9, 0.0], np.float32)
    found = fuse_depths(outside, 0.1, (1, 1, 1), np.stack([front, back]), lens, depths, alphas, 0.5)[0, 0, 0]
    assert float(found) == pytest.approx(0.6, abs=1e-6)


def test_a_hole_within_the_object_is_filled() -> None:
    """Oracle: the outer radius of a hollow ball; its inner wall would lie at half of it."""
    places = np.stack(np.meshgrid(*[np.linspace(-1, 1, 40)] * 3, indexing="ij"), -1)
    radius = np.linalg.norm(places, axis=-1)
    field = np.maximum(radius - 0.7, 0.35 - radius).astype(np.float32)
    vertices, _ = close_surface(field, np.full(3, -1, np.float32), 2 / 39, 2000)
    assert np.abs(np.linalg.norm(vertices, axis=-1) - 0.7).max() < 0.03
