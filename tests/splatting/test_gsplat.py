"""The twin on CUDA: the CPU engine and gsplat must show the same picture and pull the same way."""

import importlib.util

import pytest
import torch

from tests.splatting.scenes import GRADIENTS, random_scene, relative, undecided, without_order_ties
from tween4d.splatting import rasterize

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device: gsplat runs nowhere else"),
    pytest.mark.skipif(importlib.util.find_spec("gsplat") is None, reason="gsplat is not installed"),
]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("mode", ["RGB", "RGB+ED"])
@pytest.mark.parametrize("antialiased", [False, True])
@pytest.mark.parametrize("degree", [None, 3])
def test_same_picture_and_gradients(seed: int, mode: str, antialiased: bool, degree: int | None) -> None:
    """Oracle: gsplat's CUDA kernels, an implementation that shares no line with ours."""
    options = {"render_mode": mode, "rasterize_mode": "antialiased" if antialiased else "classic", "sh_degree": degree}
    kinds = ("ordinary", "huge", "tiny", "thin", "faint", "behind", "beside")
    scene = without_order_ties(random_scene(seed, 60, 61, 45, cameras=2, sh_degree=degree, kinds=kinds))
    keep = ~undecided(scene, **options)
    results = []
    for device in ("cpu", "cuda"):
        leaves = {k: v.float().to(device).requires_grad_() for k, v in scene.arrays.items()}
        image, alpha, meta = rasterize(
            **leaves, Ks=scene.Ks.float().to(device), width=scene.width, height=scene.height, absgrad=True, **options
        )
        assert meta["backend"] == ("numba" if device == "cpu" else "gsplat")
        draw = torch.Generator().manual_seed(seed)
        weights = (torch.randn(*image.shape[:3], image.shape[3] + 1, generator=draw) * keep[..., None]).to(device)
        (torch.cat([image, alpha], -1) * weights).sum().backward()
        absolute = meta["means2d"].absgrad.cpu()
        results.append(
            (image.detach().cpu(), alpha.detach().cpu(), [leaves[k].grad.cpu() for k in GRADIENTS], absolute)
        )
    (image, alpha, own, absolute), (expected, covered, theirs, their_absolute) = results
    assert float((image - expected).abs()[keep].max()) <= 1e-4
    assert float((alpha - covered).abs()[keep].max()) <= 1e-4
    for name, found, wanted in zip(GRADIENTS, own, theirs, strict=True):
        assert relative(found, wanted.double()) <= 1e-3, name
    assert relative(absolute, their_absolute.double()) <= 1e-3
