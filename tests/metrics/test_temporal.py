"""Flicker."""

import json

import pytest
import torch

from tests.metrics.discs import GOLDEN, TIMES, on_white, picture
from tween4d.metrics.temporal import flicker, second_difference


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
