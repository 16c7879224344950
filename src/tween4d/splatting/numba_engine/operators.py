"""The kernels as differentiable PyTorch functions."""

import math
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from tween4d.splatting.constants import TILE
from tween4d.splatting.numba_engine.backward import unblend_kernel
from tween4d.splatting.numba_engine.bin import gather, list_tiles, make_records, sort_visible
from tween4d.splatting.numba_engine.forward import BLOCKS, LANES, blend_kernel
from tween4d.splatting.numba_engine.project import CHUNK, project_backward, project_forward
from tween4d.splatting.numba_engine.threads import share
from tween4d.splatting.values import Composite, Projected, Projection

CHANNELS = (1, 3, 4, 8)
"""Numbers of channels that have a kernel; others are rendered in parts, padded with zeros."""


class _Project(torch.autograd.Function):
    @staticmethod
    def forward(ctx, means, quats, scales, opacities, viewmats, intrinsics, settings: Projection):
        c, n = len(viewmats), len(means)
        arrays = [_array(t) for t in (means, quats, scales, opacities, viewmats)]
        cameras = np.empty((c, 6), np.float32)
        cameras[:, 4:] = settings.width, settings.height
        for i, (row, column) in enumerate(((0, 0), (1, 1), (0, 2), (1, 2))):
            cameras[:, i] = intrinsics[:, row, column].detach().numpy()
        limits = np.array([settings.near_plane, settings.far_plane, settings.eps2d, settings.radius_clip], np.float32)
        shapes = ((c, n, 2), (c, n, 3), (c, n), (c, n), (c, n, 2))
        out = [np.empty(shape, np.float32) for shape in shapes]
        for i in range(c):
            part = tuple(o[i] for o in out)
            share(project_forward, *arrays[:4], arrays[4][i], cameras[i], limits, settings.antialiased, part)
        tensors = [torch.from_numpy(o) for o in out]
        ctx.save_for_backward(means, quats, scales, viewmats)
        ctx.state = cameras, limits, out[4], out[3]
        ctx.mark_non_differentiable(tensors[4])
        return tuple(tensors)

    @staticmethod
    @once_differentiable
    def backward(ctx, v_means2d, v_conics, v_depths, v_compensations, _):
        means, quats, scales, views = (_array(t) for t in ctx.saved_tensors)
        cameras, limits, extents, compensations = ctx.state
        n = len(means)
        gradients = [_array(g) for g in (v_means2d, v_conics, v_depths, v_compensations)]
        out = [np.zeros((n, k), np.float32) for k in (3, 4, 3)]
        v_views = np.zeros((len(views), 4, 4), np.float32)
        for i in range(len(views)):
            v_view = np.zeros((math.ceil(n / CHUNK), 3, 4), np.float64)
            share(
                project_backward,
                *(means, quats, scales, views[i], cameras[i], limits),
                (extents[i], compensations[i]),
                tuple(g[i] for g in gradients),
                (*out, v_view),
            )
            v_views[i, :3] = v_view.sum(0)
        v_means, v_quats, v_scales = (torch.from_numpy(o) for o in out)
        return v_means, v_quats, v_scales, None, torch.from_numpy(v_views), None, None


class _Bins(NamedTuple):
    """One image's Gaussians in depth order and their tiles."""

    order: np.ndarray
    records: np.ndarray
    first: np.ndarray
    place: np.ndarray
    pair_tile: np.ndarray
    tile_start: np.ndarray
    entries: np.ndarray
    masks: np.ndarray
    visited: np.ndarray
    transmittance: np.ndarray


