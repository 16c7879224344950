"""Order Gaussians by depth and list, for each tile, those that may touch it, front to back."""

import math

import numpy as np

from tween4d.splatting.constants import TILE
from tween4d.splatting.numba_engine.compiling import kernel
from tween4d.splatting.numba_engine.forward import HALF, RECORD

LOG2_E = np.float32(math.log2(math.e))
DIGIT_BITS = 11
DIGITS = 1 << DIGIT_BITS
TILE_SIDE = np.float32(TILE)


@kernel
def sort_visible(depths, extents):
    """Indices of drawn Gaussians by increasing depth; equal depths keep their order. Depths are positive."""
    count = 0
    order = np.empty(len(depths), np.int32)
    for i in range(len(depths)):
        if extents[i, 0] > 0:
            order[count] = i
            count += 1
    # Positive floats order like their bits.
    bits = depths.view(np.uint32)
    keys, other_keys = np.empty(count, np.uint32), np.empty(count, np.uint32)
    order, other = order[:count].copy(), np.empty(count, np.int32)
    for k in range(count):
        keys[k] = bits[order[k]]
    for turn in range(3):
        shift = np.uint32(DIGIT_BITS * turn)
        place = np.zeros(DIGITS + 1, np.int32)
        for k in range(count):
            place[((keys[k] >> shift) & np.uint32(DIGITS - 1)) + 1] += 1
        for j in range(DIGITS):
            place[j + 1] += place[j]
        for k in range(count):
            digit = (keys[k] >> shift) & np.uint32(DIGITS - 1)
            target = place[digit]
            place[digit] = target + 1
            other_keys[target] = keys[k]
            other[target] = order[k]
        keys, other_keys = other_keys, keys
        order, other = other, order
    return order


@kernel
def make_records(order, means2d, conics, colors, opacities):
    """What the tile kernels read per Gaussian, in depth order."""
    channels = colors.shape[1]
    records = np.empty((len(order), RECORD + channels), np.float32)
    for k in range(len(order)):
        i = order[k]
        records[k, 0] = means2d[i, 0]
        records[k, 1] = means2d[i, 1]
        records[k, 2] = -HALF * LOG2_E * conics[i, 0]
        records[k, 3] = -LOG2_E * conics[i, 1]
        records[k, 4] = -HALF * LOG2_E * conics[i, 2]
        records[k, 5] = LOG2_E * np.float32(math.log(opacities[i]))
        for d in range(channels):
            records[k, RECORD + d] = colors[i, d]
    return records


@kernel
def list_tiles(order, means2d, extents, tiles_x, tiles_y):
    """Entries of every tile.

    Returns:
        first: [m + 1] where the pairs of the k-th Gaussian start; place: [pairs] entry of each pair; tile_start:
        [tiles + 1]; entries: [pairs] rank k of the Gaussian, front to back within a tile; pair_tile: [pairs].
    """
    count = len(order)
    box = np.empty((count, 4), np.int32)
    first = np.zeros(count + 1, np.int64)
    tile_start = np.zeros(tiles_x * tiles_y + 1, np.int64)
    for k in range(count):
        i = order[k]
        box[k, 0] = max(0, int(math.floor((means2d[i, 0] - extents[i, 0]) / TILE_SIDE)))
        box[k, 1] = min(tiles_x, int(math.floor((means2d[i, 0] + extents[i, 0]) / TILE_SIDE)) + 1)
        box[k, 2] = max(0, int(math.floor((means2d[i, 1] - extents[i, 1]) / TILE_SIDE)))
        box[k, 3] = min(tiles_y, int(math.floor((means2d[i, 1] + extents[i, 1]) / TILE_SIDE)) + 1)
        first[k + 1] = first[k] + (box[k, 1] - box[k, 0]) * (box[k, 3] - box[k, 2])
        for y in range(box[k, 2], box[k, 3]):
            for x in range(box[k, 0], box[k, 1]):
                tile_start[y * tiles_x + x + 1] += 1
    for t in range(tiles_x * tiles_y):
        tile_start[t + 1] += tile_start[t]
    cursor = tile_start[:-1].copy()
    entries, place = np.empty(first[count], np.int32), np.empty(first[count], np.int64)
    pair_tile = np.empty(first[count], np.int32)
    for k in range(count):
        pair = first[k]
        for y in range(box[k, 2], box[k, 3]):
            for x in range(box[k, 0], box[k, 1]):
                t = y * tiles_x + x
                entries[cursor[t]] = k
                place[pair] = cursor[t]
                pair_tile[pair] = t
                cursor[t] += 1
                pair += 1
    return first, place, pair_tile, tile_start, entries


@kernel
def gather(order, first, place, pair_tile, tile_start, visited, sums, conics, opacities, channels, absolute, out):
    """Turn the sums of each Gaussian over its tiles into gradients.

    Args:
        out: arrays v_means2d, v_conics, v_colors, v_opacities, v_absolute, all zero.
    """
    v_means2d, v_conics, v_colors, v_opacities, v_absolute = out
    width = sums.shape[1]
    total = np.empty(width, np.float32)
    for k in range(len(order)):
        i = order[k]
        total[:] = 0
        for pair in range(first[k], first[k + 1]):
            e, t = place[pair], pair_tile[pair]
            if e - tile_start[t] < visited[t]:
                for j in range(width):
                    total[j] += sums[e, j]
        a, b, c = conics[i, 0], conics[i, 1], conics[i, 2]
        v_means2d[i, 0] = a * total[1] + b * total[2]
        v_means2d[i, 1] = b * total[1] + c * total[2]
        v_conics[i, 0] = -HALF * total[3]
        v_conics[i, 1] = -total[4]
        v_conics[i, 2] = -HALF * total[5]
        v_opacities[i] = total[0] / opacities[i]
        for d in range(channels):
            v_colors[i, d] = total[6 + d]
        if absolute:
            v_absolute[i, 0] = total[6 + channels] / LOG2_E
            v_absolute[i, 1] = total[7 + channels] / LOG2_E
