"""The one public call: Gaussians and cameras in, pictures out."""

from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.errors import BackendError
from tween4d.splatting import checks, reference
from tween4d.splatting.constants import TILE
from tween4d.splatting.harmonics import view_colors
from tween4d.splatting.values import Projection

Backend = Literal["auto", "numba", "gsplat", "reference"]
RenderMode = Literal["RGB", "D", "ED", "RGB+D", "RGB+ED"]


def rasterize(
    means: Float[Tensor, "n 3"],
    quats: Float[Tensor, "n 4"],
    scales: Float[Tensor, "n 3"],
    opacities: Float[Tensor, "n"],
    colors: Float[Tensor, "*c n d"] | Float[Tensor, "*c n b 3"],
    viewmats: Float[Tensor, "c 4 4"],
    Ks: Float[Tensor, "c 3 3"],
    width: int,
    height: int,
    near_plane: float = 0.01,
    far_plane: float = 1e10,
    eps2d: float = 0.3,
    sh_degree: int | None = None,
    packed: bool = False,
    backgrounds: Float[Tensor, "c d"] | None = None,
    render_mode: RenderMode = "RGB",
    absgrad: bool = False,
    rasterize_mode: Literal["classic", "antialiased"] = "classic",
    radius_clip: float = 0.0,
    *,
    backend: Backend = "auto",
) -> tuple[Float[Tensor, "c h w x"], Float[Tensor, "c h w 1"], dict[str, Any]]:
    """Render 3D Gaussians from several cameras, differentiably.

    Source: Kerbl et al. 2023 (arXiv:2308.04079); names, shapes and semantics are those of gsplat 1.5.3's
    `rasterization`, in the subset listed here.

    Args:
        means: centres, world units.
        quats: orientations wxyz, local to world, any length; zero is the identity.
        scales: standard deviations along the local axes, >= 0, world units.
        opacities: in [0, 1].
        colors: D >= 1 channels per Gaussian, shared or per camera; with `sh_degree`, harmonics of RGB.
        viewmats: world to camera, OpenCV axes (x right, y down, z forward).
        Ks: pinhole intrinsics in pixels; pixel i covers [i, i + 1).
        width, height: image size in pixels, any >= 1.
        near_plane, far_plane: Gaussians whose depth is outside are not drawn; 0 < near < far.
        eps2d: variance added to every ellipse, squared pixels.
        sh_degree: harmonics used (0 to 3), or None when `colors` are final.
        packed: accepted for gsplat's sake; meta always keeps [C, N, ...].
        backgrounds: colour behind each image; None is zero. Depth always has background 0.
        render_mode: colour, accumulated depth "D", expected depth "ED" (divided by alpha), or colour then depth.
        absgrad: after backward, `meta["means2d"].absgrad` holds sums of absolute screen gradients.
        rasterize_mode: "antialiased" scales opacity so that eps2d does not brighten small Gaussians.
        radius_clip: Gaussians whose radius is at most this many pixels are not drawn.
        backend: "numba" (CPU, float32), "gsplat" (CUDA), "reference" (PyTorch, any type and device), or "auto":
            gsplat for CUDA tensors, numba otherwise.
    Returns:
        Images (not clipped), coverage in [0, 1], and meta: `means2d` [C,N,2] (part of the graph: retain_grad works),
        `radii` [C,N,2] int32 (0 = not drawn), `depths`, `conics`, `opacities`, `width`, `height`, `tile_size`,
        `n_cameras`, and `backend`, the one that ran.
    Raises:
        InputError: shapes or modes that do not fit, or NaN or infinity in an array, by its name.
        BackendError: the backend cannot run here.

    Differentiable in means, quats, scales, opacities, colors, backgrounds and viewmats; not in Ks. Ranges of
    opacities and scales are not checked.
    """
    arrays = {
        "means": means,
        "quats": quats,
        "scales": scales,
        "opacities": opacities,
        "colors": colors,
        "viewmats": viewmats,
        "Ks": Ks,
    }
    if backgrounds is not None:
        arrays["backgrounds"] = backgrounds
    checks.check_settings(width, height, near_plane, far_plane, render_mode, rasterize_mode)
    checks.check_shapes(arrays, sh_degree)
    checks.check_finite(arrays)
    chosen = _choose(backend, means)
    antialiased = rasterize_mode == "antialiased"
    if chosen == "gsplat":
        from tween4d.splatting import gsplat_adapter

        return gsplat_adapter.rasterize(
            arrays,
            width,
            height,
            near_plane=near_plane,
            far_plane=far_plane,
            eps2d=eps2d,
            sh_degree=sh_degree,
            render_mode=render_mode,
            absgrad=absgrad,
            rasterize_mode=rasterize_mode,
            radius_clip=radius_clip,
        )
    if chosen == "numba":
        from tween4d.splatting import numba_engine as engine

        arrays = {name: array.float() for name, array in arrays.items()}
    else:
        engine = reference
    settings = Projection(width, height, near_plane, far_plane, eps2d, antialiased, radius_clip)
    projected = engine.project(
        *(arrays[k] for k in ("means", "quats", "scales", "opacities", "viewmats", "Ks")), settings
    )
    alphas_of = arrays["opacities"].expand(len(viewmats), -1)
    if antialiased:
        alphas_of = alphas_of * projected.compensations
    channels, behind = _channels(arrays, projected.depths, sh_degree, render_mode)
    images, alphas = engine.composite(projected, channels, alphas_of, behind, width, height, absgrad)
    if render_mode in ("ED", "RGB+ED"):
        images = torch.cat([images[..., :-2], images[..., -2:-1] / images[..., -1:].clamp(min=1e-10)], -1)
    meta = {
        "means2d": projected.means2d,
        "radii": projected.extents.ceil().int(),
        "depths": projected.depths,
        "conics": projected.conics,
        "opacities": alphas_of,
        "width": width,
        "height": height,
        "tile_size": TILE,
        "n_cameras": len(viewmats),
        "backend": chosen,
    }
    return images, alphas, meta


