"""Blend the ellipses of each tile front to back, one block of 4 by 4 pixels (16 lanes) at a time."""

import math
from functools import cache

import numpy as np

from tween4d.splatting.constants import MAX_ALPHA, MIN_ALPHA, MIN_TRANSMITTANCE, TILE
from tween4d.splatting.numba_engine.compiling import inlined, lowest_bit, on_stack, take_ticket
from tween4d.splatting.numba_engine.layout import BATCH, BLOCKS, LANES, RECORD, record_width
from tween4d.splatting.numba_engine.pixels import store_pixels
from tween4d.splatting.numba_engine.simd import (
    add_scaled,
    bits,
    column_bits,
    constant,
    load,
    load_each,
    magnitude,
    maximum,
    minimum,
    scalars_at,
    select,
    store,
    store_each,
    zeros_like,
)
from tween4d.splatting.numba_engine.stored import kernel

COLUMN = tuple(np.float32(i % 4) for i in range(LANES))
ROW = tuple(np.float32(i // 4) for i in range(LANES))

ZERO, ONE, THREE, FOUR, HALF = (np.float32(v) for v in (0, 1, 3, 4, 0.5))
ALPHA_CAP = np.float32(MAX_ALPHA)
NONE = np.int32(0)
FINISHED = np.float32(MIN_TRANSMITTANCE)
# A block is skipped only if it lies surely below the floor, whatever the rounding of the test.
BLOCK_FLOOR = np.float32(math.log2(MIN_ALPHA) - 1e-3)
LOG_FLOOR = np.float32(math.log2(MIN_ALPHA))


def _exp2_coefficients() -> list[np.float32]:
    """2^p on [-8.4, 0] is the 8th power of a polynomial of degree 5: no integer tricks, so it vectorises."""
    nodes = np.cos(np.pi * (np.arange(200) + 0.5) / 200) * 0.525 - 0.525
    fit = np.polynomial.chebyshev.Chebyshev.fit(nodes, np.exp2(nodes), 5)
    return [np.float32(c / 8**i) for i, c in enumerate(fit.convert(kind=np.polynomial.Polynomial).coef)]


E0, E1, E2, E3, E4, E5 = _exp2_coefficients()


@inlined
def alpha_at(p):
    """min(2^p, cap) for p <= 0, relative error below 2e-6; 0 below the floor.

    Far below the floor the polynomial means nothing, and the comparison drops it.
    """
    q = ((((p * E5 + E4) * p + E3) * p + E2) * p + E1) * p + E0
    q = q * q
    q = q * q
    return minimum(select(p >= LOG_FLOOR, q * q, ZERO), ALPHA_CAP)


@inlined
def touched_blocks(A, B, C, log_opacity, x, y):
    """Bit b is set if alpha may reach the floor at a pixel of block b.

    The quadratic is largest, over the rectangle of a block's pixel centres, on a side that faces the centre.

    Args:
        x, y: first pixel centre of the tile minus the ellipse's centre.
    """
    slope_y, slope_x = -HALF * B / C, -HALF * B / A
    x0, y0 = constant(COLUMN) * FOUR + x, constant(ROW) * FOUR + y
    x1, y1 = x0 + THREE, y0 + THREE
    u, v = minimum(maximum(x0, ZERO), x1), minimum(maximum(y0, ZERO), y1)
    on_u = minimum(maximum(u * slope_y, y0), y1)
    on_v = minimum(maximum(v * slope_x, x0), x1)
    p = maximum(u * (u * A + on_u * B) + on_u * on_u * C, on_v * (on_v * A + v * B) + v * v * C)
    return bits(p + log_opacity >= BLOCK_FLOOR)


@inlined
def inside(left, top, block, width, height):
    """Which pixels of a block lie within the image."""
    x = constant(COLUMN) + np.float32(left + 4 * (block & 3))
    y = constant(ROW) + np.float32(top + 4 * (block >> 2))
    return (x < np.float32(width)) & (y < np.float32(height))


@cache
def blend_kernel(channels: int):
    """The forward kernel for a fixed number of channels; its arrays are named in operators.py.

    `scratch` has a row of `blend_scratch` floats per thread; threads draw theirs from `turns`.

    The entries of a tile are taken in batches. Each entry is tested against all 16 blocks at once; then each block runs
    through its entries of the batch with its pixels in registers.
    """
    like, six = (ZERO,) * channels, (ZERO,) * RECORD
    stride, row = (1 + channels) * LANES, record_width(channels)

    @kernel
    def blend(
        counter, turns, scratch, records, tile_start, entries, masks, visited, tiles_x, background, transmittance,
        image, alpha_image,
    ):  # fmt: skip
        height, width = alpha_image.shape
        keep = len(transmittance) > 0
        # One vector after the other: the pixels of every block of the tile, then the records of a batch.
        state = scratch[take_ticket(turns)]
        near = BLOCKS * stride
        touched = on_stack(NONE, BATCH)
        while True:
            tile = take_ticket(counter)
            if tile >= len(tile_start) - 1:
                break
            left, top = (tile % tiles_x) * TILE, (tile // tiles_x) * TILE
            alive = 0
            for b in range(BLOCKS):
                seen = inside(left, top, b, width, height)
                if bits(seen) != 0:
                    alive |= 1 << b
                # Transmittance is stored negative where a pixel is finished.
                store(state, b * stride, select(seen, constant(COLUMN) * ZERO + ONE, -ONE))
                store_each(state, b * stride + LANES, zeros_like(like))
            first, last = tile_start[tile], tile_start[tile + 1]
            e = first
            while e < last and alive != 0:
                count = min(BATCH, last - e)
                for j in range(count):
                    at = np.intp(entries[e + j]) * row
                    mx, my, A, B, C, log_opacity = scalars_at(records, at, six)
                    x = np.float32(left) + HALF - mx
                    y = np.float32(top) + HALF - my
                    mask = touched_blocks(A, B, C, log_opacity, x, y) & alive
                    touched[j] = mask
                    if keep:
                        masks[e + j] = mask
                    for k in range(0, row, LANES):
                        store(state, near + j * row + k, load(records, at + k))
                for j in range(count, BATCH):
                    touched[j] = 0
                e += count
                todo = alive
                while todo != 0:
                    b = lowest_bit(todo)
                    todo &= todo - 1
                    hits = column_bits(touched, 0, b) | column_bits(touched, LANES, b) << LANES
                    hits |= column_bits(touched, 2 * LANES, b) << 2 * LANES
                    hits |= column_bits(touched, 3 * LANES, b) << 3 * LANES
                    if hits == 0:
                        continue
                    px = constant(COLUMN) + (np.float32(left + 4 * (b & 3)) + HALF)
                    py = constant(ROW) + (np.float32(top + 4 * (b >> 2)) + HALF)
                    T = load(state, b * stride)
                    blended = load_each(state, b * stride + LANES, like)
                    going = True
                    while hits != 0 and going:
                        at = near + lowest_bit(hits) * row
                        hits &= hits - 1
                        mx, my, A, B, C, log_opacity = scalars_at(state, at, six)
                        dx, dy = px - mx, py - my
                        w = alpha_at(dx * (dx * A + dy * B) + (dy * dy * C + log_opacity)) * T
                        after = T - w
                        room = after > FINISHED
                        T = select(room, after, magnitude(T) * -ONE)
                        blended = add_scaled(blended, select(room, w, ZERO), scalars_at(state, at + RECORD, like))
                        going = bits(T > ZERO) != 0
                    store(state, b * stride, T)
                    store_each(state, b * stride + LANES, blended)
                    if not going:
                        alive &= ~(1 << b)
                        while keep and hits != 0:
                            # Behind a block that is finished nothing is left to do in the backward pass either.
                            masks[e - count + lowest_bit(hits)] &= ~(1 << b)
                            hits &= hits - 1
            visited[tile] = e - first
            for b in range(BLOCKS):
                T = magnitude(load(state, b * stride))
                if keep:
                    store(transmittance, (tile * BLOCKS + b) * LANES, T)
                x, y = left + (b & 3) * 4, top + (b >> 2) * 4
                blended = add_scaled(load_each(state, b * stride + LANES, like), T, scalars_at(background, 0, like))
                if x + 4 <= width and y + 4 <= height:
                    store_pixels(alpha_image, y * width + x, width, (T * -ONE + ONE,))
                    store_pixels(image, y * width + x, width, blended)
                    continue
                store(state, b * stride, T * -ONE + ONE)
                store_each(state, b * stride + LANES, blended)
                for lane in range(LANES):
                    px, py = x + (lane & 3), y + (lane >> 2)
                    if px < width and py < height:
                        alpha_image[py, px] = state[b * stride + lane]
                        for d in range(channels):
                            image[py, px, d] = state[b * stride + (1 + d) * LANES + lane]

    return blend
