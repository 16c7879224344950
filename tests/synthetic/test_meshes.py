"""Closedness, orientation and normals of meshes."""

import numpy as np

from tests.synthetic.solids import open_edges, volume
from tween4d.synthetic.meshes import close_rings
from tween4d.synthetic.shapes import ball, rounded_box


def square_stack(reverse: bool) -> np.ndarray:
    square = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], float)
    heights = [1.0, -1.0] if reverse else [-1.0, 1.0]
    return np.stack([np.stack([square[:, 0], np.full(4, y), square[:, 1]], -1) for y in heights])


def test_rings_close_to_an_outward_solid_whichever_way_they_run() -> None:
    """Oracle: analytic; a cube of side 2 has volume 8, and normals along the axes at its sharp edges."""
    for reverse in (False, True):
        rings = square_stack(reverse)
        mesh = close_rings(rings, (rings[0].mean(0), rings[1].mean(0)))
        assert open_edges(mesh) == 0
        np.testing.assert_allclose(volume(mesh), 8.0, atol=1e-12)
        np.testing.assert_allclose(np.sort(np.abs(mesh.normals), 1), [[0, 0, 1]] * len(mesh.normals), atol=1e-12)
        assert len(mesh.vertices) == 6 * 4 + 2


def test_normals_of_a_ball_point_away_from_its_centre() -> None:
    """Oracle: analytic, within what 40 facets around leave."""
    mesh = ball(0.5, 40)
    outward = mesh.vertices / np.linalg.norm(mesh.vertices, axis=1, keepdims=True)
    assert (mesh.normals * outward).sum(1).min() > np.cos(np.radians(2.0))


def test_placing_is_rigid_and_keeps_texture_coordinates() -> None:
    """Oracle: invariant; volume, and the angle between normals and faces, do not change."""
    mesh = rounded_box((0.3, 0.2, 0.4), 0.05)
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    placed = mesh.placed(turn, np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(volume(placed), volume(mesh), atol=1e-9)
    np.testing.assert_array_equal(placed.coordinates, mesh.coordinates)
    np.testing.assert_allclose(placed.normals @ turn, mesh.normals, atol=1e-12)
    np.testing.assert_allclose((placed.vertices - [1, 2, 3]) @ turn, mesh.vertices, atol=1e-12)
