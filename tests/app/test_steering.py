"""The user's hand on a motion, measured: where the dragged place is, when the images are reached, how it is paced."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from torch import Tensor

from tests.player.moving_ellipsoid import moving_ellipsoid
from tests.scenes import PIVOT, bar_picture, psnr
from tween4d.app.run import RunOptions, make_asset
from tween4d.app.steering import PixelDrag, Steering, parse_drag, parse_times
from tween4d.app.turntable import TurntableConfig, turntable_views
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import input_camera
from tween4d.data.drags import Drag
from tween4d.data.fragments import FragmentPlan
from tween4d.data.images import Image, Keyframes
from tween4d.data.video import Guide, carry_pixels
from tween4d.events import Event, StageFinished
from tween4d.geometry.pacing import progress_at
from tween4d.io.asset import load_asset, save_asset
from tween4d.priors.embedded.motion import LatticeInbetweener
from tween4d.stages.guide import GuideConfig, imagine_motion, path_lengths
from tween4d.stages.render import render_view

SIDE = 96
SOURCE, TARGET, WHEN = (0.62 * SIDE, 0.5 * SIDE), (0.56 * SIDE, 0.36 * SIDE), 0.7
INNER = 0.4


def marked(angle: float) -> Image:
    """The bar with a green dot near its tip."""
    rgb, alpha = bar_picture(angle, SIDE)
    axis = torch.arange(SIDE) + 0.5
    along = SOURCE[0] - PIVOT[0] * SIDE
    x, y = PIVOT[0] * SIDE + along * np.cos(angle), PIVOT[1] * SIDE + along * np.sin(angle)
    dot = torch.hypot(axis[None, :] - x, axis[:, None] - y) < 3.0
    return Image(torch.where(dot[..., None], torch.tensor([0.0, 1.0, 0.0]), rgb), alpha)


def green(picture: Image) -> Tensor:
    """Where the dot is, pixels (x, y)."""
    rgb = picture.on(1.0)
    weight = (rgb[..., 1] - rgb[..., [0, 2]].amax(-1) - 0.35).clamp_min(0)
    axis = torch.arange(SIDE) + 0.5
    return torch.stack([(weight.sum(0) * axis).sum(), (weight.sum(1) * axis).sum()]) / weight.sum()


def write(image: Image, path: Path) -> Path:
    planes = torch.cat([image.rgb, image.alpha[..., None]], -1)
    Pillow.fromarray((planes.numpy() * 255).round().astype(np.uint8)).save(path)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Asset4D, Guide, FragmentPlan, tuple[Image, ...]]:
    """Three images and a drag, through the whole method by the hand-made priors."""
    folder = tmp_path_factory.mktemp("steered")
    images = tuple(marked(angle) for angle in (0.0, 0.5, 0.1))
    a, b, c = (write(image, folder / f"{number}.png") for number, image in enumerate(images))
    steering = Steering((b,), (0.0, INNER, 1.0), (PixelDrag(SOURCE, TARGET, WHEN),), fps=10.0, repeat="once")
    heard: list[Event] = []
    options = RunOptions(frames=24, priors="classical", steering=steering)
    asset = make_asset(a, c, preset_name="draft", listener=heard.append, options=options)
    values = [event.value for event in heard if isinstance(event, StageFinished)]
    guide = next(value for value in values if isinstance(value, Guide))
    return asset, guide, next(value for value in values if isinstance(value, FragmentPlan)), images


def test_the_dragged_place_arrives(made: tuple[Asset4D, Guide, FragmentPlan, tuple[Image, ...]]) -> None:
    """Oracle: the target; within 2 % of the image's size on the sheets, in the guide and in the rendered asset."""
    asset, guide, _, _ = made
    target, near = torch.tensor(TARGET), 0.02 * SIDE
    row = int((guide.video.times - WHEN).abs().argmin())
    assert float(guide.video.times[row]) == pytest.approx(WHEN, abs=1e-6)
    carried, _ = carry_pixels(guide, torch.tensor([SOURCE]), 0, [row])
    assert float((carried[0, 0] - target).norm()) < near
    assert float((green(guide.video.frame(row)) - target).norm()) < near
    shown = render_view(asset, input_camera(SIDE, SIDE, asset.fov_degrees), WHEN)
    assert float((green(shown) - target).norm()) < near


