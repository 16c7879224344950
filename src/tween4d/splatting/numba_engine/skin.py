"""Carry Gaussians with blended node motions, and carry gradients back to the nodes.

A node is one row of 16 numbers: its rotation matrix R row by row (9), its offset c = p + d - R p (3), its unit
quaternion (4). Linear blending is the weighted sum of four rows, so x' = R x + c with the blended R and c.
"""

import math

import numpy as np

from tween4d.splatting.numba_engine.compiling import inlined, on_stack, take_ticket
from tween4d.splatting.numba_engine.layout import LANES
from tween4d.splatting.numba_engine.layout import SKINNED as CHUNK
from tween4d.splatting.numba_engine.simd import constant, load, spread, store
from tween4d.splatting.numba_engine.stored import kernel

ZERO, ONE, TWO = (np.float32(v) for v in (0, 1, 2))
MOTION = tuple(np.float32(i < 12) for i in range(LANES))
TURN = tuple(np.float32(i >= 12) for i in range(LANES))
SHORTEST = np.float32(1e-12)


@kernel
def fill_nodes(rest, quats, translations, rows):
    """Rows of all nodes at one time."""
    for k in range(len(rest)):
        w, x, y, z = quats[k, 0], quats[k, 1], quats[k, 2], quats[k, 3]
        inverse = ONE / np.float32(math.sqrt(w * w + x * x + y * y + z * z))
        w, x, y, z = w * inverse, x * inverse, y * inverse, z * inverse
        row = rows[k]
        row[0], row[1], row[2] = ONE - TWO * (y * y + z * z), TWO * (x * y - w * z), TWO * (x * z + w * y)
        row[3], row[4], row[5] = TWO * (x * y + w * z), ONE - TWO * (x * x + z * z), TWO * (y * z - w * x)
        row[6], row[7], row[8] = TWO * (x * z - w * y), TWO * (y * z + w * x), ONE - TWO * (x * x + y * y)
        for a in range(3):
            turned = row[3 * a] * rest[k, 0] + row[3 * a + 1] * rest[k, 1] + row[3 * a + 2] * rest[k, 2]
            row[9 + a] = rest[k, a] + translations[k, a] - turned
        row[12], row[13], row[14], row[15] = w, x, y, z


@inlined
def _sign(rows, first, other):
    """-1 if the quaternions of two nodes lie in opposite hemispheres."""
    dot = ZERO
    for a in range(12, 16):
        dot += rows[first, a] * rows[other, a]
    return -ONE if dot < ZERO else ONE


@inlined
def _blend(i, rows, indices, weights, scratch):
    """The blended row of Gaussian i, in scratch; the quaternion is not normalised."""
    total = spread(ZERO)
    for j in range(indices.shape[1]):
        node, w = np.intp(indices[i, j]), weights[i, j]
        turn = w * _sign(rows, np.intp(indices[i, 0]), node)
        total = total + load(rows, node * LANES) * (constant(MOTION) * w + constant(TURN) * turn)
    store(scratch, 0, total)


@kernel
def skin_forward(counter, rows, indices, weights, means, quats, posed, turned):
    """Centres and orientations at one time."""
    n = len(means)
    b = on_stack(ZERO, LANES)
    while True:
        start = take_ticket(counter) * CHUNK
        if start >= n:
            break
        for i in range(start, min(start + CHUNK, n)):
            _blend(i, rows, indices, weights, b)
            x, y, z = means[i, 0], means[i, 1], means[i, 2]
            for a in range(3):
                posed[i, a] = b[3 * a] * x + b[3 * a + 1] * y + b[3 * a + 2] * z + b[9 + a]
            length = np.float32(math.sqrt(b[12] * b[12] + b[13] * b[13] + b[14] * b[14] + b[15] * b[15]))
            inverse = ONE / max(length, SHORTEST)
            bw, bx, by, bz = b[12] * inverse, b[13] * inverse, b[14] * inverse, b[15] * inverse
            qw, qx, qy, qz = quats[i, 0], quats[i, 1], quats[i, 2], quats[i, 3]
            turned[i, 0] = bw * qw - bx * qx - by * qy - bz * qz
            turned[i, 1] = bw * qx + bx * qw + by * qz - bz * qy
            turned[i, 2] = bw * qy - bx * qz + by * qw + bz * qx
            turned[i, 3] = bw * qz + bx * qy - by * qx + bz * qw