class _Blend(torch.autograd.Function):
    @staticmethod
    def forward(ctx, means2d, conics, colors, opacities, backgrounds, depths, extents, size, absgrad):
        width, height = size
        tiles_x, tiles_y = -(-width // TILE), -(-height // TILE)
        c, n, channels = colors.shape
        images, alphas = np.empty((c, height, width, channels), np.float32), np.empty((c, height, width), np.float32)
        inputs = [_array(t) for t in (means2d, conics, colors, opacities, backgrounds, depths, extents)]
        blend = blend_kernel(channels)
        views = []
        for i in range(c):
            means_i, conics_i, colors_i, opacities_i, background, depths_i, extents_i = (a[i] for a in inputs)
            order = sort_visible(depths_i, extents_i)
            records = make_records(order, means_i, conics_i, colors_i, opacities_i)
            lists = list_tiles(order, means_i, extents_i, tiles_x, tiles_y)
            _, _, _, tile_start, entries = lists
            masks, visited = np.empty(len(entries), np.uint16), np.empty(tiles_x * tiles_y, np.int32)
            transmittance = np.empty((tiles_x * tiles_y, BLOCKS * LANES), np.float32)
            share(
                blend,
                *(records, tile_start, entries, masks, visited, tiles_x, background, transmittance),
                *(images[i], alphas[i]),
            )
            views.append(_Bins(order, records, *lists, masks, visited, transmittance))
        image_tensor, alpha_tensor = torch.from_numpy(images), torch.from_numpy(alphas)[..., None]
        ctx.save_for_backward(image_tensor)
        ctx.state = inputs[1], inputs[3], views, tiles_x, absgrad
        ctx.means2d = means2d if absgrad else None
        return image_tensor, alpha_tensor

    @staticmethod
    @once_differentiable
    def backward(ctx, v_images, v_alphas):
        conics, opacities, views, tiles_x, absgrad = ctx.state
        images = ctx.saved_tensors[0].detach().numpy()
        v_images, v_alphas = _array(v_images), _array(v_alphas)[..., 0]
        c, n = opacities.shape
        channels = images.shape[-1]
        unblend = unblend_kernel(channels, absgrad)
        out = [np.zeros((c, n, k), np.float32) for k in (2, 3, channels)]
        out += [np.zeros((c, n), np.float32), np.zeros((c, n if absgrad else 0, 2), np.float32)]
        v_backgrounds = np.zeros((c, channels), np.float32)
        for i, b in enumerate(views):
            sums = np.empty((len(b.entries), LANES), np.float32)
            share(
                unblend,
                *(b.records, b.tile_start, b.entries, b.masks, b.visited, tiles_x, b.transmittance),
                *(images[i], v_images[i], v_alphas[i], sums),
            )
            gather(
                *(b.order, b.first, b.place, b.pair_tile, b.tile_start, b.visited, sums),
                *(conics[i], opacities[i], channels, absgrad, tuple(o[i] for o in out)),
            )
            if ctx.needs_input_grad[4]:
                v_backgrounds[i] = _background_gradient(v_images[i], b.transmittance, tiles_x)
        if absgrad:
            ctx.means2d.absgrad = torch.from_numpy(out[4])
        v_means2d, v_conics, v_colors, v_opacities = (torch.from_numpy(o) for o in out[:4])
        return v_means2d, v_conics, v_colors, v_opacities, torch.from_numpy(v_backgrounds), None, None, None, None


def _background_gradient(v_image: np.ndarray, transmittance: np.ndarray, tiles_x: int) -> np.ndarray:
    """Sum of the image's gradient weighted by what shines through."""
    height, width, _ = v_image.shape
    blocks = transmittance.reshape(-1, tiles_x, 4, 4, 4, 4).transpose(0, 2, 4, 1, 3, 5)
    plane = blocks.reshape(-1, tiles_x * TILE)[:height, :width]
    return np.einsum("hwd,hw->d", v_image, plane, dtype=np.float64)


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().contiguous().numpy()


def project(
    means: Float[Tensor, "n 3"],
    quats: Float[Tensor, "n 4"],
    scales: Float[Tensor, "n 3"],
    opacities: Float[Tensor, "n"],
    viewmats: Float[Tensor, "c 4 4"],
    intrinsics: Float[Tensor, "c 3 3"],
    settings: Projection,
) -> Projected:
    """See `reference.project`; float32 on the CPU."""
    return Projected(*_Project.apply(means, quats, scales, opacities, viewmats, intrinsics, settings))


def composite(
    projected: Projected,
    colors: Float[Tensor, "c n d"],
    opacities: Float[Tensor, "c n"],
    backgrounds: Float[Tensor, "c d"],
    width: int,
    height: int,
    absgrad: bool = False,
) -> Composite:
    """See `reference.composite`; float32 on the CPU."""
    images, alphas, first = [], None, 0
    while first < colors.shape[-1]:
        wanted = colors.shape[-1] - first
        size = next((k for k in CHANNELS if k >= wanted), CHANNELS[-1])
        take = min(size, wanted)
        part, behind = colors[..., first : first + take], backgrounds[..., first : first + take]
        if take < size:
            part, behind = (torch.nn.functional.pad(t, (0, size - take)) for t in (part, behind))
        image, alpha = _Blend.apply(
            *(projected.means2d, projected.conics, part, opacities, behind, projected.depths, projected.extents),
            (width, height),
            absgrad,
        )
        images.append(image[..., :take])
        alphas = alpha if alphas is None else alphas
        first += take
    return Composite(torch.cat(images, -1) if len(images) > 1 else images[0], alphas)
