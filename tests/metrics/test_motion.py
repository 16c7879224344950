"""Scores of tracked points."""

import json

import numpy as np
import pytest

from tests.metrics.discs import GOLDEN, trajectories
from tween4d.metrics.motion import (
    chamfer_distance,
    endpoint_error,
    frozen_endpoint_error,
    rigid_parts,
    rigidity_error,
)


def grid() -> np.ndarray:
    axis = np.linspace(-0.4, 0.4, 5)
    return np.stack(np.meshgrid(axis, axis, axis), -1).reshape(1, -1, 3)


def test_scores_are_those_of_the_benchmark() -> None:
    """Oracle: golden file written by the benchmark's own script."""
    golden = json.loads(GOLDEN.read_text())["points"]
    truth, predicted = trajectories(predicted=False), trajectories(predicted=True)
    assert chamfer_distance(truth, predicted) == pytest.approx(golden["CD"], rel=1e-9)
    assert endpoint_error(truth, predicted) == pytest.approx(golden["EPE"], rel=1e-9)


def test_chamfer_of_a_small_shift() -> None:
    """Oracle: closed form; a shift below half the spacing is every point's distance."""
    assert chamfer_distance(grid(), grid() + [0.03, 0, 0]) == pytest.approx(3.0)


def test_displacement_error_ignores_a_constant_offset() -> None:
    """Oracle: invariant; displacements are compared, not places."""
    moved = np.concatenate([grid(), grid() + [0, 0.1, 0]])
    assert endpoint_error(moved, moved + [0.01, 0, 0]) == pytest.approx(0.0, abs=1e-9)


def test_displacement_error_of_a_wrong_motion() -> None:
    """Oracle: closed form; 0.1 up against 0.04 up."""
    truth, predicted = (np.concatenate([grid(), grid() + [0, y, 0]]) for y in (0.1, 0.04))
    assert endpoint_error(truth, predicted) == pytest.approx(6.0)


def test_order_of_points_does_not_matter_but_must_stay() -> None:
    """Oracle: invariant under one permutation for all times, and its violation when the times differ."""
    truth = trajectories(predicted=False)
    order = np.random.default_rng(0).permutation(truth.shape[1])
    assert endpoint_error(truth, truth[:, order]) == pytest.approx(0.0, abs=1e-9)
    scrambled = truth.copy()
    scrambled[1:] = truth[1:, order]
    assert endpoint_error(truth, scrambled) > 10


def test_frozen_error_is_that_of_a_still_object() -> None:
    """Oracle: independent formula; the same function on points that do not move."""
    truth = trajectories(predicted=False)
    still = np.broadcast_to(truth[:1], truth.shape)
    assert frozen_endpoint_error(truth) == pytest.approx(endpoint_error(truth, still))


@pytest.mark.parametrize("score", [chamfer_distance, endpoint_error])
def test_times_must_agree(score: object) -> None:
    """Oracle: contract."""
    truth = trajectories(predicted=False)
    with pytest.raises(ValueError, match="8 times, but the truth has 9"):
        score(truth, truth[:-1])  # type: ignore[operator]


def two_bars(bent: float = 0.0) -> np.ndarray:
    """Two rods of 300 points side by side: one stands, one turns by 50 degrees; the turning one also bends."""
    draw = np.random.default_rng(1)
    rods = draw.random((2, 300, 3)) * [0.6, 0.01, 0.01] + [[[0, -0.1, 0]], [[0, 0.1, 0]]]
    rods[..., 0] = np.linspace(0, 0.6, 300)
    out = []
    for share in np.linspace(0, 1, 5):
        angle = np.radians(50) * share
        x, y, z = rods[1].T
        y = y + bent * share * np.square(x / 0.6)
        turned = np.stack([np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y, z], -1)
        out.append(np.concatenate([rods[0], turned]))
    return np.stack(out)


def test_rigid_parts_are_found() -> None:
    """Oracle: construction; the two rods, up to the few points about which they turn."""
    parts = rigid_parts(two_bars())
    assert len(parts) == 2
    for part, rows in zip(sorted(parts, key=lambda p: p.min()), (range(300), range(300, 600)), strict=True):
        assert len(set(part) & set(rows)) > 290 and len(set(part) - set(rows)) < 10


def test_bending_is_measured_and_a_rigid_error_is_not() -> None:
    """Oracle: closed form; the residual of x^2 about its best line is 1 / sqrt(180) of its height, and a body that
    turns by another angle is as rigid."""
    truth = two_bars()
    assert rigidity_error(truth, truth) < 1e-6
    assert rigidity_error(truth, truth[[0, 2, 1, 4, 3]]) < 1e-6
    shares = np.linspace(0, 1, 5)[1:]
    expected = 100 * 0.02 / np.sqrt(180) * np.sqrt(np.square(shares).mean()) / 2
    assert rigidity_error(truth, two_bars(bent=0.02)) == pytest.approx(expected, rel=0.03)


def test_what_bends_everywhere_has_no_rigid_part() -> None:
    """Oracle: construction."""
    draw = np.random.default_rng(0)
    wave = draw.random((1, 300, 3)) + 0.3 * draw.standard_normal((4, 300, 3))
    assert rigid_parts(wave) == [] and rigidity_error(wave, wave) is None
