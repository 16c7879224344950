"""The only file that imports gsplat: CUDA tensors in, the same answer out."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.errors import BackendError


def rasterize(
    arrays: dict[str, Tensor], width: int, height: int, **options: Any
) -> tuple[Float[Tensor, "c h w x"], Float[Tensor, "c h w 1"], dict[str, Any]]:
    """Call gsplat with unpacked results.

    Args:
        arrays: means, quats, scales, opacities, colors, viewmats, Ks and perhaps backgrounds, on one CUDA device.
        options: further keywords of gsplat.rasterization, passed as they are.
    Raises:
        BackendError: no CUDA device, or gsplat is not installed.
    """
    if not torch.cuda.is_available():
        raise BackendError("gsplat needs a CUDA device", "none", 'use backend="numba"')
    try:
        from gsplat import rasterization
    except ImportError as error:
        raise BackendError(
            "gsplat is not installed", str(error), "pip install gsplat, or move the tensors to the CPU"
        ) from error
    # Its kernels read float32 alone.
    arrays = {name: array.float() for name, array in arrays.items()}
    images, alphas, meta = rasterization(**arrays, width=width, height=height, packed=False, **options)
    return images, alphas, {**meta, "backend": "gsplat"}
