"""Made-up objects whose pictures and motions have closed forms."""

import math

import numpy as np
import torch
from torch import Tensor

from tween4d.data.cameras import ORBIT_RADIUS, Camera, backproject, input_camera
from tween4d.data.fragments import Fragment, FragmentPlan
from tween4d.data.gaussians import Gaussians, sh_from_colors
from tween4d.data.video import Guide, Lattice, Video
from tween4d.data.views import KeyframeViews, MultiViews, SurfacePoints

BALL_RADIUS = 0.4


def ball_colors(points: Tensor) -> Tensor:
    """The ball's texture: smooth stripes that differ on every side."""
    x, y, z = (points / BALL_RADIUS).unbind(-1)
    waves = [torch.sin(4 * x + 2 * y + 1), torch.sin(5 * y - 3 * z), torch.cos(4 * z + 3 * x)]
    return 0.5 + 0.4 * torch.stack(waves, -1)


def ball_picture(camera: Camera, samples: int = 4) -> tuple[Tensor, Tensor]:
    """Straight colour and coverage of the ball, by intersecting rays with the sphere."""
    step = (torch.arange(samples) + 0.5) / samples
    x = (torch.arange(camera.width)[:, None] + step).flatten()
    y = (torch.arange(camera.height)[:, None] + step).flatten()
    K, pose = camera.intrinsics, camera.world_to_camera
    grid = torch.stack(torch.meshgrid((x - K[0, 2]) / K[0, 0], (y - K[1, 2]) / K[1, 1], indexing="xy"), -1)
    local = torch.cat([grid, torch.ones_like(grid[..., :1])], -1)
    ray = torch.nn.functional.normalize(local @ pose[:3, :3], dim=-1)
    origin = camera.position
    b = (ray @ origin)[..., None]
    inside = b.square() - origin.square().sum() + BALL_RADIUS**2
    hit = (inside > 0).float()
    surface = origin + ray * (-b - inside.clamp(min=0).sqrt())
    planes = torch.cat([ball_colors(surface) * hit, hit], -1)
    planes = planes.reshape(camera.height, samples, camera.width, samples, 4).mean((1, 3))
    alpha = planes[..., 3]
    return (planes[..., :3] / alpha.clamp(min=1e-3)[..., None]).clamp(0, 1), alpha


def ball_surface(count: int, color: float | None = None) -> SurfacePoints:
    """Points of a golden spiral on the ball; of its own colours, or all of one grey."""
    index = torch.arange(count) + 0.5
    height = 1 - 2 * index / count
    phi = index * math.pi * (3 - math.sqrt(5))
    ring = (1 - height.square()).sqrt()
    normals = torch.stack([ring * phi.cos(), height, ring * phi.sin()], -1)
    positions = BALL_RADIUS * normals
    colors = ball_colors(positions) if color is None else torch.full((count, 3), color)
    spacing = torch.full((count,), BALL_RADIUS * math.sqrt(4 * math.pi / count))
    seen = (positions[:, 2] > 0).float()
    return SurfacePoints(positions, normals, colors, spacing, seen, torch.ones_like(seen))


def ball_views(cameras: tuple[Camera, ...], surface: SurfacePoints | None = None, frame: int = 0) -> KeyframeViews:
    """The ball from all cameras, every view trusted alike."""
    pictures = [ball_picture(camera) for camera in cameras]
    rgb, alpha = (torch.stack(planes) for planes in zip(*pictures, strict=True))
    return KeyframeViews(frame, rgb, alpha, cameras, torch.ones(len(cameras)), surface)


def speckled_plate(count: int = 500, seed: int = 0) -> Gaussians:
    """Small coloured Gaussians all over a thin plate in the plane z = 0, 0.7 wide and 0.4 high."""
    draw = torch.Generator().manual_seed(seed)
    means = (torch.rand(count, 3, generator=draw) - 0.5) * torch.tensor([0.7, 0.4, 0.05])
    quats = torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(count, 1)
    colors = torch.rand(count, 3, generator=draw)
    return Gaussians(
        means, quats, torch.full((count, 3), math.log(0.012)), torch.full((count,), 2.0), sh_from_colors(colors)
    )


# The bar that swings: its pivot, length and half width in units of the picture's side.
PIVOT, LENGTH, HALF_WIDTH = (0.25, 0.5), 0.45, 0.06


