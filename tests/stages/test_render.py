"""The finished asset as pictures."""

import math
from dataclasses import replace

import pytest
import torch

from tween4d.data.asset import Asset4D, Clip
from tween4d.data.cameras import orbit_camera
from tween4d.data.gaussians import Gaussians, sh_from_colors
from tween4d.data.nodes import NodeMotion, Skin
from tween4d.stages.render import pose_asset, render_gaussians, render_view, with_fitted_blur

SIDE = 64
SPREAD = 0.01


def _dot() -> Asset4D:
    """One round Gaussian at the origin, on one node that stays."""
    gaussians = Gaussians(
        means=torch.zeros(1, 3),
        quats=torch.tensor([[1.0, 0.0, 0.0, 0.0]]),
        log_scales=torch.full((1, 3), math.log(SPREAD)),
        opacity_logits=torch.tensor([2.0]),
        sh=sh_from_colors(torch.zeros(1, 3)),
    )
    motion = NodeMotion(torch.zeros(1, 3), torch.tensor([[[1.0, 0.0, 0.0, 0.0]]]), torch.zeros(1, 1, 3), torch.zeros(1))
    skin = Skin(torch.zeros(1, 4, dtype=torch.long), torch.full((1, 4), 0.25))
    return Asset4D((Clip(gaussians, skin, motion, 0.0),), 2, 16.0, SIDE, SIDE)


@pytest.mark.parametrize(("enlarged", "radius"), [(1, 2.0), (3, 2.0), (8, 2.0), (0.5, 1.0), (3, 1.0), (3, 3.0)])
def test_the_fitted_blur_keeps_its_size_on_the_object(enlarged, radius):
    """Oracle: closed form: variance on the picture is that of the input camera's times the enlargement squared."""
    side = int(SIDE * enlarged)
    alpha = render_view(_dot(), orbit_camera(0, 0, side, side, radius=radius), 0.0).alpha.double()
    axis = torch.arange(side) + 0.5 - side / 2
    measured = float((alpha * axis**2).sum() / alpha.sum())
    focal = SIDE / 2 / math.tan(math.radians(33.8) / 2)
    expected = ((SPREAD * focal / 2) ** 2 + 0.3) * (enlarged * 2 / radius) ** 2
    # The rasteriser drops what adds less than 1/255, a few hundredths of the variance of a dot this opaque.
    assert measured == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize(("width", "height", "enlarged"), [(SIDE, SIDE, 8), (SIDE, SIDE // 2, 4)])
def test_the_fitted_blur_can_be_part_of_the_gaussians(width, height, enlarged):
    """Oracle: closed form: a viewer that adds nothing shows the fitted variance at any enlargement."""
    asset = replace(_dot(), image_width=width, image_height=height)
    gaussians = with_fitted_blur(asset, pose_asset(asset, 0.0))
    side = SIDE * enlarged
    alpha = render_gaussians(gaussians, orbit_camera(0, 0, side, side), blur=0.0).alpha.double()
    axis = torch.arange(side) + 0.5 - side / 2
    measured = float((alpha * axis**2).sum() / alpha.sum())
    focal = SIDE / 2 / math.tan(math.radians(33.8) / 2)
    expected = ((SPREAD * focal / 2) ** 2 + 0.3) * enlarged**2
    assert measured == pytest.approx(expected, rel=0.06)
