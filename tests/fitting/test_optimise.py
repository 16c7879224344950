"""The optimisation loop against problems with known answers."""

import math

import pytest
import torch

from tween4d.fitting.optimise import FINAL_RATE, minimise


def test_a_quadratic_reaches_its_minimum() -> None:
    """Oracle: closed form; (x - c)^T A (x - c) is least at c, for a badly scaled A."""
    c = torch.tensor([0.3, -0.7, 0.1])
    A = torch.diag(torch.tensor([1.0, 30.0, 900.0]))

    def loss(p: dict[str, torch.Tensor], i: int) -> torch.Tensor:
        d = p["x"] - c
        return d @ A @ d

    found = minimise({"x": torch.zeros(3)}, {"x": 0.02}, loss, 400)
    torch.testing.assert_close(found["x"], c, atol=2e-3, rtol=0)
    assert not found["x"].requires_grad


def test_first_steps_follow_adam_by_hand() -> None:
    """Oracle: Kingma & Ba's update written out in float64, with the loop's falling rate."""
    rate, steps = 0.1, 5
    found = minimise({"x": torch.tensor([2.0])}, {"x": rate}, lambda p, i: (p["x"] ** 3).sum(), steps)
    x, m, v = 2.0, 0.0, 0.0
    for i in range(steps):
        g = 3 * x**2
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        step = m / (1 - 0.9 ** (i + 1)) / math.sqrt(v / (1 - 0.999 ** (i + 1)))
        x -= rate * FINAL_RATE ** (i / (steps - 1)) * step
    assert float(found["x"]) == pytest.approx(x, rel=1e-5)


def test_starting_values_and_unrated_names_stay() -> None:
    """Oracle: stated guarantee; the input tensors do not change, and a name without a rate is returned as it came."""
    start = {"x": torch.ones(2), "y": torch.ones(2)}
    found = minimise(start, {"x": 0.1}, lambda p, i: (p["x"] * p["y"]).sum(), 10)
    assert torch.equal(start["x"], torch.ones(2))
    assert torch.equal(found["y"], torch.ones(2))
    assert float(found["x"].max()) < 1


def test_a_step_that_is_not_finite_is_skipped() -> None:
    """Oracle: invariant; a loss that is NaN on odd steps gives the same as one that is never NaN, on the even ones."""
    seen = []

    def loss(p: dict[str, torch.Tensor], i: int) -> torch.Tensor:
        return p["x"].square().sum() * (1.0 if i % 2 == 0 else float("nan"))

    found = minimise({"x": torch.ones(3)}, {"x": 0.05}, loss, 8, after=lambda p, i: seen.append(i))
    assert bool(found["x"].isfinite().all()) and float(found["x"].max()) < 1
    assert seen == [0, 2, 4, 6]


def test_gradients_are_there_after_the_backward_pass() -> None:
    """Oracle: analytic gradient of x^2, seen by the observer before the update."""
    seen = []
    minimise(
        {"x": torch.tensor([3.0])},
        {"x": 0.1},
        lambda p, i: p["x"].square().sum(),
        1,
        after=lambda p, i: seen.append(p["x"].grad.clone()),
    )
    torch.testing.assert_close(seen[0], torch.tensor([6.0]))


def test_no_steps_return_the_start() -> None:
    """Oracle: limit."""
    found = minimise({"x": torch.ones(2)}, {"x": 0.1}, lambda p, i: p["x"].sum(), 0)
    assert torch.equal(found["x"], torch.ones(2))
