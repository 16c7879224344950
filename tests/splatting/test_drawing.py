"""A set of Gaussians from one camera."""

import pytest
import torch

from tween4d.data.cameras import input_camera
from tween4d.data.gaussians import Gaussians, sh_from_colors
from tween4d.splatting import rasterize
from tween4d.splatting.drawing import draw


def _cloud(harmonics: int) -> Gaussians:
    generator = torch.Generator().manual_seed(harmonics)
    means = 0.2 * torch.randn(20, 3, generator=generator)
    sh = torch.cat([sh_from_colors(torch.rand(20, 3, generator=generator)), torch.zeros(20, harmonics - 1, 3)], 1)
    sh[:, 1:] = 0.3 * torch.randn(20, harmonics - 1, 3, generator=generator)
    quats, scales = torch.randn(20, 4, generator=generator), torch.randn(20, 3, generator=generator) * 0.3 - 3
    return Gaussians(means, quats, scales, torch.randn(20, generator=generator), sh)


@pytest.mark.parametrize(("harmonics", "degree"), [(1, 0), (4, 1), (9, 2), (16, 3)])
def test_colours_and_coverage_are_those_of_the_rasteriser(harmonics: int, degree: int) -> None:
    """Oracle: readable twin: the reference rasteriser with harmonics of every degree and another blur."""
    g, camera = _cloud(harmonics), input_camera(40, 30)
    color, alpha = draw(g, camera, blur=1.7)
    wanted, coverage, _ = rasterize(
        g.means, g.quats, g.scales, g.opacities, g.sh, camera.world_to_camera[None], camera.intrinsics[None], 40, 30,
        sh_degree=degree, eps2d=1.7, backend="reference",
    )  # fmt: skip
    assert color.shape == (30, 40, 3) and alpha.shape == (30, 40)
    torch.testing.assert_close(color, wanted[0], atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(alpha, coverage[0, ..., 0], atol=2e-5, rtol=1e-4)


def test_gradients_reach_every_parameter() -> None:
    """Oracle: invariant: a picture depends on all of them."""
    g = _cloud(1)
    parameters = [field.requires_grad_() for field in vars(g).values()]
    color, alpha = draw(Gaussians(*parameters), input_camera(32, 32))
    (color.square().sum() + alpha.square().sum()).backward()
    assert all(float(p.grad.abs().max()) > 0 for p in parameters)
