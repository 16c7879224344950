"""The embedded multi-view prior through its protocol."""

import pytest
import torch

from tests.scenes import ball_picture, swinging_bar
from tween4d.data.cameras import input_camera, orbit_camera, project
from tween4d.data.video import Guide, Video
from tween4d.data.views import KeyframeViews
from tween4d.priors.embedded.geometry.sampling import INSET
from tween4d.priors.protocols import MultiViewPrior
from tween4d.priors.register import DEFAULTS, REGISTER

SIDE = 96
CAMERAS = (input_camera(SIDE, SIDE), orbit_camera(90, 0, SIDE, SIDE), orbit_camera(180, 0, SIDE, SIDE))


def prior() -> MultiViewPrior:
    return REGISTER[DEFAULTS["multiview"]].factory()


@pytest.fixture(scope="module")
def guide() -> Guide:
    return swinging_bar(60, 9, SIDE)


@pytest.fixture(scope="module")
def answers(guide: Guide) -> tuple[KeyframeViews, ...]:
    return prior().imagine(guide, (0, 4, 8), CAMERAS, seed=0)


def test_it_is_a_multi_view_prior() -> None:
    """Oracle: the protocol."""
    assert isinstance(prior(), MultiViewPrior)


def test_one_answer_per_anchor_with_the_guiding_frame_first(guide: Guide, answers: tuple[KeyframeViews, ...]) -> None:
    """Oracle: the protocol; frame, the input camera, weight 1, and the guide's picture value for value."""
    assert [views.frame for views in answers] == [0, 4, 8]
    for views in answers:
        assert torch.equal(views.rgb[0], guide.video.rgb[views.frame])
        assert torch.equal(views.alpha[0], guide.video.alpha[views.frame])
        assert float(views.weights[0]) == 1
        torch.testing.assert_close(views.cameras[0].world_to_camera, CAMERAS[0].world_to_camera)
        assert len(views.cameras) == len(views.rgb) == len(views.alpha) == len(views.weights)


def test_surfaces_are_sound(answers: tuple[KeyframeViews, ...]) -> None:
    """Oracle: invariants; finite, unit normals, colours in range, inside the world's sphere, both sides present."""
    for views in answers:
        surface = views.surface
        assert surface is not None and len(surface.positions) > 200
        for name in ("positions", "normals", "colors", "spacing", "seen"):
            assert bool(getattr(surface, name).isfinite().all()), name
        torch.testing.assert_close(surface.normals.norm(dim=-1), torch.ones(len(surface.normals)), atol=1e-3, rtol=0)
        assert 0 <= float(surface.colors.min()) and float(surface.colors.max()) <= 1
        assert float(surface.positions.norm(dim=-1).max()) < 0.75
        assert float(surface.spacing.min()) > 0
        assert 0.2 < float((surface.seen > 0.5).float().mean()) < 0.8


def test_seen_points_lie_under_the_object(guide: Guide, answers: tuple[KeyframeViews, ...]) -> None:
    """Oracle: projection; at most 1 % of the visible points fall more than 2 px outside the silhouette."""
    for views in answers:
        seen = views.surface.positions[views.surface.seen > 0.5]
        pixels, depth = project(seen, CAMERAS[0])
        assert float(depth.min()) > 0
        column, row = (pixels[:, i].long().clamp(0, SIDE - 1) for i in (0, 1))
        near = torch.nn.functional.max_pool2d(guide.video.alpha[views.frame][None], 5, 1, 2)[0]
        assert float((near[row, column] > 0.1).float().mean()) > 0.99


def test_a_ball_comes_out_round() -> None:
    """Oracle: the ball; its lifted surface is as deep as wide within 35 %, front and back."""
    rgb, alpha = ball_picture(CAMERAS[0])
    video = Video(rgb.expand(2, -1, -1, -1), alpha.expand(2, -1, -1), torch.linspace(0, 1, 2))
    surface = prior().imagine(Guide(video, still=True), (0,), CAMERAS, seed=0)[0].surface
    # Centres lie as far below the surface as a Gaussian reaches beyond its centre.
    spans = surface.positions.amax(0) - surface.positions.amin(0) + 2 * INSET * surface.spacing.max()
    assert float(spans[0]) == pytest.approx(0.8, rel=0.1)
    assert float(spans[1]) == pytest.approx(0.8, rel=0.1)
    assert float(spans[2]) == pytest.approx(0.8, rel=0.35)


def test_the_same_question_has_the_same_answer(guide: Guide, answers: tuple[KeyframeViews, ...]) -> None:
    """Oracle: invariant; twice the same bits."""
    again = prior().imagine(guide, (0, 4, 8), CAMERAS, seed=0)
    for one, other in zip(answers, again, strict=True):
        assert torch.equal(one.surface.positions, other.surface.positions)
        assert torch.equal(one.surface.colors, other.surface.colors)


def test_neighbouring_keyframes_are_alike_thick(answers: tuple[KeyframeViews, ...]) -> None:
    """Oracle: invariant of a rigid motion; the bar is as thick at all keyframes, within 20 %."""

    def thickness(views: KeyframeViews) -> float:
        return float(views.surface.positions[:, 2].quantile(0.95) - views.surface.positions[:, 2].quantile(0.05))

    first, *others = map(thickness, answers)
    assert all(other == pytest.approx(first, rel=0.2) for other in others)
