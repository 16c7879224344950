"""Gradients of the blend, front to back over the same blocks that the forward pass visited."""

from functools import cache

import numpy as np

from tween4d.splatting.constants import TILE
from tween4d.splatting.numba_engine.compiling import inlined, lowest_bit, take_ticket
from tween4d.splatting.numba_engine.forward import (
    ALPHA_CAP,
    COLUMN,
    FINISHED,
    HALF,
    ONE,
    ROW,
    ZERO,
    alpha_at,
)
from tween4d.splatting.numba_engine.layout import BLOCKS, LANES
from tween4d.splatting.numba_engine.partials import (
    accumulate,
    accumulate_each_product,
    accumulate_products,
    no_sums,
    store_totals,
)
from tween4d.splatting.numba_engine.pixels import load_pixels
from tween4d.splatting.numba_engine.simd import (
    constant,
    dot,
    load,
    load_each,
    magnitude,
    scalars_at,
    select,
    store,
    store_each,
)
from tween4d.splatting.numba_engine.stored import kernel

BLOCK_X = np.array([4 * (b % 4) for b in range(BLOCKS)], np.float32)
BLOCK_Y = np.array([4 * (b // 4) for b in range(BLOCKS)], np.float32)


@inlined
def _fill(state, like, left, top, block, image, v_image, v_alpha, through):
    """Set up a block: transmittance 1, what the loss sees behind it, and the image's gradient."""
    height, width = v_alpha.shape
    channels, one = len(like), (ZERO,)
    at = block * (2 + channels) * LANES
    x, y = left + (block & 3) * 4, top + (block >> 2) * 4
    if x + 4 <= width and y + 4 <= height:
        pixel = y * width + x
        pull = load_pixels(v_image, pixel, width, like)
        coverage = load_pixels(v_alpha, pixel, width, one)[0]
        rest = dot(pull, load_pixels(image, pixel, width, like)) - coverage * load(through, block * LANES)
        store(state, at, constant(COLUMN) * ZERO + ONE)
        store(state, at + LANES, rest)
        store_each(state, at + 2 * LANES, pull)
        return
    for lane in range(LANES):
        px, py = x + (lane & 3), y + (lane >> 2)
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
            state[at + lane] = ZERO


@inlined
def _clear(sums, at, width):
    for j in range(0, width, LANES):
        store(sums, at + j, constant(COLUMN) * ZERO)


@cache
def unblend_kernel(channels: int, absolute: bool):
    """The backward kernel for a fixed number of channels; with `absolute`, also |gradient of the centre|."""
    like, six, three = (ZERO,) * channels, (ZERO,) * 6, (ZERO,) * 3
    stride = (2 + channels) * LANES
    pair = (ZERO,) * (2 if absolute else 0)

    @kernel
    def unblend(
        counter, turns, scratch, records, tile_start, entries, slots, masks, visited, tiles_x, transmittance, pictures,
        sums,
    ):  # fmt: skip
        image, v_image, v_alpha = pictures
        row = records.shape[1]
        state = scratch[take_ticket(turns)]
        width = sums.shape[1]
        while True:
            tile = take_ticket(counter)
            if tile >= len(tile_start) - 1:
                break
            left, top = (tile % tiles_x) * TILE, (tile // tiles_x) * TILE
            first, last = tile_start[tile], tile_start[tile + 1]
            seen = first + visited[tile]
            for e in range(seen, last):
                _clear(sums, slots[e] * width, width)
            if seen == first:
                continue
            through = transmittance[tile]
            for b in range(BLOCKS):
                _fill(state, like, left, top, b, image, v_image, v_alpha, through)
            for e in range(first, seen):
                mask = np.int64(masks[e])
                if mask == 0:
                    _clear(sums, slots[e] * width, width)
                    continue
                at = np.intp(entries[e]) * row
                mx, my, A, B, C, log_opacity = scalars_at(records, at, six)
                color = scalars_at(records, at + 6, like)
                x = np.float32(left) + HALF - mx
                y = np.float32(top) + HALF - my
                v_color = no_sums(like)
                moments = no_sums(three)
                seconds = no_sums(three)
                v_abs = no_sums(pair)
                while mask != 0:
                    b = lowest_bit(mask)
                    mask &= mask - 1
                    dx = constant(COLUMN) + (x + BLOCK_X[b])
                    dy = constant(ROW) + (y + BLOCK_Y[b])
                    a = alpha_at(dx * (dx * A + dy * B) + (dy * dy * C + log_opacity))
                    T = load(state, b * stride)
                    w = a * T
                    after = T - w
                    # A finished pixel has T = 0 and nothing to come: everything below vanishes there.
                    room = after > FINISHED
                    w = select(room, w, ZERO)
                    store(state, b * stride, select(room, after, ZERO))
                    g = load_each(state, b * stride + 2 * LANES, like)
                    v_color = accumulate_products(v_color, w, g)
                    pulled = w * dot(g, color)
                    rest = select(room, load(state, b * stride + LANES) - pulled, ZERO)
                    store(state, b * stride + LANES, rest)
                    v = select(a < ALPHA_CAP, pulled - rest * (a / (ONE - a)), ZERO)
                    vx, vy = v * dx, v * dy
                    moments = accumulate(moments, (v, vx, vy))
                    seconds = accumulate_each_product(seconds, (vx, vx, vy), (dx, dy, dy))
                    if absolute:
                        # Gradient of the exponent in the centre is -(2 A dx + B dy), in units of log2.
                        steps = (magnitude(vx * (A + A) + vy * B), magnitude(vx * B + vy * (C + C)))
                        v_abs = accumulate(v_abs, steps)
                store_totals(sums, slots[e] * width, moments + seconds + v_color + v_abs)

    return unblend
