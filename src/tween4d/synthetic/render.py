"""Pictures of a posed scene, and what lies under every pixel."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from tween4d.data.cameras import Camera
from tween4d.data.images import Image
from tween4d.synthetic import kernels
from tween4d.synthetic.scene import PosedSurface, Surface

SAMPLES = 3


@dataclass(frozen=True)
class SurfaceMap:
    """The surface point under the centre of each pixel: a triangle and a place on it, the same at every time."""

    faces: Int[np.ndarray, "h w"]
    """Triangle, -1 where nothing is seen."""
    barycentric: Float[np.ndarray, "h w 3"]
    """Weights of the triangle's corners; 0 where nothing is seen."""
    depth: Float[np.ndarray, "h w"]
    """Along the viewing axis, world units; infinite where nothing is seen."""


def render_image(
    surface: Surface, posed: PosedSurface, camera: Camera, samples: int = SAMPLES, farthest: bool = False
) -> Image:
    """Draw a posed surface.

    Args:
        samples: per pixel and side; colour and coverage are averages over samples^2.
        farthest: draw what each ray leaves last instead of what it meets first: the hidden side, lit as it is.
    Returns:
        Straight colour and coverage; colour is 0 where coverage is. Not differentiable. Parts nearer than 1e-3 to
        the camera plane are not drawn.
    """
    faces, _, planes = _cover(surface, posed, camera, samples, farthest)
    mesh = (surface.triangles, surface.parts, surface.coordinates)
    colors, coverage = kernels.shade(
        samples, (faces, planes), mesh, posed.normals, surface.textures.arrays, surface.lamps
    )
    return Image(torch.from_numpy(colors), torch.from_numpy(coverage))


def map_surface(surface: Surface, posed: PosedSurface, camera: Camera, farthest: bool = False) -> SurfaceMap:
    """What the ray through each pixel's centre meets first, or with `farthest` what it leaves last."""
    faces, depth, planes = _cover(surface, posed, camera, 1, farthest)
    depth = np.abs(depth)
    return SurfaceMap(faces, kernels.barycentric(faces, planes), depth)


def read_surface(
    values: Float[np.ndarray, "v c"], surface: Surface, seen: SurfaceMap, missing: float = np.nan
) -> Float[np.ndarray, "h w c"]:
    """Any quantity given per vertex, under every pixel: rest coordinates, the position at another time, ..."""
    corners = values[surface.triangles[seen.faces]]
    inside = np.einsum("hwk,hwkc->hwc", seen.barycentric, corners)
    return np.where((seen.faces >= 0)[..., None], inside, missing)


def label_parts(surface: Surface, seen: SurfaceMap) -> Int[np.ndarray, "h w"]:
    """Index of the part under every pixel, -1 where there is none."""
    return np.where(seen.faces >= 0, surface.parts[seen.faces], -1)


def _cover(
    surface: Surface, posed: PosedSurface, camera: Camera, samples: int, farthest: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    pose, K = camera.world_to_camera.double().numpy(), camera.intrinsics.double().numpy()
    points = posed.vertices @ pose[:3, :3].T + pose[:3, 3]
    focal, centre = np.array([K[0, 0], K[1, 1]]) * samples, np.array([K[0, 2], K[1, 2]]) * samples
    return kernels.cover(
        points, surface.triangles, focal, centre, camera.width * samples, camera.height * samples, farthest
    )