@kernel
def skin_backward(counter, rows, indices, weights, means, quats, gradients, out):
    """Gradients of one time.

    Args:
        gradients: v_posed [n, 3], v_turned [n, 4].
        out: v_means and v_quats, to which is added; v_rows [chunks, m, 16], written per ticket.
    """
    v_posed, v_turned = gradients
    v_means, v_quats, v_rows = out
    n, nodes = len(means), len(rows)
    b, v = on_stack(ZERO, LANES), on_stack(ZERO, LANES)
    while True:
        chunk = take_ticket(counter)
        start = chunk * CHUNK
        if start >= n:
            break
        own = v_rows[chunk]
        for k in range(nodes):
            store(own, k * LANES, spread(ZERO))
        for i in range(start, min(start + CHUNK, n)):
            _blend(i, rows, indices, weights, b)
            for a in range(3):
                v_means[i, a] += b[a] * v_posed[i, 0] + b[3 + a] * v_posed[i, 1] + b[6 + a] * v_posed[i, 2]
                for c in range(3):
                    v[3 * a + c] = v_posed[i, a] * means[i, c]
                v[9 + a] = v_posed[i, a]
            length = np.float32(math.sqrt(b[12] * b[12] + b[13] * b[13] + b[14] * b[14] + b[15] * b[15]))
            inverse = ONE / max(length, SHORTEST)
            bw, bx, by, bz = b[12] * inverse, b[13] * inverse, b[14] * inverse, b[15] * inverse
            qw, qx, qy, qz = quats[i, 0], quats[i, 1], quats[i, 2], quats[i, 3]
            gw, gx, gy, gz = v_turned[i, 0], v_turned[i, 1], v_turned[i, 2], v_turned[i, 3]
            # turned = b q: the gradient of q is conj(b) g, that of b is g conj(q).
            v_quats[i, 0] += bw * gw + bx * gx + by * gy + bz * gz
            v_quats[i, 1] += bw * gx - bx * gw - by * gz + bz * gy
            v_quats[i, 2] += bw * gy + bx * gz - by * gw - bz * gx
            v_quats[i, 3] += bw * gz - bx * gy + by * gx - bz * gw
            vw = gw * qw + gx * qx + gy * qy + gz * qz
            vx = -gw * qx + gx * qw - gy * qz + gz * qy
            vy = -gw * qy + gx * qz + gy * qw - gz * qx
            vz = -gw * qz - gx * qy + gy * qx + gz * qw
            along = vw * bw + vx * bx + vy * by + vz * bz
            v[12], v[13] = (vw - along * bw) * inverse, (vx - along * bx) * inverse
            v[14], v[15] = (vy - along * by) * inverse, (vz - along * bz) * inverse
            for j in range(indices.shape[1]):
                node, w = np.intp(indices[i, j]), weights[i, j]
                turn = w * _sign(rows, np.intp(indices[i, 0]), node)
                share = load(v, 0) * (constant(MOTION) * w + constant(TURN) * turn)
                store(own, node * LANES, load(own, node * LANES) + share)


@kernel
def nodes_backward(rest, quats, rows, v_rows, v_quats, v_translations):
    """Gradients of node quaternions and displacements at one time, from those of their rows [chunks, m, 16]."""
    v = on_stack(ZERO, LANES)
    for k in range(len(rest)):
        for j in range(LANES):
            v[j] = ZERO
        for chunk in range(len(v_rows)):
            for j in range(LANES):
                v[j] += v_rows[chunk, k, j]
        # c = p + d - R p.
        for a in range(3):
            v_translations[k, a] = v[9 + a]
            for c in range(3):
                v[3 * a + c] -= v[9 + a] * rest[k, c]
        w, x, y, z = rows[k, 12], rows[k, 13], rows[k, 14], rows[k, 15]
        qw = v[12] + TWO * (x * (v[7] - v[5]) + y * (v[2] - v[6]) + z * (v[3] - v[1]))
        qx = v[13] + TWO * (y * (v[1] + v[3]) + z * (v[2] + v[6]) + w * (v[7] - v[5]) - TWO * x * (v[4] + v[8]))
        qy = v[14] + TWO * (x * (v[1] + v[3]) + z * (v[5] + v[7]) + w * (v[2] - v[6]) - TWO * y * (v[0] + v[8]))
        qz = v[15] + TWO * (x * (v[2] + v[6]) + y * (v[5] + v[7]) + w * (v[3] - v[1]) - TWO * z * (v[0] + v[4]))
        along = qw * w + qx * x + qy * y + qz * z
        a, b, c, d = quats[k, 0], quats[k, 1], quats[k, 2], quats[k, 3]
        inverse = ONE / np.float32(math.sqrt(a * a + b * b + c * c + d * d))
        v_quats[k, 0], v_quats[k, 1] = (qw - along * w) * inverse, (qx - along * x) * inverse
        v_quats[k, 2], v_quats[k, 3] = (qy - along * y) * inverse, (qz - along * z) * inverse
