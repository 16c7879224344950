"""Flicker."""

import json

import pytest
import torch

from tests.metrics.discs import GOLDEN, TIMES, on_white, picture
from tween4d.metrics.temporal import flicker, frame_changes, seam_jump, second_difference


def film(*, predicted: bool) -> torch.Tensor:
    return torch.stack([torch.from_numpy(on_white(picture(0, t, predicted=predicted))[0]) for t in range(TIMES)])


def test_scores_are_those_of_the_benchmark() -> None:
    """Oracle: golden file written by the benchmark's own script."""
    truth, predicted = json.loads(GOLDEN.read_text())["second_difference"]
    assert second_difference(film(predicted=False)) == pytest.approx(truth, rel=1e-5)
    assert second_difference(film(predicted=True)) == pytest.approx(predicted, rel=1e-5)
    assert flicker(film(predicted=False), film(predicted=True)) == pytest.approx(1000 * (predicted - truth), rel=1e-4)


def test_an_even_change_does_not_flicker() -> None:
    """Oracle: closed form; the second difference of a line is 0, that of an alternation is twice its step."""
    ramp = torch.linspace(0, 1, 9)[:, None, None, None].expand(9, 4, 4, 3)
    assert second_difference(ramp) == pytest.approx(0.0, abs=1e-6)
    blinking = (torch.arange(9) % 2).float()[:, None, None, None].expand(9, 4, 4, 3)
    assert second_difference(blinking) == pytest.approx(2.0)
    assert flicker(ramp, blinking) > 0 > flicker(blinking, ramp)


def test_a_jump_at_a_seam_is_told_in_usual_changes() -> None:
    """Oracle: construction; every step changes by 0.01, and the one from frame 5 to 6 by 0.03."""
    levels = torch.cumsum(torch.tensor([0.0, *[0.01] * 5, 0.03, *[0.01] * 4]), 0)
    changes = frame_changes(levels[:, None, None, None].expand(-1, 2, 2, 3))
    assert seam_jump(changes, [(4, 7)]) == pytest.approx(3.0, rel=1e-4)
    assert seam_jump(changes, [(1, 4), (7, 9)]) == pytest.approx(1.0, rel=1e-4)
    assert seam_jump(changes, []) is None and seam_jump(torch.zeros(9), [(2, 4)]) is None
