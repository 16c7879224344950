"""The CPU engine against the float64 reference: pictures and every gradient."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.splatting.scenes import GRADIENTS, KINDS, Scene, random_scene, relative, undecided, without_order_ties

IMAGE_ERROR = 2e-5
GRADIENT_ERROR = 1e-4


def loss(image: Tensor, alpha: Tensor, weights: Tensor) -> Tensor:
    """A random linear function of the picture."""
    return (torch.cat([image, alpha], -1) * weights.to(image.dtype)).sum()


def compare(scene: Scene, seed: int, **options: object) -> tuple[dict, dict]:
    """Assert equal pictures and gradients wherever the definition is continuous; returns both metas."""
    scene = without_order_ties(scene)
    keep = ~undecided(scene, **options)
    results = {}
    for backend, kind in (("reference", torch.float64), ("numba", torch.float32)):
        leaves = scene.leaves(kind)
        image, alpha, meta = scene.render(leaves, backend=backend, **options)
        draw = torch.Generator().manual_seed(seed)
        weights = torch.randn(*image.shape[:3], image.shape[3] + 1, generator=draw) * keep[..., None]
        if image.requires_grad or alpha.requires_grad:
            loss(image, alpha, weights).backward()
        results[backend] = image.detach(), alpha.detach(), {k: leaves[k].grad for k in GRADIENTS}, meta
    (image, alpha, gradients, meta), (found, covered, own, own_meta) = results["reference"], results["numba"]
    assert own_meta["backend"] == "numba" and meta["backend"] == "reference"
    size = image.abs().amax().clamp(min=1.0)
    assert float((found.double() - image).abs()[keep].amax() if keep.any() else 0) <= IMAGE_ERROR * size
    assert float((covered.double() - alpha).abs()[keep].amax() if keep.any() else 0) <= IMAGE_ERROR
    assert float(covered.min()) >= -1e-6 and float(covered.max()) <= 1
    for name in GRADIENTS:
        assert relative(own[name], gradients[name]) <= GRADIENT_ERROR, name
    return meta, own_meta


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**31 - 1),
    count=st.integers(0, 40),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=5, unique=True),
    antialiased=st.booleans(),
)
def test_any_scene(seed: int, count: int, width: int, height: int, kinds: list[str], antialiased: bool) -> None:
    """Oracle: the float64 reference; image 2e-5, each gradient 1e-4 relative L2."""
    scene = random_scene(seed, count, width, height, kinds=tuple(kinds))
    compare(scene, seed, rasterize_mode="antialiased" if antialiased else "classic")


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**31 - 1),
    channels=st.sampled_from((1, 2, 3, 4, 7, 9, 17)),
    cameras=st.integers(1, 3),
    mode=st.sampled_from(("RGB", "D", "ED", "RGB+D", "RGB+ED")),
)
def test_any_channels_cameras_and_mode(seed: int, channels: int, cameras: int, mode: str) -> None:
    """Oracle: the float64 reference."""
    compare(random_scene(seed, 25, 23, 18, cameras=cameras, channels=channels), seed, render_mode=mode)


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
@pytest.mark.parametrize("per_camera", [False, True])
def test_harmonics(degree: int, per_camera: bool) -> None:
    """Oracle: the float64 reference, whose harmonics have a test of their own."""
    scene = random_scene(degree, 30, 31, 19, cameras=2, sh_degree=degree, kinds=("ordinary", "thin"))
    if per_camera:
        scene.arrays["colors"] = torch.stack([scene.arrays["colors"], 0.5 * scene.arrays["colors"]])
    compare(scene, degree, sh_degree=degree)


@pytest.mark.parametrize("channels", [3, 11])
@pytest.mark.parametrize("mode", ["classic", "antialiased"])
def test_absolute_gradients(channels: int, mode: str) -> None:
    """Oracle: the float64 reference, which sums |gradient| pixel by pixel with hooks."""
    scene = random_scene(5, 30, 40, 25, channels=channels, cameras=2, kinds=("ordinary", "thin", "solid"))
    expected, found = compare(scene, 5, absgrad=True, rasterize_mode=mode)
    assert relative(found["means2d"].absgrad, expected["means2d"].absgrad) <= GRADIENT_ERROR
    assert float(expected["means2d"].absgrad.norm()) > 0


def test_gradients_of_what_the_call_also_returns() -> None:
    """Oracle: the float64 reference; losses on the projected centres, depths and conics of what is drawn."""
    scene = random_scene(2, 40, 30, 30, kinds=("ordinary", "thin", "behind"))
    gradients = []
    for backend, kind in (("reference", torch.float64), ("numba", torch.float32)):
        leaves = scene.leaves(kind)
        image, _, meta = scene.render(leaves, backend=backend)
        drawn = (meta["radii"] > 0).all(-1)
        parts = [meta[k][drawn].square().sum() for k in ("means2d", "depths", "conics")]
        meta["means2d"].retain_grad()
        (image.sum() + sum(parts)).backward()
        assert meta["means2d"].grad.shape == (1, 40, 2)
        gradients.append([leaves[k].grad for k in ("means", "quats", "scales", "viewmats")])
    for found, expected in zip(gradients[1], gradients[0], strict=True):
        assert relative(found, expected) <= GRADIENT_ERROR


@pytest.mark.parametrize("clip", [2.5, 6.5])
def test_radius_clip_and_planes(clip: float) -> None:
    """Oracle: the float64 reference, and that something is indeed dropped."""
    scene = random_scene(7, 60, 48, 32, kinds=("ordinary", "tiny", "near"))
    everything = scene.render(scene.leaves(torch.float32), backend="numba")[2]
    _, meta = compare(scene, 7, radius_clip=clip, near_plane=1.7, far_plane=3.4)
    assert int((meta["radii"] > 0).sum()) < int((everything["radii"] > 0).sum())
    drawn = meta["radii"][(meta["radii"] > 0).all(-1)]
    assert float(drawn.amax(-1).min()) > clip


def test_radii_and_coverage_of_the_reference() -> None:
    """Oracle: the float64 reference; radii are whole numbers, so they must agree but for rounding at a whole number."""
    scene = random_scene(11, 200, 64, 48)
    meta, own = (
        scene.render(scene.leaves(kind), backend=backend)[2]
        for backend, kind in (("reference", torch.float64), ("numba", torch.float32))
    )
    assert float((meta["radii"] != own["radii"]).float().mean()) < 0.01


def test_one_pixel_of_one_gaussian() -> None:
    """Oracle: closed form; a centred Gaussian has alpha = opacity at its centre."""
    one = {"means": [[0.0, 0, 0]], "quats": [[1.0, 0, 0, 0]], "scales": [[0.1, 0.1, 0.1]], "colors": [[0.2, 0.4, 0.6]]}
    arrays = {k: torch.tensor(v) for k, v in one.items()} | {"opacities": torch.tensor([0.7])}
    view = torch.eye(4)[None].clone()
    view[0, 2, 3] = 2.0
    K = torch.tensor([[[10.0, 0, 0.5], [0, 10.0, 0.5], [0, 0, 1]]])
    scene = Scene({**arrays, "viewmats": view, "backgrounds": torch.ones(1, 3)}, K, 1, 1)
    image, alpha, _ = scene.render(scene.arrays, backend="numba")
    assert float(alpha) == pytest.approx(0.7, abs=1e-5)
    assert image.flatten().tolist() == pytest.approx([0.7 * c + 0.3 for c in (0.2, 0.4, 0.6)], abs=1e-5)


def test_many_gaussians_at_one_place_end_at_the_floor_of_transmittance() -> None:
    """Oracle: the definition; blending stops before transmittance would reach 1e-4."""
    n = 3000
    scene = random_scene(1, n, 20, 20, kinds=("ordinary",))
    scene.arrays["means"][:, :2] = 0
    scene.arrays["opacities"][:] = 0.5
    scene.arrays["scales"][:] = 0.3
    _, alpha, _ = scene.render({k: v.float() for k, v in scene.arrays.items()}, backend="numba")
    left = 1 - float(alpha.max())
    assert 1e-4 < left < 2.2e-4
