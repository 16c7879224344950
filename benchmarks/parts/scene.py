"""The scene that every timing uses, and how its cost is varied."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

DISTANCE = 2.5
FOV_DEGREES = 49.0


@dataclass(frozen=True)
class Scene:
    """Arguments of `rasterize` for one camera, and the gradient of a loss in its picture."""

    arrays: tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
    """means, quats, scales, opacities, colors."""
    viewmats: Tensor
    Ks: Tensor
    width: int
    height: int
    v_image: Tensor

    def to(self, device: str) -> "Scene":
        arrays = tuple(a.detach().to(device).requires_grad_() for a in self.arrays)
        moved = (t.to(device) for t in (self.viewmats, self.Ks))
        return Scene(arrays, *moved, self.width, self.height, self.v_image.to(device))


def make_scene(
    count: int,
    width: int,
    height: int,
    *,
    scales: tuple[float, float] = (0.01, 0.02),
    opacities: tuple[float, float] = (0.1, 0.9),
    seed: int = 0,
) -> Scene:
    """Gaussians uniform in the unit ball, seen from 2.5 with 49 degrees, RGB."""
    draw = torch.Generator().manual_seed(seed)
    direction = torch.nn.functional.normalize(torch.randn(count, 3, generator=draw), dim=1)
    arrays = (
        direction * torch.rand(count, 1, generator=draw) ** (1 / 3),
        torch.randn(count, 4, generator=draw),
        scales[0] + (scales[1] - scales[0]) * torch.rand(count, 3, generator=draw),
        opacities[0] + (opacities[1] - opacities[0]) * torch.rand(count, generator=draw),
        torch.rand(count, 3, generator=draw),
    )
    view = torch.eye(4)
    view[2, 3] = DISTANCE
    focal = 0.5 * height / math.tan(math.radians(FOV_DEGREES) / 2)
    K = torch.tensor([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    v_image = torch.rand(1, height, width, 3, generator=draw)
    return Scene(tuple(a.requires_grad_() for a in arrays), view[None], K[None], width, height, v_image)
