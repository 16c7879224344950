"""Pieces that families share, against mirrors, bounds and rest poses."""

import numpy as np
from scipy.spatial.transform import Rotation

from tests.synthetic.solids import open_edges
from tween4d.synthetic.assembly import Assembly
from tween4d.synthetic.palettes import draw_palette
from tween4d.synthetic.pieces import Flesh, Wheels, draw_apart, draw_turns, head, limb, mirrored
from tween4d.synthetic.skeleton import Skeleton, joint_transforms
from tween4d.synthetic.textures import fill

GREY = (fill((0.5, 0.5, 0.5)),)


def test_numbers_drawn_apart_are_apart_within_their_range_and_in_both_orders() -> None:
    """Oracle: the definition, over 200 draws."""
    g = np.random.default_rng(0)
    pairs = np.array([draw_apart(g, -30, 50, 0.4) for _ in range(200)])
    assert pairs.min() >= -30 and pairs.max() <= 50
    assert np.abs(pairs[:, 1] - pairs[:, 0]).min() >= 0.4 * 80 - 1e-9
    rising = (pairs[:, 1] > pairs[:, 0]).mean()
    assert 0.35 < rising < 0.65


def test_mirrored_turns_are_turns_seen_in_the_mirror() -> None:
    """Oracle: analytic; the turn R becomes M R M with M = diag(-1, 1, 1)."""
    mirror = np.diag([-1.0, 1.0, 1.0])
    turns = draw_turns(np.random.default_rng(1), 60, 60, 60)
    for turn, other in zip(turns, mirrored(turns), strict=True):
        expected = mirror @ Rotation.from_euler("xyz", turn, degrees=True).as_matrix() @ mirror
        np.testing.assert_allclose(Rotation.from_euler("xyz", other, degrees=True).as_matrix(), expected, atol=1e-12)


def test_limb_hangs_on_its_parent_and_its_tip_follows_the_last_joint() -> None:
    """Oracle: analytic; a straight arm along x whose elbow turns by 90 degrees about z points up beyond the elbow."""
    a = Assembly("arm")
    root = a.joint("root", (0, 0, 0))
    bend = ((0.0, 0.0, 0.0), (0.0, 0.0, 90.0))
    still = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    curve = [(0, 0, 0), (1, 0, 0), (2, 0, 0)]
    last = limb(a, "arm", curve, Flesh([0.1, 0.1, 0.1], GREY, side=(0, 0, 1)), root, [still, bend], 0.05)
    assert [joint.parent for joint in a.joints] == [-1, 0, 1] and last == 2
    skeleton = Skeleton(tuple(a.joints))
    tip = (joint_transforms(skeleton, np.array([1.0]))[0, last] @ [2.0, 0.0, 0.0, 1.0])[:3]
    np.testing.assert_allclose(tip, [1, 1, 0], atol=1e-12)
    part = a.parts[0]
    outer = part.mesh.vertices[:, 0] > 1.2
    np.testing.assert_array_equal(part.joints[outer, 0], last)
    np.testing.assert_allclose(part.weights[outer, 0], 1.0)


def test_heads_of_any_kind_are_closed_and_the_same_left_and_right() -> None:
    """Oracle: invariants; no open edge, and the mirror image of every vertex is a vertex."""
    for seed in range(12):
        g = np.random.default_rng(seed)
        a = Assembly("head")
        head(a, g, a.joint("root", (0, 0, 0)), (0.0, 1.0, 0.2), (0.2, 0.25, 0.22), draw_palette(g))
        assert all(open_edges(part.mesh) == 0 for part in a.parts)
        points = np.concatenate([part.mesh.vertices for part in a.parts])
        assert {place(p) for p in points * [-1, 1, 1]} == {place(p) for p in points}, seed


def test_wheels_stand_across_their_axle() -> None:
    """Oracle: analytic extents of a wheel of radius 0.3 and half-width 0.1 about (1, 2, 3), its axle on x."""
    g = np.random.default_rng(2)
    a = Assembly("wheel")
    Wheels(g, 0.3, 0.1, draw_palette(g)).add(a, "wheel", a.joint("axle", (1, 2, 3)), (1.0, 2.0, 3.0))
    points = np.concatenate([part.mesh.vertices for part in a.parts]) - [1, 2, 3]
    np.testing.assert_allclose(np.abs(points).max(0), [0.105, 0.3, 0.3], atol=1e-6)


def place(point: np.ndarray) -> tuple[int, ...]:
    """A vertex's place to a hundred-thousandth, the same for 0 and -0."""
    return tuple(int(v) for v in np.round(point * 1e5))
