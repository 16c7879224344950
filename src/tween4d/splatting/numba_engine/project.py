"""Project Gaussians to ellipses, and carry gradients back (EWA, Zwicker et al. 2001), 16 Gaussians at a time.

Names: m mean, (x, y, z) in camera axes, R rotation of the Gaussian, S its scales, M = R S, V world to camera,
J Jacobian of the projection, X = J V M (2 by 3), so that the ellipse's covariance is X X^T + eps I.

Each ticket takes CHUNK Gaussians: their columns are copied to a scratch array that holds one quantity after the other,
the arithmetic runs on vectors of 16 Gaussians, and the results are copied back to rows.
"""

import math

import numpy as np

from tween4d.splatting.constants import FRUSTUM_MARGIN, MAX_EXTENT, MIN_ALPHA
from tween4d.splatting.numba_engine.compiling import inlined, kernel, take_ticket
from tween4d.splatting.numba_engine.simd import (
    LANES,
    accumulate_each,
    bits,
    load,
    load_columns,
    maximum,
    minimum,
    select,
    select_each,
    square_root,
    store_columns,
    zeros_like,
)

ZERO, ONE, TWO, HALF = (np.float32(v) for v in (0, 1, 2, 0.5))
MARGIN, REACH, INVERSE_FLOOR, FLOOR = (np.float32(v) for v in (FRUSTUM_MARGIN, MAX_EXTENT, 1 / MIN_ALPHA, MIN_ALPHA))
TINY = np.float32(1e-30)
CHUNK = 256
"""Gaussians per ticket; the length of a scratch column."""
SHAPE = (ZERO,) * 10
"""As many columns as describe a Gaussian: mean 3, quaternion 4, scales 3."""
GRADIENT = (ZERO,) * 9
VIEW = (ZERO,) * 12


@inlined
def _copy_in(array, start, count, scratch, column):
    """Rows start.. of an array [n, k] to k scratch columns, the last row repeated to a multiple of 16."""
    for d in range(array.shape[1]):
        at = (column + d) * CHUNK
        for k in range(count):
            scratch[at + k] = array[start + k, d]
        for k in range(count, (count + LANES - 1) & ~(LANES - 1)):
            scratch[at + k] = array[start + count - 1, d]


@inlined
def _copy_out(scratch, column, array, start, count):
    for d in range(array.shape[1]):
        at = (column + d) * CHUNK
        for k in range(count):
            array[start + k, d] = scratch[at + k]


@inlined
def _add_out(scratch, column, array, start, count):
    for d in range(array.shape[1]):
        at = (column + d) * CHUNK
        for k in range(count):
            array[start + k, d] += scratch[at + k]


@inlined
def _frame(shape, V, camera):
    """Everything about 16 Gaussians that both passes need. Camera: fx, fy, cx, cy, width, height."""
    fx, fy, cx, cy, width, height = camera[0], camera[1], camera[2], camera[3], camera[4], camera[5]
    m0, m1, m2, qw, qx, qy, qz, s0, s1, s2 = shape
    x = m0 * V[0, 0] + m1 * V[0, 1] + m2 * V[0, 2] + V[0, 3]
    y = m0 * V[1, 0] + m1 * V[1, 1] + m2 * V[1, 2] + V[1, 3]
    z = m0 * V[2, 0] + m1 * V[2, 1] + m2 * V[2, 2] + V[2, 3]
    inverse = ONE / square_root(maximum(qw * qw + qx * qx + qy * qy + qz * qz, TINY))
    qw, qx, qy, qz = qw * inverse, qx * inverse, qy * inverse, qz * inverse
    R = (
        ONE - TWO * (qy * qy + qz * qz),
        TWO * (qx * qy - qw * qz),
        TWO * (qx * qz + qw * qy),
        TWO * (qx * qy + qw * qz),
        ONE - TWO * (qx * qx + qz * qz),
        TWO * (qy * qz - qw * qx),
        TWO * (qx * qz - qw * qy),
        TWO * (qy * qz + qw * qx),
        ONE - TWO * (qx * qx + qy * qy),
    )
    M = (R[0] * s0, R[1] * s1, R[2] * s2, R[3] * s0, R[4] * s1, R[5] * s2, R[6] * s0, R[7] * s1, R[8] * s2)
    rz = ONE / select(z > ZERO, z, ONE)
    margin_x, margin_y = MARGIN * width / fx, MARGIN * height / fy
    u0, u1 = -(cx / fx + margin_x), (width - cx) / fx + margin_x
    v0, v1 = -(cy / fy + margin_y), (height - cy) / fy + margin_y
    u, v = x * rz, y * rz
    free_u, free_v = (u >= u0) & (u <= u1), (v >= v0) & (v <= v1)
    u, v = minimum(maximum(u, u0), u1), minimum(maximum(v, v0), v1)
    fx_z, fy_z = rz * fx, rz * fy
    J = (fx_z, ZERO - fx_z * u, fy_z, ZERO - fy_z * v)
    T = (
        J[0] * V[0, 0] + J[1] * V[2, 0],
        J[0] * V[0, 1] + J[1] * V[2, 1],
        J[0] * V[0, 2] + J[1] * V[2, 2],
        J[2] * V[1, 0] + J[3] * V[2, 0],
        J[2] * V[1, 1] + J[3] * V[2, 1],
        J[2] * V[1, 2] + J[3] * V[2, 2],
    )
    X = (
        T[0] * M[0] + T[1] * M[3] + T[2] * M[6],
        T[0] * M[1] + T[1] * M[4] + T[2] * M[7],
        T[0] * M[2] + T[1] * M[5] + T[2] * M[8],
        T[3] * M[0] + T[4] * M[3] + T[5] * M[6],
        T[3] * M[1] + T[4] * M[4] + T[5] * M[7],
        T[3] * M[2] + T[4] * M[5] + T[5] * M[8],
    )
    return (x, y, z, rz), (qw, qx, qy, qz, inverse), R, M, (u, v, free_u, free_v), J, T, X


