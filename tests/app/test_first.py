"""Gaussians that another program made as the first moment of a run."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.app.first import load_first
from tween4d.app.run import RunOptions, configured
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import input_camera
from tween4d.data.gaussians import Gaussians
from tween4d.data.images import Image
from tween4d.data.video import Guide, Video
from tween4d.data.views import KeyframeViews, MultiViews
from tween4d.errors import InputError
from tween4d.events import Event
from tween4d.io.ply import write_ply
from tween4d.io.splat import write_splat
from tween4d.priors.user import GivenFirst
from tween4d.stages.reconstruct import ReconstructConfig, reconstruct_keyframes
from tween4d.stages.render import pose_asset, render_view, with_fitted_blur

SIDE = 128


@pytest.fixture(scope="module")
def asset() -> Asset4D:
    return moving_ellipsoid(count=600, nodes=6, frames=5, size=SIDE)


@pytest.fixture(scope="module")
def seen(asset: Asset4D) -> Gaussians:
    """What an export writes."""
    return with_fitted_blur(asset, pose_asset(asset, 0.3))


@pytest.fixture(scope="module")
def start(asset: Asset4D) -> Image:
    return render_view(asset, input_camera(SIDE, SIDE), 0.3)


def test_an_export_comes_back_as_it_was(asset: Asset4D, seen: Gaussians, start: Image, tmp_path: Path) -> None:
    """Oracle: round trip; nothing moves, and the blur that the export adds is taken off again."""
    told: list[Event] = []
    again = load_first(write_ply(seen, tmp_path / "a.ply"), start, 33.8, told.append)
    posed = pose_asset(asset, 0.3)
    assert told == []
    assert torch.allclose(again.means, posed.means, atol=1e-6)
    assert torch.allclose(again.log_scales, posed.log_scales, atol=1e-4)


def test_another_size_and_place_are_found(asset: Asset4D, seen: Gaussians, start: Image, tmp_path: Path) -> None:
    """Oracle: the transformation that was applied; undone to a few percent of the object's size, and said."""
    elsewhere = replace(
        seen, means=seen.means * 7 + torch.tensor([3.0, -1.0, 40.0]), log_scales=seen.log_scales + math.log(7)
    )
    told: list[Event] = []
    again = load_first(write_splat(elsewhere, tmp_path / "a.splat"), start, 33.8, told.append)
    assert "moved and scaled" in str(told)
    # A .splat file has an order of its own.
    reach = [torch.stack([g.means.amin(0), g.means.amax(0)]) for g in (again, pose_asset(asset, 0.3))]
    assert torch.allclose(reach[0], reach[1], atol=0.03)


def test_another_object_is_refused(seen: Gaussians, start: Image, tmp_path: Path) -> None:
    """Oracle: contract; a file that stands on its side shows another outline, and the sentence says how to turn it."""
    means = seen.means[:, [1, 0, 2]] * torch.tensor([1.0, -1.0, 1.0])
    path = write_ply(replace(seen, means=means), tmp_path / "a.ply")
    with pytest.raises(InputError, match="do not show the object") as caught:
        load_first(path, start, 33.8)
    assert "y down" in (caught.value.remedy or "")


def test_the_first_moment_keeps_what_was_given() -> None:
    """Oracle: identity; other keyframes are fitted, and get as many harmonics, all zero."""
    draw = torch.Generator().manual_seed(2)
    given = Gaussians(*(torch.randn(5, *shape, generator=draw) for shape in ((3,), (4,), (3,), (), (4, 3))))
    camera = input_camera(16, 16)
    alpha = torch.zeros(1, 16, 16)
    alpha[:, 4:12, 4:12] = 1
    views = [KeyframeViews(f, alpha[..., None].expand(-1, -1, -1, 3), alpha, (camera,), torch.ones(1)) for f in (0, 4)]

    class Others:
        def imagine(self, guide, anchors, cameras, *, seed):
            return tuple(views)

    guide = Guide(Video(torch.zeros(5, 16, 16, 3), torch.zeros(5, 16, 16), torch.linspace(0, 1, 5)))
    answers = GivenFirst(given, Others()).imagine(guide, (0, 4), (camera,), seed=0)
    first, last = reconstruct_keyframes(MultiViews(answers), ReconstructConfig(steps=2, density_rounds=0))
    assert torch.equal(first.means, given.means) and torch.equal(first.sh, given.sh)
    assert last.sh.shape[1] == 4 and not last.sh[:, 1:].any()


def test_given_gaussians_move_through_the_whole_asset() -> None:
    """Oracle: contract; one fragment, unless the user says otherwise."""
    assert configured("draft", RunOptions(init_ply=Path("a.ply"))).fragment.fragments == 1
    assert configured("draft", RunOptions(init_ply=Path("a.ply"), fragments="4")).fragment.fragments == 4
    assert configured("draft", RunOptions(init_ply=Path("a.ply"), fragments="auto")).fragment.fragments is None
