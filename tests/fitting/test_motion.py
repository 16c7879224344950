"""Node motions from pictures."""

import math
from dataclasses import replace

import torch

from tests.scenes import speckled_plate
from tween4d.data.cameras import input_camera
from tween4d.data.gaussians import Gaussians
from tween4d.data.nodes import NodeMotion, Skin
from tween4d.fitting.motion import MotionWeights, Target, fit_nodes
from tween4d.fitting.placement import hang, place_nodes
from tween4d.geometry.rotation import rotate
from tween4d.splatting.skinning import skin_gaussians
from tween4d.stages.render import render_gaussians

SIDE = 64
TIMES = torch.tensor([0.0, 0.5, 1.0])
CAMERA = input_camera(SIDE, SIDE)
TURN_DEGREES, SHIFT = 8.0, torch.tensor([0.03, -0.02, 0.0])


def rest_motion() -> tuple[Gaussians, Skin, NodeMotion]:
    plate = speckled_plate(300)
    rows = place_nodes(plate.means[None], 24)
    rest = plate.means[rows]
    quats = torch.tensor([1.0, 0.0, 0.0, 0.0]).expand(3, len(rest), 4).clone()
    return plate, hang(plate.means[None], rest[None]), NodeMotion(rest, quats, torch.zeros(3, len(rest), 3), TIMES)


def true_motion(rest: torch.Tensor) -> NodeMotion:
    """The plate turns in its plane and shifts, evenly over time."""
    half = torch.deg2rad(TURN_DEGREES * TIMES) / 2
    zero = torch.zeros(3)
    quats = torch.stack([half.cos(), zero, zero, half.sin()], -1)[:, None].expand(3, len(rest), 4)
    placed = rotate(quats, rest.expand(3, -1, -1)) + TIMES[:, None, None] * SHIFT
    return NodeMotion(rest, quats, placed - rest, TIMES)


def pictured(plate: Gaussians, skin: Skin, motion: NodeMotion) -> list[Target]:
    targets = []
    for row in (1, 2):
        means, quats = skin_gaussians(
            motion.rest,
            motion.quats[row],
            motion.translations[row],
            skin.indices,
            skin.weights,
            plate.means,
            plate.quats,
        )
        image = render_gaussians(replace(plate, means=means, quats=quats), CAMERA)
        targets.append(Target(row, CAMERA, image.rgb * image.alpha[..., None], image.alpha))
    return targets


def test_a_small_rigid_motion_is_recovered_from_pictures() -> None:
    """Oracle: the motion that made the pictures; nodes end within a sixth of the way they went, 2 px on average, and
    turn by its angle within 1.5 degrees. Starts from rest, with no trust in that start."""
    plate, skin, start = rest_motion()
    truth = true_motion(start.rest)
    free, trust = torch.tensor([0.0, 1.0, 1.0]), torch.zeros(len(start.rest))
    weights = MotionWeights(stay=0.1)
    found = fit_nodes(plate, skin, start, pictured(plate, skin, truth), free, trust, weights, 300)
    went = truth.translations[2].norm(dim=-1).mean()
    error = (found.translations - truth.translations)[2].norm(dim=-1).mean()
    assert float(error) < float(went) / 6
    angle = 2 * torch.rad2deg(torch.atan2(found.quats[2, :, 3], found.quats[2, :, 0]))
    assert abs(float(angle.mean()) - TURN_DEGREES) < 1.5
    torch.testing.assert_close(found.quats.norm(dim=-1), torch.ones(3, len(start.rest)))


def test_fixed_times_do_not_change() -> None:
    """Oracle: stated guarantee; rows with free = 0 come back value for value."""
    plate, skin, start = rest_motion()
    targets = pictured(plate, skin, true_motion(start.rest))
    found = fit_nodes(
        plate, skin, start, targets, torch.tensor([0.0, 0.0, 1.0]), torch.ones(len(start.rest)), MotionWeights(), 5
    )
    for row in (0, 1):
        assert torch.equal(found.translations[row], start.translations[row])
        torch.testing.assert_close(found.quats[row], start.quats[row])
    assert not torch.equal(found.translations[2], start.translations[2])


def test_without_steps_targets_or_freedom_the_start_comes_back() -> None:
    """Oracle: limit."""
    plate, skin, start = rest_motion()
    targets = pictured(plate, skin, true_motion(start.rest))
    trust = torch.ones(len(start.rest))
    assert fit_nodes(plate, skin, start, targets, torch.ones(3), trust, MotionWeights(), 0) is start
    assert fit_nodes(plate, skin, start, [], torch.ones(3), trust, MotionWeights(), 5) is start
    assert fit_nodes(plate, skin, start, targets, torch.zeros(3), trust, MotionWeights(), 5) is start


def test_a_true_start_stays() -> None:
    """Oracle: fixed point; from the motion that made the pictures the fit moves by less than a tenth of a pixel."""
    plate, skin, start = rest_motion()
    truth = true_motion(start.rest)
    free = torch.tensor([0.0, 1.0, 1.0])
    found = fit_nodes(
        plate, skin, truth, pictured(plate, skin, truth), free, torch.ones(len(start.rest)), MotionWeights(), 30
    )
    pixel = 2 * 2 * math.tan(math.radians(33.8) / 2) / SIDE
    assert float((found.translations - truth.translations).norm(dim=-1).mean()) < 0.1 * pixel


def test_the_fit_is_deterministic() -> None:
    """Oracle: invariant; two runs give the same bits."""
    plate, skin, start = rest_motion()
    targets = pictured(plate, skin, true_motion(start.rest))
    free, trust = torch.tensor([0.0, 1.0, 1.0]), torch.ones(len(start.rest))
    a, b = (fit_nodes(plate, skin, start, targets, free, trust, MotionWeights(), 6) for _ in range(2))
    assert torch.equal(a.translations, b.translations) and torch.equal(a.quats, b.quats)