@inlined
def _covariance(X, eps):
    """a, b, c of the blurred covariance, its determinant, and that without blur.

    The sharp determinant is a sum of squared minors: no cancellation for thin Gaussians.
    """
    n0, n1, n2 = X[1] * X[5] - X[2] * X[4], X[2] * X[3] - X[0] * X[5], X[0] * X[4] - X[1] * X[3]
    sharp = n0 * n0 + n1 * n1 + n2 * n2
    a, c = X[0] * X[0] + X[1] * X[1] + X[2] * X[2], X[3] * X[3] + X[4] * X[4] + X[5] * X[5]
    b = X[0] * X[3] + X[1] * X[4] + X[2] * X[5]
    return a + eps, b, c + eps, sharp + (a + c) * eps + eps * eps, sharp, (n0, n1, n2)


@kernel
def project_forward(counter, means, quats, scales, opacities, V, camera, limits, antialiased, out):
    """Fill means2d, conics, depths, compensations, extents of one camera.

    Args:
        camera: fx, fy, cx, cy, width, height.
        limits: near, far, eps2d, radius_clip.
    """
    means2d, conics, depths, compensations, extents = out
    near, far, eps, clip = limits[0], limits[1], limits[2], limits[3]
    n = len(means)
    scratch = np.empty(19 * CHUNK, np.float32)
    while True:
        start = take_ticket(counter) * CHUNK
        if start >= n:
            break
        count = min(CHUNK, n - start)
        _copy_in(means, start, count, scratch, 0)
        _copy_in(quats, start, count, scratch, 3)
        _copy_in(scales, start, count, scratch, 7)
        for at in range(0, count, LANES):
            place, _, _, _, _, _, _, X = _frame(load_columns(scratch, at, CHUNK, SHAPE), V, camera)
            x, y, z, rz = place
            a, b, c, determinant, sharp, _ = _covariance(X, eps)
            visible = (z > near) & (z < far) & (determinant > ZERO)
            inverse = ONE / select(visible, determinant, ONE)
            ellipse = (
                x * rz * camera[0] + camera[2],
                y * rz * camera[1] + camera[3],
                c * inverse,
                ZERO - b * inverse,
                a * inverse,
                select(visible, z, ONE),
                square_root(sharp * inverse),
                # Zero where it cannot be seen.
                select(visible, square_root(a), ZERO),
                square_root(c),
            )
            store_columns(scratch, 10 * CHUNK + at, CHUNK, ellipse)
        _copy_out(scratch, 10, means2d, start, count)
        _copy_out(scratch, 12, conics, start, count)
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
                visible = ex > ZERO and px + ex > ZERO and px - ex < camera[4]
                visible = visible and py + ey > ZERO and py - ey < camera[5]
                visible = visible and (math.ceil(ex) > clip or math.ceil(ey) > clip)
            extents[i, 0], extents[i, 1] = (ex, ey) if visible else (ZERO, ZERO)


