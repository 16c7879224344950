"""Where nodes sit and how points hang on them."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tween4d.fitting.placement import hang, place_nodes


def cloud(count: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, 3, generator=torch.Generator().manual_seed(seed)) - 0.5


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(1, 12), st.integers(0, 1000))
def test_weights_are_convex_and_indices_valid(points: int, nodes: int, seed: int) -> None:
    """Oracle: invariant; four weights >= 0 that sum to 1, indices in range, also with fewer than four nodes."""
    paths = torch.stack([cloud(points, seed), cloud(points, seed + 1)])
    places = torch.stack([cloud(nodes, seed + 2), cloud(nodes, seed + 3)])
    skin = hang(paths, places)
    assert skin.indices.shape == skin.weights.shape == (points, 4)
    assert int(skin.indices.min()) >= 0 and int(skin.indices.max()) < nodes
    assert float(skin.weights.min()) >= 0
    torch.testing.assert_close(skin.weights.sum(-1), torch.ones(points))
    for row in range(points):
        used = skin.indices[row][skin.weights[row] > 0].tolist()
        assert len(used) == len(set(used))


def test_parts_that_part_do_not_pull_at_each_other() -> None:
    """Oracle: construction; two halves interleave at rest and part later: each hangs on its own nodes only."""
    rest = cloud(400)
    side = torch.arange(400) % 2 == 0
    moved = rest + torch.where(side, 0.0, 1.0)[:, None] * torch.tensor([0.0, 2.0, 0.0])
    paths = torch.stack([rest, moved])
    rows = torch.arange(0, 80)
    skin = hang(paths, paths[:, rows])
    assert bool((side[rows][skin.indices.long()] == side[:, None]).all())


def test_a_point_at_a_node_follows_it_most() -> None:
    """Oracle: closed form; weights fall with distance as a Gaussian as wide as the fourth node is far."""
    nodes = cloud(30)
    points = nodes + 1e-4
    skin = hang(points[None], nodes[None])
    assert torch.equal(skin.indices[:, 0].long(), torch.arange(30))
    assert bool((skin.weights.diff(dim=1) <= 1e-6).all())
    gap = torch.cdist(points, nodes).gather(1, skin.indices.long())
    torch.testing.assert_close(skin.weights, torch.softmax(-2 * (gap / gap[:, 3:]).square(), -1), atol=1e-4, rtol=0)


def test_a_point_far_from_every_node_still_hangs() -> None:
    """Oracle: limit; 1000 units away the four weights are finite and sum to 1."""
    skin = hang(torch.full((1, 1, 3), 1000.0), cloud(8)[None])
    torch.testing.assert_close(skin.weights.sum(-1), torch.ones(1))


def test_nodes_cover_the_object() -> None:
    """Oracle: the covering property of farthest points: nobody is farther from a node than nodes from one another."""
    points = cloud(500)
    rows = place_nodes(points[None], 40)
    assert len(set(rows.tolist())) == 40
    cover = torch.cdist(points, points[rows]).amin(1).max()
    between = torch.cdist(points[rows], points[rows]).fill_diagonal_(9).min()
    assert float(cover) <= float(between) + 1e-6
    assert torch.equal(rows, place_nodes(points[None], 40))
    assert len(place_nodes(points[None, :5], 40)) == 5


def test_nodes_are_denser_where_the_object_moves_apart() -> None:
    """Oracle: construction; one half shears by its own size, the other rests: more nodes where it moves."""
    points = cloud(600)
    moves = points[:, 0] > 0
    shear = torch.where(moves, 4 * points[:, 1], 0.0)[:, None] * torch.tensor([0.0, 0.0, 1.0])
    rows = place_nodes(torch.stack([points, points + 0.5 * shear, points + shear]), 60)
    share = float(moves[rows].float().mean())
    assert share > 0.6
