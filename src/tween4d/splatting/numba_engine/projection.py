"""Project Gaussians to ellipses, and carry gradients back; the arithmetic is in ellipse.py.

Each ticket takes CHUNK Gaussians: their columns are copied to a scratch array that holds one quantity after the other,
the arithmetic runs on vectors of 16 Gaussians, and the results are copied back to rows.
"""

import math

import numpy as np

from tween4d.splatting.constants import MAX_EXTENT, MIN_ALPHA
from tween4d.splatting.numba_engine.compiling import shared, take_ticket
from tween4d.splatting.numba_engine.ellipse import SETTINGS, ellipse, ellipse_gradient
from tween4d.splatting.numba_engine.layout import LANES
from tween4d.splatting.numba_engine.layout import PROJECTED as CHUNK
from tween4d.splatting.numba_engine.simd import (
    accumulate_each,
    bits,
    load,
    load_columns,
    scalars_at,
    store_columns,
    zeros_like,
)
from tween4d.splatting.numba_engine.stored import kernel

ZERO, ONE, TWO = (np.float32(v) for v in (0, 1, 2))
REACH, INVERSE_FLOOR, FLOOR = (np.float32(v) for v in (MAX_EXTENT, 1 / MIN_ALPHA, MIN_ALPHA))
SHAPE = (ZERO,) * 10
"""As many columns as describe a Gaussian: mean 3, quaternion 4, scales 3."""
COLUMNS = (ZERO,) * 19
"""Shape, gradient 7, compensation, extent."""
VIEW = (ZERO,) * 12
GIVEN = (ZERO,) * SETTINGS


@shared
def _copy_in(array, start, count, scratch, column):
    """Rows start.. of an array [n, k] to k scratch columns, the last row repeated to a multiple of 16.

    The column after them is returned and handed on: numba compiles a function again for each literal number.
    """
    for d in range(array.shape[1]):
        at = (column + d) * CHUNK
        for k in range(count):
            scratch[at + k] = array[start + k, d]
        for k in range(count, (count + LANES - 1) & ~(LANES - 1)):
            scratch[at + k] = array[start + count - 1, d]
    return column + array.shape[1]


@shared
def _copy_out(scratch, column, array, start, count):
    for d in range(array.shape[1]):
        at = (column + d) * CHUNK
        for k in range(count):
            array[start + k, d] = scratch[at + k]
    return column + array.shape[1]


@shared
def _add_out(scratch, column, array, start, count):
    for d in range(array.shape[1]):
        at = (column + d) * CHUNK
        for k in range(count):
            array[start + k, d] += scratch[at + k]
    return column + array.shape[1]


@kernel
def project_forward(counter, turns, memory, means, quats, scales, opacities, V, settings, antialiased, out):
    """Fill means2d, conics, depths, compensations, extents of one camera.

    Args:
        memory: a row of `PROJECTED_SCRATCH` floats per thread; threads draw theirs from `turns`.
        settings: those of ellipse.py, then radius_clip.
    """
    means2d, conics, depths, compensations, extents = out
    view, given, clip = scalars_at(V, 0, VIEW), scalars_at(settings, 0, GIVEN), settings[SETTINGS]
    n = len(means)
    scratch = memory[take_ticket(turns)]
    while True:
        start = take_ticket(counter) * CHUNK
        if start >= n:
            break
        count = min(CHUNK, n - start)
        column = _copy_in(means, start, count, scratch, n - n)
        column = _copy_in(quats, start, count, scratch, column)
        column = _copy_in(scales, start, count, scratch, column)
        for at in range(0, count, LANES):
            store_columns(
                scratch, 10 * CHUNK + at, CHUNK, ellipse(load_columns(scratch, at, CHUNK, SHAPE), view, given)
            )
        column = _copy_out(scratch, column, means2d, start, count)
        column = _copy_out(scratch, column, conics, start, count)
        for k in range(count):
            i, at = start + k, 10 * CHUNK + k
            px, py = scratch[at], scratch[at + CHUNK]
            compensation = scratch[at + 6 * CHUNK]
            ex, ey = scratch[at + 7 * CHUNK], scratch[at + 8 * CHUNK]
            depths[i], compensations[i] = scratch[at + 5 * CHUNK], compensation
            opacity = opacities[i] * compensation if antialiased else opacities[i]
            visible = ex > ZERO and opacity > FLOOR
            if visible:
                reach = min(REACH, np.float32(math.sqrt(TWO * math.log(opacity * INVERSE_FLOOR))))
                ex, ey = reach * ex, reach * ey
                visible = ex > ZERO and px + ex > ZERO and px - ex < settings[4]
                visible = visible and py + ey > ZERO and py - ey < settings[5]
                visible = visible and (math.ceil(ex) > clip or math.ceil(ey) > clip)
            extents[i, 0], extents[i, 1] = (ex, ey) if visible else (ZERO, ZERO)


@kernel
def project_backward(counter, turns, memory, means, quats, scales, V, settings, projected, gradients, out):
    """Add one camera's gradients to v_means, v_quats, v_scales; write v_view [chunks, 12] per ticket.

    Args:
        projected: extents (zero = no gradient), compensations [n, 1].
        gradients: v_means2d, v_conics, v_depths [n, 1], v_compensations [n, 1].
    """
    extents, compensations = projected
    v_means2d, v_conics, v_depths, v_compensations = gradients
    v_means, v_quats, v_scales, v_view = out
    view, given = scalars_at(V, 0, VIEW), scalars_at(settings, 0, GIVEN)
    n = len(means)
    scratch = memory[take_ticket(turns)]
    while True:
        chunk = take_ticket(counter)
        start = chunk * CHUNK
        if start >= n:
            break
        count = min(CHUNK, n - start)
        column = _copy_in(means, start, count, scratch, n - n)
        column = _copy_in(quats, start, count, scratch, column)
        column = _copy_in(scales, start, count, scratch, column)
        column = _copy_in(v_means2d, start, count, scratch, column)
        column = _copy_in(v_conics, start, count, scratch, column)
        column = _copy_in(v_depths, start, count, scratch, column)
        column = _copy_in(v_compensations, start, count, scratch, column)
        column = _copy_in(compensations, start, count, scratch, column)
        _copy_in(extents, start, count, scratch, column)
        for k in range(count, (count + LANES - 1) & ~(LANES - 1)):
            # Rows that only pad must not count in the camera's gradient.
            scratch[18 * CHUNK + k] = ZERO
        total = zeros_like(VIEW)
        for at in range(0, count, LANES):
            if bits(load(scratch, 18 * CHUNK + at) > ZERO) == 0:
                store_columns(scratch, at, CHUNK, zeros_like(SHAPE))
                continue
            found = ellipse_gradient(load_columns(scratch, at, CHUNK, COLUMNS), view, given)
            store_columns(scratch, at, CHUNK, found[:10])
            total = accumulate_each(total, found[10:])
        column = _add_out(scratch, n - n, v_means, start, count)
        column = _add_out(scratch, column, v_quats, start, count)
        _add_out(scratch, column, v_scales, start, count)
        store_columns(scratch, 0, LANES, total)
        for j in range(12):
            sum_of = 0.0
            for k in range(LANES):
                sum_of += scratch[j * LANES + k]
            v_view[chunk, j] = sum_of
