"""Blend the ellipses of each tile front to back, one block of 4 by 4 pixels (16 lanes) at a time."""

import math
from functools import cache

import numpy as np

from tween4d.splatting.constants import MAX_ALPHA, MIN_ALPHA, MIN_TRANSMITTANCE, TILE
from tween4d.splatting.numba_engine.compiling import inlined, kernel, lowest_bit, take_ticket
from tween4d.splatting.numba_engine.simd import (
    LANES,
    add_scaled,
    bits,
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
)

BLOCKS = 16
"""Blocks per tile, 4 by 4, numbered row by row; so are the lanes of a block."""
RECORD = 6
"""Leading columns of a record: centre x, y; A, B, C; log2 of opacity o. alpha = o 2^(A dx^2 + B dx dy + C dy^2)."""

COLUMN = tuple(np.float32(i % 4) for i in range(LANES))
ROW = tuple(np.float32(i // 4) for i in range(LANES))

ZERO, ONE, THREE, FOUR, HALF = (np.float32(v) for v in (0, 1, 3, 4, 0.5))
ALPHA_CAP, ALPHA_FLOOR = np.float32(MAX_ALPHA), np.float32(MIN_ALPHA)
FINISHED = np.float32(MIN_TRANSMITTANCE)
# A block is skipped only if it lies surely below the floor, whatever the rounding of the test.
BLOCK_FLOOR = np.float32(math.log2(MIN_ALPHA) - 1e-3)
POWER_FLOOR = np.float32(-8.4)
REVIEW = 16
"""Entries between two looks at which blocks are finished."""


def _exp2_coefficients() -> list[np.float32]:
    """2^p on [-8.4, 0] is the 8th power of a polynomial of degree 5: no integer tricks, so it vectorises."""
    nodes = np.cos(np.pi * (np.arange(200) + 0.5) / 200) * 0.525 - 0.525
    fit = np.polynomial.chebyshev.Chebyshev.fit(nodes, np.exp2(nodes), 5)
    return [np.float32(c / 8**i) for i, c in enumerate(fit.convert(kind=np.polynomial.Polynomial).coef)]


E0, E1, E2, E3, E4, E5 = _exp2_coefficients()


@inlined
def exp2(p):
    """2^p for p <= 0, relative error below 2e-6; 2^-8.4, which is below the floor of alpha, for anything smaller."""
    p = maximum(p, POWER_FLOOR)
    q = ((((p * E5 + E4) * p + E3) * p + E2) * p + E1) * p + E0
    q = q * q
    q = q * q
    return q * q


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


@inlined
def unfinished(state, stride):
    """The blocks that still have a pixel to fill; transmittance is stored negative where a pixel is finished."""
    left = np.int32(0)
    for b in range(BLOCKS):
        if bits(load(state, b * stride) > ZERO) != 0:
            left |= np.int32(1) << np.int32(b)
    return left


@cache
def blend_kernel(channels: int):
    """The forward kernel for a fixed number of channels; its arrays are named in operators.py."""
    like, six = (ZERO,) * channels, (ZERO,) * RECORD
    stride = (1 + channels) * LANES

    @kernel
    def blend(
        counter, records, tile_start, entries, masks, visited, tiles_x, background, transmittance, image, alpha_image
    ):
        height, width = alpha_image.shape
        row = records.shape[1]
        state = np.empty(BLOCKS * stride, np.float32)
        while True:
            tile = take_ticket(counter)
            if tile >= len(tile_start) - 1:
                break
            left, top = (tile % tiles_x) * TILE, (tile // tiles_x) * TILE
            state[:] = ZERO
            for b in range(BLOCKS):
                seen = inside(left, top, b, width, height)
                store(state, b * stride, select(seen, constant(COLUMN) * ZERO + ONE, -ONE))
            alive = unfinished(state, stride)
            since = 0
            first, last = tile_start[tile], tile_start[tile + 1]
            e = first
            while e < last:
                since += 1
                if since == REVIEW:
                    since = 0
                    alive = unfinished(state, stride)
                    if alive == 0:
                        break
                at = np.intp(entries[e]) * row
                mx, my, A, B, C, log_opacity = scalars_at(records, at, six)
                color = scalars_at(records, at + 6, like)
                x = np.float32(left) + HALF - mx
                y = np.float32(top) + HALF - my
                mask = touched_blocks(A, B, C, log_opacity, x, y) & alive
                masks[e] = mask
                e += 1
                while mask != 0:
                    b = np.intp(lowest_bit(mask))
                    mask &= mask - np.int32(1)
                    dx = constant(COLUMN) + (x + FOUR * np.float32(b & 3))
                    dy = constant(ROW) + (y + FOUR * np.float32(b >> 2))
                    a = minimum(exp2(dx * (dx * A + dy * B) + (dy * dy * C + log_opacity)), ALPHA_CAP)
                    T = load(state, b * stride)
                    w = a * T
                    after = T - w
                    drawn, room = a >= ALPHA_FLOOR, after > FINISHED
                    w = select(drawn & room, w, ZERO)
                    store(state, b * stride, select(drawn, select(room, after, magnitude(T) * -ONE), T))
                    blended = add_scaled(load_each(state, b * stride + LANES, like), w, color)
                    store_each(state, b * stride + LANES, blended)
            visited[tile] = e - first
            for b in range(BLOCKS):
                store(transmittance, (tile * BLOCKS + b) * LANES, magnitude(load(state, b * stride)))
                for lane in range(LANES):
                    px, py = left + (b & 3) * 4 + (lane & 3), top + (b >> 2) * 4 + (lane >> 2)
                    if px < width and py < height:
                        T = abs(state[b * stride + lane])
                        alpha_image[py, px] = ONE - T
                        for d in range(channels):
                            image[py, px, d] = state[b * stride + (1 + d) * LANES + lane] + T * background[d]

    return blend
