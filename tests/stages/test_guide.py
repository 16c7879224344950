"""Stage 2: the guiding video shows the inputs at its ends."""

import pytest
import torch

from tests.scenes import bar_picture, swinging_bar
from tween4d.data.images import Image, Keyframes
from tween4d.data.video import Guide, Video
from tween4d.stages.guide import GuideConfig, coverage, fit_working_size, imagine_motion


class Forgetful:
    """An inbetweener whose end frames are not the inputs, and which keeps what it was asked."""

    def inbetween(self, start: Image, end: Image, frames: int, *, prompt: str, seed: int) -> Guide:
        self.asked = start, end, frames, prompt, seed
        shape = (frames, start.height, start.width)
        return Guide(Video(torch.full((*shape, 3), 0.25), torch.ones(shape), torch.linspace(0, 1, frames)))


class Never:
    """An inbetweener that must not be asked."""

    def inbetween(self, start: Image, end: Image, frames: int, *, prompt: str, seed: int) -> Guide:
        raise AssertionError("asked for a still pair")


def bar_pair(side: int = 64) -> Keyframes:
    return Keyframes(*(Image(*bar_picture(angle, side)) for angle in (0.0, 0.6)), fov_degrees=40.0)


def test_ends_are_the_inputs_value_for_value() -> None:
    """Oracle: stated guarantee; also when the prior's own end frames are something else."""
    pair = bar_pair()
    guide = imagine_motion(pair, Forgetful(), GuideConfig(frames=7), seed=0)
    for index, image in ((0, pair.start), (-1, pair.end)):
        assert torch.equal(guide.video.rgb[index], image.rgb)
        assert torch.equal(guide.video.alpha[index], image.alpha)
    assert float(guide.video.rgb[1:-1].max()) == 0.25
    assert guide.fov_degrees == 40.0 and not guide.still


def test_the_prior_is_asked_at_working_size() -> None:
    """Oracle: construction; the longer side is the working size, and prompt, seed and frames arrive."""
    prior = Forgetful()
    pair = Keyframes(*(Image(torch.rand(40, 80, 3), torch.rand(40, 80)) for _ in range(2)))
    guide = imagine_motion(pair, prior, GuideConfig(frames=5, size=32, prompt="it opens"), seed=11)
    start, end, frames, prompt, seed = prior.asked
    assert (start.width, start.height, end.width) == (32, 16, 32)
    assert (frames, prompt, seed) == (5, "it opens", 11)
    assert guide.video.rgb.shape == (5, 16, 32, 3)
    assert torch.equal(guide.video.rgb[0], fit_working_size(pair.start, 32).rgb)


def test_the_same_picture_twice_is_still() -> None:
    """Oracle: construction; every frame is the input, times run from 0 to 1, and the prior is not asked."""
    image = bar_pair().start
    guide = imagine_motion(
        Keyframes(image, Image(image.rgb.clone(), image.alpha.clone())), Never(), GuideConfig(frames=6), seed=0
    )
    assert guide.still and guide.lattices == ()
    assert torch.equal(guide.video.rgb, image.rgb.expand(6, -1, -1, -1))
    torch.testing.assert_close(guide.video.times, torch.linspace(0, 1, 6))


def test_a_result_does_not_share_the_priors_memory() -> None:
    """Oracle: invariant; a guide that the prior keeps is not written into."""

    class Keeper:
        kept = swinging_bar(30, 5, 64)

        def inbetween(self, start: Image, end: Image, frames: int, *, prompt: str, seed: int) -> Guide:
            return self.kept

    before = Keeper.kept.video.rgb.clone()
    imagine_motion(
        Keyframes(*(Image(torch.rand(64, 64, 3), torch.ones(64, 64)) for _ in range(2))),
        Keeper(),
        GuideConfig(frames=5),
        seed=0,
    )
    assert torch.equal(Keeper.kept.video.rgb, before)


@pytest.mark.parametrize("factor", [2, 4])
def test_scaling_down_averages_premultiplied_colour(factor: int) -> None:
    """Oracle: arithmetic; premultiplied block means, whatever colours hide where coverage is 0."""
    rgb, alpha = torch.rand(16, 24, 3), (torch.rand(16, 24) > 0.4).float()
    small = fit_working_size(Image(rgb, alpha), 24 // factor)
    blocks = (
        torch.cat([rgb * alpha[..., None], alpha[..., None]], -1).unfold(0, factor, factor).unfold(1, factor, factor)
    )
    expected = blocks.mean((-1, -2))
    torch.testing.assert_close(small.alpha, expected[..., 3])
    torch.testing.assert_close(small.rgb * small.alpha[..., None], expected[..., :3])


def test_small_pictures_are_not_enlarged() -> None:
    """Oracle: stated rule; values stay, and a picture without alpha is fully covered."""
    image = Image(torch.rand(20, 10, 3))
    same = fit_working_size(image, 256)
    assert same.rgb is image.rgb
    assert torch.equal(coverage(image), torch.ones(20, 10)) and torch.equal(same.alpha, torch.ones(20, 10))
