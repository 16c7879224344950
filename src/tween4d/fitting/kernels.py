"""Kernels of a fitting step: the picture's loss and the regularity of node motions, each with its gradient."""

import math

import numpy as np

from tween4d.splatting.numba_engine.compiling import on_stack, take_ticket
from tween4d.splatting.numba_engine.stored import kernel

ZERO, ONE, TWO, FOUR = (np.float32(v) for v in (0, 1, 2, 4))
KEEP_MEAN, NEW_MEAN, KEEP_SQUARE, NEW_SQUARE = (np.float32(v) for v in (0.9, 0.1, 0.999, 0.001))
SMOOTH_LENGTH = np.float32(1e-12)


@kernel
def picture_value(counter, picture, target, square, sums):
    """Per row, the sum of |difference| + square * difference^2, in sums [rows]."""
    while True:
        y = take_ticket(counter)
        if y >= len(picture):
            break
        total = ZERO
        for x in range(picture.shape[1]):
            d = picture[y, x] - target[y, x]
            total += abs(d) + square * d * d
        sums[y] = total


@kernel
def picture_gradient(counter, picture, target, square, factor, out):
    """factor times the derivative of `picture_value` in each element."""
    while True:
        y = take_ticket(counter)
        if y >= len(picture):
            break
        for x in range(picture.shape[1]):
            d = picture[y, x] - target[y, x]
            step = ONE if d > ZERO else (-ONE if d < ZERO else ZERO)
            out[y, x] = factor * (step + TWO * square * d)


@kernel
def adam_update(values, gradient, mean, square, step, correction, floor):
    """One update of Adam (Kingma & Ba 2015, Algorithm 1) on flat arrays, in place.

    Args:
        mean, square: running averages of the gradient and of its square.
        step: learning rate over 1 - 0.9^t; correction: 1 / sqrt(1 - 0.999^t); floor: added to the denominator.
    """
    for i in range(len(values)):
        g = gradient[i]
        m = KEEP_MEAN * mean[i] + NEW_MEAN * g
        v = KEEP_SQUARE * square[i] + NEW_SQUARE * g * g
        mean[i], square[i] = m, v
        values[i] -= step * m / (np.float32(math.sqrt(v)) * correction + floor)


@kernel
def motion_energy(counter, rest, neighbours, posed, quats, scales, sums, v_posed, v_quats):
    """Energies of one time per ticket, and their gradients.

    Args:
        rest: [m, 3]; neighbours: [m, k]; posed: [t, m, 3]; quats: [t, m, 4], any length > 0.
        scales: what the sums of squared residuals, of length changes and of squared accelerations are multiplied by.
        sums: [t, 3] receives the three sums, unscaled.
        v_posed, v_quats: receive the gradients of the scaled total.
    """
    rigid, isometric, smooth = scales[0], scales[1], scales[2]
    times, m, _ = posed.shape
    R, v_R = on_stack(ZERO, 9), on_stack(ZERO, 9)
    e0, e1, g = on_stack(ZERO, 3), on_stack(ZERO, 3), on_stack(ZERO, 3)
    while True:
        t = take_ticket(counter)
        if t >= times:
            break
        total_rigid = total_isometric = total_smooth = 0.0
        for i in range(m):
            for a in range(3):
                v_posed[t, i, a] = ZERO
        for i in range(m):
            qw, qx, qy, qz = quats[t, i, 0], quats[t, i, 1], quats[t, i, 2], quats[t, i, 3]
            inverse = ONE / np.float32(math.sqrt(qw * qw + qx * qx + qy * qy + qz * qz))
            w, x, y, z = qw * inverse, qx * inverse, qy * inverse, qz * inverse
            R[0], R[1], R[2] = ONE - TWO * (y * y + z * z), TWO * (x * y - w * z), TWO * (x * z + w * y)
            R[3], R[4], R[5] = TWO * (x * y + w * z), ONE - TWO * (x * x + z * z), TWO * (y * z - w * x)
            R[6], R[7], R[8] = TWO * (x * z - w * y), TWO * (y * z + w * x), ONE - TWO * (x * x + y * y)
            for a in range(9):
                v_R[a] = ZERO
            for k in range(neighbours.shape[1]):
                j = neighbours[i, k]
                length0 = length = ZERO
                for a in range(3):
                    e0[a] = rest[j, a] - rest[i, a]
                    e1[a] = posed[t, j, a] - posed[t, i, a]
                    length0 += e0[a] * e0[a]
                    length += e1[a] * e1[a]
                length0, length = np.float32(math.sqrt(length0)), np.float32(math.sqrt(length + SMOOTH_LENGTH))
                change = length - length0
                total_isometric += abs(change)
                step = ONE if change > ZERO else (-ONE if change < ZERO else ZERO)
                pull = isometric * step / length
                for a in range(3):
                    r = e1[a] - (R[3 * a] * e0[0] + R[3 * a + 1] * e0[1] + R[3 * a + 2] * e0[2])
                    total_rigid += r * r
                    g[a] = TWO * rigid * r
                    for c in range(3):
                        v_R[3 * a + c] -= g[a] * e0[c]
                    g[a] += pull * e1[a]
                    v_posed[t, j, a] += g[a]
                    v_posed[t, i, a] -= g[a]
            vw = TWO * (x * (v_R[7] - v_R[5]) + y * (v_R[2] - v_R[6]) + z * (v_R[3] - v_R[1]))
            vx = TWO * (y * (v_R[1] + v_R[3]) + z * (v_R[2] + v_R[6]) + w * (v_R[7] - v_R[5]))
            vy = TWO * (x * (v_R[1] + v_R[3]) + z * (v_R[5] + v_R[7]) + w * (v_R[2] - v_R[6]))
            vz = TWO * (x * (v_R[2] + v_R[6]) + y * (v_R[5] + v_R[7]) + w * (v_R[3] - v_R[1]))
            vx -= FOUR * x * (v_R[4] + v_R[8])
            vy -= FOUR * y * (v_R[0] + v_R[8])
            vz -= FOUR * z * (v_R[0] + v_R[4])
            along = vw * w + vx * x + vy * y + vz * z
            v_quats[t, i, 0], v_quats[t, i, 1] = (vw - along * w) * inverse, (vx - along * x) * inverse
            v_quats[t, i, 2], v_quats[t, i, 3] = (vy - along * y) * inverse, (vz - along * z) * inverse
            for a in range(3):
                # Acceleration at t - 1, t and t + 1 depends on the place at t.
                pull = ZERO
                for s in range(max(t - 1, 1), min(t + 2, times - 1)):
                    bend = posed[s + 1, i, a] - TWO * posed[s, i, a] + posed[s - 1, i, a]
                    pull += -TWO * bend if s == t else bend
                    if s == t:
                        total_smooth += bend * bend
                v_posed[t, i, a] += TWO * smooth * pull
        sums[t, 0], sums[t, 1], sums[t, 2] = total_rigid, total_isometric, total_smooth
