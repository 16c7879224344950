"""The method's sentence: stages in order, values handed on, and what comes out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from tests.scenes import bar_picture, psnr, swinging_bar
from tween4d.config import Config
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import input_camera
from tween4d.data.images import Image, Keyframes
from tween4d.data.video import Guide
from tween4d.errors import ObjectNotFoundError
from tween4d.pipeline import inbetween
from tween4d.priors.protocols import Priors
from tween4d.priors.register import make_priors
from tween4d.stages.render import render_view

SIDE, DEGREES = 96, 60.0
STAGES = [
    "matte_images",
    "imagine_motion",
    "select_fragments",
    "imagine_views",
    "reconstruct_keyframes",
    "fit_motion",
    "merge_clips",
]


class KnownMotion:
    """An inbetweener that knows how the bar swings."""

    def inbetween(self, start: Image, end: Image, frames: int, *, prompt: str, seed: int) -> Guide:
        return swinging_bar(DEGREES, frames, SIDE)


class Recorder:
    """A step that runs stages and keeps what it saw."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any], Any]] = []

    def __call__(self, stage: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        value = stage(*args, **kwargs)
        self.calls.append((stage.__name__, args, kwargs, value))
        return value


def small() -> Config:
    base = Config()
    return replace(
        base,
        guide=replace(base.guide, frames=9, size=SIDE),
        fragment=replace(base.fragment, fragments=2),
        views=replace(base.views, size=64),
        reconstruct=replace(base.reconstruct, max_gaussians=3000, steps=90),
        deform=replace(base.deform, nodes=24, steps=20),
        merge=replace(base.merge, steps=5),
    )


def priors() -> Priors:
    return replace(make_priors(), inbetweener=KnownMotion())


def pair(end_degrees: float = DEGREES) -> Keyframes:
    ends = (0.0, torch.deg2rad(torch.tensor(end_degrees)).item())
    return Keyframes(*(Image(*bar_picture(angle, SIDE)) for angle in ends))


@pytest.fixture(scope="module")
def run() -> tuple[Asset4D, Recorder]:
    recorder = Recorder()
    return inbetween(pair(), priors(), small(), seed=3, step=recorder), recorder


def test_the_seven_stages_run_once_and_in_order(run: tuple[Asset4D, Recorder]) -> None:
    """Oracle: the method; every stage by its name, its config and, where it may be random, the seed."""
    _, recorder = run
    config = small()
    assert [name for name, *_ in recorder.calls] == STAGES
    configs = ("matte", "guide", "fragment", "views", "reconstruct", "deform", "merge")
    for (_, args, kwargs, _), name in zip(recorder.calls, configs, strict=True):
        assert args[-1] == getattr(config, name)
        seeded = {"seed": 3} if name in ("guide", "fragment", "views") else {}
        assert kwargs == (seeded | {"features": None} if name == "fragment" else seeded)


def test_each_stage_gets_what_the_ones_before_it_made(run: tuple[Asset4D, Recorder]) -> None:
    """Oracle: identity; the very values, passed on, and the last one is the answer."""
    asset, recorder = run
    matted, guide, plan, views, canonical, clips, merged = (value for *_, value in recorder.calls)
    handed = [args for _, args, _, _ in recorder.calls]
    for args, values in zip(
        handed[1:], ([matted], [guide], [plan], [views], [canonical, plan, views], [clips, plan, views]), strict=True
    ):
        assert all(got is value for got, value in zip(args, values, strict=False))
    assert merged is asset


def test_the_asset_shows_both_inputs_in_place(run: tuple[Asset4D, Recorder]) -> None:
    """Oracle: the inputs; on white from the input camera, 30 dB at time 0 and at time 1."""
    asset, _ = run
    camera = input_camera(SIDE, SIDE)
    for time, image in ((0.0, pair().start), (1.0, pair().end)):
        assert psnr(render_view(asset, camera, time).on(), image.on()) > 30
    assert asset.frame_count == 9 and (asset.image_width, asset.image_height) == (SIDE, SIDE)


def test_the_asset_follows_the_motion(run: tuple[Asset4D, Recorder]) -> None:
    """Oracle: the analytic frames of the bar, at 27 dB; standing still at the start would reach 17 half-way."""
    asset, _ = run
    camera, video = input_camera(SIDE, SIDE), swinging_bar(DEGREES, 9, SIDE).video
    for frame in range(1, 8):
        assert psnr(render_view(asset, camera, frame / 8).on(), video.frame(frame).on()) > 27
    assert psnr(video.frame(0).on(), video.frame(4).on()) < 17


def test_the_same_seed_gives_the_same_asset(run: tuple[Asset4D, Recorder]) -> None:
    """Oracle: invariant; two runs on the same threads give the same bits."""
    again = inbetween(pair(), priors(), small(), seed=3)
    for one, other in zip(run[0].clips, again.clips, strict=True):
        assert torch.equal(one.gaussians.means, other.gaussians.means)
        assert torch.equal(one.gaussians.sh, other.gaussians.sh)
        assert torch.equal(one.motion.translations, other.motion.translations)


def test_the_same_picture_twice_stands_still() -> None:
    """Oracle: limit; one clip whose picture is the same at all times."""
    asset = inbetween(pair(0.0), priors(), small())
    camera = input_camera(SIDE, SIDE)
    assert len(asset.clips) == 1
    first = render_view(asset, camera, 0.0)
    for time in (0.3, 1.0):
        later = render_view(asset, camera, time)
        torch.testing.assert_close(later.on(), first.on(), atol=1e-5, rtol=0)


def test_an_empty_picture_is_refused() -> None:
    """Oracle: stated error; coverage that marks nothing."""
    empty = Image(torch.rand(SIDE, SIDE, 3), torch.zeros(SIDE, SIDE))
    with pytest.raises(ObjectNotFoundError, match="the start image"):
        inbetween(Keyframes(empty, pair().end), priors(), small())
