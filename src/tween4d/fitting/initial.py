"""Gaussians from an oriented point cloud: where a fit starts."""

import torch
from torch import Tensor

from tween4d.data.cameras import project
from tween4d.data.gaussians import Gaussians, sh_from_colors
from tween4d.data.views import KeyframeViews, SurfacePoints

TANGENT_SCALE = 0.5
NORMAL_SCALE = 0.2
INITIAL_OPACITY = 0.9
LAYERED = 3.5


def gaussians_from_surface(surface: SurfacePoints) -> Gaussians:
    """One flat Gaussian per point, lying in the surface, as wide as the sampling.

    Returns:
        Gaussians whose local z axis is the normal; degree-0 colour.
    """
    scales = surface.spacing[:, None] * surface.spacing.new_tensor([TANGENT_SCALE, TANGENT_SCALE, NORMAL_SCALE])
    # Some LAYERED Gaussians of front and back lie over each other on a ray and cover it together.
    opacity = 1 - (1 - surface.coverage.clamp(0.02, 1)).clamp(min=0) ** (1 / LAYERED)
    opacity = opacity.clamp(max=INITIAL_OPACITY)
    return Gaussians(
        means=surface.positions,
        quats=align_z(surface.normals),
        log_scales=scales.log(),
        opacity_logits=torch.logit(opacity),
        sh=sh_from_colors(surface.colors),
    )


def gaussians_in_hull(views: KeyframeViews, resolution: int = 48) -> Gaussians:
    """Grey-to-coloured Gaussians filling the visual hull of the views: the start when a prior gave no surface.

    Args:
        views: matted pictures with their cameras.
        resolution: voxels along the side of the cube of half size 0.5 about the origin.
    Returns:
        One Gaussian per voxel that every silhouette covers, coloured by the mean of the pictures; at least one.
    """
    axis = (torch.arange(resolution) + 0.5) / resolution - 0.5
    centres = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    covered = torch.ones(len(centres))
    color = torch.zeros(len(centres), 3)
    for rgb, alpha, camera in zip(views.rgb, views.alpha, views.cameras, strict=True):
        pixels, _ = project(centres, camera)
        h, w = alpha.shape
        grid = (pixels / pixels.new_tensor([w, h]) * 2 - 1)[None, None]
        picture = torch.cat([rgb, alpha[..., None]], -1).permute(2, 0, 1)[None]
        sampled = torch.nn.functional.grid_sample(picture, grid, align_corners=False)[0, :, 0].T
        covered = torch.minimum(covered, sampled[:, 3])
        color += sampled[:, :3] / len(views.cameras)
    keep = covered >= min(0.5, float(covered.max()))
    spacing = torch.full((int(keep.sum()),), 1.0 / resolution)
    scales = spacing[:, None] * spacing.new_tensor([TANGENT_SCALE] * 3)
    unit = spacing.new_tensor([1.0, 0.0, 0.0, 0.0]).expand(len(spacing), 4).clone()
    opacity = torch.logit(torch.full_like(spacing, INITIAL_OPACITY))
    return Gaussians(centres[keep], unit, scales.log(), opacity, sh_from_colors(color[keep]))


def align_z(normals: Tensor) -> Tensor:
    """The shortest rotation wxyz [n, 4] that turns +z onto each unit normal [n, 3]."""
    x, y, z = normals.unbind(-1)
    q = torch.stack([1 + z, -y, x, torch.zeros_like(z)], -1)
    flipped = q.norm(dim=-1, keepdim=True) < 1e-4
    q = torch.where(flipped, q.new_tensor([0.0, 1.0, 0.0, 0.0]), q)
    return q / q.norm(dim=-1, keepdim=True)
