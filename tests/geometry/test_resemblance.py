"""Nearest counterparts of sets of descriptors."""

import math

import torch

from tween4d.geometry.resemblance import matched_motion, resemblance


def test_a_set_resembles_itself_and_what_holds_it() -> None:
    """Oracle: analytic; one for equal sets and for a superset, the cosine for one that is turned."""
    axes = torch.eye(4)
    assert resemblance(axes[:2], axes) == 1 and resemblance(axes, axes[:2]) == 0.5
    turned = torch.tensor([[math.cos(0.3), math.sin(0.3)]])
    assert abs(resemblance(torch.tensor([[1.0, 0.0]]), turned) - math.cos(0.3)) < 1e-6


def test_motion_is_that_of_mutual_matches() -> None:
    """Oracle: analytic; the same descriptors in another order moved by (3, 4), one of the second set has no partner."""
    own = torch.eye(5)[:4]
    order = [2, 0, 3, 1]
    other = torch.cat([own[order], torch.nn.functional.normalize(torch.tensor([[1.0, 1.0, 0, 0, 3.0]]), dim=-1)])
    here = torch.rand(4, 2, generator=torch.Generator().manual_seed(0))
    there = torch.cat([here[order] + torch.tensor([3.0, 4.0]), torch.tensor([[100.0, 100.0]])])
    assert abs(matched_motion(own, other, here, there) - 5) < 1e-5
    assert matched_motion(own, own, here, here) == 0
