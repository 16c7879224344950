"""The ellipse of a Gaussian and the way back from its gradients (EWA, Zwicker et al. 2001), 16 Gaussians at a time.

Names: m mean, (x, y, z) in camera axes, R rotation of the Gaussian, S its scales, M = R S, V world to camera (its first
three rows), J Jacobian of the projection, X = J V M (2 by 3), so that the ellipse's covariance is X X^T + eps I.
"""

from tween4d.splatting.constants import FRUSTUM_MARGIN
from tween4d.splatting.numba_engine.tracing import Lanes, maximum, minimum, select, square_root, traced

Many = tuple[Lanes, ...]
SETTINGS = 9
"""fx, fy, cx, cy, width, height; near, far, eps2d."""


@traced(9)
def ellipse(shape: Many, V: Many, settings: Many) -> Many:
    """Centre 2, conic 3, depth, compensation, and standard deviations 2, of which the first is 0 where it is not seen.

    Args:
        shape: mean 3, quaternion 4, scales 3.
    """
    fx, fy, cx, cy, _, _, near, far, eps = settings
    place, _, _, _, _, _, _, X = _frame(shape, V, settings)
    x, y, z, rz = place
    a, b, c, determinant, sharp, _ = _covariance(X, eps)
    # Not one mask: see the rules in docs/splatting.md.
    seen = select(z > near, select(z < far, determinant, 0), 0)
    visible = seen > 0
    inverse = 1 / select(visible, determinant, 1)
    return (
        x * rz * fx + cx,
        y * rz * fy + cy,
        c * inverse,
        -b * inverse,
        a * inverse,
        select(visible, z, 1),
        square_root(sharp * inverse),
        select(visible, square_root(a), 0),
        square_root(c),
    )


@traced(22)
def ellipse_gradient(columns: Many, V: Many, settings: Many) -> Many:
    """Gradients of the shape (10), then of V (12).

    Args:
        columns: shape (10); gradients of centre, conic, depth and compensation (7); compensation; extent, which is 0
            where nothing was drawn.
    """
    fx, fy, _, _, _, _, _, _, eps = settings
    shape = columns[:10]
    gx, gy, gA, gB, gC, gz, g_compensation, compensation, extent = columns[10:]
    visible = extent > 0
    place, q, R, M, aim, J, T, X = _frame(shape, V, settings)
    x, y, z, rz = place
    a, b, c, determinant, sharp, normal = _covariance(X, eps)
    inverse = 1 / select(visible, determinant, 1)
    A, B, C = c * inverse, -b * inverse, a * inverse
    # Conic -> covariance: d(inverse) = -inverse d inverse, v_b counted once for both off-diagonals.
    gB = gB * 0.5
    u00, u01, u10, u11 = A * gA + B * gB, A * gB + B * gC, B * gA + C * gB, B * gB + C * gC
    # compensation^2 = sharp / determinant, and d determinant = tr(adjugate d covariance).
    half = compensation * g_compensation * 0.5
    v_sharp = half / select(compensation > 0, sharp, 1)
    d00 = (u00 * A + u01 * B + half * A) * -2
    d01 = (u00 * B + u01 * C + half * B) * -2
    d11 = (u10 * B + u11 * C + half * C) * -2
    n0, n1, n2 = v_sharp * normal[0] * 2, v_sharp * normal[1] * 2, v_sharp * normal[2] * 2
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
    j0 = T0 * V[0] + T1 * V[1] + T2 * V[2]
    j1 = T0 * V[8] + T1 * V[9] + T2 * V[10]
    j2 = T3 * V[4] + T4 * V[5] + T5 * V[6]
    j3 = T3 * V[8] + T4 * V[9] + T5 * V[10]
    u, v, free_u, free_v = aim
    px, py = gx * rz * fx, gy * rz * fy
    pz = gz - (px * x + py * y) * rz
    pz = pz + rz * rz * ((u * j1 - j0) * fx + (v * j3 - j2) * fy)
    gu, gv = select(free_u, j1 * rz * rz * -fx, 0), select(free_v, j3 * rz * rz * -fy, 0)
    px, py, pz = px + gu, py + gv, pz - gu * u - gv * v
    # What cannot be seen may hold anything here.
    px, py, pz = select(visible, px, 0), select(visible, py, 0), select(visible, pz, 0)
    v_mean = (
        px * V[0] + py * V[4] + pz * V[8],
        px * V[1] + py * V[5] + pz * V[9],
        px * V[2] + py * V[6] + pz * V[10],
    )
    rest = turn + v_scale + (J[0] * T0, J[0] * T1, J[0] * T2, J[2] * T3, J[2] * T4, J[2] * T5)
    rest = tuple(select(visible, v, 0) for v in rest)
    d0, d1, d2 = (select(visible, J[1] * a + J[3] * b, 0) for a, b in ((T0, T3), (T1, T4), (T2, T5)))
    m0, m1, m2 = shape[:3]
    view = (
        (px * m0 + rest[7], px * m1 + rest[8], px * m2 + rest[9], px)
        + (py * m0 + rest[10], py * m1 + rest[11], py * m2 + rest[12], py)
        + (pz * m0 + d0, pz * m1 + d1, pz * m2 + d2, pz)
    )
    return v_mean + rest[:7] + view


