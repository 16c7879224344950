"""Fields to closed surfaces."""

import numpy as np
import pytest

from tween4d.geometry import isosurface
from tween4d.geometry.isosurface import close_surface, is_closed


def test_decimation_that_fails_is_tried_with_fewer_triangles_never_with_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the number asked for, where the first results are called open as if a tip had been pinched."""
    places = np.stack(np.meshgrid(*[np.linspace(-1, 1, 24)] * 3, indexing="ij"), -1)
    field = (np.linalg.norm(places, axis=-1) - 0.7).astype(np.float32)
    # Both settings at 1.0 and both at 0.97 of the number.
    answers = iter([False] * 4)
    monkeypatch.setattr(isosurface, "is_closed", lambda triangles: next(answers, True) and is_closed(triangles))
    _, triangles = close_surface(field, np.zeros(3, np.float32), 1 / 12, 600)
    assert 400 < len(triangles) <= 600
    assert is_closed(triangles)


def test_where_decimation_always_fails_a_coarser_field_keeps_the_number_and_the_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Oracle: the number asked for, and the ball's volume in closed form within what an edge of a cell takes off."""
    places = np.stack(np.meshgrid(*[np.linspace(-1, 1, 40)] * 3, indexing="ij"), -1)
    field = (np.linalg.norm(places, axis=-1) - 0.7).astype(np.float32)
    monkeypatch.setattr(isosurface, "is_closed", lambda triangles: False)
    vertices, triangles = close_surface(field, np.full(3, -1, np.float32), 2 / 39, 2500)
    assert 1200 < len(triangles) <= 2500
    assert is_closed(triangles)
    corners = vertices[triangles]
    volume = np.einsum("fc,fc->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    assert abs(volume / (4 / 3 * np.pi * 0.7**3) - 1) < 0.03
    assert np.abs(vertices.max(0) + vertices.min(0)).max() < 0.01


def test_a_hole_within_the_object_is_filled() -> None:
    """Oracle: the outer radius of a hollow ball; its inner wall would lie at half of it."""
    places = np.stack(np.meshgrid(*[np.linspace(-1, 1, 40)] * 3, indexing="ij"), -1)
    radius = np.linalg.norm(places, axis=-1)
    field = np.maximum(radius - 0.7, 0.35 - radius).astype(np.float32)
    vertices, _ = close_surface(field, np.full(3, -1, np.float32), 2 / 39, 2000)
    assert np.abs(np.linalg.norm(vertices, axis=-1) - 0.7).max() < 0.03
