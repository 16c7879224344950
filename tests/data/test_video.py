"""Pixels that ride on a guide's lattices."""

import numpy as np
import pytest
import torch

from tween4d.data.video import Guide, Lattice, Video, carry_pixels

FRAMES = 5
SIDE = 40


def grid_sheet(step: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    y, x = np.mgrid[0 : SIDE + 1 : step, 0 : SIDE + 1 : step].astype(np.float32)
    n = x.shape[0]
    index = np.arange(n * n).reshape(n, n)
    a, b, c, d = index[:-1, :-1].ravel(), index[:-1, 1:].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel()
    triangles = np.concatenate([np.stack([a, b, c], -1), np.stack([b, d, c], -1)])
    return torch.from_numpy(np.stack([x.ravel(), y.ravel()], -1)), torch.from_numpy(triangles)


def affine(time: float) -> tuple[torch.Tensor, torch.Tensor]:
    """A map that turns, shears and shifts, more with time."""
    A = torch.eye(2) + time * torch.tensor([[0.1, -0.4], [0.3, 0.2]])
    return A, time * torch.tensor([6.0, -2.0])


def lattice(anchor: int, confidence: float = 1.0) -> Lattice:
    """A sheet carried by `affine` exactly; `anchor` only says whose picture it covers."""
    rest, triangles = grid_sheet()
    poses = []
    for time in torch.linspace(0, 1, FRAMES).tolist():
        A, d = affine(time)
        poses.append(rest @ A.T + d)
    return Lattice(torch.stack(poses), triangles, torch.full((len(rest),), confidence), anchor)


def guide(*lattices: Lattice) -> Guide:
    video = Video(torch.zeros(FRAMES, SIDE, SIDE, 3), torch.ones(FRAMES, SIDE, SIDE), torch.linspace(0, 1, FRAMES))
    return Guide(video, lattices)


def inner_points(frame: int) -> torch.Tensor:
    rest = torch.rand(50, 2, generator=torch.Generator().manual_seed(3)) * (SIDE - 2) + 1
    A, d = affine(frame / (FRAMES - 1))
    return rest @ A.T + d


@pytest.mark.parametrize("frame", [0, 2, 4])
@pytest.mark.parametrize("anchors", [(0,), (-1,), (0, -1)])
def test_affine_motion_is_carried_exactly(frame: int, anchors: tuple[int, ...]) -> None:
    """Oracle: closed form; a triangle sheet carries an affine map without error, seen from any frame and any anchor."""
    made = guide(*(lattice(anchor) for anchor in anchors))
    points = inner_points(frame)
    carried, trust = carry_pixels(made, points, frame, range(FRAMES))
    A, d = affine(frame / (FRAMES - 1))
    rest = (points - d) @ torch.linalg.inv(A).T
    for row in range(FRAMES):
        B, e = affine(row / (FRAMES - 1))
        torch.testing.assert_close(carried[row], rest @ B.T + e, atol=2e-4, rtol=0)
    torch.testing.assert_close(trust, torch.ones(len(points)), atol=1e-4, rtol=0)


def test_points_do_not_move_in_their_own_frame() -> None:
    """Oracle: stated guarantee; exactly the given positions, on the sheet and off it."""
    points = torch.tensor([[3.3, 7.7], [-20.0, 90.0], [39.0, 0.5]])
    carried, _ = carry_pixels(guide(lattice(0), lattice(-1)), points, 1, [1])
    assert torch.equal(carried[0], points)


def test_without_lattices_nothing_moves_and_nothing_is_trusted() -> None:
    """Oracle: stated limit."""
    points = torch.tensor([[3.3, 7.7], [1.0, 2.0]])
    carried, trust = carry_pixels(guide(), points, 0, [0, 4])
    assert torch.equal(carried, points.expand(2, -1, -1))
    assert torch.equal(trust, torch.zeros(2))


def test_trust_is_the_sheets_confidence_and_falls_off_it() -> None:
    """Oracle: construction; 0.6 everywhere on the sheet, less with distance outside."""
    made = guide(lattice(0, 0.6))
    points = torch.tensor([[20.0, 20.0], [-2.0, 20.0], [-10.0, 20.0]])
    _, trust = carry_pixels(made, points, 0, [4])
    assert float(trust[0]) == pytest.approx(0.6, abs=1e-3)
    assert 0.6 > float(trust[1]) > float(trust[2]) >= 0


def test_the_nearer_anchors_sheet_rules() -> None:
    """Oracle: construction; the two sheets disagree by 8 px, and each end follows its own."""
    still = lattice(0)
    still = Lattice(still.vertices[:1].expand(FRAMES, -1, -1), still.triangles, still.confidence, 0)
    moved = still.vertices + torch.linspace(0, 1, FRAMES)[:, None, None] * torch.tensor([8.0, 0.0])
    moving = Lattice(moved, still.triangles, still.confidence, -1)
    point = torch.tensor([[20.0, 20.0]])
    from_start, _ = carry_pixels(guide(still, moving), point, 0, [4])
    from_end, _ = carry_pixels(guide(still, moving), point, 4, [0])
    torch.testing.assert_close(from_start[0], point, atol=1e-3, rtol=0)
    torch.testing.assert_close(from_end[0], point - torch.tensor([[8.0, 0.0]]), atol=1e-3, rtol=0)
