"""Shapes against their defining equations."""

import numpy as np
import pytest

from tests.synthetic.solids import open_edges, volume
from tween4d.synthetic.meshes import Mesh
from tween4d.synthetic.shapes import ball, disc, plate, prism, rounded_box, superellipsoid, sweep, tray

CURVE = [(0.0, 0.0, 0.0), (0.1, 0.4, 0.0), (0.3, 0.7, 0.1), (0.3, 1.0, 0.3)]


@pytest.mark.parametrize(
    "mesh",
    [
        ball(0.3),
        superellipsoid((0.3, 0.5, 0.2), (0.5, 0.6)),
        sweep(CURVE, [0.1, 0.12, 0.1, 0.05]),
        sweep(CURVE, [(0.2, 0.02)] * 4, squareness=0.4, round_ends=False),
        rounded_box((0.3, 0.2, 0.1), 0.03),
        disc(0.4, 0.05, 0.02),
        tray((0.5, 0.2, 0.3), 0.05, 0.02),
        prism(np.array([(0, 0), (1, 0), (1.2, 0.6), (0.4, 1.0)]), 0.05, 0.02),
    ],
)
def test_shapes_are_closed_and_face_outwards(mesh: Mesh) -> None:
    """Oracle: invariant; every edge has its opposite, the volume is positive, normals are unit and face outwards."""
    assert open_edges(mesh) == 0
    assert volume(mesh) > 0
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=1e-9)
    corners = mesh.vertices[mesh.triangles]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert (np.einsum("fki,fi->fk", mesh.normals[mesh.triangles], faces) > 0).all()


def test_superellipsoid_satisfies_its_equation() -> None:
    """Oracle: the implicit equation (Barr 1981)."""
    (a, b, c), (e, f) = (0.3, 0.5, 0.2), (0.5, 0.7)
    x, y, z = (superellipsoid((a, b, c), (e, f)).vertices / (a, b, c)).T
    value = (np.abs(x) ** (2 / f) + np.abs(z) ** (2 / f)) ** (f / e) + np.abs(y) ** (2 / e)
    np.testing.assert_allclose(value, 1, atol=1e-9)


def test_straight_sweep_is_a_capsule() -> None:
    """Oracle: analytic; every vertex is one radius from the segment, and texture y is the length along it."""
    mesh = sweep([(0.1, -0.5, 0.2), (0.1, 0.5, 0.2)], [0.15, 0.15])
    nearest = np.stack(
        [np.full(len(mesh.vertices), 0.1), mesh.vertices[:, 1].clip(-0.5, 0.5), np.full(len(mesh.vertices), 0.2)], 1
    )
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices - nearest, axis=1), 0.15, atol=1e-9)
    np.testing.assert_allclose(mesh.coordinates[:, 1], mesh.vertices[:, 1] + 0.5, atol=1e-9)


def test_bent_sweep_passes_through_its_points() -> None:
    """Oracle: the curve interpolates; with flat ends of vanishing radius the mesh is the curve itself."""
    mesh = sweep(CURVE, [1e-4] * 4, round_ends=False, along=31)
    for point in CURVE:
        assert np.linalg.norm(mesh.vertices - point, axis=1).min() < 2e-4


def test_volumes_of_plates() -> None:
    """Oracle: analytic volumes; a disc, a sharp box, and a tray as the difference of two boxes."""
    around = np.pi * 0.3**2 * 0.2
    np.testing.assert_allclose(
        volume(plate((0.3, 0.3), 0.3, [(0, -0.1), (0, 0.1)], corner_points=40)), around, rtol=1e-3
    )
    np.testing.assert_allclose(volume(plate((0.3, 0.2), 0.0, [(0, -0.1), (0, 0.1)])), 8 * 0.3 * 0.2 * 0.1, rtol=1e-9)
    hollow = plate((0.3, 0.2), 0.0, [(0, -0.1), (0, 0.1), (0.05, 0.1), (0.05, -0.05)])
    np.testing.assert_allclose(volume(hollow), 8 * 0.3 * 0.2 * 0.1 - 4 * 0.25 * 0.15 * 0.15, rtol=1e-9)
