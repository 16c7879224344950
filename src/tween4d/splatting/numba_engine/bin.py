"""List, for each tile, the Gaussians that may touch it, front to back; and add up what came of each Gaussian.

A pair is a Gaussian and a tile that its box touches. Pairs are stored twice: by tile in depth order (`entries`), which
is how they are blended, and by Gaussian (`slots`, `first`), which is how their gradients are added up.
"""

import math

import numpy as np

from tween4d.splatting.constants import TILE
from tween4d.splatting.numba_engine.compiling import inlined, take_ticket
from tween4d.splatting.numba_engine.layout import LANES, RECORD
from tween4d.splatting.numba_engine.simd import load, spread, store
from tween4d.splatting.numba_engine.stored import kernel

LOG2_E = np.float32(math.log2(math.e))
PER_TILE = np.float32(1 / TILE)
ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)
CHUNK = 1024
"""Gaussians per ticket."""


@inlined
def tile_box(i, means2d, extents, tiles_x, tiles_y):
    """Tiles that a Gaussian's box touches: first and past-last column, first and past-last row."""
    x, y, ex, ey = means2d[i, 0], means2d[i, 1], extents[i, 0], extents[i, 1]
    # Clamped as floats: a huge box does not fit an integer.
    x0 = int(max((x - ex) * PER_TILE, ZERO))
    y0 = int(max((y - ey) * PER_TILE, ZERO))
    x1 = int(min(max((x + ex) * PER_TILE + ONE, ZERO), np.float32(tiles_x)))
    y1 = int(min(max((y + ey) * PER_TILE + ONE, ZERO), np.float32(tiles_y)))
    return x0, x1, y0, y1


@kernel
def count_pairs(counter, means2d, extents, tiles_x, tiles_y, parts, first, boxes):
    """Boxes of tiles [n, 4], and pairs summed within each of `parts` equal ranges: first[i + 1] includes Gaussian i."""
    n = len(extents)
    while True:
        part = take_ticket(counter)
        if part >= parts:
            break
        total = 0
        for i in range(n * part // parts, n * (part + 1) // parts):
            if extents[i, 0] > ZERO:
                x0, x1, y0, y1 = tile_box(i, means2d, extents, tiles_x, tiles_y)
                boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3] = x0, x1, y0, y1
                total += max(x1 - x0, 0) * max(y1 - y0, 0)
            first[i + 1] = total


@kernel
def bin_boxes(counter, keys, boxes, first, tiles_x, parts, out):
    """What listing needs per rank k, and how many pairs each part of the ranks has in each tile.

    Args:
        keys: sorted; the low half is the index of the Gaussian.
        out: order [m], base [m] first pair of the Gaussian, ranked [m, 4] its box, counts [parts, tiles].
    """
    order, base, ranked, counts = out
    m = len(order)
    while True:
        part = take_ticket(counter)
        if part >= parts:
            break
        for t in range(counts.shape[1]):
            counts[part, t] = 0
        for k in range(m * part // parts, m * (part + 1) // parts):
            i = np.int64(keys[k] & np.uint64(0xFFFFFFFF))
            order[k], base[k] = i, first[i]
            x0, x1, y0, y1 = boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3]
            ranked[k, 0], ranked[k, 1], ranked[k, 2], ranked[k, 3] = x0, x1, y0, y1
            for y in range(y0, y1):
                for x in range(x0, x1):
                    counts[part, y * tiles_x + x] += 1


@kernel
def place_parts(counts, tile_start):
    """Turn counts into the place where each part's pairs of each tile begin, and fill where each tile begins."""
    total = 0
    for t in range(counts.shape[1]):
        tile_start[t] = total
        for part in range(counts.shape[0]):
            here = counts[part, t]
            counts[part, t] = total
            total += here
    tile_start[counts.shape[1]] = total


@kernel
def list_pairs(counter, base, box, tiles_x, parts, cursors, entries, slots):
    """Write the entries of every tile: rank k, front to back; and the Gaussian's own place for the pair."""
    m = len(base)
    keep = len(slots) > 0
    while True:
        part = take_ticket(counter)
        if part >= parts:
            break
        for k in range(m * part // parts, m * (part + 1) // parts):
            slot = base[k]
            for y in range(box[k, 2], box[k, 3]):
                for x in range(box[k, 0], box[k, 1]):
                    e = cursors[part, y * tiles_x + x]
                    cursors[part, y * tiles_x + x] = e + 1
                    entries[e] = k
                    if keep:
                        slots[e] = slot
                    slot += 1


@kernel
def make_records(counter, order, means2d, conics, colors, opacities, records):
    """What the tile kernels read per Gaussian, in depth order."""
    channels = colors.shape[1]
    m = len(order)
    while True:
        start = take_ticket(counter) * CHUNK
        if start >= m:
            break
        for k in range(start, min(start + CHUNK, m)):
            i = order[k]
            records[k, 0] = means2d[i, 0]
            records[k, 1] = means2d[i, 1]
            records[k, 2] = -HALF * LOG2_E * conics[i, 0]
            records[k, 3] = -LOG2_E * conics[i, 1]
            records[k, 4] = -HALF * LOG2_E * conics[i, 2]
            records[k, 5] = LOG2_E * np.float32(math.log(opacities[i]))
            for d in range(channels):
                records[k, RECORD + d] = colors[i, d]


@kernel
def gather(counter, first, sums, conics, opacities, channels, absolute, out):
    """Add up each Gaussian's pairs and turn the sums into gradients.

    Args:
        sums: [pairs, width]; overwritten.
        out: arrays v_means2d, v_conics, v_colors, v_opacities, v_absolute, written everywhere.
    """
    v_means2d, v_conics, v_colors, v_opacities, v_absolute = out
    n, width = len(opacities), sums.shape[1]
    while True:
        start = take_ticket(counter) * CHUNK
        if start >= n:
            break
        for i in range(start, min(start + CHUNK, n)):
            at, last = first[i], first[i + 1]
            if at == last:
                for d in range(2):
                    v_means2d[i, d] = ZERO
                for d in range(3):
                    v_conics[i, d] = ZERO
                for d in range(channels):
                    v_colors[i, d] = ZERO
                v_opacities[i] = ZERO
                if absolute:
                    v_absolute[i, 0], v_absolute[i, 1] = ZERO, ZERO
                continue
            # The total takes the place of the first pair's sums, which nobody reads again.
            for j in range(0, width, LANES):
                row = spread(ZERO)
                for pair in range(at, last):
                    row = row + load(sums, pair * width + j)
                store(sums, at * width + j, row)
            total = sums[at]
            a, b, c = conics[i, 0], conics[i, 1], conics[i, 2]
            v_means2d[i, 0] = a * total[1] + b * total[2]
            v_means2d[i, 1] = b * total[1] + c * total[2]
            v_conics[i, 0] = -HALF * total[3]
            v_conics[i, 1] = -total[4]
            v_conics[i, 2] = -HALF * total[5]
            v_opacities[i] = total[0] / opacities[i] if total[0] != ZERO else ZERO
            for d in range(channels):
                v_colors[i, d] = total[6 + d]
            if absolute:
                v_absolute[i, 0] = total[6 + channels] / LOG2_E
                v_absolute[i, 1] = total[7 + channels] / LOG2_E
