"""Stage 1: whose coverage is used, and what is refused."""

import pytest
import torch

from tween4d.data.images import Image, Keyframes
from tween4d.errors import InputError, ObjectNotFoundError
from tween4d.stages.matte import MatteConfig, border_contact, matte_images

SIDE = 40


def disc_alpha(radius: float = 10.0) -> torch.Tensor:
    axis = torch.arange(SIDE) + 0.5 - SIDE / 2
    return (radius - torch.hypot(axis[:, None], axis[None]) + 0.5).clamp(0, 1)


class FixedMatter:
    """Answers with one alpha, and counts how often it is asked."""

    def __init__(self, alpha: torch.Tensor) -> None:
        self.alpha, self.asked = alpha, 0

    def matte(self, image: Image) -> torch.Tensor:
        self.asked += 1
        return self.alpha


class BlindMatter:
    """Finds nothing."""

    def matte(self, image: Image) -> torch.Tensor:
        raise ObjectNotFoundError("nothing there", "grey", "look again")


def test_given_coverage_is_used_as_it_is() -> None:
    """Oracle: identity; pictures with alpha come back as the same objects and the matter is not asked."""
    images = Keyframes(*(Image(torch.rand(SIDE, SIDE, 3), disc_alpha()) for _ in range(2)), fov_degrees=50.0)
    matter = FixedMatter(disc_alpha())
    matted = matte_images(images, matter, MatteConfig())
    assert matted.start is images.start and matted.end is images.end
    assert matted.fov_degrees == 50.0 and matter.asked == 0


def test_only_the_picture_without_coverage_is_matted() -> None:
    """Oracle: construction; one question, and the answer is the picture's alpha."""
    matter = FixedMatter(disc_alpha(8.0))
    images = Keyframes(Image(torch.rand(SIDE, SIDE, 3), disc_alpha()), Image(torch.rand(SIDE, SIDE, 3)))
    matted = matte_images(images, matter, MatteConfig())
    assert matter.asked == 1
    assert matted.end.alpha is not None and torch.equal(matted.end.alpha, matter.alpha)


@pytest.mark.parametrize("clean", [True, False])
def test_edges_are_freed_of_the_background_if_wanted(clean: bool) -> None:
    """Oracle: inverse of compositing; a red disc on white has a red edge afterwards, or stays pink."""
    alpha = disc_alpha()[..., None]
    red = torch.tensor([0.8, 0.1, 0.1])
    mixed = Image((alpha * red + (1 - alpha)).float())
    matted = matte_images(Keyframes(mixed, mixed), FixedMatter(disc_alpha()), MatteConfig(clean_edges=clean)).start
    edge = (matted.alpha > 0.05) & (matted.alpha < 0.95)
    error = float((matted.rgb[edge] - red).abs().max())
    assert error < 0.03 if clean else error > 0.3


def test_an_object_that_is_too_small_or_fills_the_picture_is_refused() -> None:
    """Oracle: the two limits of the config, and the sentence names the picture."""
    good = Image(torch.rand(SIDE, SIDE, 3), disc_alpha())
    speck = torch.zeros(SIDE, SIDE)
    speck[3, 3] = 1
    empty, full = torch.zeros(SIDE, SIDE), torch.ones(SIDE, SIDE)
    for alpha in (speck, empty):
        with pytest.raises(ObjectNotFoundError, match="the end image"):
            matte_images(Keyframes(good, Image(good.rgb, alpha)), BlindMatter(), MatteConfig())
    with pytest.raises(InputError, match="the start image.*fills") as caught:
        matte_images(Keyframes(Image(good.rgb, full), good), BlindMatter(), MatteConfig())
    assert "--mask-start" in caught.value.remedy


def test_the_matters_failure_names_the_picture() -> None:
    """Oracle: stated error; what, got and remedy of the prior are kept."""
    good, plain = Image(torch.rand(SIDE, SIDE, 3), disc_alpha()), Image(torch.rand(SIDE, SIDE, 3))
    with pytest.raises(ObjectNotFoundError) as caught:
        matte_images(Keyframes(good, plain), BlindMatter(), MatteConfig())
    assert str(caught.value) == "the end image: nothing there (got grey); look again"


def test_border_contact_is_the_covered_share() -> None:
    """Oracle: counting; one whole side of a square picture is SIDE of its 4 SIDE - 4 border pixels."""
    alpha = torch.zeros(SIDE, SIDE)
    assert border_contact(Image(torch.zeros(SIDE, SIDE, 3), alpha)) == 0.0
    alpha[0] = 1
    assert border_contact(Image(torch.zeros(SIDE, SIDE, 3), alpha)) == pytest.approx(SIDE / (4 * SIDE - 4))
    assert border_contact(Image(torch.zeros(SIDE, SIDE, 3))) == 0.0
