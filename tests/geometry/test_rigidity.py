"""Local rotations, neighbour graphs and as-rigid-as-possible energies against closed forms."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tween4d.geometry.rigidity import (
    acceleration_energy,
    arap_energy,
    farthest_points,
    isometry_energy,
    local_rotations,
    trajectory_graph,
)
from tween4d.geometry.rotation import to_matrix


def cloud(seed: int, n: int = 40) -> torch.Tensor:
    return torch.rand(n, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) - 0.5


def rigid(seed: int, t: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    R = to_matrix(torch.randn(t, 4, dtype=torch.float64, generator=generator))
    return R, torch.randn(t, 1, 3, dtype=torch.float64, generator=generator)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_rigid_motion_costs_nothing_and_its_rotation_is_found(seed: int) -> None:
    """Oracle: closed form; a rigid motion has zero energy and one rotation everywhere.

    The fit prefers small rotations by 1e-3 of the edge lengths, hence the tolerance on rotations of up to 180 degrees.
    """
    x = cloud(seed)
    R, d = rigid(seed)
    posed = torch.einsum("tij,nj->tni", R, x) + d
    graph = trajectory_graph(posed, 8)
    expected = R[:, None].expand(3, len(x), 3, 3)
    assert float(arap_energy(x, posed, expected, graph)) < 1e-20
    assert float(isometry_energy(x, posed, graph)) < 1e-6
    found = local_rotations(x, posed, graph)
    torch.testing.assert_close(torch.linalg.det(found), torch.ones(3, len(x), dtype=torch.float64))
    assert float((found - expected).norm(dim=(-1, -2)).median()) < 5e-3


def test_stretch_costs_its_square() -> None:
    """Oracle: closed form; stretching all edges by s costs (s - 1)^2 with identity rotations."""
    x = cloud(1)
    graph = trajectory_graph(x[None], 6)
    eye = torch.eye(3, dtype=torch.float64).expand(1, len(x), 3, 3)
    torch.testing.assert_close(
        arap_energy(x, 1.3 * x[None], eye, graph), torch.tensor(0.09, dtype=torch.float64), rtol=1e-6, atol=0
    )
    torch.testing.assert_close(
        isometry_energy(x, 1.3 * x[None], graph), torch.tensor(0.3, dtype=torch.float64), rtol=1e-6, atol=0
    )


def test_arap_gradient() -> None:
    """Oracle: finite differences in float64."""
    x = cloud(2, 8)
    graph = trajectory_graph(x[None], 4)
    eye = torch.eye(3, dtype=torch.float64).expand(2, 8, 3, 3)
    posed = (x + 0.1 * torch.randn(2, 8, 3, dtype=torch.float64)).requires_grad_()
    assert torch.autograd.gradcheck(lambda p: arap_energy(x, p, eye, graph), (posed,))


def test_parts_that_part_are_not_neighbours() -> None:
    """Oracle: construction; two sheets touch at time 0 and are apart at time 1."""
    a = torch.rand(20, 3, generator=torch.Generator().manual_seed(0))
    b = a + torch.tensor([0.0, 0.0, 1e-3])
    rest = torch.cat([a, b])
    moved = torch.cat([a, b + torch.tensor([0.0, 5.0, 0.0])])
    graph = trajectory_graph(torch.stack([rest, moved]), 5)
    side = torch.arange(40) >= 20
    assert bool((side[graph] == side[:, None]).all())


def test_graph_never_holds_the_point_itself() -> None:
    """Oracle: invariant, also with coincident points and with fewer points than neighbours wanted."""
    for points in (torch.zeros(1, 6, 3), torch.rand(2, 3, 3)):
        graph = trajectory_graph(points, 8)
        assert graph.shape == (points.shape[1], points.shape[1] - 1)
        assert bool((graph != torch.arange(points.shape[1])[:, None]).all())


def test_farthest_points_cover() -> None:
    """Oracle: the covering property; every point lies within the sampling's own smallest gap."""
    x = cloud(3, 300).float()
    chosen = farthest_points(x, 30)
    assert len(set(chosen.tolist())) == 30
    cover = torch.cdist(x, x[chosen]).amin(1).max()
    between = torch.cdist(x[chosen], x[chosen]).fill_diagonal_(9).min()
    assert float(cover) <= float(between) + 1e-6
    assert len(farthest_points(x[:5], 30)) == 5


def test_collapsed_neighbourhood_gives_the_identity() -> None:
    """Oracle: limit; coincident points have no edges to rotate."""
    x = torch.zeros(4, 3, dtype=torch.float64)
    graph = trajectory_graph(x[None], 3)
    found = local_rotations(x, x[None], graph)
    torch.testing.assert_close(found, torch.eye(3, dtype=torch.float64).expand(1, 4, 3, 3))


def test_acceleration_of_uniform_motion_is_zero() -> None:
    """Oracle: analytic; uniform motion has none, a parabola has a constant one."""
    t = torch.arange(5, dtype=torch.float64)[:, None, None]
    line = t * torch.ones(1, 2, 3, dtype=torch.float64)
    assert float(acceleration_energy(line)) == 0
    torch.testing.assert_close(acceleration_energy(line.square() / 2), torch.tensor(3.0, dtype=torch.float64))
    assert float(acceleration_energy(line[:2])) == 0
