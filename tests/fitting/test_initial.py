"""Where a fit starts: surfaces and hulls as Gaussians."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scenes import BALL_RADIUS, ball_surface, ball_views
from tween4d.data.cameras import input_camera, orbit_camera
from tween4d.fitting.initial import align_z, gaussians_from_surface, gaussians_in_hull
from tween4d.geometry.rotation import rotate
from tween4d.stages.render import render_gaussians


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_align_z_is_the_shortest_turn(seed: int) -> None:
    """Oracle: analytic; z goes onto the normal, and the turn's axis is square to both."""
    n = torch.nn.functional.normalize(torch.randn(8, 3, generator=torch.Generator().manual_seed(seed)), dim=-1)
    q = align_z(n)
    z = torch.tensor([0.0, 0.0, 1.0]).expand(8, 3)
    torch.testing.assert_close(rotate(q, z), n, atol=1e-5, rtol=0)
    torch.testing.assert_close((q[:, 1:] * n).sum(-1), torch.zeros(8), atol=1e-6, rtol=0)
    torch.testing.assert_close(q[:, 3], torch.zeros(8))


def test_align_z_of_the_opposite_direction() -> None:
    """Oracle: limit; half a turn for -z, none for +z."""
    n = torch.tensor([[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]])
    z = torch.tensor([0.0, 0.0, 1.0]).expand(2, 3)
    torch.testing.assert_close(rotate(align_z(n), z), n)


def test_surface_gaussians_lie_flat_and_close_the_surface() -> None:
    """Oracle: the ball itself; thin along the normal, and from any side its disc is covered, its outside empty."""
    gaussians = gaussians_from_surface(ball_surface(4000))
    assert bool((gaussians.scales[:, 2] < 0.5 * gaussians.scales[:, 0]).all())
    camera = orbit_camera(70, 25, 96, 96)
    alpha = render_gaussians(gaussians, camera).alpha
    axis = torch.arange(96) + 0.5 - 48
    focal = 48 / math.tan(math.radians(33.8) / 2)
    radius = focal * BALL_RADIUS / math.sqrt(4 - BALL_RADIUS**2)
    distance = torch.hypot(axis[:, None], axis[None])
    assert float(alpha[distance < radius - 2].min()) > 0.9
    assert float(alpha[distance > radius + 4].max()) < 0.1


def test_hull_of_a_ball_holds_it_and_little_more() -> None:
    """Oracle: analytic volumes; the hull of 9 views contains the ball and is at most a quarter larger."""
    cameras = (
        input_camera(64, 64),
        *(
            orbit_camera(a, e, 64, 64)
            for a, e in [(45, 0), (90, 0), (135, 0), (30, 50), (120, 50), (210, 50), (300, 50), (0, -60)]
        ),
    )
    gaussians = gaussians_in_hull(ball_views(cameras), resolution=40)
    volume = len(gaussians) / 40**3
    true = 4 / 3 * math.pi * BALL_RADIUS**3
    assert 0.9 * true < volume < 1.25 * true
    assert float((gaussians.means.norm(dim=-1) < BALL_RADIUS - 0.03).float().mean()) > 0.6
    assert float(gaussians.means.norm(dim=-1).max()) < 1.25 * BALL_RADIUS
