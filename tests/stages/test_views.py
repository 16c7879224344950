"""Stage 4: what the multi-view prior is asked, and how its answer is completed."""

import pytest
import torch

from tests.scenes import ball_picture, ball_surface, ball_views, bar_plan, psnr, swinging_bar
from tween4d.data.cameras import Camera, input_camera, orbit_camera
from tween4d.data.fragments import FragmentPlan
from tween4d.data.video import Guide, Video
from tween4d.data.views import KeyframeViews
from tween4d.stages.views import ViewsConfig, imagine_views

SIDE = 96
CONFIG = ViewsConfig(size=SIDE, azimuths=(90.0, 180.0), elevations=(0.0, 30.0), trust=0.3)


class SurfaceOnly:
    """A prior that knows the ball's surface but draws no views; it keeps what it was asked."""

    def imagine(
        self, guide: Guide, anchors: tuple[int, ...], cameras: tuple[Camera, ...], *, seed: int
    ) -> tuple[KeyframeViews, ...]:
        self.asked = anchors, cameras, seed
        return tuple(ball_views(cameras[:1], ball_surface(20_000), frame) for frame in anchors)


class Complete:
    """A prior that draws all views itself."""

    def imagine(
        self, guide: Guide, anchors: tuple[int, ...], cameras: tuple[Camera, ...], *, seed: int
    ) -> tuple[KeyframeViews, ...]:
        self.answers = tuple(ball_views(cameras, None, frame) for frame in anchors)
        return self.answers


def ball_plan(side: int = SIDE) -> FragmentPlan:
    rgb, alpha = ball_picture(input_camera(side, side))
    video = Video(rgb.expand(5, -1, -1, -1), alpha.expand(5, -1, -1), torch.linspace(0, 1, 5))
    return bar_plan(Guide(video), (2,))


def test_the_prior_is_asked_once_for_all_keyframes() -> None:
    """Oracle: construction; keyframes in fragment order, the input camera first, then the config's cameras."""
    prior = SurfaceOnly()
    plan = bar_plan(swinging_bar(50, 9, 64), (3,))
    imagine_views(plan, prior, CONFIG, seed=5)
    anchors, cameras, seed = prior.asked
    assert anchors == plan.keyframes == (0, 8) and seed == 5
    expected = (input_camera(64, 64), orbit_camera(90, 0, SIDE, SIDE), orbit_camera(180, 30, SIDE, SIDE))
    for camera, wanted in zip(cameras, expected, strict=True):
        torch.testing.assert_close(camera.world_to_camera, wanted.world_to_camera)
        torch.testing.assert_close(camera.intrinsics, wanted.intrinsics)


@pytest.mark.parametrize("side", [SIDE, 64])
def test_missing_views_are_drawn_from_the_surface(side: int) -> None:
    """Oracle: ray casting; the ball's sides as splatted agree with its analytic pictures, at the guide's size.

    The outline is up to 2 px fatter, since what the blur adds to grazing Gaussians piles up there.
    """
    views = imagine_views(ball_plan(side), SurfaceOnly(), CONFIG, seed=0).keyframes[1]
    assert views.rgb.shape == (3, side, side, 3)
    torch.testing.assert_close(views.weights, torch.tensor([1.0, 0.3, 0.3]))
    for index in (1, 2):
        camera = views.cameras[index]
        assert (camera.width, camera.height) == (side, side)
        rgb, alpha = ball_picture(camera)
        solid = alpha == 1
        assert float(views.alpha[index][solid].min()) > 0.95
        near = torch.nn.functional.max_pool2d(alpha[None], 7, 1, 3)[0] > 0
        assert float(views.alpha[index][~near].max()) < 0.1
        assert float(views.alpha[index].sum() / alpha.sum()) < (1 + 2 / (SIDE / 3)) ** 2
        assert psnr(views.rgb[index][solid], rgb[solid]) > 26


def test_view_zero_is_the_guiding_frame() -> None:
    """Oracle: stated guarantee; value for value, weight 1."""
    plan = ball_plan()
    for views in imagine_views(plan, SurfaceOnly(), CONFIG, seed=0).keyframes:
        assert torch.equal(views.rgb[0], plan.guide.video.rgb[views.frame])
        assert torch.equal(views.alpha[0], plan.guide.video.alpha[views.frame])
        assert float(views.weights[0]) == 1


def test_a_complete_answer_is_not_touched() -> None:
    """Oracle: identity."""
    prior = Complete()
    views = imagine_views(ball_plan(), prior, CONFIG, seed=0)
    assert all(found is given for found, given in zip(views.keyframes, prior.answers, strict=True))


def test_the_field_of_view_reaches_the_cameras() -> None:
    """Oracle: construction; a guide of 60 degrees asks for views of 60 degrees."""
    made = swinging_bar(50, 9, 64)
    prior = SurfaceOnly()
    imagine_views(bar_plan(Guide(made.video, made.lattices, False, 60.0)), prior, CONFIG, seed=0)
    for camera in prior.asked[1]:
        assert float(camera.intrinsics[0, 0]) == pytest.approx(camera.width / 2 / 3**-0.5, rel=1e-5)
