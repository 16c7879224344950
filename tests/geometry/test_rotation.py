"""Axioms and limits of quaternion rotations."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tween4d.geometry.rotation import conjugate, from_matrix, multiply, rotate, slerp, to_matrix, unroll


def random_unit(seed: int, n: int = 16) -> torch.Tensor:
    q = torch.randn(n, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return q / q.norm(dim=-1, keepdim=True)


def about_z(angle: float) -> torch.Tensor:
    return torch.tensor([math.cos(angle / 2), 0.0, 0.0, math.sin(angle / 2)], dtype=torch.float64)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_group_axioms(seed: int) -> None:
    """Oracle: the group axioms of rotations."""
    a, b, c = random_unit(seed), random_unit(seed + 1), random_unit(seed + 2)
    one = torch.tensor([1.0, 0, 0, 0], dtype=torch.float64).expand_as(a)
    torch.testing.assert_close(multiply(multiply(a, b), c), multiply(a, multiply(b, c)))
    torch.testing.assert_close(multiply(a, conjugate(a)), one)
    x = torch.randn(16, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(rotate(multiply(a, b), x), rotate(a, rotate(b, x)))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_matrix_agrees_with_quaternion(seed: int) -> None:
    """Oracle: two independent formulas for the same rotation, and the round trip up to sign."""
    q = random_unit(seed)
    x = torch.randn(16, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    R = to_matrix(q)
    torch.testing.assert_close((R @ x[..., None])[..., 0], rotate(q, x))
    torch.testing.assert_close(R @ R.transpose(-1, -2), torch.eye(3, dtype=torch.float64).expand(16, 3, 3))
    torch.testing.assert_close((from_matrix(R) * q).sum(-1).abs(), torch.ones(16, dtype=torch.float64))


def test_from_matrix_near_half_turns() -> None:
    """Oracle: analytic; at 180 degrees w vanishes and the naive formula divides by zero."""
    for axis in range(3):
        q = torch.zeros(4, dtype=torch.float64)
        q[1 + axis] = 1.0
        back = from_matrix(to_matrix(q)[None])[0]
        assert abs(float((back * q).sum())) > 1 - 1e-12


def test_quarter_turn_about_z() -> None:
    """Oracle: analytic; +90 degrees about z takes x to y in a right-handed frame."""
    turned = rotate(about_z(math.pi / 2), torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64))
    torch.testing.assert_close(turned, torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64))


def test_slerp_is_constant_speed_and_takes_the_short_way() -> None:
    """Oracle: analytic angle; also for opposite signs and for nearly equal rotations."""
    a, b = about_z(0.0), about_z(1.0)
    for fraction in (0.0, 0.25, 0.5, 1.0):
        torch.testing.assert_close(slerp(a, b, fraction), about_z(fraction))
        torch.testing.assert_close(slerp(a, -b, fraction), about_z(fraction))
    torch.testing.assert_close(slerp(a, about_z(1e-9), 0.5), about_z(5e-10))


def test_unroll_keeps_rotations_and_makes_signs_continuous() -> None:
    """Oracle: invariant; rotation matrices equal, neighbouring dot products not negative."""
    q = torch.stack([about_z(0.3 * i) * (-1) ** i for i in range(9)])[:, None]
    smooth = unroll(q)
    torch.testing.assert_close(to_matrix(smooth), to_matrix(q))
    assert bool(((smooth[1:] * smooth[:-1]).sum(-1) >= 0).all())
