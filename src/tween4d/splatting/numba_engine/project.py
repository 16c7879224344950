"""Project Gaussians to ellipses, and carry gradients back (EWA, Zwicker et al. 2001).

Names: m mean, (x, y, z) in camera axes, R rotation of the Gaussian, S its scales, M = R S, V world to camera,
J Jacobian of the projection, X = J V M (2 by 3), so that the ellipse's covariance is X X^T + eps I.
"""

import math

import numpy as np

from tween4d.splatting.constants import FRUSTUM_MARGIN, MAX_EXTENT, MIN_ALPHA
from tween4d.splatting.numba_engine.compiling import kernel, take_ticket

ZERO, ONE, TWO, HALF = (np.float32(v) for v in (0, 1, 2, 0.5))
MARGIN, REACH, INVERSE_FLOOR, FLOOR = (np.float32(v) for v in (FRUSTUM_MARGIN, MAX_EXTENT, 1 / MIN_ALPHA, MIN_ALPHA))
TINY = np.float32(1e-30)
CHUNK = 256
"""Gaussians per ticket."""


@kernel
def _frame(i, means, quats, scales, V, camera):
    """Everything about Gaussian i that both passes need. Camera: fx, fy, cx, cy, width, height."""
    fx, fy, cx, cy, width, height = camera[0], camera[1], camera[2], camera[3], camera[4], camera[5]
    m0, m1, m2 = means[i, 0], means[i, 1], means[i, 2]
    x = V[0, 0] * m0 + V[0, 1] * m1 + V[0, 2] * m2 + V[0, 3]
    y = V[1, 0] * m0 + V[1, 1] * m1 + V[1, 2] * m2 + V[1, 3]
    z = V[2, 0] * m0 + V[2, 1] * m1 + V[2, 2] * m2 + V[2, 3]
    qw, qx, qy, qz = quats[i, 0], quats[i, 1], quats[i, 2], quats[i, 3]
    inverse = ONE / math.sqrt(max(qw * qw + qx * qx + qy * qy + qz * qz, TINY))
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
    s0, s1, s2 = scales[i, 0], scales[i, 1], scales[i, 2]
    M = (R[0] * s0, R[1] * s1, R[2] * s2, R[3] * s0, R[4] * s1, R[5] * s2, R[6] * s0, R[7] * s1, R[8] * s2)
    rz = ONE / z if z > ZERO else ONE
    margin_x, margin_y = MARGIN * width / fx, MARGIN * height / fy
    u0, u1 = -(cx / fx + margin_x), (width - cx) / fx + margin_x
    v0, v1 = -(cy / fy + margin_y), (height - cy) / fy + margin_y
    u, v = x * rz, y * rz
    free_u, free_v = u0 <= u and u <= u1, v0 <= v and v <= v1
    u, v = min(max(u, u0), u1), min(max(v, v0), v1)
    J = (fx * rz, -fx * u * rz, fy * rz, -fy * v * rz)
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


@kernel
def _covariance(X, eps):
    """a, b, c of the blurred covariance, its determinant, and that without blur.

    The sharp determinant is a sum of squared minors: no cancellation for thin Gaussians.
    """
    n0, n1, n2 = X[1] * X[5] - X[2] * X[4], X[2] * X[3] - X[0] * X[5], X[0] * X[4] - X[1] * X[3]
    sharp = n0 * n0 + n1 * n1 + n2 * n2
    a, c = X[0] * X[0] + X[1] * X[1] + X[2] * X[2], X[3] * X[3] + X[4] * X[4] + X[5] * X[5]
    b = X[0] * X[3] + X[1] * X[4] + X[2] * X[5]
    return a + eps, b, c + eps, sharp + eps * (a + c) + eps * eps, sharp, (n0, n1, n2)


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
    while True:
        start = take_ticket(counter) * CHUNK
        if start >= n:
            break
        for i in range(start, min(start + CHUNK, n)):
            place, _, _, _, _, _, _, X = _frame(i, means, quats, scales, V, camera)
            x, y, z, rz = place
            a, b, c, determinant, sharp, _ = _covariance(X, eps)
            visible = z > near and z < far and determinant > ZERO
            if not visible:
                determinant, z = ONE, ONE
            px, py = camera[0] * x * rz + camera[2], camera[1] * y * rz + camera[3]
            compensation = math.sqrt(sharp / determinant)
            opacity = opacities[i] * compensation if antialiased else opacities[i]
            reach = ZERO
            if opacity > FLOOR:
                reach = min(REACH, math.sqrt(TWO * math.log(opacity * INVERSE_FLOOR)))
            ex, ey = reach * math.sqrt(a), reach * math.sqrt(c)
            visible = visible and reach > ZERO and px + ex > ZERO and px - ex < camera[4]
            visible = visible and py + ey > ZERO and py - ey < camera[5]
            visible = visible and (math.ceil(ex) > clip or math.ceil(ey) > clip)
            means2d[i, 0], means2d[i, 1] = px, py
            conics[i, 0], conics[i, 1], conics[i, 2] = c / determinant, -b / determinant, a / determinant
            depths[i], compensations[i] = z, compensation
            extents[i, 0], extents[i, 1] = (ex, ey) if visible else (ZERO, ZERO)


