"""Pictures with coverage, and the pair."""

import torch

from tween4d.data.images import Image, Keyframes


def test_compositing_over_a_background() -> None:
    """Oracle: analytic; the over operator at coverage 0, 1/4 and 1."""
    image = Image(torch.full((1, 3, 3), 0.2), torch.tensor([[0.0, 0.25, 1.0]]))
    torch.testing.assert_close(image.on(1.0)[0, :, 0], torch.tensor([1.0, 0.8, 0.2]))
    torch.testing.assert_close(image.on(0.0)[0, :, 0], torch.tensor([0.0, 0.05, 0.2]))
    plain = Image(image.rgb)
    assert plain.on(0.3) is plain.rgb
    assert (image.height, image.width) == (1, 3)


def test_identical_means_every_value() -> None:
    """Oracle: construction; one changed value of colour or coverage, or coverage on one side only."""
    rgb, alpha = torch.rand(4, 5, 3), torch.rand(4, 5)
    other_rgb, other_alpha = rgb.clone(), alpha.clone()
    other_rgb[2, 3, 1] += 1e-6
    other_alpha[0, 0] += 1e-6
    same = Keyframes(Image(rgb, alpha), Image(rgb.clone(), alpha.clone()))
    assert same.identical
    assert Keyframes(Image(rgb), Image(rgb.clone())).identical
    for end in (Image(other_rgb, alpha), Image(rgb, other_alpha), Image(rgb)):
        assert not Keyframes(Image(rgb, alpha), end).identical
