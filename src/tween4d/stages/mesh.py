"""A clip as a textured, closed mesh that hangs on the clip's nodes."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree
from torch import Tensor

from tween4d.data.cameras import Camera, orbit_camera
from tween4d.data.gaussians import Gaussians
from tween4d.data.mesh import ClipMesh
from tween4d.data.nodes import NodeMotion, Skin
from tween4d.errors import InputError
from tween4d.geometry.isosurface import close_surface, fuse_depths, sample_pictures, texels, unfold, vertex_normals
from tween4d.splatting.rasterization import rasterize

# Azimuths per ring of cameras.
RINGS = {0.0: 12, 40.0: 8, -40.0: 8, 80.0: 2, -80.0: 2}
SEEN_WITHIN = 0.03
FRONT_BONUS = 100.0
"""Weight of the input camera, which alone has seen the photographs; the others have it where it looks on askance."""
CELLS_PER_FACE = 3.0
GRIDS = 32, 192
"""Fewest and most cells along the longest side, where they are not asked for."""
TEXTURES = 64, 2048
"""Smallest and largest side, where it is not asked for."""


@dataclass(frozen=True)
class MeshConfig:
    """How fine a mesh is."""

    faces: int = 12000
    """Triangles per clip, about."""
    grid: int | None = None
    """Cells of the field along the object's longest side; None takes as many as the triangles can show."""
    view_size: int = 384
    """Pixels of the pictures that shape and colours are read from."""
    texture_size: int | None = None
    """Pixels of the texture's side; None makes a texel as large as a pixel of the pictures, or a little smaller."""
    truncation: float = 0.08
    """Depth behind a seen surface within which a picture speaks of it, world units."""


def mesh_clip(
    gaussians: Gaussians, skin: Skin, motion: NodeMotion, span: tuple[float, float], config: MeshConfig = MeshConfig()
) -> ClipMesh:
    """Surface, texture and skin of one clip's Gaussians at rest.

    The surface is the zero level of depths fused from 32 cameras and cut by the outlines; see `geometry/isosurface.py`.

    Args:
        gaussians: at rest, as large as they are to be seen (`with_fitted_blur`).
        skin, motion: of those Gaussians.
        span: when the mesh is shown.
    Returns:
        A mesh whose surface is closed when its seams are joined. Not differentiable.
    Raises:
        InputError: the Gaussians enclose nothing.
    """
    with torch.no_grad():
        cameras = _cameras(config.view_size)
        colors, depths, alphas = _pictures(gaussians, cameras)
        vertices, triangles = _surface(gaussians, cameras, depths, alphas, config)
        normals = vertex_normals(vertices, triangles)
        rows, triangles, coordinates = unfold(vertices, triangles)
        vertices, normals = vertices[rows], normals[rows]
        size = config.texture_size or _texture_size(vertices, triangles, coordinates, cameras[0])
        pixels, faces, weights = texels(coordinates, triangles, size)
        corners = triangles[faces]
        places = np.einsum("pk,pkc->pc", weights, vertices[corners])
        facing = np.einsum("pk,pkc->pc", weights, normals[corners])
        planes = torch.cat([colors, depths[..., None], alphas[..., None]], -1)
        painted = _paint(torch.from_numpy(places), torch.from_numpy(facing), cameras, planes)
        texture = _spread(pixels, painted, size)
    return ClipMesh(
        torch.from_numpy(vertices),
        torch.from_numpy(normals),
        torch.from_numpy(triangles),
        torch.from_numpy(coordinates),
        torch.from_numpy(texture),
        hang_vertices(torch.from_numpy(vertices), gaussians, skin),
        motion,
        span,
    )


def hang_vertices(vertices: Float[Tensor, "v 3"], gaussians: Gaussians, skin: Skin, near: int = 8) -> Skin:
    """Four nodes and weights per vertex: those of the nearest Gaussians, nearer and more opaque ones counting more."""
    distance, rows = cKDTree(gaussians.means.numpy()).query(vertices.numpy(), min(near, len(gaussians)))
    distance, rows = distance.reshape(len(vertices), -1), rows.reshape(len(vertices), -1)
    shares = gaussians.opacities.numpy()[rows] / (distance + 0.005) ** 2
    count = int(skin.indices.max()) + 1
    table = np.zeros((len(vertices), count), np.float32)
    indices, weights = skin.indices.numpy(), skin.weights.numpy()
    for k in range(rows.shape[1]):
        for j in range(indices.shape[1]):
            picked = rows[:, k]
            np.add.at(table, (np.arange(len(vertices)), indices[picked, j]), shares[:, k] * weights[picked, j])
    table = np.pad(table, ((0, 0), (0, max(0, 4 - count))))
    best = np.argsort(-table, axis=1, kind="stable")[:, :4]
    kept = np.take_along_axis(table, best, 1)
    kept = kept / kept.sum(1, keepdims=True)
    # A node without weight is named 0, as glTF wants it.
    return Skin(torch.from_numpy(np.where(kept > 0, best, 0)), torch.from_numpy(kept))


def _grid(faces: int) -> int:
    """A field whose surface has ten times the triangles that are wanted or more, for decimation to choose from."""
    low, high = GRIDS
    return int(np.clip(round((CELLS_PER_FACE * faces) ** 0.5), low, high))