def bar_picture(angle: float, side: int) -> tuple[Tensor, Tensor]:
    """Straight colour and coverage of a striped bar turned by an angle (x right, y down) about its pivot."""
    axis = (torch.arange(side) + 0.5) / side
    x, y = axis[None, :] - PIVOT[0], axis[:, None] - PIVOT[1]
    along = math.cos(angle) * x + math.sin(angle) * y
    across = -math.sin(angle) * x + math.cos(angle) * y
    outside = torch.maximum((along - LENGTH / 2).abs() - LENGTH / 2, across.abs() - HALF_WIDTH)
    alpha = (0.5 - outside * side).clamp(0, 1)
    stripes = 0.5 + 0.4 * torch.sin(2 * math.pi * along / 0.09)
    rgb = torch.stack([stripes, 0.2 + along / LENGTH * 0.6, 0.5 + 3 * across], -1).clamp(0, 1)
    return rgb, alpha


def swinging_bar(degrees: float, frames: int = 9, side: int = 96) -> Guide:
    """A guide in which the bar swings evenly from 0 to an angle, with sheets that follow it exactly."""
    times = torch.linspace(0, 1, frames)
    angles = [math.radians(degrees) * t for t in times.tolist()]
    rgb, alpha = (torch.stack(planes) for planes in zip(*(bar_picture(a, side) for a in angles), strict=True))
    along, across = np.meshgrid(np.linspace(0, LENGTH, 10), np.linspace(-HALF_WIDTH, HALF_WIDTH, 4))
    local = torch.tensor(np.stack([along.ravel(), across.ravel()], -1), dtype=torch.float32)
    turns = [torch.tensor([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]) for a in angles]
    vertices = torch.stack([(local @ R.T + torch.tensor(PIVOT)) * side for R in turns])
    index = np.arange(40).reshape(4, 10)
    a, b, c, d = index[:-1, :-1].ravel(), index[:-1, 1:].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel()
    triangles = torch.from_numpy(np.concatenate([np.stack([a, b, c], -1), np.stack([b, d, c], -1)]))
    sheets = tuple(Lattice(vertices, triangles, torch.ones(40), anchor) for anchor in (0, -1))
    return Guide(Video(rgb, alpha, times), sheets)


def psnr(found: Tensor, expected: Tensor) -> float:
    """Peak signal-to-noise ratio in decibels of values in [0, 1]."""
    return -10 * math.log10(max(float((found - expected).square().mean()), 1e-12))


def bar_gaussians(angle: float, side: int = 96, step: float = 1.2) -> Gaussians:
    """The bar as Gaussians that show `bar_picture` from the input camera, at scattered depths about the origin's."""
    along, across = np.meshgrid(
        np.arange(step / 2, LENGTH * side, step), np.arange(step / 2 - HALF_WIDTH * side, HALF_WIDTH * side, step)
    )
    u, v = torch.tensor(np.stack([along.ravel(), across.ravel()]) / side, dtype=torch.float32)
    x = PIVOT[0] + math.cos(angle) * u - math.sin(angle) * v
    y = PIVOT[1] + math.sin(angle) * u + math.cos(angle) * v
    camera = input_camera(side, side)
    # Scattered, because the drawing order of equal depths would change with the slightest motion.
    depth = ORBIT_RADIUS + 0.04 * (torch.arange(len(x)) * 0.6180339887 % 1.0 - 0.5)
    means = backproject(torch.stack([x, y], -1) * side, depth, camera)
    colors = torch.stack([0.5 + 0.4 * torch.sin(2 * math.pi * u / 0.09), 0.2 + u / LENGTH * 0.6, 0.5 + 3 * v], -1)
    n = len(means)
    radius = 0.5 * step * ORBIT_RADIUS / float(camera.intrinsics[0, 0])
    quats = torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(n, 1)
    scales = torch.full((n, 3), math.log(radius))
    return Gaussians(means, quats, scales, torch.full((n,), 2.0), sh_from_colors(colors.clamp(0, 1)))


def bar_plan(guide: Guide, cuts: tuple[int, ...] = ()) -> FragmentPlan:
    """A plan cut at the given frames; the first keyframe is the first frame, every other one its fragment's last."""
    last = len(guide.video) - 1
    bounds = [0, *cuts, last]
    parts = [Fragment(a, b, 0 if a == 0 else b) for a, b in zip(bounds, bounds[1:], strict=False)]
    return FragmentPlan(guide, tuple(parts), (), torch.zeros(2, 2))


def bar_views(plan: FragmentPlan) -> MultiViews:
    """Only the guiding frame of every keyframe."""
    side = plan.guide.video.rgb.shape[1]
    camera = input_camera(side, side)
    video = plan.guide.video
    return MultiViews(
        tuple(KeyframeViews(k, video.rgb[[k]], video.alpha[[k]], (camera,), torch.ones(1)) for k in plan.keyframes)
    )
