"""Triangle sheets: covering, rigidity energies, fitting, and interpolation along arcs."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tween4d.geometry.lattice import (
    Sheet,
    arap_energy,
    cover_mask,
    fit_sheet,
    interpolate_sheet,
    make_sheet,
    nearest_rotations,
    rotation_angles,
    unwrapped_angles,
)

SPACING = 6.0


def turn(angle: float) -> np.ndarray:
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def strip(length: int = 120, width: int = 18, size: int = 160) -> Sheet:
    """A horizontal bar in the middle of a picture."""
    mask = np.zeros((size, size), bool)
    top, left = (size - width) // 2, (size - length) // 2
    mask[top : top + width, left : left + length] = True
    return make_sheet(*cover_mask(mask, SPACING))


def two_discs() -> tuple[np.ndarray, Sheet]:
    y, x = np.mgrid[:100, :160]
    mask = ((x - 40) ** 2 + (y - 50) ** 2 < 25**2) | ((x - 120) ** 2 + (y - 50) ** 2 < 20**2)
    return mask, make_sheet(*cover_mask(mask, SPACING))


def lengths(sheet: Sheet, posed: np.ndarray) -> np.ndarray:
    corners = posed[sheet.triangles]
    return np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=-1)


def test_the_sheet_covers_the_mask_and_little_more() -> None:
    """Oracle: areas; a disc of radius r with margin 1 has area pi (r + 1)^2, less the corners of its polygon."""
    y, x = np.mgrid[:120, :120] + 0.5
    mask = (x - 60) ** 2 + (y - 60) ** 2 < 40**2
    sheet = make_sheet(*cover_mask(mask, SPACING))
    assert sheet.area.sum() == pytest.approx(math.pi * 41**2, rel=0.02)
    assert np.linalg.norm(sheet.rest - 60, axis=1).max() < 42
    assert set(sheet.triangles.ravel()) == set(range(len(sheet.rest)))
    assert lengths(sheet, sheet.rest).mean() == pytest.approx(SPACING, rel=0.15)
    assert sheet.component.max() == 0


def test_triangles_have_one_orientation() -> None:
    """Oracle: invariant; signed areas by the shoelace formula are all positive."""
    _, sheet = two_discs()
    a, b, c = (sheet.rest[sheet.triangles[:, i]] for i in range(3))
    signed = 0.5 * np.cross(np.pad(b - a, ((0, 0), (0, 1))), np.pad(c - a, ((0, 0), (0, 1))))[:, 2]
    assert signed.min() > 0
    np.testing.assert_allclose(signed, sheet.area)


def test_separate_parts_are_separate_pieces() -> None:
    """Oracle: construction; two discs, each vertex labelled by the disc it lies on."""
    _, sheet = two_discs()
    assert sheet.component.max() == 1
    left = sheet.rest[:, 0] < 80
    assert len(set(sheet.component[left])) == len(set(sheet.component[~left])) == 1


@pytest.mark.parametrize("mask", [np.ones((1, 1), bool), np.ones((2, 30), bool), np.eye(40, dtype=bool)])
def test_thin_masks_still_get_a_sheet(mask: np.ndarray) -> None:
    """Oracle: limit; one pixel, a line and a diagonal: some triangles, all over the mask's surroundings."""
    sheet = make_sheet(*cover_mask(mask, SPACING))
    assert len(sheet.triangles) > 0
    assert sheet.rest.min() > -3 and sheet.rest[:, 0].max() < mask.shape[1] + 3


def test_jacobians_of_an_affine_map_are_its_matrix() -> None:
    """Oracle: closed form; the deformation gradient of x -> A x + d is A in every triangle."""
    sheet = strip()
    A = np.array([[0.7, 0.4], [-0.2, 1.3]])
    np.testing.assert_allclose(
        sheet.jacobians(sheet.rest @ A.T + [3.0, -5.0]), np.broadcast_to(A, (len(sheet.triangles), 2, 2)), atol=1e-9
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4))
def test_nearest_rotation_is_the_polar_factor(values: list[float]) -> None:
    """Oracle: independent formula; the proper rotation by singular values, wherever it is unique."""
    J = np.array(values).reshape(2, 2)
    u, s, vt = np.linalg.svd(J)
    sign = np.sign(np.linalg.det(u @ vt))
    if s[0] + sign * s[1] < 1e-2:
        return
    expected = u @ np.diag([1, sign]) @ vt
    np.testing.assert_allclose(nearest_rotations(J[None])[0], expected, atol=1e-6)
    angle = rotation_angles(J[None])[0]
    np.testing.assert_allclose([math.cos(angle), math.sin(angle)], expected[:, 0], atol=1e-6)


def test_nearest_rotation_without_direction_is_the_identity() -> None:
    """Oracle: stated limit; the zero matrix and a mirror."""
    for J in (np.zeros((2, 2)), np.diag([1.0, -1.0])):
        np.testing.assert_allclose(nearest_rotations(J[None])[0], np.eye(2), atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.floats(-math.pi, math.pi), st.floats(0.2, 3.0), st.floats(-2.0, 2.0))
