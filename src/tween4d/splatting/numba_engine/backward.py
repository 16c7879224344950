"""Gradients of the blend, front to back with the same blocks that the forward pass visited."""

from functools import cache

import numpy as np

from tween4d.splatting.constants import TILE
from tween4d.splatting.numba_engine.compiling import kernel, lowest_bit, take_ticket
from tween4d.splatting.numba_engine.forward import (
    ALPHA_CAP,
    ALPHA_FLOOR,
    BLOCKS,
    FINISHED,
    FOUR,
    HALF,
    LANE_X,
    LANE_Y,
    LANES,
    ONE,
    RECORD,
    ZERO,
    exp2,
)

MOMENTS = 6
"""Sums over pixels of v, v dx, v dy, v dx^2, v dx dy, v dy^2, where v is the gradient of the exponent."""


@cache
def unblend_kernel(channels: int, absolute: bool):
    """The backward kernel for a fixed number of channels; with `absolute`, also |gradient of the centre|."""
    D, ABS = channels, absolute
    SUMS = MOMENTS + D + (2 if absolute else 0)

    @kernel
    def unblend(
        counter, records, tile_start, entries, masks, visited, tiles_x, transmittance, image, v_image, v_alpha, sums
    ):
        height, width = v_alpha.shape
        state = np.empty((BLOCKS, (2 + D) * LANES), np.float32)
        total = np.empty((SUMS, LANES), np.float32)
        while True:
            tile = take_ticket(counter)
            if tile >= len(tile_start) - 1:
                break
            left, top = (tile % tiles_x) * TILE, (tile // tiles_x) * TILE
            for b in range(BLOCKS):
                for lane in range(LANES):
                    px, py = left + (b & 3) * 4 + (lane & 3), top + (b >> 2) * 4 + (lane >> 2)
                    inside = px < width and py < height
                    state[b, lane] = ONE if inside else -ONE
                    # What lies behind, seen by the loss: colour still to come minus coverage's share.
                    rest = ZERO
                    for d in range(D):
                        g = v_image[py, px, d] if inside else ZERO
                        state[b, (2 + d) * LANES + lane] = g
                        if inside:
                            rest += g * image[py, px, d]
                    if inside:
                        rest -= v_alpha[py, px] * transmittance[tile, b, lane]
                    state[b, LANES + lane] = rest
            for e in range(tile_start[tile], tile_start[tile] + visited[tile]):
                mask = np.int32(masks[e])
                k = entries[e]
                A, B, C, log_opacity = records[k, 2], records[k, 3], records[k, 4], records[k, 5]
                x = np.float32(left) + HALF - records[k, 0]
                y = np.float32(top) + HALF - records[k, 1]
                for i in range(SUMS):
                    for lane in range(LANES):
                        total[i, lane] = ZERO
                while mask != 0:
                    b = lowest_bit(mask)
                    mask &= mask - np.int32(1)
                    bx, by = x + FOUR * np.float32(b & 3), y + FOUR * np.float32(b >> 2)
                    for lane in range(LANES):
                        dx, dy = LANE_X[lane] + bx, LANE_Y[lane] + by
                        uncapped = exp2(dx * (A * dx + B * dy) + (C * dy * dy + log_opacity))
                        a = min(uncapped, ALPHA_CAP)
                        T = state[b, lane]
                        w = a * T
                        after = T - w
                        drawn = a >= ALPHA_FLOOR
                        room = after > FINISHED
                        w = w if (drawn & room) else ZERO
                        after = after if room else -abs(T)
                        state[b, lane] = after if drawn else T
                        pull = ZERO
                        for d in range(D):
                            g = state[b, (2 + d) * LANES + lane]
                            pull += g * records[k, RECORD + d]
                            total[MOMENTS + d, lane] += w * g
                        rest = state[b, LANES + lane] - w * pull
                        state[b, LANES + lane] = rest
                        v = a * (T * pull - rest / (ONE - a))
                        v = v if (drawn & room & (uncapped < ALPHA_CAP)) else ZERO
                        vx, vy = v * dx, v * dy
                        total[0, lane] += v
                        total[1, lane] += vx
                        total[2, lane] += vy
                        total[3, lane] += vx * dx
                        total[4, lane] += vx * dy
                        total[5, lane] += vy * dy
                        if ABS:
                            # Gradient of the exponent in the centre is -(2 A dx + B dy), up to the constant ln 2.
                            total[MOMENTS + D, lane] += abs((A + A) * vx + B * vy)
                            total[MOMENTS + D + 1, lane] += abs(B * vx + (C + C) * vy)
                for i in range(SUMS):
                    s = ZERO
                    for lane in range(LANES):
                        s += total[i, lane]
                    sums[e, i] = s

    return unblend