def _frame(shape: Many, V: Many, camera: Many) -> tuple[Many, ...]:
    """Everything about 16 Gaussians that both passes need. Camera: fx, fy, cx, cy, width, height."""
    fx, fy, cx, cy, width, height = camera[:6]
    m0, m1, m2, qw, qx, qy, qz, s0, s1, s2 = shape
    x = m0 * V[0] + m1 * V[1] + m2 * V[2] + V[3]
    y = m0 * V[4] + m1 * V[5] + m2 * V[6] + V[7]
    z = m0 * V[8] + m1 * V[9] + m2 * V[10] + V[11]
    inverse = 1 / square_root(maximum(qw * qw + qx * qx + qy * qy + qz * qz, 1e-30))
    qw, qx, qy, qz = qw * inverse, qx * inverse, qy * inverse, qz * inverse
    R = (
        1 - 2 * (qy * qy + qz * qz),
        2 * (qx * qy - qw * qz),
        2 * (qx * qz + qw * qy),
        2 * (qx * qy + qw * qz),
        1 - 2 * (qx * qx + qz * qz),
        2 * (qy * qz - qw * qx),
        2 * (qx * qz - qw * qy),
        2 * (qy * qz + qw * qx),
        1 - 2 * (qx * qx + qy * qy),
    )
    M = (R[0] * s0, R[1] * s1, R[2] * s2, R[3] * s0, R[4] * s1, R[5] * s2, R[6] * s0, R[7] * s1, R[8] * s2)
    rz = 1 / select(z > 0, z, 1)
    margin_x, margin_y = FRUSTUM_MARGIN * width / fx, FRUSTUM_MARGIN * height / fy
    u0, u1 = -(cx / fx + margin_x), (width - cx) / fx + margin_x
    v0, v1 = -(cy / fy + margin_y), (height - cy) / fy + margin_y
    u, v = x * rz, y * rz
    free_u, free_v = (u >= u0) & (u <= u1), (v >= v0) & (v <= v1)
    u, v = minimum(maximum(u, u0), u1), minimum(maximum(v, v0), v1)
    fx_z, fy_z = rz * fx, rz * fy
    J = (fx_z, -fx_z * u, fy_z, -fy_z * v)
    T = (
        J[0] * V[0] + J[1] * V[8],
        J[0] * V[1] + J[1] * V[9],
        J[0] * V[2] + J[1] * V[10],
        J[2] * V[4] + J[3] * V[8],
        J[2] * V[5] + J[3] * V[9],
        J[2] * V[6] + J[3] * V[10],
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


def _covariance(X: Many, eps: Lanes) -> tuple[Lanes, Lanes, Lanes, Lanes, Lanes, Many]:
    """a, b, c of the blurred covariance, its determinant, and that without blur.

    The sharp determinant is a sum of squared minors: no cancellation for thin Gaussians.
    """
    n0, n1, n2 = X[1] * X[5] - X[2] * X[4], X[2] * X[3] - X[0] * X[5], X[0] * X[4] - X[1] * X[3]
    sharp = n0 * n0 + n1 * n1 + n2 * n2
    a, c = X[0] * X[0] + X[1] * X[1] + X[2] * X[2], X[3] * X[3] + X[4] * X[4] + X[5] * X[5]
    b = X[0] * X[3] + X[1] * X[4] + X[2] * X[5]
    return a + eps, b, c + eps, sharp + (a + c) * eps + eps * eps, sharp, (n0, n1, n2)


def _rows(X0: Lanes, X1: Lanes, X2: Lanes, M: Many) -> Many:
    return (
        X0 * M[0] + X1 * M[1] + X2 * M[2],
        X0 * M[3] + X1 * M[4] + X2 * M[5],
        X0 * M[6] + X1 * M[7] + X2 * M[8],
    )


def _quat_gradient(q: Many, g: Many) -> Many:
    """Gradient of an unnormalised quaternion from that of its rotation matrix (row-major g)."""
    w, x, y, z, inverse = q
    qw = 2 * (x * (g[7] - g[5]) + y * (g[2] - g[6]) + z * (g[3] - g[1]))
    qx = 2 * (y * (g[1] + g[3]) + z * (g[2] + g[6]) + w * (g[7] - g[5]) - 2 * x * (g[4] + g[8]))
    qy = 2 * (x * (g[1] + g[3]) - 2 * y * (g[0] + g[8]) + z * (g[5] + g[7]) + w * (g[2] - g[6]))
    qz = 2 * (x * (g[2] + g[6]) + y * (g[5] + g[7]) - 2 * z * (g[0] + g[4]) + w * (g[3] - g[1]))
    along = qw * w + qx * x + qy * y + qz * z
    return (
        (qw - along * w) * inverse,
        (qx - along * x) * inverse,
        (qy - along * y) * inverse,
        (qz - along * z) * inverse,
    )
