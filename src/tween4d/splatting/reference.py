"""The splatting equations in readable PyTorch: any float type and device, differentiated by autograd.

The oracle of the other backends. Its cost is that of a dense pixel-by-Gaussian table per tile.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from tween4d.splatting.constants import (
    FRUSTUM_MARGIN,
    MAX_ALPHA,
    MAX_EXTENT,
    MIN_ALPHA,
    MIN_TRANSMITTANCE,
    TILE,
)
from tween4d.splatting.values import Composite, Projected, Projection


def rotation_matrices(quats: Float[Tensor, "n 4"]) -> Float[Tensor, "n 3 3"]:
    """Matrices of quaternions wxyz of any length; a zero quaternion is the identity."""
    w, x, y, z = (quats / quats.norm(dim=-1, keepdim=True).clamp(min=1e-30)).unbind(-1)
    rows = [
        *(1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        *(2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        *(2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    ]
    return torch.stack(rows, -1).unflatten(-1, (3, 3))


def project(
    means: Float[Tensor, "n 3"],
    quats: Float[Tensor, "n 4"],
    scales: Float[Tensor, "n 3"],
    opacities: Float[Tensor, "n"],
    viewmats: Float[Tensor, "c 4 4"],
    intrinsics: Float[Tensor, "c 3 3"],
    settings: Projection,
) -> Projected:
    """Gaussians as ellipses on each image (EWA, Zwicker et al. 2001, with the conventions of gsplat 1.5.3).

    Returns:
        Ellipses; `extents` is zero where a Gaussian cannot be seen. Differentiable but for `extents`.
    """
    views = [
        _project_view(means, quats, scales, opacities, view, K, settings)
        for view, K in zip(viewmats, intrinsics, strict=True)
    ]
    return Projected(*(torch.stack(parts) for parts in zip(*views, strict=True)))


def _project_view(
    means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, view: Tensor, K: Tensor, s: Projection
) -> tuple[Tensor, ...]:
    fx, fy, cx, cy = K[0, 0], K[1, 1], K[0, 2], K[1, 2]
    x, y, z = (means @ view[:3, :3].T + view[:3, 3]).unbind(-1)
    visible = (z > s.near_plane) & (z < s.far_plane)
    z = torch.where(visible, z, torch.ones_like(z))
    means2d = torch.stack([fx * x / z + cx, fy * y / z + cy], -1)
    # Far outside the image the linearisation explodes: it is taken at the border of a slightly wider image.
    margin_x, margin_y = FRUSTUM_MARGIN * s.width / fx, FRUSTUM_MARGIN * s.height / fy
    u = z * (x / z).clamp(-(cx / fx + margin_x), (s.width - cx) / fx + margin_x)
    v = z * (y / z).clamp(-(cy / fy + margin_y), (s.height - cy) / fy + margin_y)
    o = torch.zeros_like(z)
    jacobian = torch.stack([fx / z, o, -fx * u / z**2, o, fy / z, -fy * v / z**2], -1).unflatten(-1, (2, 3))
    root = jacobian @ view[:3, :3] @ (rotation_matrices(quats) * scales[:, None])
    # det(root root^T) as a sum of squares has no cancellation for thin Gaussians.
    sharp = torch.linalg.cross(root[:, 0], root[:, 1]).square().sum(-1)
    a0, b, c0 = root[:, 0].square().sum(-1), (root[:, 0] * root[:, 1]).sum(-1), root[:, 1].square().sum(-1)
    a, c, determinant = a0 + s.eps2d, c0 + s.eps2d, sharp + s.eps2d * (a0 + c0) + s.eps2d**2
    visible = visible & (determinant > 0)
    determinant = torch.where(visible, determinant, torch.ones_like(determinant))
    conics = torch.stack([c / determinant, -b / determinant, a / determinant], -1)
    # The square root has no derivative at 0, where the compensated opacity is 0 anyway.
    seen = sharp > 0
    ratio = torch.where(seen, sharp, torch.ones_like(sharp)) / determinant
    compensations = torch.where(seen, ratio.sqrt(), torch.zeros_like(ratio))
    with torch.no_grad():
        opacity = opacities * compensations if s.antialiased else opacities
        reach = (2 * torch.log((opacity / MIN_ALPHA).clamp(min=1.0))).sqrt().clamp(max=MAX_EXTENT)
        extents = reach[:, None] * torch.stack([a, c], -1).sqrt()
        size = torch.tensor([s.width, s.height], dtype=extents.dtype, device=extents.device)
        visible = visible & ((means2d + extents > 0) & (means2d - extents < size)).all(-1) & (reach > 0)
        visible = visible & (extents.ceil() > s.radius_clip).any(-1)
        extents = torch.where(visible[:, None], extents, torch.zeros_like(extents))
    return means2d, conics, z, compensations, extents


def composite(
    projected: Projected,
    colors: Float[Tensor, "c n d"],
    opacities: Float[Tensor, "c n"],
    backgrounds: Float[Tensor, "c d"],
    width: int,
    height: int,
    absgrad: bool = False,
) -> Composite:
    """Blend ellipses front to back over a background (Kerbl et al. 2023, Eq. 2-3).

    Returns:
        Images [c, h, w, d] and coverage [c, h, w, 1]. Differentiable in everything but the order of depths.
    """
    images, alphas = [], []
    for c in range(len(colors)):
        order = torch.argsort(projected.depths[c], stable=True)
        order = order[projected.extents[c, order, 0] > 0]
        canvas = [
            [
                _composite_tile(
                    projected, colors, opacities, backgrounds, c, order, (left, top, width, height), absgrad
                )
                for left in range(0, width, TILE)
            ]
            for top in range(0, height, TILE)
        ]
        both = torch.cat([torch.cat(row, 1) for row in canvas], 0)
        images.append(both[..., :-1])
        alphas.append(both[..., -1:])
    return Composite(torch.stack(images), torch.stack(alphas))


def _composite_tile(
    projected: Projected,
    colors: Tensor,
    opacities: Tensor,
    backgrounds: Tensor,
    c: int,
    order: Int[Tensor, "m"],
    frame: tuple[int, int, int, int],
    absgrad: bool,
) -> Float[Tensor, "h w e"]:
    """Colour and coverage of one tile; e = d + 1."""
    left, top, right, bottom = frame[0], frame[1], min(frame[0] + TILE, frame[2]), min(frame[1] + TILE, frame[3])
    means, extents = projected.means2d[c, order].detach(), projected.extents[c, order]
    near = (means + extents > means.new_tensor([left, top])) & (means - extents < means.new_tensor([right, bottom]))
    rows = order[near.all(-1)]
    px, py = torch.meshgrid(
        torch.arange(left, right, dtype=colors.dtype, device=colors.device) + 0.5,
        torch.arange(top, bottom, dtype=colors.dtype, device=colors.device) + 0.5,
        indexing="xy",
    )
    dx = px[..., None] - projected.means2d[c, rows, 0]
    dy = py[..., None] - projected.means2d[c, rows, 1]
    if absgrad and dx.requires_grad:
        _accumulate_absolute(projected.means2d, c, rows, dx, dy)
    conic = projected.conics[c, rows]
    sigma = 0.5 * (conic[:, 0] * dx * dx + conic[:, 2] * dy * dy) + conic[:, 1] * dx * dy
    alpha = (opacities[c, rows] * torch.exp(-sigma)).clamp(max=MAX_ALPHA)
    alpha = torch.where((sigma >= 0) & (alpha >= MIN_ALPHA), alpha, torch.zeros_like(alpha))
    # `after` only falls, so once a pixel is finished it stays finished.
    after = torch.cumprod(1 - alpha, -1)
    alpha = torch.where(after > MIN_TRANSMITTANCE, alpha, torch.zeros_like(alpha))
    before = torch.cat([torch.ones_like(after[..., :1]), torch.cumprod(1 - alpha, -1)[..., :-1]], -1)
    weight = alpha * before[..., : alpha.shape[-1]]
    transmittance = 1 - weight.sum(-1, keepdim=True)
    return torch.cat([weight @ colors[c, rows] + transmittance * backgrounds[c], 1 - transmittance], -1)


def _accumulate_absolute(means2d: Tensor, c: int, rows: Int[Tensor, "m"], dx: Tensor, dy: Tensor) -> None:
    """Make backward add each pixel's absolute pull on a centre to `means2d.absgrad`."""
    if not hasattr(means2d, "absgrad"):
        means2d.absgrad = torch.zeros_like(means2d)
    for axis, offset in enumerate((dx, dy)):

        def add(gradient: Tensor, axis: int = axis) -> None:
            means2d.absgrad[c, :, axis].index_add_(0, rows, gradient.abs().sum((0, 1)))

        offset.register_hook(add)
