"""Refuse what cannot be rendered, by the name of the array."""

import torch
from torch import Tensor

from tween4d.errors import InputError

RENDER_MODES = ("RGB", "D", "ED", "RGB+D", "RGB+ED")
RASTERIZE_MODES = ("classic", "antialiased")


def check_shapes(arrays: dict[str, Tensor], sh_degree: int | None) -> None:
    """Raise InputError unless the shapes agree with each other.

    Args:
        arrays: means, quats, scales, opacities, colors, viewmats, Ks and perhaps backgrounds, by these names.
        sh_degree: degree if colours are harmonics.
    """
    n, c = arrays["means"].shape[0], arrays["viewmats"].shape[0]
    expected = {
        "means": (n, 3),
        "quats": (n, 4),
        "scales": (n, 3),
        "opacities": (n,),
        "viewmats": (c, 4, 4),
        "Ks": (c, 3, 3),
    }
    for name, shape in expected.items():
        _expect(name, arrays[name], shape)
    colors = arrays["colors"]
    tail = 1 if sh_degree is None else 2
    lead = colors.shape[: colors.dim() - tail]
    if lead not in ((n,), (c, n)):
        kind = "[N, D] or [C, N, D]" if sh_degree is None else "[N, K, 3] or [C, N, K, 3]"
        raise InputError(f"colors must have shape {kind} with N = {n}, C = {c}", str(tuple(colors.shape)))
    if sh_degree is not None:
        _check_harmonics(colors, sh_degree)
    if "backgrounds" in arrays:
        channels = colors.shape[-1]
        _expect("backgrounds", arrays["backgrounds"], (c, channels))


def _check_harmonics(colors: Tensor, degree: int) -> None:
    if degree not in (0, 1, 2, 3):
        raise InputError("sh_degree must be 0, 1, 2 or 3", str(degree))
    if colors.shape[-1] != 3 or colors.shape[-2] < (degree + 1) ** 2:
        raise InputError(
            f"sh_degree {degree} needs colors [..., K >= {(degree + 1) ** 2}, 3]", str(tuple(colors.shape))
        )


def _expect(name: str, array: Tensor, shape: tuple[int, ...]) -> None:
    if tuple(array.shape) != shape:
        raise InputError(f"{name} must have shape {list(shape)}", str(list(array.shape)))
    if not array.is_floating_point():
        raise InputError(f"{name} must hold floating-point numbers", str(array.dtype))


def check_settings(
    width: int, height: int, near_plane: float, far_plane: float, render_mode: str, rasterize_mode: str
) -> None:
    """Raise InputError for an image size, clipping range or mode that has no meaning."""
    if width < 1 or height < 1:
        raise InputError("the image must have at least one pixel", f"{width} x {height}")
    if not 0 < near_plane < far_plane:
        raise InputError("0 < near_plane < far_plane must hold", f"{near_plane}, {far_plane}")
    if render_mode not in RENDER_MODES:
        raise InputError(f"render_mode must be one of {', '.join(RENDER_MODES)}", repr(render_mode))
    if rasterize_mode not in RASTERIZE_MODES:
        raise InputError(f"rasterize_mode must be one of {', '.join(RASTERIZE_MODES)}", repr(rasterize_mode))


def check_finite(arrays: dict[str, Tensor]) -> None:
    """Raise InputError naming the first array that holds NaN or infinity."""
    for name, array in arrays.items():
        if not _all_finite(array):
            bad = torch.nonzero(~torch.isfinite(array.detach()))
            raise InputError(
                f"{name} holds {len(bad)} values that are NaN or infinite",
                f"first at {bad[0].tolist()}",
                "lower the learning rate, or drop those Gaussians before rendering",
            )


def _all_finite(array: Tensor) -> bool:
    if array.device.type == "cpu" and array.dtype == torch.float32:
        from tween4d.splatting.numba_engine.finite import all_finite

        return all_finite(array)
    return bool(torch.isfinite(array.detach()).all())
