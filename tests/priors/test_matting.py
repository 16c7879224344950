"""The hand-made matter on made-up pictures with known coverage."""

import pytest
import torch
from scipy import ndimage

from tween4d.data.images import Image
from tween4d.errors import ObjectNotFoundError
from tween4d.priors.embedded.matting import BorderMatter, border_distance

SIDE = 120


def disc(radius: float = 32.0, x: float = 62.0, y: float = 57.0) -> torch.Tensor:
    axis = torch.arange(SIDE) + 0.5
    return (radius - torch.hypot(axis[:, None] - y, axis[None] - x) + 0.5).clamp(0, 1)


def background(kind: str) -> torch.Tensor:
    draw = torch.Generator().manual_seed(0)
    ramp = torch.linspace(0, 1, SIDE)[:, None, None]
    plain = torch.tensor([0.75, 0.78, 0.74]).expand(SIDE, SIDE, 3)
    if kind == "plain":
        return plain
    if kind == "dark":
        return torch.tensor([0.05, 0.06, 0.08]).expand(SIDE, SIDE, 3)
    if kind == "gradient":
        return (0.55 + 0.35 * ramp).expand(SIDE, SIDE, 3) * torch.tensor([1.0, 0.97, 0.9])
    if kind == "noisy":
        return (plain + 0.06 * torch.randn(SIDE, SIDE, 3, generator=draw)).clamp(0, 1)
    two = torch.where(ramp > 0.6, torch.tensor([0.45, 0.35, 0.25]), torch.tensor([0.8, 0.82, 0.85]))
    return two.expand(SIDE, SIDE, 3)


def striped_object() -> torch.Tensor:
    wave = 0.5 + 0.5 * torch.sin(torch.arange(SIDE) / 4)[None, :, None]
    return (wave * torch.tensor([0.8, 0.15, 0.1]) + (1 - wave) * torch.tensor([0.1, 0.25, 0.6])).expand(SIDE, SIDE, 3)


def composite(alpha: torch.Tensor, behind: torch.Tensor) -> Image:
    a = alpha[..., None]
    return Image((striped_object() * a + behind * (1 - a)).contiguous())


def overlap(found: torch.Tensor, truth: torch.Tensor) -> float:
    """Soft intersection over union."""
    return float(torch.minimum(found, truth).sum() / torch.maximum(found, truth).sum())


@pytest.mark.parametrize(
    ("kind", "bar"), [("plain", 0.98), ("dark", 0.97), ("gradient", 0.97), ("noisy", 0.95), ("two-tone", 0.96)]
)
def test_a_disc_is_found_on(kind: str, bar: float) -> None:
    """Oracle: the coverage that the picture was made with, as soft intersection over union."""
    alpha = disc()
    found = BorderMatter().matte(composite(alpha, background(kind)))
    assert found.shape == (SIDE, SIDE)
    assert 0 <= float(found.min()) and float(found.max()) <= 1
    assert overlap(found, alpha) > bar


def test_a_ring_keeps_its_hole() -> None:
    """Oracle: construction; the background seen through the object stays background."""
    alpha = (disc(40.0) - disc(20.0)).clamp(0, 1)
    found = BorderMatter().matte(composite(alpha, background("plain")))
    assert overlap(found, alpha) > 0.95
    assert float(found[57, 62]) == 0


def test_two_parts_are_both_kept_and_a_speck_is_not() -> None:
    """Oracle: construction; an object of two pieces, and a speck of 9 pixels."""
    alpha = (disc(20.0, 38.0, 60.0) + disc(14.0, 90.0, 60.0)).clamp(0, 1)
    speck = torch.zeros(SIDE, SIDE)
    speck[12:15, 20:23] = 1
    found = BorderMatter().matte(composite((alpha + speck).clamp(0, 1), background("plain")))
    assert overlap(found, alpha) > 0.95
    assert float(found[10:17, 18:25].max()) < 0.5


@pytest.mark.parametrize(("darkness", "blur"), [(0.2, 0.0), (0.5, 12.0)])
def test_a_shadow_stays_background(darkness: float, blur: float) -> None:
    """Oracle: construction; the background's own hue beside the object, a fifth darker or half as bright and soft."""
    alpha = disc()
    shade = torch.from_numpy(ndimage.gaussian_filter(disc(22.0, 75.0, 95.0).numpy(), blur))[..., None]
    found = BorderMatter().matte(composite(alpha, background("plain") * (1 - darkness * shade)))
    assert overlap(found, alpha) > 0.97


def test_size_does_not_matter() -> None:
    """Oracle: invariant; the same picture at four times the size (above the working size) gives the same outline."""
    alpha = disc()
    small = composite(alpha, background("plain"))
    planes = small.rgb.permute(2, 0, 1)[None]
    big = Image(torch.nn.functional.interpolate(planes, scale_factor=4, mode="bicubic")[0].permute(1, 2, 0).clamp(0, 1))
    found = torch.nn.functional.avg_pool2d(BorderMatter().matte(big)[None], 4)[0]
    assert overlap(found, alpha) > 0.97


@pytest.mark.parametrize("kind", ["plain", "noisy", "gradient"])
def test_an_empty_picture_holds_no_object(kind: str) -> None:
    """Oracle: construction; background only is refused, with a remedy."""
    with pytest.raises(ObjectNotFoundError) as caught:
        BorderMatter().matte(Image(background(kind).contiguous()))
    assert "background" in caught.value.remedy


def test_matting_is_deterministic() -> None:
    """Oracle: invariant; twice the same bits."""
    image = composite(disc(), background("noisy"))
    assert torch.equal(BorderMatter().matte(image), BorderMatter().matte(image))


def test_distance_from_the_border_is_small_on_the_background() -> None:
    """Oracle: construction; zero on an even background, large on the object, and the border's noise is told."""
    image = composite(disc(), background("plain"))
    distance, noise = border_distance(image.rgb.numpy(), 4)
    inside = (disc() == 1).numpy()
    assert distance[disc().numpy() == 0].max() < 1 and noise < 0.5
    assert distance[inside].min() > 10
    _, rough = border_distance(composite(disc(), background("noisy")).rgb.numpy(), 4)
    assert rough > 2
