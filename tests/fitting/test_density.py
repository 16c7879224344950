"""Splitting and pruning Gaussians."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scenes import speckled_plate
from tween4d.data.gaussians import Gaussians
from tween4d.fitting.density import SPLIT_SHARE, SPLIT_SHRINK, Density, grow_and_prune


def pulled(count: int, rows: list[int]) -> Density:
    density = Density(count)
    gradient = torch.zeros(count, 3)
    gradient[rows, 1] = torch.arange(len(rows), 0, -1).float()
    density.observe(gradient)
    return density


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.integers(0, 40), st.integers(0, 1000))
def test_growth_is_a_few_percent_and_never_above_the_cap(count: int, room: int, seed: int) -> None:
    """Oracle: invariant; at most 6 % more, at most the cap, whatever pulls."""
    density = Density(count)
    density.observe(torch.rand(count, 3, generator=torch.Generator().manual_seed(seed)))
    grown = grow_and_prune(speckled_plate(count), density, count + room)
    assert len(grown) == count + min(room, math.ceil(SPLIT_SHARE * count))


def test_the_hardest_pulled_are_split_and_the_others_stay() -> None:
    """Oracle: construction; 100 Gaussians, 8 are pulled at, the 6 hardest make 12."""
    plate = speckled_plate(100)
    grown = grow_and_prune(plate, pulled(100, [3, 50, 7, 99, 0, 21, 64, 65]), 1000)
    split = torch.tensor([3, 50, 7, 99, 0, 21])
    kept = torch.ones(100, dtype=torch.bool)
    kept[split] = False
    assert len(grown) == 106
    torch.testing.assert_close(grown.means[:94], plate.means[kept])
    centres = (grown.means[94:100] + grown.means[100:]) / 2
    torch.testing.assert_close(centres, plate.means[split.sort().values])


def test_halves_lie_on_the_longest_axis() -> None:
    """Oracle: analytic; a Gaussian turned by 90 degrees about z with its longest axis along local x: along world y."""
    half = math.sqrt(0.5)
    gaussian = Gaussians(
        torch.zeros(1, 3),
        torch.tensor([[half, 0.0, 0.0, half]]),
        torch.tensor([[0.1, 0.02, 0.01]]).log(),
        torch.zeros(1),
        torch.zeros(1, 1, 3),
    )
    grown = grow_and_prune(gaussian, pulled(1, [0]), 2)
    torch.testing.assert_close(grown.means, torch.tensor([[0.0, 0.05, 0.0], [0.0, -0.05, 0.0]]), atol=1e-6, rtol=0)
    torch.testing.assert_close(grown.scales, torch.tensor([[0.1 / SPLIT_SHRINK, 0.02, 0.01]]).expand(2, 3))


def test_empty_gaussians_are_removed_unless_all_are() -> None:
    """Oracle: construction; opacity 1 % goes, 50 % stays; a set of nothing but empty ones is left alone."""
    plate = speckled_plate(10)
    logits = torch.logit(torch.tensor([0.01, 0.5] * 5))
    mixed = Gaussians(plate.means, plate.quats, plate.log_scales, logits, plate.sh)
    torch.testing.assert_close(grow_and_prune(mixed, Density(10), 20).means, plate.means[1::2])
    empty = Gaussians(plate.means, plate.quats, plate.log_scales, torch.full((10,), -9.0), plate.sh)
    assert grow_and_prune(empty, Density(10), 20) is empty


def test_pull_adds_up_over_steps() -> None:
    """Oracle: analytic; the sum of gradient lengths; a step without gradient adds nothing."""
    density = Density(2)
    density.observe(torch.tensor([[3.0, 4.0, 0.0], [0.0, 0.0, 0.0]]))
    density.observe(None)
    density.observe(torch.tensor([[0.0, 0.0, 1.0], [0.0, 2.0, 0.0]]))
    torch.testing.assert_close(density.pull, torch.tensor([6.0, 2.0]))
