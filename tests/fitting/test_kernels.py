"""The fused kernels of a fitting step against their readable twins in float64."""

import pytest
import torch
from torch import Tensor

from tween4d.fitting.losses import picture_loss, picture_loss_in_torch
from tween4d.fitting.optimise import minimise
from tween4d.fitting.regularity import motion_energy, motion_energy_in_torch


def values(function: object, arguments: list, leaves: tuple[int, ...], kind: torch.dtype) -> list[Tensor]:
    """The value and the gradients of a scalar, times 3."""
    given = [a.to(kind) if isinstance(a, Tensor) and a.is_floating_point() else a for a in arguments]
    given = [a.clone().requires_grad_() if i in leaves else a for i, a in enumerate(given)]
    result = 3 * function(*given)
    result.backward()
    return [result.detach(), *(given[i].grad for i in leaves)]


def agree(fused: object, twin: object, arguments: list, leaves: tuple[int, ...]) -> None:
    expected = values(twin, arguments, leaves, torch.float64)
    for found, wanted in zip(values(fused, arguments, leaves, torch.float32), expected, strict=True):
        assert found.dtype == torch.float32
        assert float((found - wanted).norm()) <= 5e-6 * float(wanted.norm()) + 1e-12


@pytest.mark.parametrize(("height", "width"), [(1, 1), (37, 29), (64, 16)])
def test_picture_loss(height: int, width: int) -> None:
    """Oracle: the same loss in float64 autograd."""
    draw = torch.Generator().manual_seed(height)
    pictures = [torch.rand(shape, generator=draw) for shape in ((height, width, 3), (height, width)) * 2]
    agree(picture_loss, picture_loss_in_torch, [*pictures, 0.75], (0, 1))


def test_picture_loss_of_equal_pixels_pulls_nowhere() -> None:
    """Oracle: the subgradient 0 at the kink, as autograd takes it."""
    rgb, alpha = torch.rand(4, 4, 3, requires_grad=True), torch.rand(4, 4, requires_grad=True)
    picture_loss(rgb, alpha, rgb.detach().clone(), alpha.detach().clone(), 0.5).backward()
    assert float(rgb.grad.abs().max()) == float(alpha.grad.abs().max()) == 0


@pytest.mark.parametrize("times", [1, 2, 3, 9])
@pytest.mark.parametrize("neighbours", [0, 1, 6])
def test_motion_energy(times: int, neighbours: int) -> None:
    """Oracle: the energies of geometry.rigidity in float64 autograd."""
    draw = torch.Generator().manual_seed(times)
    nodes = 25
    rest = torch.randn(nodes, 3, generator=draw)
    posed = rest + 0.2 * torch.randn(times, nodes, 3, generator=draw)
    quats = torch.randn(times, nodes, 4, generator=draw)
    others = torch.stack([torch.randperm(nodes - 1, generator=draw)[:neighbours] for _ in range(nodes)])
    graph = others + (others >= torch.arange(nodes)[:, None])
    if times < 3 and neighbours == 0:
        assert float(motion_energy(rest, posed, quats, graph, 0.3, 40.0)) == 0
        return
    leaves = (1, 2) if neighbours else (1,)
    agree(motion_energy, motion_energy_in_torch, [rest, posed, quats, graph, 0.3, 40.0], leaves)


def test_motion_energy_twin_gradient() -> None:
    """Oracle: finite differences in float64."""
    draw = torch.Generator().manual_seed(0)
    rest = torch.randn(6, 3, generator=draw, dtype=torch.float64)
    posed = (rest + 0.3 * torch.randn(4, 6, 3, generator=draw, dtype=torch.float64)).requires_grad_()
    quats = torch.randn(4, 6, 4, generator=draw, dtype=torch.float64).requires_grad_()
    graph = (torch.arange(6)[:, None] + torch.arange(1, 4)) % 6
    assert torch.autograd.gradcheck(lambda x, q: motion_energy_in_torch(rest, x, q, graph, 0.3, 2.0), (posed, quats))


def test_optimiser_against_torch() -> None:
    """Oracle: torch.optim.Adam in float64 on the same gradients, over several arrays, rates and steps."""
    draw = torch.Generator().manual_seed(3)
    start = {name: torch.randn(shape, generator=draw) for name, shape in (("a", (7, 3)), ("b", (1000,)), ("c", (2,)))}
    pull = {name: torch.randn(x.shape, generator=draw) for name, x in start.items()}
    # Strides that are not contiguous, as an expanded or transposed start has.
    start["a"] = start["a"].T.contiguous().T
    rates = {"a": 0.01, "b": 0.3}

    def loss(p: dict[str, Tensor], i: int) -> Tensor:
        return sum(((p[n] - (1 + i % 3) * pull[n].to(p[n].dtype)) ** 2).sum() for n in rates) + p["c"].sum()

    fast = minimise(start, rates, loss, 30)
    exact = minimise({k: v.double() for k, v in start.items()}, rates, loss, 30)
    for name in rates:
        torch.testing.assert_close(fast[name].double(), exact[name], atol=2e-6, rtol=2e-6)
    assert torch.equal(fast["c"], start["c"])
