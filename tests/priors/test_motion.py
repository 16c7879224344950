"""The embedded inbetweener through its protocol."""

import math

import pytest
import torch

from tests.scenes import HALF_WIDTH, LENGTH, bar_picture
from tween4d.data.images import Image
from tween4d.data.video import Guide
from tween4d.priors.embedded.motion import LatticeInbetweener, MotionConfig
from tween4d.priors.protocols import Inbetweener

SIDE = 96


def bar(degrees: float) -> Image:
    return Image(*bar_picture(math.radians(degrees), SIDE))


def imagined(frames: int, prompt: str = "") -> Guide:
    return LatticeInbetweener().inbetween(bar(0.0), bar(70.0), frames, prompt=prompt, seed=0)


@pytest.fixture(scope="module")
def swing() -> Guide:
    return imagined(9)


def axis_of(alpha: torch.Tensor) -> tuple[float, float, torch.Tensor]:
    """Length and width of the covered area, by its second moments as a rectangle's, and its direction's angle."""
    y, x = torch.meshgrid(torch.arange(SIDE) + 0.5, torch.arange(SIDE) + 0.5, indexing="ij")
    weight = alpha / alpha.sum()
    points = torch.stack([x, y], -1) - torch.stack([(weight * x).sum(), (weight * y).sum()])
    values, vectors = torch.linalg.eigh(torch.einsum("hw,hwi,hwj->ij", weight, points, points))
    width, length = (12 * values).sqrt().tolist()
    angle = torch.rad2deg(torch.atan2(vectors[1, 1], vectors[0, 1])) % 180
    return length, width, angle


def test_it_is_an_inbetweener() -> None:
    """Oracle: the protocol."""
    assert isinstance(LatticeInbetweener(), Inbetweener)


def test_exactly_the_wanted_frames(swing: Guide) -> None:
    """Oracle: stated guarantee; count, even times from 0 to 1, the pictures' size, values in range."""
    for frames, guide in ((9, swing), (2, imagined(2))):
        assert guide.video.rgb.shape == (frames, SIDE, SIDE, 3) and guide.video.alpha.shape == (frames, SIDE, SIDE)
        torch.testing.assert_close(guide.video.times, torch.linspace(0, 1, frames))
        for planes in (guide.video.rgb, guide.video.alpha):
            assert bool(planes.isfinite().all()) and float(planes.min()) >= 0 and float(planes.max()) <= 1
        for lattice in guide.lattices:
            assert len(lattice.vertices) == frames and bool(lattice.vertices.isfinite().all())
            assert int(lattice.triangles.max()) < lattice.vertices.shape[1]
            assert float(lattice.confidence.min()) >= 0 and float(lattice.confidence.max()) <= 1


def test_ends_are_the_inputs(swing: Guide) -> None:
    """Oracle: stated guarantee; value for value."""
    for index, image in ((0, bar(0.0)), (-1, bar(70.0))):
        assert torch.equal(swing.video.rgb[index], image.rgb)
        assert torch.equal(swing.video.alpha[index], image.alpha)


def test_a_bar_swings_and_keeps_its_length(swing: Guide) -> None:
    """Oracle: second moments of a rectangle; half-way the bar is as long as at the ends within 5 %, as wide within 12,
    and has turned by half the angle; the straight way would shorten it by 18 %."""
    length, width, angle = axis_of(swing.video.alpha[4])
    assert length == pytest.approx(LENGTH * SIDE, rel=0.05)
    assert width == pytest.approx(2 * HALF_WIDTH * SIDE, rel=0.12)
    assert float(angle) == pytest.approx(35.0, abs=3)


@pytest.mark.parametrize("ease", [0.0, 1.0])
def test_the_bar_turns_at_the_wanted_pace(swing: Guide, ease: float) -> None:
    """Oracle: closed form; the angle follows t, or the cubic 3 t^2 - 2 t^3, from frame to frame."""
    guide = (
        swing
        if ease == 1
        else LatticeInbetweener(MotionConfig(ease=ease)).inbetween(bar(0.0), bar(70.0), 9, prompt="", seed=0)
    )
    angles = torch.stack([axis_of(alpha)[2] for alpha in guide.video.alpha])
    angles = torch.where(angles > 170, angles - 180, angles)
    t = torch.linspace(0, 1, 9)
    torch.testing.assert_close(angles, 70 * torch.lerp(t, t * t * (3 - 2 * t), ease), atol=4, rtol=0)


def test_it_is_no_cross_fade(swing: Guide) -> None:
    """Oracle: construction; where only the start or only the end has the bar, half-way there is nothing."""
    alpha = swing.video.alpha
    apart = (alpha[0] > 0.9) & (alpha[-1] < 0.1) | (alpha[0] < 0.1) & (alpha[-1] > 0.9)
    elsewhere = apart & (bar(35.0).alpha == 0)
    assert float(alpha[4][elsewhere].mean()) < 0.1


def test_the_same_question_has_the_same_answer(swing: Guide) -> None:
    """Oracle: invariant; twice the same bits, and a prior that does not read ignores the prompt."""
    again = imagined(9, prompt="it waves")
    assert torch.equal(swing.video.rgb, again.video.rgb) and torch.equal(swing.video.alpha, again.video.alpha)
    for one, other in zip(swing.lattices, again.lattices, strict=True):
        assert torch.equal(one.vertices, other.vertices) and torch.equal(one.confidence, other.confidence)
