"""Rotations as unit quaternions `q` = wxyz and as matrices `R`; both act on column vectors."""

import torch
from jaxtyping import Float
from torch import Tensor


def multiply(a: Float[Tensor, "*n 4"], b: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n 4"]:
    """The quaternion of rotation b followed by rotation a (Hamilton product a b)."""
    aw, ax, ay, az = a.unbind(-1)
    bw, bx, by, bz = b.unbind(-1)
    return torch.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        -1,
    )


def conjugate(q: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n 4"]:
    """The inverse of a unit quaternion."""
    return q * torch.tensor([1.0, -1.0, -1.0, -1.0], dtype=q.dtype, device=q.device)


def rotate(q: Float[Tensor, "*n 4"], x: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3"]:
    """Rotate vectors by unit quaternions."""
    w, u = q[..., :1], q[..., 1:]
    t = 2 * torch.linalg.cross(u, x)
    return x + w * t + torch.linalg.cross(u, t)


def to_matrix(q: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n 3 3"]:
    """Rotation matrices of quaternions, which are normalised first."""
    w, x, y, z = (q / q.norm(dim=-1, keepdim=True)).unbind(-1)
    rows = [
        1 - 2 * (y * y + z * z),
        2 * (x * y - w * z),
        2 * (x * z + w * y),
        2 * (x * y + w * z),
        1 - 2 * (x * x + z * z),
        2 * (y * z - w * x),
        2 * (x * z - w * y),
        2 * (y * z + w * x),
        1 - 2 * (x * x + y * y),
    ]
    return torch.stack(rows, -1).unflatten(-1, (3, 3))


def from_matrix(R: Float[Tensor, "*n 3 3"]) -> Float[Tensor, "*n 4"]:
    """Unit quaternions (w >= 0) of rotation matrices.

    The largest of the four squared components is taken first, so no angle loses precision. Not differentiable where
    two components tie.
    """
    m = R.flatten(0, -3) if R.dim() > 3 else R.reshape(-1, 3, 3)
    m00, m11, m22 = m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]
    squares = torch.stack([1 + m00 + m11 + m22, 1 + m00 - m11 - m22, 1 - m00 + m11 - m22, 1 - m00 - m11 + m22], -1)
    a = m[:, 2, 1] - m[:, 1, 2]
    b = m[:, 0, 2] - m[:, 2, 0]
    c = m[:, 1, 0] - m[:, 0, 1]
    d = m[:, 1, 0] + m[:, 0, 1]
    e = m[:, 0, 2] + m[:, 2, 0]
    f = m[:, 2, 1] + m[:, 1, 2]
    candidates = torch.stack(
        [
            torch.stack([squares[:, 0], a, b, c], -1),
            torch.stack([a, squares[:, 1], d, e], -1),
            torch.stack([b, d, squares[:, 2], f], -1),
            torch.stack([c, e, f, squares[:, 3]], -1),
        ],
        1,
    )
    best = squares.argmax(-1)
    q = candidates[torch.arange(len(m), device=m.device), best]
    q = q / q.norm(dim=-1, keepdim=True)
    q = torch.where(q[:, :1] < 0, -q, q)
    return q.reshape(*R.shape[:-2], 4)


def slerp(a: Float[Tensor, "*n 4"], b: Float[Tensor, "*n 4"], fraction: float) -> Float[Tensor, "*n 4"]:
    """Constant-speed interpolation along the shorter arc from unit quaternion a (0) to b (1)."""
    dot = (a * b).sum(-1, keepdim=True)
    b = torch.where(dot < 0, -b, b)
    angle = torch.acos(dot.abs().clamp(max=1.0))
    sine = torch.sin(angle)
    near = sine < 1e-6
    safe = torch.where(near, torch.ones_like(sine), sine)
    wa = torch.where(near, torch.full_like(sine, 1 - fraction), torch.sin((1 - fraction) * angle) / safe)
    wb = torch.where(near, torch.full_like(sine, fraction), torch.sin(fraction * angle) / safe)
    q = wa * a + wb * b
    return q / q.norm(dim=-1, keepdim=True)


def unroll(quats: Float[Tensor, "t *n 4"]) -> Float[Tensor, "t *n 4"]:
    """Flip signs along time so that neighbouring quaternions lie in one hemisphere; the rotations do not change."""
    flips = torch.where((quats[1:] * quats[:-1]).sum(-1, keepdim=True) < 0, -1.0, 1.0)
    signs = torch.cat([torch.ones_like(quats[:1, ..., :1]), torch.cumprod(flips.to(quats), 0)])
    return quats * signs
