"""Pinhole cameras. Camera axes are OpenCV's: x right, y down, z forward; pixel i covers [i, i + 1)."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

ORBIT_RADIUS = 2.0
DEFAULT_FOV_DEGREES = 33.8


@dataclass(frozen=True)
class Camera:
    """One view: where it looks from, how it projects, and the size of its picture."""

    world_to_camera: Float[Tensor, "4 4"]
    """Rigid transform from world (right-handed, +Y up) to camera axes (x right, y down, z forward)."""
    intrinsics: Float[Tensor, "3 3"]
    """[[fx, 0, cx], [0, fy, cy], [0, 0, 1]] in pixels."""
    width: int
    height: int

    @property
    def position(self) -> Float[Tensor, "3"]:
        """Camera centre in the world."""
        rotation, translation = self.world_to_camera[:3, :3], self.world_to_camera[:3, 3]
        return -rotation.T @ translation

    def resized(self, width: int, height: int) -> "Camera":
        """The same view at another picture size (fx and fy scale with their own side)."""
        scale = torch.diag(torch.tensor([width / self.width, height / self.height, 1.0]))
        return Camera(self.world_to_camera, scale.to(self.intrinsics) @ self.intrinsics, width, height)


def intrinsics_from_fov(fov_degrees: float, width: int, height: int) -> Float[Tensor, "3 3"]:
    """Centred square-pixel intrinsics whose field of view spans the longer image side."""
    focal = max(width, height) / 2 / math.tan(math.radians(fov_degrees) / 2)
    return torch.tensor([[focal, 0.0, width / 2], [0.0, focal, height / 2], [0.0, 0.0, 1.0]])


def orbit_camera(
    azimuth_degrees: float,
    elevation_degrees: float,
    width: int,
    height: int,
    fov_degrees: float = DEFAULT_FOV_DEGREES,
    radius: float = ORBIT_RADIUS,
) -> Camera:
    """A camera on a sphere about the origin, looking at it, +Y up.

    Args:
        azimuth_degrees: about +Y; 0 is on +Z (the input camera), 90 on +X.
        elevation_degrees: upwards, in (-90, 90).
        width, height: picture size in pixels.
        fov_degrees: along the longer side.
        radius: distance from the origin, world units.
    """
    az, el = math.radians(azimuth_degrees), math.radians(elevation_degrees)
    back = torch.tensor([math.sin(az) * math.cos(el), math.sin(el), math.cos(az) * math.cos(el)])
    right = torch.tensor([math.cos(az), 0.0, -math.sin(az)])
    up = torch.linalg.cross(back, right)
    rotation = torch.stack([right, -up, -back])
    world_to_camera = torch.eye(4)
    world_to_camera[:3, :3] = rotation
    world_to_camera[:3, 3] = -rotation @ (radius * back)
    return Camera(world_to_camera, intrinsics_from_fov(fov_degrees, width, height), width, height)


def input_camera(width: int, height: int, fov_degrees: float = DEFAULT_FOV_DEGREES) -> Camera:
    """The camera of the input images: on +Z, at the orbit radius."""
    return orbit_camera(0.0, 0.0, width, height, fov_degrees)


def camera_from_opengl(
    camera_to_world: Float[Tensor, "4 4"], intrinsics: Float[Tensor, "3 3"], width: int, height: int
) -> Camera:
    """A camera from a NeRF-style pose (camera-to-world, x right, y up, looking along -z)."""
    flip = torch.diag(torch.tensor([1.0, -1.0, -1.0, 1.0], dtype=camera_to_world.dtype))
    world_to_camera = torch.linalg.inv(camera_to_world @ flip)
    return Camera(world_to_camera.float(), intrinsics.float(), width, height)


def backproject(pixels: Float[Tensor, "*p 2"], depth: Float[Tensor, "*p"], camera: Camera) -> Float[Tensor, "*p 3"]:
    """World points at camera depth `depth` (along the viewing axis, world units) under pixels (x, y)."""
    K = camera.intrinsics.to(pixels)
    x = (pixels[..., 0] - K[0, 2]) / K[0, 0] * depth
    y = (pixels[..., 1] - K[1, 2]) / K[1, 1] * depth
    local = torch.stack([x, y, depth], -1)
    pose = camera.world_to_camera.to(pixels)
    return (local - pose[:3, 3]) @ pose[:3, :3]


def project(points: Float[Tensor, "*p 3"], camera: Camera) -> tuple[Float[Tensor, "*p 2"], Float[Tensor, "*p"]]:
    """Pixels (x, y) and camera depth of world points; points at depth <= 0 have no meaningful pixel."""
    pose, K = camera.world_to_camera.to(points), camera.intrinsics.to(points)
    local = points @ pose[:3, :3].T + pose[:3, 3]
    depth = local[..., 2]
    x = K[0, 0] * local[..., 0] / depth + K[0, 2]
    y = K[1, 1] * local[..., 1] / depth + K[1, 2]
    return torch.stack([x, y], -1), depth
