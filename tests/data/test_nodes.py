"""Node poses between the stored times."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tween4d.data.nodes import NodeMotion, pose_at
from tween4d.geometry.rotation import slerp


def turning(times: torch.Tensor, angles: torch.Tensor) -> NodeMotion:
    """One node that turns about z by the given angles and moves along x by time squared."""
    half = angles / 2
    zero = torch.zeros_like(half)
    quats = torch.stack([half.cos(), zero, zero, half.sin()], -1)[:, None]
    shift = torch.stack([times**2, zero, zero], -1)[:, None]
    return NodeMotion(torch.zeros(1, 3), quats, shift, times)


def test_stored_times_give_stored_poses() -> None:
    """Oracle: invariant; at every stored time the stored rows come back."""
    times = torch.linspace(0, 1, 5)
    motion = turning(times, 2.0 * times)
    for row, time in enumerate(times.tolist()):
        quats, shift = pose_at(motion, time)
        torch.testing.assert_close(quats, motion.quats[row])
        torch.testing.assert_close(shift, motion.translations[row])


def test_between_times_displacement_is_linear_and_rotation_halfway() -> None:
    """Oracle: analytic; at the middle normalised-linear and spherical interpolation agree exactly."""
    motion = turning(torch.tensor([0.0, 0.5]), torch.tensor([0.0, 1.2]))
    quats, shift = pose_at(motion, 0.25)
    expected = torch.tensor([[math.cos(0.3), 0.0, 0.0, math.sin(0.3)]])
    torch.testing.assert_close(quats, expected)
    torch.testing.assert_close(shift, torch.tensor([[0.125, 0.0, 0.0]]))


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 1))
def test_rotation_stays_near_the_constant_speed_one(fraction: float) -> None:
    """Oracle: slerp; over a step of 0.2 rad the normalised-linear blend is within angle^3 / 62 of it, and unit."""
    motion = turning(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 0.2]))
    quats, _ = pose_at(motion, fraction)
    exact = slerp(motion.quats[0], motion.quats[1], fraction)
    assert abs(float(quats.norm()) - 1) < 1e-6
    apart = 2 * torch.atan2(*(quats - exact).norm(dim=-1), torch.tensor(1.0))
    assert float(apart) < 0.2**3 / 62 + 1e-6


def test_times_outside_are_held() -> None:
    """Oracle: stated clamp; before the first and after the last time nothing moves on."""
    motion = turning(torch.tensor([0.25, 0.75]), torch.tensor([0.1, 0.9]))
    for time, row in ((0.0, 0), (1.0, 1)):
        quats, shift = pose_at(motion, time)
        torch.testing.assert_close(quats, motion.quats[row])
        torch.testing.assert_close(shift, motion.translations[row])


def test_a_single_time_is_a_constant() -> None:
    """Oracle: limit; one stored pose holds at all times."""
    motion = turning(torch.tensor([0.5]), torch.tensor([0.3]))
    for time in (0.0, 0.5, 1.0):
        torch.testing.assert_close(pose_at(motion, time)[0], motion.quats[0])


def test_poses_are_differentiable_in_the_motion() -> None:
    """Oracle: finite differences in float64."""
    motion = turning(torch.tensor([0.0, 1.0], dtype=torch.float64), torch.tensor([0.0, 0.5], dtype=torch.float64))

    def posed(quats: torch.Tensor, shift: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return pose_at(NodeMotion(motion.rest.double(), quats, shift, motion.times), 0.3)

    leaves = (motion.quats.clone().requires_grad_(), motion.translations.clone().requires_grad_())
    assert torch.autograd.gradcheck(posed, leaves)
