"""Depth under pixels from points on two layers."""

import torch

from tween4d.geometry.layers import CELL, middle_of_layers, read_cells

SIDE = 32


def two_planes() -> tuple[torch.Tensor, torch.Tensor]:
    """Points at every pixel of the left half of a picture; both layers recede to the right."""
    x, y = torch.meshgrid(torch.arange(SIDE * CELL // 2), torch.arange(SIDE * CELL), indexing="xy")
    pixels = torch.stack([x, y], -1).reshape(-1, 2).double() + 0.5
    slope = 2.0 + 0.002 * pixels[:, 0]
    return torch.cat([pixels, pixels]), torch.cat([slope - 0.1, slope + 0.3])


def test_halfway_between_front_and_back() -> None:
    """Oracle: closed form; the plane between both, and where there are points at all."""
    pixels, depth = two_planes()
    planes = middle_of_layers(pixels, depth, SIDE, SIDE)
    places = torch.rand(200, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    # Away from the rim, where the mean over cells is one-sided.
    places = places * torch.tensor([24, 60]) + torch.tensor([12, 18])
    middle, covered = read_cells(planes, places)
    assert float((middle - 2.1 - 0.002 * places[:, 0]).abs().max()) < 1e-6
    torch.testing.assert_close(covered, torch.ones_like(covered))
    _, beyond = read_cells(planes, torch.tensor([[80.0, 40.0]], dtype=torch.float64))
    assert float(beyond) == 0.0


def test_depth_goes_on_beyond_the_points() -> None:
    """Oracle: invariants; finite everywhere, within the depths that there are, and nothing without points."""
    pixels, depth = two_planes()
    planes = middle_of_layers(pixels, depth, SIDE, SIDE)
    assert bool(planes.isfinite().all())
    assert float(planes[0].min()) >= 2.0 and float(planes[0].max()) <= 2.3
    away = torch.full((4, 2), -9.0)
    assert float(middle_of_layers(away, torch.ones(4), SIDE, SIDE).abs().max()) == 0.0