def test_the_image_between_is_given_back_at_its_time(
    made: tuple[Asset4D, Guide, FragmentPlan, tuple[Image, ...]],
) -> None:
    """Oracle: the images; the guide has their values, a fragment lives there, and the asset is as faithful as at its
    ends."""
    asset, guide, plan, images = made
    (row,) = guide.given
    assert float(guide.video.times[row]) == pytest.approx(INNER, abs=1e-6)
    # Through a file of 8 bits.
    assert float((guide.video.rgb[row] - images[1].rgb).abs()[images[1].alpha > 0.1].max()) < 0.003
    assert row in plan.keyframes and 0 in plan.keyframes and 23 in plan.keyframes
    camera = input_camera(SIDE, SIDE, asset.fov_degrees)
    found = [
        psnr(render_view(asset, camera, time).on(1.0), image.on(1.0))
        for time, image in zip((0.0, INNER, 1.0), images, strict=True)
    ]
    assert found[1] > 25 and found[1] > min(found[0], found[2]) - 1.0
    # And it is not there at another time.
    assert psnr(render_view(asset, camera, 0.2).on(1.0), images[1].on(1.0)) < found[1] - 5


def test_frames_rate_and_end_are_as_asked(made: tuple[Asset4D, Guide, FragmentPlan, tuple[Image, ...]]) -> None:
    """Oracle: the options, also through a file."""
    asset, guide, _, _ = made
    assert (asset.frame_count, len(guide.video), asset.fps, asset.repeat) == (24, 24, 10.0, "once")


@pytest.fixture(scope="module")
def swing() -> Keyframes:
    return Keyframes(*(Image(*bar_picture(angle, 64)) for angle in (0.0, 0.7)))


@pytest.mark.parametrize("ease", ["linear", "in", "out", "in-out"])
def test_the_pace_is_that_of_the_curve(swing: Keyframes, ease: str) -> None:
    """Oracle: `progress_at`; the angle of the bar at even times."""
    guide = imagine_motion(swing, LatticeInbetweener(), GuideConfig(frames=33, ease=ease), seed=0)  # type: ignore[arg-type]
    times = np.linspace(0, 1, 9)
    way = path_lengths(guide)
    found = np.interp(times, guide.video.times.numpy(), way / way[-1])
    ends = np.array([0.0, 1.0])
    assert np.abs(found - progress_at(times, ends, ends, ease)).max() < 0.03  # type: ignore[arg-type]


def test_a_single_picture_moves_when_it_is_dragged() -> None:
    """Oracle: the target; both images are the same, so that everything is the drag's doing."""
    image = marked(0.0)
    drag = Drag((0.62, 0.5), (0.55, 0.3), 0.5)
    guide = imagine_motion(Keyframes(image, image), LatticeInbetweener(), GuideConfig(frames=9, drags=(drag,)), seed=0)
    assert not guide.still
    assert float((green(guide.video.frame(4)) - torch.tensor([0.55, 0.3]) * SIDE).norm()) < 0.02 * SIDE


def test_a_loop_returns_to_the_start(tmp_path: Path) -> None:
    """Oracle: construction; the start image is the last state, and the others keep their times below 1."""
    steering = Steering((Path("b"),), repeat="loop")
    assert steering.inner(Path("a"), Path("c")) == ((Path("b"), Path("c")), Path("a"), (1 / 3, 2 / 3))
    told = Steering((), (0.0, 0.75), repeat="loop")
    assert told.inner(Path("a"), Path("b")) == ((Path("b"),), Path("a"), (0.75,))
    asset = replace(moving_ellipsoid(count=60, nodes=5, frames=9, size=32), repeat="loop")
    assert load_asset(save_asset(asset, tmp_path / "a.t4d")).repeat == "loop"
    # Twice through the motion in a film of two turns, and never back.
    times = [time for _, time in turntable_views(asset, TurntableConfig(frames=20))]
    np.testing.assert_allclose(times, [k / 10 % 1 for k in range(20)], atol=1e-9)


def test_words_are_read() -> None:
    """Oracle: construction."""
    assert parse_times("0,0.4,1") == (0.0, 0.4, 1.0) and parse_times("") == ()
    assert parse_drag("12,30.5 -> -4, 6e1 @ .5") == PixelDrag((12.0, 30.5), (-4.0, 60.0), 0.5)