@kernel
def project_backward(counter, means, quats, scales, V, camera, limits, projected, gradients, out):
    """Add one camera's gradients to v_means, v_quats, v_scales; write v_view [chunks, 12] per ticket.

    Args:
        projected: extents (zero = no gradient), compensations [n, 1].
        gradients: v_means2d, v_conics, v_depths [n, 1], v_compensations [n, 1].
    """
    extents, compensations = projected
    v_means2d, v_conics, v_depths, v_compensations = gradients
    v_means, v_quats, v_scales, v_view = out
    fx, fy, eps = camera[0], camera[1], limits[2]
    n = len(means)
    scratch = np.empty(20 * CHUNK, np.float32)
    while True:
        chunk = take_ticket(counter)
        start = chunk * CHUNK
        if start >= n:
            break
        count = min(CHUNK, n - start)
        _copy_in(means, start, count, scratch, 0)
        _copy_in(quats, start, count, scratch, 3)
        _copy_in(scales, start, count, scratch, 7)
        _copy_in(v_means2d, start, count, scratch, 10)
        _copy_in(v_conics, start, count, scratch, 12)
        _copy_in(v_depths, start, count, scratch, 15)
        _copy_in(v_compensations, start, count, scratch, 16)
        _copy_in(compensations, start, count, scratch, 17)
        _copy_in(extents, start, count, scratch, 18)
        for k in range(count, (count + LANES - 1) & ~(LANES - 1)):
            # Rows that only pad must not count in the camera's gradient.
            scratch[18 * CHUNK + k] = ZERO
        view = zeros_like(VIEW)
        for at in range(0, count, LANES):
            shape = load_columns(scratch, at, CHUNK, SHAPE)
            visible = load(scratch, 18 * CHUNK + at) > ZERO
            if bits(visible) == 0:
                store_columns(scratch, at, CHUNK, zeros_like(SHAPE))
                continue
            gx, gy, gA, gB, gC, gz, g_compensation, compensation, _ = load_columns(
                scratch, 10 * CHUNK + at, CHUNK, GRADIENT
            )
            place, q, R, M, aim, J, T, X = _frame(shape, V, camera)
            x, y, z, rz = place
            a, b, c, determinant, sharp, normal = _covariance(X, eps)
            inverse = ONE / select(visible, determinant, ONE)
            A, B, C = c * inverse, ZERO - b * inverse, a * inverse
            # Conic -> covariance: d(inverse) = -inverse d inverse, v_b counted once for both off-diagonals.
            gB = gB * HALF
            u00, u01, u10, u11 = A * gA + B * gB, A * gB + B * gC, B * gA + C * gB, B * gB + C * gC
            # compensation^2 = sharp / determinant, and d determinant = tr(adjugate d covariance).
            half = compensation * g_compensation * HALF
            v_sharp = half / select(compensation > ZERO, sharp, ONE)
            d00 = (u00 * A + u01 * B + half * A) * -TWO
            d01 = (u00 * B + u01 * C + half * B) * -TWO
            d11 = (u10 * B + u11 * C + half * C) * -TWO
            n0, n1, n2 = v_sharp * normal[0] * TWO, v_sharp * normal[1] * TWO, v_sharp * normal[2] * TWO
            X0 = d00 * X[0] + d01 * X[3] + X[4] * n2 - X[5] * n1
            X1 = d00 * X[1] + d01 * X[4] + X[5] * n0 - X[3] * n2
            X2 = d00 * X[2] + d01 * X[5] + X[3] * n1 - X[4] * n0
            X3 = d01 * X[0] + d11 * X[3] - X[1] * n2 + X[2] * n1
            X4 = d01 * X[1] + d11 * X[4] - X[2] * n0 + X[0] * n2
            X5 = d01 * X[2] + d11 * X[5] - X[0] * n1 + X[1] * n0
            # X = T M.
            M0, M1, M2 = T[0] * X0 + T[3] * X3, T[0] * X1 + T[3] * X4, T[0] * X2 + T[3] * X5
            M3, M4, M5 = T[1] * X0 + T[4] * X3, T[1] * X1 + T[4] * X4, T[1] * X2 + T[4] * X5
            M6, M7, M8 = T[2] * X0 + T[5] * X3, T[2] * X1 + T[5] * X4, T[2] * X2 + T[5] * X5
            T0, T1, T2 = _rows(X0, X1, X2, M)
            T3, T4, T5 = _rows(X3, X4, X5, M)
            v_scale = (
                M0 * R[0] + M3 * R[3] + M6 * R[6],
                M1 * R[1] + M4 * R[4] + M7 * R[7],
                M2 * R[2] + M5 * R[5] + M8 * R[8],
            )
            s0, s1, s2 = shape[7], shape[8], shape[9]
            turn = _quat_gradient(q, (M0 * s0, M1 * s1, M2 * s2, M3 * s0, M4 * s1, M5 * s2, M6 * s0, M7 * s1, M8 * s2))
            # T = J V, J = (fx/z, -fx u/z; fy/z, -fy v/z).
            j0 = T0 * V[0, 0] + T1 * V[0, 1] + T2 * V[0, 2]
            j1 = T0 * V[2, 0] + T1 * V[2, 1] + T2 * V[2, 2]
            j2 = T3 * V[1, 0] + T4 * V[1, 1] + T5 * V[1, 2]
            j3 = T3 * V[2, 0] + T4 * V[2, 1] + T5 * V[2, 2]
            u, v, free_u, free_v = aim
            px, py = gx * rz * fx, gy * rz * fy
            pz = gz - (px * x + py * y) * rz
            pz = pz + rz * rz * ((u * j1 - j0) * fx + (v * j3 - j2) * fy)
            gu, gv = select(free_u, j1 * rz * rz * -fx, ZERO), select(free_v, j3 * rz * rz * -fy, ZERO)
            px, py, pz = px + gu, py + gv, pz - gu * u - gv * v
            # What cannot be seen may hold anything here.
            px, py, pz = select(visible, px, ZERO), select(visible, py, ZERO), select(visible, pz, ZERO)
            v_mean = (
                px * V[0, 0] + py * V[1, 0] + pz * V[2, 0],
                px * V[0, 1] + py * V[1, 1] + pz * V[2, 1],
                px * V[0, 2] + py * V[1, 2] + pz * V[2, 2],
            )
            rest = select_each(
                visible, turn + v_scale + (J[0] * T0, J[0] * T1, J[0] * T2, J[2] * T3, J[2] * T4, J[2] * T5)
            )
            depth = select_each(visible, (J[1] * T0 + J[3] * T3, J[1] * T1 + J[3] * T4, J[1] * T2 + J[3] * T5))
            m0, m1, m2 = shape[0], shape[1], shape[2]
            view = accumulate_each(
                view,
                (px * m0 + rest[7], px * m1 + rest[8], px * m2 + rest[9], px)
                + (py * m0 + rest[10], py * m1 + rest[11], py * m2 + rest[12], py)
                + (pz * m0 + depth[0], pz * m1 + depth[1], pz * m2 + depth[2], pz),
            )
            store_columns(scratch, at, CHUNK, v_mean + rest[:7])
        _add_out(scratch, 0, v_means, start, count)
        _add_out(scratch, 3, v_quats, start, count)
        _add_out(scratch, 7, v_scales, start, count)
        store_columns(scratch, 0, LANES, view)
        for j in range(12):
            total = 0.0
            for k in range(LANES):
                total += scratch[j * LANES + k]
            v_view[chunk, j] = total


