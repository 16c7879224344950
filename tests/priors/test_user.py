"""The user's own video as a prior."""

import pytest
import torch

from tests.scenes import bar_picture, swinging_bar
from tween4d.data.images import Image
from tween4d.data.video import Guide
from tween4d.errors import ObjectNotFoundError
from tween4d.priors.protocols import Inbetweener
from tween4d.priors.user import GuideVideo


class RedMatter:
    """What is red is object."""

    def matte(self, image: Image) -> torch.Tensor:
        alpha = (image.rgb[..., 0] > 0.5).float()
        if not bool(alpha.any()):
            raise ObjectNotFoundError("nothing red", "", "paint it")
        return alpha


class Sheets:
    """A tracker that answers with the swinging bar's sheets."""

    def inbetween(self, start: Image, end: Image, frames: int, *, prompt: str, seed: int) -> Guide:
        return swinging_bar(40, frames, start.width)


def red_frames(count: int, side: int = 32) -> torch.Tensor:
    """Frame i has i + 1 red rows."""
    frames = torch.zeros(count, side, side, 3)
    for i in range(count):
        frames[i, : i + 1, :, 0] = 1
    return frames


def ends(side: int = 32) -> tuple[Image, Image]:
    return Image(*bar_picture(0.0, side)), Image(*bar_picture(0.5, side))


def test_frames_are_sampled_evenly_between_the_inputs() -> None:
    """Oracle: construction; of 9 frames, 5 are taken: the inputs, and the user's 3rd, 5th and 7th."""
    start, end = ends()
    prior = GuideVideo(red_frames(9), RedMatter())
    assert isinstance(prior, Inbetweener)
    video = prior.inbetween(start, end, 5, prompt="", seed=0).video
    assert torch.equal(video.rgb[0], start.rgb) and torch.equal(video.alpha[-1], end.alpha)
    assert [int(alpha.sum()) // 32 for alpha in video.alpha[1:-1]] == [3, 5, 7]
    torch.testing.assert_close(video.times, torch.linspace(0, 1, 5))


def test_frames_are_scaled_to_the_inputs() -> None:
    """Oracle: shapes, and a flat frame stays flat."""
    start, end = ends()
    frames = torch.full((4, 50, 80, 3), 0.75)
    video = GuideVideo(frames, RedMatter()).inbetween(start, end, 4, prompt="", seed=0).video
    assert video.rgb.shape == (4, 32, 32, 3)
    torch.testing.assert_close(video.rgb[1], torch.full((32, 32, 3), 0.75))


def test_correspondence_comes_from_the_tracker() -> None:
    """Oracle: construction; the tracker's sheets with the user's frames; without a tracker there are none."""
    start, end = ends()
    with_sheets = GuideVideo(red_frames(6), RedMatter(), Sheets()).inbetween(start, end, 6, prompt="", seed=0)
    assert len(with_sheets.lattices) == 2 and len(with_sheets.lattices[0].vertices) == 6
    assert int(with_sheets.video.alpha[1].sum()) == 2 * 32
    assert GuideVideo(red_frames(6), RedMatter()).inbetween(start, end, 6, prompt="", seed=0).lattices == ()


def test_a_frame_without_object_is_named() -> None:
    """Oracle: construction; the third frame is black."""
    frames = red_frames(5)
    frames[2] = 0
    with pytest.raises(ObjectNotFoundError, match="frame 2 of the guide: nothing red"):
        GuideVideo(frames, RedMatter()).inbetween(*ends(), 5, prompt="", seed=0)
