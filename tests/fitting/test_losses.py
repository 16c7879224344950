"""The picture loss."""

import pytest
import torch

from tween4d.fitting.losses import picture_loss


def test_values_by_hand() -> None:
    """Oracle: arithmetic; one pixel off by 0.5 in colour and 0.2 in coverage."""
    target = torch.zeros(1, 1, 3), torch.zeros(1, 1)
    value = picture_loss(torch.full((1, 1, 3), 0.5), torch.full((1, 1), 0.2), *target, 0.75)
    assert float(value) == pytest.approx(0.5 + 2 * 0.25 + 0.75 * (0.2 + 0.04))


def test_zero_only_for_equal_pictures() -> None:
    """Oracle: invariant; equal pictures cost nothing, any single change costs."""
    rgb, alpha = torch.rand(4, 4, 3), torch.rand(4, 4)
    assert float(picture_loss(rgb, alpha, rgb, alpha, 0.75)) == 0
    other = alpha.clone()
    other[2, 2] += 0.01
    assert float(picture_loss(rgb, alpha, rgb, other, 0.75)) > 0


def test_gradient() -> None:
    """Oracle: finite differences in float64, away from the kinks of the absolute value."""
    draw = torch.Generator().manual_seed(0)
    rgb, alpha, target, mask = (torch.rand(s, generator=draw, dtype=torch.float64) for s in ((3, 3, 3), (3, 3)) * 2)
    leaves = rgb.requires_grad_(), alpha.requires_grad_()
    assert torch.autograd.gradcheck(lambda c, a: picture_loss(c, a, target, mask, 0.75), leaves)
