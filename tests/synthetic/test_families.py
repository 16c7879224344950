"""What every family promises."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from tests.synthetic.solids import open_edges
from tween4d.synthetic import example_scene
from tween4d.synthetic.families import FAMILIES
from tween4d.synthetic.scene import Scene, gather_surface, pose_surface

SEED = 3
SYMMETRIC = ("creature", "quadruped", "turtle")
"""Families whose every object is the same left and right at rest."""


@pytest.fixture(scope="module", params=FAMILIES)
def drawn(request: pytest.FixtureRequest) -> Scene:
    return FAMILIES[request.param](np.random.default_rng(SEED))


def test_object_stays_within_the_world_at_all_times(drawn: Scene) -> None:
    """Oracle: the world's definition, at 41 times of which most were not used to fit; and the fit wastes nothing."""
    surface = gather_surface(drawn)
    reach = [np.linalg.norm(pose_surface(drawn, surface, t).vertices, axis=1).max() for t in np.linspace(0, 1, 41)]
    assert 0.49 < max(reach) <= 0.5


def test_parts_are_closed_bound_and_rigid_where_they_should_be(drawn: Scene) -> None:
    """Oracle: invariants; no open edge, weights that sum to one, and in a part on one joint all distances kept."""
    surface = gather_surface(drawn)
    first, last = (pose_surface(drawn, surface, t).vertices for t in (0.0, 0.7))
    offset, g = 0, np.random.default_rng(0)
    for part in drawn.parts:
        count = len(part.mesh.vertices)
        assert open_edges(part.mesh) == 0, part.name
        np.testing.assert_allclose(part.weights.sum(1), 1, atol=1e-9)
        if part.weights[:, 0].min() == 1 and len(np.unique(part.joints[:, 0])) == 1:
            a, b = offset + g.integers(count, size=(2, 40))
            before, after = (np.linalg.norm(v[a] - v[b], axis=1) for v in (first, last))
            np.testing.assert_allclose(after, before, atol=1e-9)
        offset += count
    assert offset == len(surface.vertices)


def test_something_moves_far(drawn: Scene) -> None:
    """Oracle: invariant; between the ends some point travels at least a tenth of the object's size."""
    surface = gather_surface(drawn)
    first, last = (pose_surface(drawn, surface, t).vertices for t in (0.0, 1.0))
    assert np.linalg.norm(last - first, axis=1).max() > 0.1


def test_parts_have_names_of_their_own(drawn: Scene) -> None:
    """Oracle: invariant; the scene has its family's name, and no two parts or joints share one."""
    assert drawn.name in FAMILIES
    for names in ([part.name for part in drawn.parts], [joint.name for joint in drawn.skeleton.joints]):
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("family", SYMMETRIC)
def test_left_is_right_in_the_mirror(family: str) -> None:
    """Oracle: invariant; at rest the mirror image of every vertex lies on a vertex."""
    for seed in range(3):
        scene = FAMILIES[family](np.random.default_rng(seed))
        points = np.concatenate([part.mesh.vertices for part in scene.parts])
        away, _ = cKDTree(points).query(points * [-1, 1, 1])
        assert away.max() < 1e-6, (seed, away.max())


def test_same_seed_same_scene(drawn: Scene) -> None:
    """Oracle: invariant; equal seeds give equal arrays, another seed another object."""
    draw = FAMILIES[drawn.name]
    one = gather_surface(drawn)
    same, other = (gather_surface(draw(np.random.default_rng(seed))) for seed in (SEED, SEED + 1))
    for field in ("vertices", "normals", "coordinates", "triangles", "joints", "weights"):
        np.testing.assert_array_equal(getattr(one, field), getattr(same, field))
    np.testing.assert_array_equal(one.textures.numbers, same.textures.numbers)
    assert one.vertices.shape != other.vertices.shape or np.abs(one.vertices - other.vertices).max() > 1e-3


def test_example_is_always_the_same() -> None:
    """Oracle: invariant."""
    one, same = gather_surface(example_scene()), gather_surface(example_scene())
    np.testing.assert_array_equal(one.vertices, same.vertices)
    np.testing.assert_array_equal(one.textures.numbers, same.textures.numbers)
