"""A multi-view model's own cameras in our world: where its object lies, how large it is, which way is up."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.cameras import Camera, backproject, orbit_camera
from tween4d.data.images import Image


@dataclass(frozen=True)
class Rig:
    """The cameras that a model was trained with, about an object of radius 0.5 at the origin."""

    azimuths: tuple[float, ...]
    """Degrees from the input camera, to the right of the object first, as ours."""
    elevations: tuple[float, ...]
    """Degrees above the object's horizon."""
    fov_degrees: float
    distance: float


def orthographic_rig(azimuths: tuple[float, ...], width: float, distance: float = 60.0) -> Rig:
    """Parallel cameras of a picture `width` wide in world units, as pinholes from far away.

    At 60 units the perspective left over an object of radius 0.5 is below one part in a hundred.
    """
    fov = 2 * math.degrees(math.atan(width / 2 / distance))
    return Rig(azimuths, (0.0,) * len(azimuths), fov, distance)


@dataclass(frozen=True)
class Placement:
    """The similarity from a model's world to ours."""

    centre: Float[Tensor, "3"]
    """Where the model's origin is."""
    scale: float
    """Our length of the model's unit."""
    elevation: float = 0.0
    """Degrees that the input camera looks down from; the model's horizon is the object's, ours the camera's."""


def rig_cameras(rig: Rig, size: int, placement: Placement) -> tuple[Camera, ...]:
    """The cameras of square pictures in our world: the same pictures of a placed object."""
    tilt = math.radians(placement.elevation)
    # Our axes in the model's world: +Z points to the input camera, which there is lifted by its elevation.
    turned = torch.tensor([[1.0, 0, 0], [0, math.cos(tilt), math.sin(tilt)], [0, -math.sin(tilt), math.cos(tilt)]])
    cameras = []
    for azimuth, elevation in zip(rig.azimuths, rig.elevations, strict=True):
        own = orbit_camera(azimuth, elevation, size, size, rig.fov_degrees, rig.distance)
        pose = torch.eye(4)
        rotation = own.world_to_camera[:3, :3] @ turned
        pose[:3, :3] = rotation
        # Camera coordinates times the scale are the same pixels.
        pose[:3, 3] = placement.scale * own.world_to_camera[:3, 3] - rotation @ placement.centre
        cameras.append(Camera(pose, own.intrinsics, size, size))
    return tuple(cameras)


@dataclass(frozen=True)
class Crop:
    """A square of a picture; it may reach beyond it."""

    left: float
    top: float
    side: float


def crop_about(alphas: Float[Tensor, "t h w"], occupancy: float) -> Crop:
    """The square about the object in all frames, of which the object's longer side takes `occupancy`."""
    box = bounding_box(alphas.amax(0))
    if box is None:
        height, width = alphas.shape[1:]
        return Crop((width - max(height, width)) / 2, (height - max(height, width)) / 2, float(max(height, width)))
    left, top, right, bottom = box
    side = max(right - left, bottom - top) / occupancy
    return Crop((left + right - side) / 2, (top + bottom - side) / 2, side)


def cut_out(image: Image, crop: Crop, size: int, background: float) -> Float[Tensor, "s s 3"]:
    """The crop as an opaque square picture on a grey level."""
    alpha = torch.ones_like(image.rgb[..., 0]) if image.alpha is None else image.alpha
    planes = torch.cat([image.rgb * alpha[..., None], alpha[..., None]], -1).permute(2, 0, 1)[None]
    centres = (torch.arange(size) + 0.5) / size * crop.side
    x = (crop.left + centres) / image.width * 2 - 1
    y = (crop.top + centres) / image.height * 2 - 1
    grid = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], -1)[None].to(planes)
    sampled = torch.nn.functional.grid_sample(planes, grid, mode="bilinear", align_corners=False)[0].permute(1, 2, 0)
    return (sampled[..., :3] + background * (1 - sampled[..., 3:])).clamp(0, 1)


def bounding_box(alpha: Float[Tensor, "h w"]) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of what is covered, the last two beyond it; None when nothing is."""
    rows, columns = (alpha > 0.5).nonzero(as_tuple=True)
    if len(rows) == 0:
        return None
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def placement_from_outlines(
    seen: list[Float[Tensor, "h w"]],
    imagined: list[Float[Tensor, "s s"]],
    camera: Camera,
    rig: Rig,
    elevation: float,
) -> Placement:
    """Where a model's object lies, from outlines: its centre on the ray of the input's, its height that of the input.

    Args:
        seen: the object from the input camera, one or more frames.
        imagined: the object from the rig; those without an object do not count.
        camera: the input camera.
        elevation: of the input camera above the object's horizon, degrees.
    Returns:
        Scale 1 and the origin's depth where outlines say nothing. The model is taken to centre what it shows.
    """
    boxes = [box for alpha in seen if (box := bounding_box(alpha)) is not None]
    if not boxes:
        return Placement(torch.zeros(3), 1.0, elevation)
    middle = torch.tensor([[sum(b[0] + b[2] for b in boxes), sum(b[1] + b[3] for b in boxes)]]) / (2.0 * len(boxes))
    depth = float(camera.position.norm())
    centre = backproject(middle, torch.tensor([depth]), camera)[0]
    unit = 2 * math.tan(math.radians(rig.fov_degrees) / 2) * rig.distance
    heights = [(b[3] - b[1]) / a.shape[0] * unit for a in imagined if (b := bounding_box(a)) is not None]
    tall = sorted((b[3] - b[1]) / float(camera.intrinsics[1, 1]) * depth for b in boxes)[len(boxes) // 2]
    scale = tall / sorted(heights)[len(heights) // 2] if heights else 1.0
    return Placement(centre, scale, elevation)