def _channels(
    arrays: dict[str, Tensor], depths: Tensor, sh_degree: int | None, render_mode: str
) -> tuple[Float[Tensor, "c n x"], Float[Tensor, "c x"]]:
    """What is blended per Gaussian, and what lies behind it.

    Expected depth brings a channel of ones: where coverage is small, that sum is more exact than 1 - transmittance.
    """
    cameras = len(depths)
    parts, behind = [], []
    if render_mode not in ("D", "ED"):
        colors = arrays["colors"]
        if sh_degree is not None:
            colors = view_colors(sh_degree, colors, arrays["means"], arrays["viewmats"])
        parts.append(colors.expand(cameras, -1, -1))
        behind.append(arrays.get("backgrounds", colors.new_zeros(cameras, colors.shape[-1])))
    if render_mode != "RGB":
        parts.append(depths[..., None])
    if render_mode in ("ED", "RGB+ED"):
        parts.append(torch.ones_like(depths)[..., None])
    if len(parts) == 1 and behind:
        return parts[0], behind[0]
    channels = torch.cat(parts, -1)
    zeros = depths.new_zeros(cameras, channels.shape[-1] - sum(b.shape[-1] for b in behind))
    return channels, torch.cat([*behind, zeros], -1)


def _choose(backend: str, means: Tensor) -> str:
    """The backend that will run."""
    if backend == "auto":
        return "gsplat" if means.is_cuda else "numba"
    if backend not in ("numba", "gsplat", "reference"):
        raise BackendError("unknown rasteriser backend", repr(backend), "use auto, numba, gsplat or reference")
    if backend == "numba" and means.device.type != "cpu":
        raise BackendError("the numba backend runs on the CPU", str(means.device), "move the tensors to the CPU")
    if backend == "gsplat" and not means.is_cuda:
        raise BackendError("the gsplat backend needs CUDA tensors", str(means.device), 'use backend="numba"')
    return backend