@kernel
def project_backward(counter, means, quats, scales, V, camera, limits, projected, gradients, out):
    """Add one camera's gradients to v_means, v_quats, v_scales; write v_view [chunks, 3, 4] per ticket.

    Args:
        projected: extents (zero = no gradient), compensations.
        gradients: v_means2d, v_conics, v_depths, v_compensations.
    """
    extents, compensations = projected
    v_means2d, v_conics, v_depths, v_compensations = gradients
    v_means, v_quats, v_scales, v_view = out
    fx, fy, eps = camera[0], camera[1], limits[2]
    n = len(means)
    while True:
        chunk = take_ticket(counter)
        start = chunk * CHUNK
        if start >= n:
            break
        view = np.zeros((3, 4), np.float64)
        for i in range(start, min(start + CHUNK, n)):
            if extents[i, 0] <= ZERO:
                continue
            place, q, R, M, aim, J, T, X = _frame(i, means, quats, scales, V, camera)
            x, y, z, rz = place
            a, b, c, determinant, sharp, normal = _covariance(X, eps)
            A, B, C = c / determinant, -b / determinant, a / determinant
            # Conic -> covariance: d(inverse) = -inverse d inverse, v_b counted once for both off-diagonals.
            gA, gB, gC = v_conics[i, 0], HALF * v_conics[i, 1], v_conics[i, 2]
            u00, u01, u10, u11 = A * gA + B * gB, A * gB + B * gC, B * gA + C * gB, B * gB + C * gC
            d00, d01, d11 = -(u00 * A + u01 * B), -(u00 * B + u01 * C), -(u10 * B + u11 * C)
            v_sharp = ZERO
            compensation = compensations[i]
            if compensation > ZERO:
                # compensation^2 = sharp / determinant, and d determinant = tr(adjugate d covariance).
                half = HALF * compensation * v_compensations[i]
                v_sharp = half / sharp
                d00 -= half * A
                d01 -= half * B
                d11 -= half * C
            d00, d01, d11 = TWO * d00, TWO * d01, TWO * d11
            n0, n1, n2 = TWO * v_sharp * normal[0], TWO * v_sharp * normal[1], TWO * v_sharp * normal[2]
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
            v_scales[i, 0] += M0 * R[0] + M3 * R[3] + M6 * R[6]
            v_scales[i, 1] += M1 * R[1] + M4 * R[4] + M7 * R[7]
            v_scales[i, 2] += M2 * R[2] + M5 * R[5] + M8 * R[8]
            s0, s1, s2 = scales[i, 0], scales[i, 1], scales[i, 2]
            turn = _quat_gradient(q, (M0 * s0, M1 * s1, M2 * s2, M3 * s0, M4 * s1, M5 * s2, M6 * s0, M7 * s1, M8 * s2))
            v_quats[i, 0] += turn[0]
            v_quats[i, 1] += turn[1]
            v_quats[i, 2] += turn[2]
            v_quats[i, 3] += turn[3]
            # T = J V, J = (fx/z, -fx u/z; fy/z, -fy v/z).
            j0 = T0 * V[0, 0] + T1 * V[0, 1] + T2 * V[0, 2]
            j1 = T0 * V[2, 0] + T1 * V[2, 1] + T2 * V[2, 2]
            j2 = T3 * V[1, 0] + T4 * V[1, 1] + T5 * V[1, 2]
            j3 = T3 * V[2, 0] + T4 * V[2, 1] + T5 * V[2, 2]
            u, v, free_u, free_v = aim
            gx, gy = v_means2d[i, 0], v_means2d[i, 1]
            px, py = fx * rz * gx, fy * rz * gy
            pz = -(px * x + py * y) * rz + v_depths[i]
            pz += rz * rz * (-fx * j0 + fx * u * j1 - fy * j2 + fy * v * j3)
            gu, gv = -fx * rz * j1, -fy * rz * j3
            if free_u:
                px += gu * rz
                pz -= gu * u * rz
            if free_v:
                py += gv * rz
                pz -= gv * v * rz
            for k in range(3):
                v_means[i, k] += V[0, k] * px + V[1, k] * py + V[2, k] * pz
                view[0, k] += px * means[i, k]
                view[1, k] += py * means[i, k]
                view[2, k] += pz * means[i, k]
            view[0, 3] += px
            view[1, 3] += py
            view[2, 3] += pz
            view[0, 0] += J[0] * T0
            view[0, 1] += J[0] * T1
            view[0, 2] += J[0] * T2
            view[1, 0] += J[2] * T3
            view[1, 1] += J[2] * T4
            view[1, 2] += J[2] * T5
            view[2, 0] += J[1] * T0 + J[3] * T3
            view[2, 1] += J[1] * T1 + J[3] * T4
            view[2, 2] += J[1] * T2 + J[3] * T5
        v_view[chunk] = view


@kernel
def _rows(X0, X1, X2, M):
    return (
        X0 * M[0] + X1 * M[1] + X2 * M[2],
        X0 * M[3] + X1 * M[4] + X2 * M[5],
        X0 * M[6] + X1 * M[7] + X2 * M[8],
    )


@kernel
def _quat_gradient(q, g):
    """Gradient of an unnormalised quaternion from that of its rotation matrix (row-major g)."""
    w, x, y, z, inverse = q
    qw = TWO * (x * (g[7] - g[5]) + y * (g[2] - g[6]) + z * (g[3] - g[1]))
    qx = TWO * (-TWO * x * (g[4] + g[8]) + y * (g[1] + g[3]) + z * (g[2] + g[6]) + w * (g[7] - g[5]))
    qy = TWO * (x * (g[1] + g[3]) - TWO * y * (g[0] + g[8]) + z * (g[5] + g[7]) + w * (g[2] - g[6]))
    qz = TWO * (x * (g[2] + g[6]) + y * (g[5] + g[7]) - TWO * z * (g[0] + g[4]) + w * (g[3] - g[1]))
    along = qw * w + qx * x + qy * y + qz * z
    return (
        (qw - along * w) * inverse,
        (qx - along * x) * inverse,
        (qy - along * y) * inverse,
        (qz - along * z) * inverse,
    )