def test_energy_of_uniform_maps(angle: float, scale: float, shear: float) -> None:
    """Oracle: closed forms; rigid 0, scaling by s costs 2 (s - 1)^2, any A the sum of (singular value - 1)^2."""
    sheet = strip(60, 18, 80)
    R = turn(angle)
    assert arap_energy(sheet, sheet.rest @ R.T + [7.0, 1.0]) == pytest.approx(0, abs=1e-9)
    assert arap_energy(sheet, scale * sheet.rest @ R.T) == pytest.approx(2 * (scale - 1) ** 2, abs=1e-9)
    A = R @ np.array([[1.0, shear], [0.0, 1.0]])
    singular = np.linalg.svd(A, compute_uv=False)
    assert arap_energy(sheet, sheet.rest @ A.T) == pytest.approx(((singular - 1) ** 2).sum(), abs=1e-9)


@pytest.mark.parametrize("degrees", [0, 40, 170, -120])
@pytest.mark.parametrize("share", [1.0, 0.05])
def test_a_rigid_motion_is_recovered(degrees: float, share: float) -> None:
    """Oracle: closed form; targets of all vertices, or of a twentieth of them, moved rigidly: all vertices follow."""
    sheet = strip()
    rng = np.random.default_rng(1)
    truth = (sheet.rest - 80) @ turn(math.radians(degrees)).T + [70.0, 95.0]
    weights = (rng.random(len(sheet.rest)) < share).astype(float) * SPACING**2
    assert (weights > 0).sum() >= 3
    targets = np.where(weights[:, None] > 0, truth, np.nan)
    posed = fit_sheet(sheet, targets, weights)
    np.testing.assert_allclose(posed, truth, atol=0.05)


def test_pieces_move_on_their_own() -> None:
    """Oracle: construction; one disc turns and shifts, the other has no targets and stays, exactly enough."""
    _, sheet = two_discs()
    mine = sheet.component == sheet.component[np.argmin(sheet.rest[:, 0])]
    moved = (sheet.rest - [40, 50]) @ turn(0.8).T + [52, 44]
    posed = fit_sheet(sheet, np.where(mine[:, None], moved, np.nan), mine * 10.0)
    np.testing.assert_allclose(posed[mine], moved[mine], atol=0.05)
    np.testing.assert_allclose(posed[~mine], sheet.rest[~mine], atol=1e-3)


