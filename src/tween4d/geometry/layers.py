"""How deep an object lies under the pixels of a camera, from points on its front and back."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample

CELL = 3
"""Side of the cells in which the nearest and the farthest point are looked for, pixels."""
REACHES = (2, 4, 8, 16, 32, 64)
"""Cells over which depth is smoothed, and continued where nothing is."""


def middle_of_layers(
    pixels: Float[Tensor, "n 2"], depth: Float[Tensor, "n"], height: int, width: int
) -> Float[Tensor, "2 h w"]:
    """Halfway between the nearest and the farthest point of each cell, smoothed.

    Args:
        pixels: (x, y) of the points; those beyond the cells do not count.
        depth: of the points.
        height, width: number of cells.
    Returns:
        The depth, continued beyond the points, 0 where none is in reach; and 1 where there are points. Not
        differentiable.
    """
    column, row = (pixels.detach() / CELL).floor().long().unbind(-1)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    cell, depth = (row * width + column)[inside], depth.detach()[inside]
    near = depth.new_full((height * width,), torch.inf).scatter_reduce(0, cell, depth, "amin")
    far = depth.new_full((height * width,), -torch.inf).scatter_reduce(0, cell, depth, "amax")
    covered = near.isfinite()
    middle = torch.where(covered, (near + far) / 2, 0.0).reshape(1, height, width)
    known = covered.to(depth).reshape(1, height, width)
    out = torch.zeros_like(middle)
    done = torch.zeros_like(known)
    for reach in REACHES:
        weight, total = (avg_pool2d(plane, 2 * reach + 1, 1, reach) for plane in (known, middle * known))
        fresh = (weight > 0) & (done == 0)
        out = torch.where(fresh, total / weight.clamp_min(1e-9), out)
        done = done + fresh
    return torch.cat([out, known])


def read_cells(
    planes: Float[Tensor, "2 h w"], pixels: Float[Tensor, "n 2"]
) -> tuple[Float[Tensor, "n"], Float[Tensor, "n"]]:
    """Both planes of `middle_of_layers` at pixels (x, y), bilinear; those beyond the picture read its border."""
    height, width = planes.shape[1:]
    grid = 2 * pixels / (CELL * torch.tensor([width, height])).to(pixels) - 1
    read = grid_sample(planes[None].to(pixels), grid[None, :, None], padding_mode="border", align_corners=False)
    return read[0, 0, :, 0], read[0, 1, :, 0]
