"""Random scenes with every kind of Gaussian, and the pixels of them that rounding could decide."""

from dataclasses import dataclass, replace
from unittest import mock

import torch
from torch import Tensor

from tween4d.splatting import rasterize, reference

KINDS = ("ordinary", "huge", "tiny", "thin", "flat", "point", "faint", "solid", "behind", "beside", "near", "unturned")
GRADIENTS = ("means", "quats", "scales", "opacities", "colors", "viewmats", "backgrounds")


@dataclass(frozen=True)
class Scene:
    """Arguments of `rasterize`, in float64 but exactly representable in float32."""

    arrays: dict[str, Tensor]
    Ks: Tensor
    width: int
    height: int

    def leaves(self, kind: torch.dtype) -> dict[str, Tensor]:
        """Fresh arrays that collect gradients."""
        return {name: array.to(kind).clone().requires_grad_() for name, array in self.arrays.items()}

    def render(self, leaves: dict[str, Tensor], **options: object) -> tuple[Tensor, Tensor, dict]:
        kind = leaves["means"].dtype
        return rasterize(**leaves, Ks=self.Ks.to(kind), width=self.width, height=self.height, **options)


def random_scene(
    seed: int,
    count: int,
    width: int,
    height: int,
    *,
    kinds: tuple[str, ...] = KINDS,
    cameras: int = 1,
    channels: int = 3,
    sh_degree: int | None = None,
) -> Scene:
    """Gaussians in the unit ball seen from a distance of about 3, each of a random kind."""
    draw = torch.Generator().manual_seed(seed)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=draw)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw)

    means, quats = 0.6 * normal(count, 3), normal(count, 4)
    scales = 0.02 + 0.15 * uniform(count, 3)
    opacities = 0.1 + 0.8 * uniform(count)
    kind = [kinds[int(k)] for k in torch.randint(len(kinds), (count,), generator=draw)]
    for i, name in enumerate(kind):
        if name == "huge":
            scales[i] *= 30
        elif name == "tiny":
            scales[i] *= 1e-3
        elif name == "thin":
            scales[i, 0] *= 1e-3
        elif name == "flat":
            scales[i, i % 3] = 0
        elif name == "point":
            scales[i] = 0
        elif name == "faint":
            opacities[i] = 0.008 * uniform(1)
        elif name == "solid":
            opacities[i] = 1 - 0.002 * uniform(1)
        elif name == "behind":
            means[i, 2] = -3 - uniform(1)
        elif name == "beside":
            means[i, :2] += 3 * torch.sign(normal(2))
        elif name == "near":
            means[i] = torch.tensor([0.0, 0.0, -2.5]) + 0.2 * normal(3)
        elif name == "unturned":
            quats[i] = torch.tensor([0.0, 0.0, 0.0, 0.0]) if i % 2 else torch.tensor([5.0, 0.0, 0.0, 0.0])
    colors = uniform(count, channels)
    if sh_degree is not None:
        colors = 0.5 * normal(count, (sh_degree + 1) ** 2, 3)
    viewmats = torch.eye(4).repeat(cameras, 1, 1)
    turns, _ = torch.linalg.qr(torch.eye(3) + 0.15 * normal(cameras, 3, 3))
    viewmats[:, :3, :3] = turns * torch.sign(torch.diagonal(turns, dim1=1, dim2=2))[:, None]
    viewmats[:, :3, 3] = torch.tensor([0.0, 0.0, 3.0]) + 0.1 * normal(cameras, 3)
    Ks = torch.eye(3).repeat(cameras, 1, 1)
    Ks[:, 0, 0], Ks[:, 1, 1] = 1.1 * width, 0.9 * height + 3
    Ks[:, 0, 2], Ks[:, 1, 2] = width * (0.4 + 0.2 * uniform(cameras)), height * (0.4 + 0.2 * uniform(cameras))
    named = (
        means,
        quats,
        scales,
        opacities,
        colors,
        viewmats,
        uniform(cameras, 3 if sh_degree is not None else channels),
    )
    return Scene({k: v.double() for k, v in zip(GRADIENTS, named, strict=True)}, Ks.double(), width, height)


def undecided(scene: Scene, **options: object) -> Tensor:
    """Pixels [c, h, w] whose picture jumps if a threshold of the definition moves by more than rounding can move alpha.

    There the definition itself is discontinuous, so two correct renderers may differ by 1/255.
    """
    pictures = []
    for side in (-1, 1):
        with (
            mock.patch.object(reference, "MIN_ALPHA", reference.MIN_ALPHA * (1 + side * 3e-5)),
            mock.patch.object(reference, "MIN_TRANSMITTANCE", reference.MIN_TRANSMITTANCE * (1 + side * 1e-3)),
            torch.no_grad(),
        ):
            image, alpha, _ = scene.render(scene.arrays, backend="reference", **options)
            pictures.append(torch.cat([image, alpha], -1))
    return (pictures[0] != pictures[1]).any(-1)


def without_order_ties(scene: Scene) -> Scene:
    """The scene without Gaussians whose depths differ by less than float32 can tell."""
    drop = torch.zeros(len(scene.arrays["means"]), dtype=torch.bool)
    for view in scene.arrays["viewmats"]:
        depths = scene.arrays["means"] @ view[2, :3] + view[2, 3]
        order = depths.argsort()
        drop[order[1:]] |= (depths[order[1:]] - depths[order[:-1]]) < 1e-5
    kept = {k: scene.arrays[k][~drop] for k in ("means", "quats", "scales", "opacities")}
    colors = scene.arrays["colors"]
    kept["colors"] = colors[~drop] if len(colors) == len(drop) else colors[:, ~drop]
    return replace(scene, arrays=scene.arrays | kept)


def relative(found: Tensor | None, expected: Tensor | None) -> float:
    """L2 distance over the expected norm; gradients that nothing reaches count as zero."""
    if expected is None or float(expected.norm()) == 0:
        return 0.0 if found is None else float(found.norm())
    return float((found.double() - expected).norm() / expected.norm())
