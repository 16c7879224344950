"""Blend the ellipses of each tile front to back, 16 pixels (a block of 4 by 4) at a time."""

import math
from functools import cache

import numpy as np

from tween4d.splatting.constants import MAX_ALPHA, MIN_ALPHA, MIN_TRANSMITTANCE, TILE
from tween4d.splatting.numba_engine.compiling import kernel, lowest_bit, take_ticket

LANES = 16
BLOCKS = 16
RECORD = 6
"""Leading columns of a record: centre x, y; A, B, C; log2 of opacity o. alpha = o 2^(A dx^2 + B dx dy + C dy^2)."""

_lane = np.arange(LANES)
LANE_X = (_lane % 4).astype(np.float32)
LANE_Y = (_lane // 4).astype(np.float32)
BLOCK_X = 4 * LANE_X
BLOCK_Y = 4 * LANE_Y
BIT = (1 << _lane).astype(np.int32)

ZERO, ONE, THREE, FOUR, HALF = (np.float32(v) for v in (0, 1, 3, 4, 0.5))
ALPHA_CAP, ALPHA_FLOOR = np.float32(MAX_ALPHA), np.float32(MIN_ALPHA)
FINISHED = np.float32(MIN_TRANSMITTANCE)
# A block is skipped only if it lies surely below the floor, whatever the rounding of the test.
BLOCK_FLOOR = np.float32(math.log2(MIN_ALPHA) - 1e-3)
POWER_FLOOR = np.float32(-8.4)
ALL = (1 << BLOCKS) - 1


def _exp2_coefficients() -> list[np.float32]:
    """2^p on [-8.4, 0] is the 8th power of a polynomial of degree 5: no integer tricks, so it vectorises."""
    nodes = np.cos(np.pi * (np.arange(200) + 0.5) / 200) * 0.525 - 0.525
    fit = np.polynomial.chebyshev.Chebyshev.fit(nodes, np.exp2(nodes), 5)
    return [np.float32(c / 8**i) for i, c in enumerate(fit.convert(kind=np.polynomial.Polynomial).coef)]


E0, E1, E2, E3, E4, E5 = _exp2_coefficients()


@kernel
def exp2(p):
    """2^p for p <= 0, relative error below 2e-6; 2^-8.4, which is below the floor of alpha, for anything smaller."""
    p = max(p, POWER_FLOOR)
    q = ((((E5 * p + E4) * p + E3) * p + E2) * p + E1) * p + E0
    q = q * q
    q = q * q
    return q * q


@kernel
def touched_blocks(A, B, C, log_opacity, x, y):
    """Bit b is set if alpha may reach the floor at a pixel of block b.

    The quadratic is largest, over the rectangle of a block's pixel centres, on the side that faces the centre.

    Args:
        x, y: first pixel centre of the tile minus the ellipse's centre.
    """
    slope_y, slope_x = -HALF * B / C, -HALF * B / A
    mask = np.int32(0)
    for b in range(BLOCKS):
        x0, y0 = x + BLOCK_X[b], y + BLOCK_Y[b]
        x1, y1 = x0 + THREE, y0 + THREE
        u, v = min(max(ZERO, x0), x1), min(max(ZERO, y0), y1)
        on_u, on_v = min(max(slope_y * u, y0), y1), min(max(slope_x * v, x0), x1)
        p = max(u * (A * u + B * on_u) + C * on_u * on_u, on_v * (A * on_v + B * v) + C * v * v)
        mask |= BIT[b] if p + log_opacity >= BLOCK_FLOOR else np.int32(0)
    return mask


@kernel
def unfinished(state, mask):
    """The blocks of the mask that still have a pixel to fill; `state[b, :16]` is negative where a pixel is finished."""
    left = np.int32(0)
    for b in range(BLOCKS):
        most = ZERO
        for lane in range(LANES):
            most = max(most, state[b, lane])
        if most > ZERO:
            left |= BIT[b]
    return left & mask


@cache
def blend_kernel(channels: int):
    """The forward kernel for a fixed number of channels.

    Its arrays are named in operators.py.
    """
    D = channels

    @kernel
    def blend(
        counter, records, tile_start, entries, masks, visited, tiles_x, background, transmittance, image, alpha_image
    ):
        height, width = alpha_image.shape
        state = np.empty((BLOCKS, (1 + D) * LANES), np.float32)
        while True:
            tile = take_ticket(counter)
            if tile >= len(tile_start) - 1:
                break
            left, top = (tile % tiles_x) * TILE, (tile // tiles_x) * TILE
            for b in range(BLOCKS):
                for lane in range(LANES):
                    inside = left + BLOCK_X[b] + LANE_X[lane] < width and top + BLOCK_Y[b] + LANE_Y[lane] < height
                    state[b, lane] = ONE if inside else -ONE
                for i in range(LANES, (1 + D) * LANES):
                    state[b, i] = ZERO
            alive = unfinished(state, np.int32(ALL))
            since = 0
            e = tile_start[tile]
            while e < tile_start[tile + 1]:
                since += 1
                if since == 16:
                    since = 0
                    alive = unfinished(state, alive)
                    if alive == 0:
                        break
                k = entries[e]
                A, B, C, log_opacity = records[k, 2], records[k, 3], records[k, 4], records[k, 5]
                x = np.float32(left) + HALF - records[k, 0]
                y = np.float32(top) + HALF - records[k, 1]
                mask = touched_blocks(A, B, C, log_opacity, x, y) & alive
                masks[e] = mask
                e += 1
                while mask != 0:
                    b = lowest_bit(mask)
                    mask &= mask - np.int32(1)
                    bx, by = x + FOUR * np.float32(b & 3), y + FOUR * np.float32(b >> 2)
                    for lane in range(LANES):
                        dx, dy = LANE_X[lane] + bx, LANE_Y[lane] + by
                        a = min(exp2(dx * (A * dx + B * dy) + (C * dy * dy + log_opacity)), ALPHA_CAP)
                        T = state[b, lane]
                        w = a * T
                        after = T - w
                        drawn = a >= ALPHA_FLOOR
                        room = after > FINISHED
                        w = w if (drawn & room) else ZERO
                        after = after if room else -abs(T)
                        state[b, lane] = after if drawn else T
                        for d in range(D):
                            state[b, (1 + d) * LANES + lane] += w * records[k, RECORD + d]
            visited[tile] = e - tile_start[tile]
            for b in range(BLOCKS):
                for lane in range(LANES):
                    T = abs(state[b, lane])
                    transmittance[tile, b, lane] = T
                    px, py = left + (b & 3) * 4 + (lane & 3), top + (b >> 2) * 4 + (lane >> 2)
                    if px < width and py < height:
                        alpha_image[py, px] = ONE - T
                        for d in range(D):
                            image[py, px, d] = state[b, (1 + d) * LANES + lane] + T * background[d]

    return blend
