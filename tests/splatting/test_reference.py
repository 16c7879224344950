"""The reference itself, in float64: finite differences and closed forms."""

import pytest
import torch

from tests.splatting.scenes import GRADIENTS, random_scene, undecided


@pytest.mark.parametrize("mode", ["RGB", "RGB+ED"])
@pytest.mark.parametrize("antialiased", [False, True])
@pytest.mark.parametrize("degree", [None, 2])
def test_gradients(mode: str, antialiased: bool, degree: int | None) -> None:
    """Oracle: central finite differences along random directions, where no threshold is crossed."""
    kinds = ("ordinary", "thin", "huge", "solid", "beside")
    scene = random_scene(3, 12, 19, 17, cameras=2, sh_degree=degree, kinds=kinds)
    options = {"backend": "reference", "render_mode": mode, "sh_degree": degree}
    options["rasterize_mode"] = "antialiased" if antialiased else "classic"
    keep = ~undecided(scene, render_mode=mode, sh_degree=degree, rasterize_mode=options["rasterize_mode"])
    draw = torch.Generator().manual_seed(0)

    def value(arrays: dict[str, torch.Tensor]) -> torch.Tensor:
        image, alpha, _ = scene.render(arrays, **options)
        return (torch.cat([image, alpha], -1) * keep[..., None] * weights).sum()

    image, _, _ = scene.render(scene.arrays, **options)
    weights = torch.randn(*image.shape[:3], image.shape[3] + 1, generator=draw, dtype=torch.float64)
    leaves = scene.leaves(torch.float64)
    value(leaves).backward()
    step = 1e-7
    for name in GRADIENTS:
        direction = torch.randn(leaves[name].shape, generator=draw, dtype=torch.float64)
        if name == "viewmats":
            direction[:, 3] = 0
        with torch.no_grad():
            ends = [value(scene.arrays | {name: scene.arrays[name] + sign * step * direction}) for sign in (1, -1)]
        numeric = float(ends[0] - ends[1]) / (2 * step)
        analytic = float((leaves[name].grad * direction).sum())
        assert analytic == pytest.approx(numeric, rel=2e-5, abs=2e-6), name


def test_one_gaussian_is_the_projected_ellipse() -> None:
    """Oracle: closed form; on the axis the covariance is (f s / z)^2 + 0.3 along each image axis."""
    f, z, sx, sy, opacity = 40.0, 2.5, 0.2, 0.1, 0.8
    scene = random_scene(0, 1, 33, 33, kinds=("ordinary",))
    arrays = scene.arrays | {
        "means": torch.zeros(1, 3, dtype=torch.float64),
        "quats": torch.tensor([[1.0, 0, 0, 0]], dtype=torch.float64),
        "scales": torch.tensor([[sx, sy, 0.05]], dtype=torch.float64),
        "opacities": torch.tensor([opacity], dtype=torch.float64),
        "backgrounds": torch.zeros(1, 3, dtype=torch.float64),
    }
    arrays["viewmats"] = torch.eye(4, dtype=torch.float64)[None].clone()
    arrays["viewmats"][0, 2, 3] = z
    scene.Ks[0] = torch.tensor([[f, 0, 16.5], [0, f, 16.5], [0, 0, 1]])
    _, alpha, meta = scene.render(arrays, backend="reference")
    x = torch.arange(33) - 16.0
    variance_x, variance_y = (f * sx / z) ** 2 + 0.3, (f * sy / z) ** 2 + 0.3
    expected = opacity * torch.exp(-0.5 * (x**2 / variance_x + x[:, None] ** 2 / variance_y))
    expected = torch.where(expected >= 1 / 255, expected, 0.0)
    assert float((alpha[0, ..., 0] - expected).abs().max()) < 1e-6
    reach = torch.sqrt(2 * torch.log(torch.tensor(255 * opacity))) * torch.tensor([variance_x, variance_y]).sqrt()
    assert meta["radii"][0, 0].tolist() == reach.ceil().int().tolist()


def test_antialiasing_keeps_the_light_of_a_small_gaussian() -> None:
    """Oracle: closed form; blurring a Gaussian by 0.3 with compensated opacity keeps its integral."""
    scene = random_scene(0, 1, 33, 33, kinds=("ordinary",))
    f, z, s = 40.0, 2.5, 0.03
    arrays = scene.arrays | {
        "means": torch.zeros(1, 3, dtype=torch.float64),
        "scales": torch.full((1, 3), s, dtype=torch.float64),
        "opacities": torch.tensor([0.9], dtype=torch.float64),
    }
    arrays["viewmats"] = torch.eye(4, dtype=torch.float64)[None].clone()
    arrays["viewmats"][0, 2, 3] = z
    scene.Ks[0] = torch.tensor([[f, 0, 16.5], [0, f, 16.5], [0, 0, 1]])
    _, alpha, _ = scene.render(arrays, backend="reference", rasterize_mode="antialiased")
    # The part of the tails below 1/255 is not drawn.
    light = 0.9 * 2 * torch.pi * (f * s / z) ** 2
    assert float(alpha.sum()) == pytest.approx(light, rel=0.05)


def test_composite_of_two_layers() -> None:
    """Oracle: arithmetic; front over back over background."""
    scene = random_scene(0, 2, 1, 1, kinds=("ordinary",))
    double = {"dtype": torch.float64}
    arrays = scene.arrays | {
        "means": torch.tensor([[0.0, 0, 0.5], [0, 0, -0.5]], **double),
        "scales": torch.full((2, 3), 2.0, **double),
        "opacities": torch.tensor([0.6, 0.25], **double),
        "colors": torch.tensor([[1.0, 0, 0], [0, 1, 0]], **double),
        "backgrounds": torch.tensor([[0.0, 0, 1]], **double),
    }
    arrays["viewmats"] = torch.eye(4, **double)[None].clone()
    arrays["viewmats"][0, 2, 3] = 3
    scene.Ks[0] = torch.tensor([[5.0, 0, 0.5], [0, 5, 0.5], [0, 0, 1]])
    image, alpha, _ = scene.render(arrays, backend="reference", render_mode="RGB+ED")
    expected = [0.75 * 0.6, 0.25, 0.75 * 0.4, (0.25 * 2.5 + 0.75 * 0.6 * 3.5) / (0.25 + 0.75 * 0.6)]
    assert image.flatten().tolist() == pytest.approx(expected, abs=1e-9)
    assert float(alpha) == pytest.approx(0.25 + 0.75 * 0.6)
