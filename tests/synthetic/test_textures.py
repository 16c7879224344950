"""Textures at points whose colour is known."""

import numpy as np
import pytest

from tween4d.synthetic.kernels import paint_points
from tween4d.synthetic.palettes import draw_pattern
from tween4d.synthetic.textures import (
    Layer,
    bands,
    belt,
    blob,
    checks,
    fill,
    grid,
    pack_textures,
    patches,
    rings,
    slope,
    spots,
)  # fmt: skip

WHITE, BLACK = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)


def darkness(layer: Layer, points: list) -> np.ndarray:
    """How much of a black layer covers white at each point."""
    points = np.asarray(points, float)
    colors = paint_points(np.zeros(len(points), int), points, pack_textures([(fill(WHITE), layer)]).arrays)
    return 1 - colors[:, 0]


@pytest.mark.parametrize(
    ("layer", "dark", "light"),
    [
        (blob(BLACK, (0.2, 0, 0), (0.1, 0.2, 0.3)), [(0.2, 0.18, 0), (0.29, 0, 0)], [(0.2, 0.22, 0), (0.31, 0, 0)]),
        (blob(BLACK, (0.2, 0, 0), (0.1, 9, 9), mirror=True), [(-0.2, 5, 0)], [(0, 0, 0)]),
        (blob(BLACK, (0, 0, 0), (1, 1, 1), power=30), [(0.9, 0.9, 0.9)], [(1.1, 0, 0)]),
        (belt(BLACK, (0, 2, 0), 0.3, 0.05), [(7, 0.34, 1), (0, 0.26, 0)], [(0, 0.36, 0), (0, 0.24, 0)]),
        (bands(BLACK, (0, 1, 0), 0.5, 0.4), [(3, 0, 1), (0, 0.5, 0), (0, 0.92, 0)], [(0, 0.25, 0), (0, 0.12, 0)]),
        (slope(BLACK, (0, 0, 0), (0, 1, 0)), [(0, 1, 0), (4, 2, 0)], [(0, 0, 0), (0, -1, 3)]),
        (grid(BLACK, (2, 0, 0), (0, 4, 0)), [(0.5, 0.1, 0), (0.2, 0.25, 9)], [(0.25, 0.125, 0)]),
        (grid(BLACK, (2, 0, 0)), [(0.5, 0.1, 0)], [(0.25, 0.0, 0), (0.25, 0.25, 1)]),
    ],
)  # fmt: skip
def test_layers_cover_what_they_say(layer: Layer, dark: list, light: list) -> None:
    """Oracle: analytic; points just inside a mask's edge are covered, points just outside are not."""
    np.testing.assert_allclose(darkness(layer, dark), 1, atol=1e-9)
    np.testing.assert_allclose(darkness(layer, light), 0, atol=1e-9)


def test_checks_alternate() -> None:
    """Oracle: invariant; stepping one cell along any axis flips the colour."""
    points = np.random.default_rng(0).uniform(-3, 3, (200, 3))
    for axis in np.eye(3):
        np.testing.assert_allclose(
            darkness(checks(BLACK, 0.5), points) + darkness(checks(BLACK, 0.5), points + 0.5 * axis), 1
        )


@pytest.mark.parametrize("layer", [spots(BLACK, 0.3), patches(BLACK, 0.3), rings(BLACK, (0, 1, 0), 0.2, opacity=1.0)])
def test_random_masks_are_deterministic_continuous_and_neither_empty_nor_full(layer: Layer) -> None:
    """Oracle: invariants; the same point gives the same value, and near points near values across cell borders."""
    points = np.random.default_rng(1).uniform(-2, 2, (4000, 3))
    values = darkness(layer, points)
    np.testing.assert_array_equal(values, darkness(layer, points))
    assert 0.1 < values.mean() < 0.9
    line = np.stack([np.linspace(-2, 2, 40001), np.full(40001, 0.31), np.full(40001, -0.77)], 1)
    # The mask's slope is 1 / (2 soft) per unit of its frame at its steepest; the saw-tooth of rings is the steepest.
    assert np.abs(np.diff(darkness(layer, line))).max() < 0.02


def test_layers_are_painted_in_order_with_their_opacity() -> None:
    """Oracle: the over operator by hand."""
    texture = (fill((0.8, 0.4, 0.0)), Layer(0, (0.0, 0.0, 1.0), opacity=0.25), Layer(0, (1.0, 1.0, 1.0), opacity=0.5))
    color = paint_points(np.zeros(1, int), np.zeros((1, 3)), pack_textures([texture]).arrays)[0]
    np.testing.assert_allclose(color, 0.5 * (0.75 * np.array([0.8, 0.4, 0.0]) + 0.25 * np.array([0, 0, 1])) + 0.5)


def test_parts_keep_their_own_layers() -> None:
    """Oracle: packed together or alone, a part has the same colour."""
    g = np.random.default_rng(2)
    textures = [draw_pattern(g, (0.9, 0.5, 0.1), (0.1, 0.2, 0.4), 0.5) for _ in range(12)]
    points = g.uniform(-1, 1, (12, 3))
    together = paint_points(np.arange(12), points, pack_textures(textures).arrays)
    alone = [
        paint_points(np.zeros(1, int), p[None], pack_textures([t]).arrays)[0]
        for t, p in zip(textures, points, strict=True)
    ]
    np.testing.assert_array_equal(together, alone)
    assert (together >= 0).all() and (together <= 1).all()