def _texture_size(vertices: np.ndarray, triangles: np.ndarray, coordinates: np.ndarray, camera: Camera) -> int:
    """The side at which a texel is as large as a pixel of the pictures, rounded up to a multiple of 64."""
    a, b, c = (vertices[triangles[:, k]].astype(np.float64) for k in range(3))
    u, v, w = (coordinates[triangles[:, k]].astype(np.float64) for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=-1).sum()
    share = np.abs((v - u)[:, 0] * (w - u)[:, 1] - (v - u)[:, 1] * (w - u)[:, 0]).sum()
    density = float(camera.intrinsics[0, 0] / camera.position.norm())
    side = density * (area / max(share, 1e-9)) ** 0.5
    low, high = TEXTURES
    return int(np.clip(np.ceil(side / 64) * 64, low, high))


def _cameras(size: int) -> list[Camera]:
    return [
        orbit_camera(360.0 * i / count, elevation, size, size)
        for elevation, count in RINGS.items()
        for i in range(count)
    ]


def _pictures(gaussians: Gaussians, cameras: list[Camera]) -> tuple[Tensor, Tensor, Tensor]:
    """Straight colours, expected depths and coverage from every camera."""
    seen = [
        rasterize(
            gaussians.means,
            gaussians.quats,
            gaussians.scales,
            gaussians.opacities,
            gaussians.colors.clamp(0, 1),
            camera.world_to_camera[None],
            camera.intrinsics[None],
            camera.width,
            camera.height,
            eps2d=0.01,
            render_mode="RGB+ED",
        )[:2]
        for camera in cameras
    ]
    planes, alphas = torch.cat([p for p, _ in seen]), torch.cat([a for _, a in seen])[..., 0].clamp(0, 1)
    return (planes[..., :3] / alphas.clamp(min=1e-3)[..., None]).clamp(0, 1), planes[..., 3], alphas


def _surface(
    gaussians: Gaussians, cameras: list[Camera], depths: Tensor, alphas: Tensor, config: MeshConfig
) -> tuple[Float[np.ndarray, "v 3"], Int[np.ndarray, "f 3"]]:
    solid = gaussians.opacities > 0.1
    reach = 3 * gaussians.scales.amax(-1, keepdim=True)
    low = (gaussians.means - reach)[solid].amin(0) if solid.any() else gaussians.means.amin(0)
    high = (gaussians.means + reach)[solid].amax(0) if solid.any() else gaussians.means.amax(0)
    low, high = low.clamp(min=-0.75), high.clamp(max=0.75)
    step = float((high - low).amax()) / (config.grid or _grid(config.faces))
    if not step > 0:
        raise InputError("the Gaussians enclose no surface", "an empty clip", "export another format")
    counts = [int(n) for n in ((high - low) / step).ceil().clamp(min=1) + 1]
    poses = torch.stack([camera.world_to_camera for camera in cameras])
    field = fuse_depths(
        low.numpy(),
        step,
        (counts[0], counts[1], counts[2]),
        poses.numpy(),
        cameras[0].intrinsics.numpy(),
        depths.numpy(),
        alphas.numpy(),
        config.truncation,
    )
    try:
        return close_surface(field, low.numpy(), step, config.faces)
    except ValueError as error:
        raise InputError("the Gaussians enclose no surface", str(error), "export another format") from error


def _paint(places: Tensor, facing: Tensor, cameras: list[Camera], planes: Tensor) -> Float[np.ndarray, "p 3"]:
    """Colours of surface points: of the cameras that see them, the more squarely the more."""
    total, weight = torch.zeros(len(places), 3), torch.zeros(len(places))
    for index, camera in enumerate(cameras):
        found, depth = sample_pictures(places, camera.world_to_camera, camera.intrinsics, planes[index])
        toward = torch.nn.functional.normalize(camera.position - places, dim=-1)
        square = (toward * torch.nn.functional.normalize(facing, dim=-1)).sum(-1).clamp(min=0)
        seen = (depth - found[:, 3] < SEEN_WITHIN) & (found[:, 4] > 0.7) & (square > 0.15)
        share = torch.where(seen, square**4, 0.0) * (FRONT_BONUS if index == 0 else 1.0)
        total += share[:, None] * found[:, :3]
        weight += share
    known = weight > 1e-6
    colors = (total / weight.clamp(min=1e-6)[:, None]).clamp(0, 1).numpy()
    if known.any() and not known.all():
        _, near = cKDTree(places[known].numpy()).query(places[~known].numpy())
        colors[~known.numpy()] = colors[known.numpy()][near]
    return colors


def _spread(pixels: np.ndarray, colors: np.ndarray, size: int) -> Float[np.ndarray, "s s 3"]:
    """The texture; pixels between the charts take the nearest colour, so that seams do not show."""
    texture, empty = np.full((size, size, 3), 0.5, np.float32), np.ones((size, size), bool)
    texture[pixels[:, 0], pixels[:, 1]] = colors
    empty[pixels[:, 0], pixels[:, 1]] = False
    near = distance_transform_edt(empty, return_distances=False, return_indices=True)
    return texture[near[0], near[1]]
