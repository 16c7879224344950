"""The kernels as differentiable PyTorch functions."""

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from tween4d.splatting.constants import TILE
from tween4d.splatting.numba_engine.layout import (
    BLOCKS,
    DIGITS,
    LANES,
    PROJECTED,
    PROJECTED_SCRATCH,
    blend_scratch,
    record_width,
    sums_width,
    unblend_scratch,
)
from tween4d.splatting.numba_engine.memory import Lease
from tween4d.splatting.numba_engine.stored import Kernel
from tween4d.splatting.numba_engine.threads import share, thread_count, threads_for
from tween4d.splatting.values import Composite, Projected, Projection

CHANNELS = (1, 3, 4, 5, 8)
"""Numbers of channels that have a kernel; others are rendered in parts, padded with zeros."""
HERE = __name__.rpartition(".")[0]
project_forward, project_backward = (Kernel(f"{HERE}.projection", f"project_{way}") for way in ("forward", "backward"))
sort_parts, merge_runs = (Kernel(f"{HERE}.sort", name) for name in ("sort_parts", "merge_runs"))
count_pairs, bin_boxes, place_parts, list_pairs, make_records, gather = (
    Kernel(f"{HERE}.bin", name)
    for name in ("count_pairs", "bin_boxes", "place_parts", "list_pairs", "make_records", "gather")
)


@cache
def blend_kernel(channels: int) -> Kernel:
    """The forward kernel for so many channels."""
    return Kernel(f"{HERE}.forward", "blend_kernel", channels)


@cache
def unblend_kernel(channels: int, absolute: bool) -> Kernel:
    """The backward kernel for so many channels."""
    return Kernel(f"{HERE}.backward", "unblend_kernel", channels, absolute)