def objective(sheet: Sheet, posed: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
    spread = (weights * ((posed - targets) ** 2).sum(1)).sum()
    return spread + sheet.area.sum() * arap_energy(sheet, posed)


def test_more_rounds_never_raise_the_energy() -> None:
    """Oracle: invariant of local/global steps; the objective falls monotonically, for targets that bend the bar."""
    sheet = strip()
    bend = np.stack([sheet.rest[:, 0], sheet.rest[:, 1] + 0.008 * (sheet.rest[:, 0] - 80) ** 2], -1)
    weights = np.full(len(sheet.rest), 0.5)
    costs = [objective(sheet, fit_sheet(sheet, bend, weights, iterations=i), bend, weights) for i in (1, 2, 4, 8, 16)]
    assert all(after <= before + 1e-6 for before, after in zip(costs, costs[1:], strict=False))
    assert costs[-1] < 0.5 * objective(sheet, sheet.rest, bend, weights)


def test_less_stiff_triangles_take_the_stretch() -> None:
    """Oracle: springs in series; ends pulled apart, the soft half of the bar stretches far more than the stiff one."""
    sheet = strip()
    x = sheet.rest[:, 0]
    ends = (x < x.min() + 3) | (x > x.max() - 3)
    targets = sheet.rest + np.stack([np.where(x > 80, 20.0, -20.0), np.zeros_like(x)], -1)
    soft = sheet.rest[sheet.triangles].mean(1)[:, 0] > 80
    posed = fit_sheet(sheet, targets, ends * 1e3, stiffness=np.where(soft, 0.1, 1.0), iterations=60)
    stretch = np.linalg.norm(sheet.jacobians(posed)[:, :, 0], axis=1) - 1
    middle = np.abs(sheet.rest[sheet.triangles].mean(1)[:, 0] - 80) < 40
    ratio = stretch[soft & middle].mean() / stretch[~soft & middle].mean()
    assert 7 < ratio < 13


def test_a_start_pose_is_kept_where_nothing_pulls() -> None:
    """Oracle: limit; no weights at all, and the start is a rigid motion: it is the answer."""
    sheet = strip()
    start = (sheet.rest - 80) @ turn(1.0).T + 60
    posed = fit_sheet(sheet, np.full_like(sheet.rest, np.nan), np.zeros(len(sheet.rest)), start=start)
    np.testing.assert_allclose(posed, start, atol=1e-6)


def swung(sheet: Sheet, degrees: float, hinge: float = 60.0) -> np.ndarray:
    """The bar with its part right of the hinge turned about (hinge, 80); the bend is spread over 12 px."""
    x = sheet.rest[:, 0]
    angle = math.radians(degrees) * np.clip((x - hinge + 6) / 12, 0, 1)
    c, s = np.cos(angle), np.sin(angle)
    arm = sheet.rest - [hinge, 80.0]
    turned = np.stack([c * arm[:, 0] - s * arm[:, 1], s * arm[:, 0] + c * arm[:, 1]], -1)
    return np.where((x > hinge - 6)[:, None], turned + [hinge, 80.0], sheet.rest)


@pytest.mark.parametrize("degrees", [60.0, 120.0, 160.0])
def test_a_limb_swings_and_keeps_its_length(degrees: float) -> None:
    """Oracle: analytic; half-way a swinging limb is as long as at both ends and at half the angle, where a straight
    path would shrink it to cos(angle / 2); the body stays."""
    sheet = strip()
    posed = swung(sheet, degrees)
    middle = interpolate_sheet(sheet, posed, np.array([0.5]))[0]
    x = sheet.rest[:, 0]
    base, tip = (np.abs(x - 80) < 4), (x > x.max() - 4)
    limb = middle[tip].mean(0) - middle[base].mean(0)
    rest = sheet.rest[tip].mean(0) - sheet.rest[base].mean(0)
    assert np.linalg.norm(limb) == pytest.approx(np.linalg.norm(rest), rel=0.02)
    turned = math.atan2(limb[1], limb[0]) - math.atan2(rest[1], rest[0])
    assert math.degrees(turned) == pytest.approx(degrees / 2, abs=2.0)
    np.testing.assert_allclose(middle[x < 45], sheet.rest[x < 45], atol=0.5)
    straight = 0.5 * (sheet.rest + posed)
    shrunk = np.linalg.norm(straight[tip].mean(0) - straight[base].mean(0)) / np.linalg.norm(rest)
    assert shrunk == pytest.approx(math.cos(math.radians(degrees / 2)), abs=0.03)


def test_interpolation_is_exact_at_its_ends() -> None:
    """Oracle: stated guarantee; bit for bit, for a pose that also stretches."""
    sheet = strip()
    posed = 1.2 * swung(sheet, 90.0)
    poses = interpolate_sheet(sheet, posed, np.array([0.0, 0.3, 1.0]))
    assert np.array_equal(poses[0], sheet.rest) and np.array_equal(poses[2], posed)


def test_interpolation_is_continuous_at_its_ends() -> None:
    """Oracle: limit; just after 0 and just before 1 the pose is next to the end's."""
    sheet = strip()
    posed = swung(sheet, 120.0)
    poses = interpolate_sheet(sheet, posed, np.array([1e-4, 1 - 1e-4]))
    assert np.abs(poses[0] - sheet.rest).max() < 0.3
    assert np.abs(poses[1] - posed).max() < 0.3


def test_a_whole_piece_that_turns_stays_rigid() -> None:
    """Oracle: analytic; a bar that turns as a whole about its end keeps every edge at all times."""
    sheet = strip()
    posed = (sheet.rest - [20, 80]) @ turn(math.radians(140)).T + [20, 80]
    for pose in interpolate_sheet(sheet, posed, np.linspace(0, 1, 7)):
        np.testing.assert_allclose(lengths(sheet, pose), lengths(sheet, sheet.rest), rtol=0.01)


def test_angles_unwrap_beyond_half_a_turn() -> None:
    """Oracle: construction; a strip rolled up by 300 degrees: the angle grows along it without a jump."""
    sheet = strip(150, 18, 180)
    x = sheet.rest[:, 0] - 15
    radius = 150 / math.radians(300)
    phi = x / radius
    posed = np.stack(
        [(radius - sheet.rest[:, 1] + 90) * np.sin(phi), -(radius - sheet.rest[:, 1] + 90) * np.cos(phi)], -1
    )
    angles = unwrapped_angles(sheet, sheet.jacobians(posed))
    middle = (sheet.rest[sheet.triangles].mean(1)[:, 0] - 15) / radius
    np.testing.assert_allclose(angles, middle, atol=0.12)
    assert angles.max() - angles.min() > math.radians(280)


def test_unwrapping_keeps_plain_angles() -> None:
    """Oracle: invariant; a motion of less than half a turn has nothing to unwrap, in each of two pieces."""
    _, sheet = two_discs()
    left = sheet.rest[:, 0] < 80
    posed = np.where(left[:, None], sheet.rest @ turn(2.0).T, sheet.rest @ turn(-2.5).T)
    jacobians = sheet.jacobians(posed)
    np.testing.assert_allclose(unwrapped_angles(sheet, jacobians), rotation_angles(jacobians))


def test_what_rests_has_not_gone_all_the_way_round() -> None:
    """Oracle: construction; where the motion between two resting ends winds by a full turn, both ends turn by 0."""
    sheet = strip(150, 18, 180)
    middle = sheet.rest[sheet.triangles].mean(1)[:, 0]
    wound = 2 * np.pi * np.clip((middle - 50) / 80, 0, 1)
    jacobians = np.stack([turn(angle) for angle in wound])
    angles = unwrapped_angles(sheet, jacobians)
    resting = (middle < 45) | (middle > 135)
    assert (middle > 135).sum() > 10
    np.testing.assert_allclose(angles[resting], 0, atol=1e-9)