@inlined
def _rows(X0, X1, X2, M):
    return (
        X0 * M[0] + X1 * M[1] + X2 * M[2],
        X0 * M[3] + X1 * M[4] + X2 * M[5],
        X0 * M[6] + X1 * M[7] + X2 * M[8],
    )


@inlined
def _quat_gradient(q, g):
    """Gradient of an unnormalised quaternion from that of its rotation matrix (row-major g)."""
    w, x, y, z, inverse = q
    qw = TWO * (x * (g[7] - g[5]) + y * (g[2] - g[6]) + z * (g[3] - g[1]))
    qx = TWO * (y * (g[1] + g[3]) + z * (g[2] + g[6]) + w * (g[7] - g[5]) - TWO * x * (g[4] + g[8]))
    qy = TWO * (x * (g[1] + g[3]) - TWO * y * (g[0] + g[8]) + z * (g[5] + g[7]) + w * (g[2] - g[6]))
    qz = TWO * (x * (g[2] + g[6]) + y * (g[5] + g[7]) - TWO * z * (g[0] + g[4]) + w * (g[3] - g[1]))
    along = qw * w + qx * x + qy * y + qz * z
    return (
        (qw - along * w) * inverse,
        (qx - along * x) * inverse,
        (qy - along * y) * inverse,
        (qz - along * z) * inverse,
    )