class _Project(torch.autograd.Function):
    @staticmethod
    def forward(ctx, means, quats, scales, opacities, viewmats, intrinsics, settings: Projection):
        c, n = len(viewmats), len(means)
        arrays = [_array(t) for t in (means, quats, scales, opacities, viewmats)]
        given = np.empty((c, 10), np.float32)
        given[:, 4:6] = settings.width, settings.height
        given[:, 6:] = settings.near_plane, settings.far_plane, settings.eps2d, settings.radius_clip
        for i, (row, column) in enumerate(((0, 0), (1, 1), (0, 2), (1, 2))):
            given[:, i] = intrinsics[:, row, column].detach().numpy()
        shapes = ((c, n, 2), (c, n, 3), (c, n), (c, n), (c, n, 2))
        out = [np.empty(shape, np.float32) for shape in shapes]
        scratch, threads = Lease(), threads_for(n)
        memory = scratch.array((threads, PROJECTED_SCRATCH), np.float32)
        for i in range(c):
            part = tuple(o[i] for o in out)
            share(
                project_forward,
                *(np.zeros(1, np.int64), memory),
                *(*arrays[:4], arrays[4][i], given[i], settings.antialiased, part),
                threads=threads,
            )
        tensors = [torch.from_numpy(o) for o in out]
        ctx.save_for_backward(means, quats, scales, viewmats)
        ctx.state = given, out[4], out[3]
        ctx.mark_non_differentiable(tensors[4])
        return tuple(tensors)

    @staticmethod
    @once_differentiable
    def backward(ctx, v_means2d, v_conics, v_depths, v_compensations, _):
        means, quats, scales, views = (_array(t) for t in ctx.saved_tensors)
        given, extents, compensations = ctx.state
        n = len(means)
        gradients = [_array(g) for g in (v_means2d, v_conics, v_depths, v_compensations)]
        out = [np.zeros((n, k), np.float32) for k in (3, 4, 3)]
        v_views, scratch, threads = np.zeros((len(views), 4, 4), np.float32), Lease(), threads_for(n)
        memory = scratch.array((threads, PROJECTED_SCRATCH), np.float32)
        for i in range(len(views)):
            v_view = np.empty((-(-n // PROJECTED), 12), np.float64)
            share(
                project_backward,
                *(np.zeros(1, np.int64), memory),
                *(means, quats, scales, views[i], given[i]),
                (extents[i], compensations[i][:, None]),
                (gradients[0][i], gradients[1][i], gradients[2][i][:, None], gradients[3][i][:, None]),
                (*out, v_view),
                threads=threads,
            )
            v_views[i, :3] = v_view.sum(0).reshape(3, 4)
        v_means, v_quats, v_scales = (torch.from_numpy(o) for o in out)
        return v_means, v_quats, v_scales, None, torch.from_numpy(v_views), None, None


class Bins(NamedTuple):
    """One image's Gaussians in depth order, and its pairs of a Gaussian and a tile."""

    lease: Lease
    order: np.ndarray
    first: np.ndarray
    tile_start: np.ndarray
    entries: np.ndarray
    slots: np.ndarray
    tiles_x: int
    tiles_y: int


def bin_image(means2d: np.ndarray, depths: np.ndarray, extents: np.ndarray, size: tuple[int, int], keep: bool) -> Bins:
    """Sort by depth and list the pairs of every tile.

    Args:
        keep: whether a backward pass will follow.
    """
    lease, scratch = Lease(), Lease()
    n, tiles_x, tiles_y = len(depths), -(-size[0] // TILE), -(-size[1] // TILE)
    threads = threads_for(n)
    parts = 1 << (threads - 1).bit_length()
    keys, spare, runs = scratch.array((n,), np.uint64), scratch.array((n,), np.uint64), np.empty((parts, 2), np.int64)
    digits = scratch.array((parts, 3 * DIGITS), np.int64)
    share(sort_parts, depths.view(np.uint32), extents, parts, digits, keys, spare, runs, threads=threads)
    keys, spare = spare, keys
    while len(runs) > 1:
        share(merge_runs, keys, runs, 2 * parts // len(runs), spare, threads=threads)
        keys, spare = spare, keys
        stops = np.cumsum(runs[:, 1] - runs[:, 0])[1::2]
        runs = np.stack([np.concatenate([[0], stops[:-1]]), stops], 1)
    m = int(runs[-1, 1])
    first = lease.array((n + 1,), np.int64)
    first[0] = 0
    boxes = scratch.array((n, 4), np.uint16)
    share(count_pairs, means2d, extents, tiles_x, tiles_y, parts, first, boxes, threads=threads)
    for part in range(1, parts):
        start, stop = n * part // parts, n * (part + 1) // parts
        first[start + 1 : stop + 1] += first[start]
    pairs = int(first[n])
    order, base = lease.array((m,), np.int32), scratch.array((m,), np.int64)
    ranked, counts = scratch.array((m, 4), np.uint16), scratch.array((parts, tiles_x * tiles_y), np.int64)
    share(bin_boxes, keys, boxes, first, tiles_x, parts, (order, base, ranked, counts), threads=threads)
    tile_start = lease.array((tiles_x * tiles_y + 1,), np.int64)
    place_parts(counts, tile_start)
    entries, slots = lease.array((pairs,), np.int32), lease.array((pairs if keep else 0,), np.int64)
    share(list_pairs, base, ranked, tiles_x, parts, counts, entries, slots, threads=threads)
    return Bins(lease, order, first, tile_start, entries, slots, tiles_x, tiles_y)


class _Pass(NamedTuple):
    """What the backward pass of one image needs of its forward pass."""

    bins: Bins
    lease: Lease
    records: np.ndarray
    masks: np.ndarray
    visited: np.ndarray
    transmittance: np.ndarray


class _Blend(torch.autograd.Function):
    @staticmethod
    def forward(ctx, means2d, conics, colors, opacities, backgrounds, bins: list[Bins], size, absgrad, keep):
        width, height = size
        c, n, channels = colors.shape
        images, alphas = np.empty((c, height, width, channels), np.float32), np.empty((c, height, width), np.float32)
        inputs = [_array(t) for t in (means2d, conics, colors, opacities, backgrounds)]
        blend = blend_kernel(channels)
        passes = []
        for i, b in enumerate(bins):
            means_i, conics_i, colors_i, opacities_i, background = (a[i] for a in inputs)
            lease = Lease()
            records = lease.array((len(b.order), record_width(channels)), np.float32)
            share(make_records, b.order, means_i, conics_i, colors_i, opacities_i, records, threads=threads_for(n))
            tiles = b.tiles_x * b.tiles_y
            masks = lease.array((len(b.entries) if keep else 0,), np.uint16)
            visited = lease.array((tiles,), np.int32)
            transmittance = lease.array((tiles if keep else 0, BLOCKS * LANES), np.float32)
            threads, scratch = thread_count(), Lease()
            share(
                blend,
                *(np.zeros(1, np.int64), scratch.array((threads, blend_scratch(channels)), np.float32)),
                *(records, b.tile_start, b.entries, masks, visited, b.tiles_x, background, transmittance),
                *(images[i], alphas[i]),
                threads=threads,
            )
            if keep:
                passes.append(_Pass(b, lease, records, masks, visited, transmittance))
        image_tensor, alpha_tensor = torch.from_numpy(images), torch.from_numpy(alphas)[..., None]
        if keep:
            ctx.save_for_backward(image_tensor)
            ctx.state = inputs[1], inputs[3], passes, absgrad
            ctx.means2d = means2d if absgrad else None
        return image_tensor, alpha_tensor

    @staticmethod
    @once_differentiable
    def backward(ctx, v_images, v_alphas):
        conics, opacities, passes, absgrad = ctx.state
        images = ctx.saved_tensors[0].detach().numpy()
        v_images, v_alphas = _array(v_images), _array(v_alphas)[..., 0]
        c, n = opacities.shape
        channels = images.shape[-1]
        unblend = unblend_kernel(channels, absgrad)
        out = [np.empty((c, n, k), np.float32) for k in (2, 3, channels)]
        out += [np.empty((c, n), np.float32), np.empty((c, n if absgrad else 0, 2), np.float32)]
        v_backgrounds = np.zeros((c, channels), np.float32)
        for i, p in enumerate(passes):
            b, scratch, threads = p.bins, Lease(), thread_count()
            sums = scratch.array((len(b.entries), sums_width(channels, absgrad)), np.float32)
            share(
                unblend,
                *(np.zeros(1, np.int64), scratch.array((threads, unblend_scratch(channels)), np.float32)),
                *(p.records, b.tile_start, b.entries, b.slots, p.masks, p.visited, b.tiles_x, p.transmittance),
                *((images[i], v_images[i], v_alphas[i]), sums),
                threads=threads,
            )
            arrays = tuple(o[i] for o in out)
            share(gather, b.first, sums, conics[i], opacities[i], channels, absgrad, arrays, threads=threads_for(n))
            if ctx.needs_input_grad[4]:
                v_backgrounds[i] = _background_gradient(v_images[i], p.transmittance, b.tiles_x)
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
    located = [_array(t) for t in (projected.means2d, projected.depths, projected.extents)]
    inputs = (projected.means2d, projected.conics, colors, opacities, backgrounds)
    keep = torch.is_grad_enabled() and any(t.requires_grad for t in inputs)
    bins = [bin_image(*(a[i] for a in located), (width, height), keep) for i in range(len(colors))]
    images, alphas, first = [], None, 0
    while first < colors.shape[-1]:
        wanted = colors.shape[-1] - first
        size = next((k for k in CHANNELS if k >= wanted), CHANNELS[-1])
        if absgrad and wanted > CHANNELS[-1]:
            # The absolute gradient of a sum is not the sum of the parts': one kernel for all channels.
            size = wanted
        take = min(size, wanted)
        part, behind = colors[..., first : first + take], backgrounds[..., first : first + take]
        if take < size:
            part, behind = (torch.nn.functional.pad(t, (0, size - take)) for t in (part, behind))
        image, alpha = _Blend.apply(
            *(projected.means2d, projected.conics, part, opacities, behind),
            *(bins, (width, height), absgrad, keep),
        )
        images.append(image[..., :take] if take < size else image)
        alphas = alpha if alphas is None else alphas
        first += take
    return Composite(torch.cat(images, -1) if len(images) > 1 else images[0], alphas)
