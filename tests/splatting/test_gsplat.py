"""The twin on CUDA: the CPU engine, the float64 reference and gsplat must show one picture and pull one way."""

import importlib.util
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.splatting.scenes import GRADIENTS, Scene, random_scene, relative, undecided, without_order_ties
from tween4d.splatting import rasterize

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device: gsplat runs nowhere else"),
    pytest.mark.skipif(importlib.util.find_spec("gsplat") is None, reason="gsplat is not installed"),
]

KINDS = ("ordinary", "huge", "tiny", "thin", "faint", "solid", "behind", "beside", "near")
"""Not those where gsplat has no answer: a quaternion of length zero, and the derivative of a flat Gaussian's blur."""
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "colours": ({}, {}),
    "antialiased": ({}, {"rasterize_mode": "antialiased"}),
    "harmonics of degree 3": ({"sh_degree": 3}, {"sh_degree": 3}),
    "harmonics used in part": ({"sh_degree": 3}, {"sh_degree": 1}),
    "harmonics of degree 0": ({"sh_degree": 0}, {"sh_degree": 0}),
    "depth": ({}, {"render_mode": "D"}),
    "expected depth": ({}, {"render_mode": "ED"}),
    "colours and depth": ({}, {"render_mode": "RGB+D"}),
    "harmonics and expected depth, antialiased": (
        {"sh_degree": 3},
        {"sh_degree": 3, "render_mode": "RGB+ED", "rasterize_mode": "antialiased"},
    ),
    "one channel": ({"channels": 1}, {}),
    "seven channels, padded": ({"channels": 7}, {}),
    "channels in two pieces": ({"channels": 35}, {}),
    "no small ones": ({}, {"radius_clip": 3.0}),
    "no blur": ({"kinds": ("ordinary", "huge", "solid", "behind", "beside")}, {"eps2d": 0.01}),
    "between planes": ({}, {"near_plane": 2.5, "far_plane": 3.5}),
    "one pixel": ({"width": 1, "height": 1}, {}),
    "one tile": ({"width": 16, "height": 16, "cameras": 1}, {}),
    "one column of three cameras": ({"width": 1, "height": 33, "cameras": 3}, {}),
}
PICTURE = 1e-4
"""gsplat takes determinants as differences in float32 and uses fast exponentials; depths reach 5."""
GRADIENT = 1e-3
"""Backward, gsplat starts from 1 - coverage in float32: near its limit of 1e-4 that has three digits."""


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("case", CASES)
def test_same_picture_and_gradients(case: str, seed: int) -> None:
    """Oracle: gsplat's CUDA kernels, which share no line with ours, against the engine and the float64 reference."""
    made, options = CASES[case]
    made = {"width": 61, "height": 45, "cameras": 2, "kinds": KINDS} | made
    scene = without_order_ties(random_scene(seed, 60, **made))
    keep = ~undecided(scene, **options)
    assert float(keep.double().mean()) > 0.9
    theirs = _answer(scene, torch.float32, "cuda", keep, seed, **options)
    for backend in ("numba", "reference"):
        kind = torch.float32 if backend == "numba" else torch.float64
        ours = _answer(scene, kind, "cpu", keep, seed, backend=backend, **options)
        for name, found, wanted in zip(("picture", "coverage"), theirs[0], ours[0], strict=True):
            assert float((found.double() - wanted.double()).abs()[keep].max()) <= PICTURE, (backend, name)
        for name in (*GRADIENTS, "absgrad"):
            wanted = ours[1][name]
            assert relative(theirs[1][name], None if wanted is None else wanted.double()) <= GRADIENT, (backend, name)


def test_colors_of_each_camera() -> None:
    """Oracle: the CPU engine, given colours per camera."""
    scene = without_order_ties(random_scene(3, 60, 40, 30, cameras=2, kinds=KINDS))
    draw = torch.Generator().manual_seed(0)
    colors = torch.rand(2, len(scene.arrays["means"]), 3, generator=draw).double()
    scene = Scene(scene.arrays | {"colors": colors}, scene.Ks, scene.width, scene.height)
    keep = ~undecided(scene)
    ours, theirs = (_answer(scene, torch.float32, device, keep, 0) for device in ("cpu", "cuda"))
    assert float((ours[0][0] - theirs[0][0]).abs()[keep].max()) <= PICTURE
    assert relative(theirs[1]["colors"], ours[1]["colors"].double()) <= GRADIENT


@pytest.mark.parametrize("count", [0, 5])
@pytest.mark.parametrize("mode", ["RGB", "RGB+ED"])
def test_nothing_to_see(count: int, mode: str) -> None:
    """Oracle: analytic; no Gaussian at all, or only such as lie behind the camera, leave the background."""
    scene = random_scene(0, count, 21, 18, cameras=2, kinds=("behind",))
    leaves = {k: v.float().cuda().requires_grad_() for k, v in scene.arrays.items()}
    image, alpha, meta = rasterize(**leaves, Ks=scene.Ks.float().cuda(), width=21, height=18, render_mode=mode)
    expected = leaves["backgrounds"][:, None, None].expand(-1, 18, 21, -1)
    assert torch.equal(image[..., :3], expected) and not alpha.any() and not image[..., 3:].any()
    assert meta["radii"].shape == (2, count, 2) and not meta["radii"].any()
    image.sum().backward()
    assert torch.equal(leaves["backgrounds"].grad, torch.full((2, 3), 18.0 * 21.0, device="cuda"))
    for name in ("means", "quats", "scales", "opacities", "colors"):
        assert leaves[name].grad is None or not leaves[name].grad.any()


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
def test_other_float_types_are_taken_as_float32(kind: torch.dtype) -> None:
    """Oracle: the same values given as float32."""
    scene = random_scene(1, 20, 24, 20, kinds=("ordinary",))
    arrays = {k: v.to(kind).cuda() for k, v in scene.arrays.items()}
    size = {"Ks": scene.Ks.to(kind).cuda(), "width": 24, "height": 20}
    image = rasterize(**arrays, **size)[0]
    exact = rasterize(**{k: v.float() for k, v in arrays.items()}, **(size | {"Ks": size["Ks"].float()}))[0]
    assert image.dtype == torch.float32 and torch.equal(image, exact)


def _answer(
    scene: Scene, kind: torch.dtype, device: str, keep: Tensor, seed: int, **options: Any
) -> tuple[tuple[Tensor, Tensor], dict[str, Tensor | None]]:
    """Picture and coverage, and the gradients of a random loss in the pixels to keep; all on the CPU."""
    leaves = {k: v.to(device, kind).requires_grad_() for k, v in scene.arrays.items()}
    Ks = scene.Ks.to(device, kind)
    image, alpha, meta = rasterize(
        **leaves, Ks=Ks, width=scene.width, height=scene.height, absgrad=True, **{"backend": "auto"} | options
    )
    if "backend" not in options:
        assert meta["backend"] == ("numba" if device == "cpu" else "gsplat")
    draw = torch.Generator().manual_seed(seed)
    weights = torch.randn(*image.shape[:3], image.shape[3] + 1, generator=draw) * keep[..., None]
    (torch.cat([image, alpha], -1) * weights.to(device, kind)).sum().backward()
    found = {name: leaves[name].grad for name in GRADIENTS} | {"absgrad": getattr(meta["means2d"], "absgrad", None)}
    return (image.detach().cpu(), alpha.detach().cpu()), {k: None if v is None else v.cpu() for k, v in found.items()}
