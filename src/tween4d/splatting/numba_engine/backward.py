"""Gradients of the blend, front to back over the same blocks that the forward pass visited."""

from functools import cache

import numpy as np

from tween4d.splatting.constants import TILE
from tween4d.splatting.numba_engine.compiling import inlined, kernel, lowest_bit, take_ticket
from tween4d.splatting.numba_engine.forward import (
    ALPHA_CAP,
    ALPHA_FLOOR,
    BLOCKS,
    COLUMN,
    FINISHED,
    FOUR,
    HALF,
    ONE,
    ROW,
    ZERO,
    exp2,
)
from tween4d.splatting.numba_engine.simd import (
    LANES,
    add_scaled,
    constant,
    dot,
    load,
    load_each,
    magnitude,
    minimum,
    scalars_at,
    select,
    spread,
    store,
    sum_each,
    zeros_like,
)

MOMENTS = 6
"""Sums over pixels of v, v dx, v dy, v dx^2, v dx dy, v dy^2, where v is the gradient of the exponent."""


@inlined
def _fill(state, stride, channels, left, top, block, image, v_image, v_alpha, through):
    """Set up a block: transmittance 1, what the loss sees behind it, and the image's gradient."""
    height, width = v_alpha.shape
    at = block * stride
    for lane in range(LANES):
        px, py = left + (block & 3) * 4 + (lane & 3), top + (block >> 2) * 4 + (lane >> 2)
        if px < width and py < height:
            state[at + lane] = ONE
            # Colour still to come, weighted by the loss, minus coverage's share.
            rest = -v_alpha[py, px] * through[block * LANES + lane]
            for d in range(channels):
                g = v_image[py, px, d]
                rest += g * image[py, px, d]
                state[at + (2 + d) * LANES + lane] = g
            state[at + LANES + lane] = rest
        else:
            for d in range(2 + channels):
                state[at + d * LANES + lane] = ZERO
            state[at + lane] = -ONE


@cache
def unblend_kernel(channels: int, absolute: bool):
    """The backward kernel for a fixed number of channels; with `absolute`, also |gradient of the centre|."""
    like, six = (ZERO,) * channels, (ZERO,) * 6
    stride = (2 + channels) * LANES
    pair = (ZERO,) * (2 if absolute else 0)

    @kernel
    def unblend(
        counter, records, tile_start, entries, masks, visited, tiles_x, transmittance, image, v_image, v_alpha, sums
    ):
        row = records.shape[1]
        state = np.empty(BLOCKS * stride, np.float32)
        while True:
            tile = take_ticket(counter)
            if tile >= len(tile_start) - 1:
                break
            left, top = (tile % tiles_x) * TILE, (tile // tiles_x) * TILE
            through = transmittance[tile]
            for b in range(BLOCKS):
                _fill(state, stride, channels, left, top, b, image, v_image, v_alpha, through)
            first = tile_start[tile]
            for e in range(first, first + visited[tile]):
                mask = np.int32(masks[e])
                at = np.intp(entries[e]) * row
                mx, my, A, B, C, log_opacity = scalars_at(records, at, six)
                color = scalars_at(records, at + 6, like)
                x = np.float32(left) + HALF - mx
                y = np.float32(top) + HALF - my
                v_color = zeros_like(like)
                s0, sx, sy, sxx, sxy, syy = zeros_like(six)
                v_abs = zeros_like(pair)
                while mask != 0:
                    b = np.intp(lowest_bit(mask))
                    mask &= mask - np.int32(1)
                    dx = constant(COLUMN) + (x + FOUR * np.float32(b & 3))
                    dy = constant(ROW) + (y + FOUR * np.float32(b >> 2))
                    uncapped = exp2(dx * (dx * A + dy * B) + (dy * dy * C + log_opacity))
                    a = minimum(uncapped, ALPHA_CAP)
                    T = load(state, b * stride)
                    w = a * T
                    after = T - w
                    drawn, room = a >= ALPHA_FLOOR, after > FINISHED
                    w = select(drawn & room, w, ZERO)
                    store(state, b * stride, select(drawn, select(room, after, magnitude(T) * -ONE), T))
                    g = load_each(state, b * stride + 2 * LANES, like)
                    v_color = add_scaled(v_color, w, g)
                    pull = dot(g, color)
                    rest = load(state, b * stride + LANES) - w * pull
                    store(state, b * stride + LANES, rest)
                    v = a * (T * pull - rest / (ONE - a))
                    v = select(drawn & room & (uncapped < ALPHA_CAP), v, ZERO)
                    vx, vy = v * dx, v * dy
                    s0, sx, sy = s0 + v, sx + vx, sy + vy
                    sxx, sxy, syy = sxx + vx * dx, sxy + vx * dy, syy + vy * dy
                    if absolute:
                        # Gradient of the exponent in the centre is -(2 A dx + B dy), in units of log2.
                        steps = (magnitude(vx * (A + A) + vy * B), magnitude(vx * B + vy * (C + C)))
                        v_abs = add_scaled(v_abs, spread(ONE), steps)
                store(sums, e * LANES, sum_each((s0, sx, sy, sxx, sxy, syy) + v_color + v_abs))

    return unblend
