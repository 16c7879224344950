"""Skinning: closed forms, and the kernels against their readable twin."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.splatting.scenes import relative
from tween4d.geometry.rotation import multiply, rotate, to_matrix
from tween4d.splatting.skinning import blend_in_torch, skin_gaussians


def arguments(seed: int, n: int, nodes: int, times: tuple[int, ...] = ()) -> list[Tensor]:
    draw = torch.Generator().manual_seed(seed)
    weights = torch.rand(n, 4, generator=draw) + 1e-3
    shapes = ((nodes, 3), (*times, nodes, 4), (*times, nodes, 3))
    rest, quats, translations = (torch.randn(s, generator=draw) for s in shapes)
    indices = torch.randint(nodes, (n, 4), generator=draw)
    points = torch.randn(n, 3, generator=draw), torch.randn(n, 4, generator=draw)
    return [rest, quats, translations, indices, weights / weights.sum(1, keepdim=True), *points]


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.sampled_from((1, 17, 1025, 5000)),
    nodes=st.integers(1, 40),
    times=st.sampled_from(((), (1,), (3,))),
)
def test_kernels_against_the_twin(seed: int, n: int, nodes: int, times: tuple[int, ...]) -> None:
    """Oracle: the same blend in float64 autograd; values and all four gradients."""
    results = []
    for blend, kind in ((blend_in_torch, torch.float64), (skin_gaussians, torch.float32)):
        given_ = [a.to(kind) if a.is_floating_point() else a for a in arguments(seed, n, nodes, times)]
        leaves = [given_[i].requires_grad_() for i in (1, 2, 5, 6)]
        posed, turned = blend(*given_)
        draw = torch.Generator().manual_seed(1)
        pull = [torch.randn(out.shape, generator=draw).to(kind) for out in (posed, turned)]
        ((posed * pull[0]).sum() + (turned * pull[1]).sum()).backward()
        results.append([posed.detach(), turned.detach(), *(leaf.grad for leaf in leaves)])
    # The hemisphere of a node is decided by a sign: where it hangs on rounding, either answer is right.
    unit = torch.nn.functional.normalize(arguments(seed, n, nodes, times)[1].double(), dim=-1)
    turns = unit[..., arguments(seed, n, nodes, times)[3], :]
    if float((turns * turns[..., :1, :]).sum(-1).abs().min()) > 1e-6:
        for expected, found in zip(*results, strict=True):
            assert relative(found, expected) < 2e-5


def test_twin_gradients() -> None:
    """Oracle: finite differences in float64."""
    given_ = [a.double() if a.is_floating_point() else a for a in arguments(0, 5, 3)]
    for i in (1, 2, 5, 6):
        given_[i].requires_grad_()
    assert torch.autograd.gradcheck(
        lambda q, d, x, o: blend_in_torch(given_[0], q, d, *given_[3:5], x, o), [given_[i] for i in (1, 2, 5, 6)]
    )


def test_nodes_that_move_as_one_carry_rigidly() -> None:
    """Oracle: closed form; x' = R x + d whatever the weights, and orientations are turned by R."""
    rest, _, _, indices, weights, means, quats = arguments(3, 40, 7)
    turn = torch.nn.functional.normalize(torch.randn(4, generator=torch.Generator().manual_seed(5)), dim=0)
    R, d = to_matrix(turn), torch.tensor([0.3, -0.2, 0.5])
    node_quats = turn.repeat(7, 1)
    # A quaternion and its negative are the same rotation.
    node_quats[::2] *= -1
    posed, turned = skin_gaussians(rest, node_quats, rest @ R.T + d - rest, indices, weights, means, quats)
    torch.testing.assert_close(posed, means @ R.T + d, atol=2e-6, rtol=0)
    torch.testing.assert_close(to_matrix(turned), R @ to_matrix(quats), atol=3e-6, rtol=0)


def test_one_node_is_its_own_motion() -> None:
    """Oracle: the definition, written with quaternion products."""
    rest, node_quats, shift, indices, weights, means, quats = arguments(4, 10, 3)
    indices[:] = 1
    unit = node_quats[1] / node_quats[1].norm()
    posed, turned = skin_gaussians(rest, node_quats, shift, indices, weights, means, quats)
    torch.testing.assert_close(
        posed, rotate(unit.expand(10, 4), means - rest[1]) + rest[1] + shift[1], atol=5e-6, rtol=0
    )
    torch.testing.assert_close(turned, multiply(unit.expand(10, 4), quats), atol=5e-6, rtol=0)


@pytest.mark.parametrize("count", [1, 2])
def test_threads_do_not_change_the_answer(count: int) -> None:
    """Oracle: one thread, bit by bit."""
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, count):
            torch.set_num_threads(threads)
            given_ = arguments(6, 6000, 30)
            given_[1].requires_grad_()
            posed, turned = skin_gaussians(*given_)
            (posed.square().sum() + turned.sum()).backward()
            results.append((posed.detach(), turned.detach(), given_[1].grad))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))
