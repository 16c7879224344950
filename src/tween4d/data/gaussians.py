"""The one noun of splatting: a set of 3D Gaussians with raw (unactivated) parameters."""

from dataclasses import dataclass, fields

import torch
from jaxtyping import Float, Integer
from torch import Tensor

SH_C0 = 0.28209479177387814


@dataclass(frozen=True)
class Gaussians:
    """`n` anisotropic Gaussians in the world; rows of all fields are aligned."""

    means: Float[Tensor, "n 3"]
    """Centres, world units."""
    quats: Float[Tensor, "n 4"]
    """Orientations wxyz, local to world; not necessarily unit."""
    log_scales: Float[Tensor, "n 3"]
    """Natural logarithm of the standard deviation along each local axis."""
    opacity_logits: Float[Tensor, "n"]
    """Opacity before the sigmoid."""
    sh: Float[Tensor, "n b 3"]
    """Spherical harmonics of colour; colour = 0.5 + sum; b = 1, 4, 9 or 16."""

    def __len__(self) -> int:
        return self.means.shape[0]

    @property
    def scales(self) -> Float[Tensor, "n 3"]:
        return self.log_scales.exp()

    @property
    def opacities(self) -> Float[Tensor, "n"]:
        return torch.sigmoid(self.opacity_logits)

    @property
    def colors(self) -> Float[Tensor, "n 3"]:
        """View-independent colour (degree-0 harmonics), sRGB; may leave [0, 1]."""
        return 0.5 + SH_C0 * self.sh[:, 0]

    def select(self, rows: Integer[Tensor, "m"] | Tensor) -> "Gaussians":
        """The Gaussians at the given indices or boolean mask."""
        return Gaussians(*(getattr(self, f.name)[rows] for f in fields(self)))


def concatenate(parts: list[Gaussians]) -> Gaussians:
    """All Gaussians of the parts, in order; the parts must share the number of harmonics."""
    return Gaussians(*(torch.cat([getattr(p, f.name) for p in parts]) for f in fields(Gaussians)))


def sh_from_colors(colors: Float[Tensor, "n 3"]) -> Float[Tensor, "n 1 3"]:
    """Degree-0 harmonics that show the given colour from every side."""
    return ((colors - 0.5) / SH_C0)[:, None]
