"""Camera lists in the style of NeRF-synthetic: `transforms.json`, here with a time per picture."""

import json
import math
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.cameras import Camera, camera_from_opengl
from tween4d.errors import InputError
from tween4d.io.atomic import whole_file

MAX_SIDE = 8192
MAX_FRAMES = 100_000


@dataclass(frozen=True)
class Shot:
    """One picture to take."""

    file: PurePosixPath
    """Where it goes, relative to the output folder and inside it; the suffix is `.png`."""
    camera: Camera
    time: float
    """Moment in [0, 1]."""


def load_cameras(path: Path, *, size: int | None = None, time: float = 0.0) -> tuple[Shot, ...]:
    """Read a camera list.

    Known keys, in a frame or for all frames: `w`, `h`; `fl_x`, `fl_y`, `cx`, `cy` in pixels, or `camera_angle_x` in
    radians; per frame `transform_matrix` (camera-to-world, OpenGL axes: x right, y up, looking along -z), `file_path`
    and `time`.

    Args:
        size: longer side of every picture, pixels; None takes the list's own size.
        time: moment of frames that name none.
    Returns:
        One shot per frame, in order, with names that differ.
    Raises:
        InputError: when the list cannot be read, a value is missing or senseless, or a name leaves the output folder.
    """
    listing = _read(path)
    frames = listing.get("frames")
    if not isinstance(frames, list) or not frames or len(frames) > MAX_FRAMES:
        raise InputError("the camera list holds no frames", str(path), _FORM)
    shots, names = [], set()
    for index, frame in enumerate(frames):
        where = f"frame {index} of {path}"
        if not isinstance(frame, dict):
            raise InputError("a frame of the camera list is not an object", where, _FORM)
        shot = _shot({**listing, **frame}, where, size, time)
        if shot.file in names:
            raise InputError("two frames of the camera list have the same file_path", f"{shot.file}: {path}", _FORM)
        names.add(shot.file)
        shots.append(shot)
    return tuple(shots)


def save_cameras(shots: tuple[Shot, ...], target: Path, **more: Any) -> Path:
    """Write a camera list that `load_cameras` reads back.

    Args:
        more: further entries of the list.
    Raises:
        OutputError: when it cannot be written.
    """
    frames = [
        {
            "file_path": str(shot.file),
            "time": shot.time,
            "w": shot.camera.width,
            "h": shot.camera.height,
            "fl_x": float(shot.camera.intrinsics[0, 0]),
            "fl_y": float(shot.camera.intrinsics[1, 1]),
            "cx": float(shot.camera.intrinsics[0, 2]),
            "cy": float(shot.camera.intrinsics[1, 2]),
            "transform_matrix": opengl_pose(shot.camera).tolist(),
        }
        for shot in shots
    ]
    with whole_file(target) as part:
        part.write_text(json.dumps({**more, "frames": frames}, indent=1), encoding="utf-8")
    return target


def opengl_pose(camera: Camera) -> Float[Tensor, "4 4"]:
    """Camera-to-world with OpenGL axes: the inverse of `camera_from_opengl`."""
    flip = torch.diag(torch.tensor([1.0, -1.0, -1.0, 1.0], dtype=torch.float64))
    return torch.linalg.inv(camera.world_to_camera.double()) @ flip


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError("there is no such camera list", str(path), "check the path given with --cameras")
    try:
        listing = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("the camera list is not JSON that can be read", f"{path}: {error}", _FORM) from error
    if not isinstance(listing, dict):
        raise InputError("the camera list is not a JSON object", str(path), _FORM)
    return listing


def _shot(values: dict[str, Any], where: str, size: int | None, default_time: float) -> Shot:
    time = _number(values, "time", where, default_time)
    if not 0 <= time <= 1:
        raise InputError("the time of a frame must be between 0 and 1", f"{time:g} in {where}")
    camera = _camera(values, where, size)
    return Shot(_file(values.get("file_path"), where), camera, time)


def _camera(values: dict[str, Any], where: str, size: int | None) -> Camera:
    width, height = _number(values, "w", where), _number(values, "h", where)
    if width is None or height is None:
        if size is None:
            raise InputError("the camera list gives no picture size w and h", where, "add --size PIXELS")
        width = height = size
    width, height = int(width), int(height)
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise InputError(f"the picture size must be 1 to {MAX_SIDE} pixels", f"{width}x{height} in {where}")
    camera = camera_from_opengl(_pose(values, where), _intrinsics(values, width, height, where), width, height)
    if size is None or max(width, height) == size:
        return camera
    scale = size / max(width, height)
    return camera.resized(max(1, round(width * scale)), max(1, round(height * scale)))


def _intrinsics(values: dict[str, Any], width: int, height: int, where: str) -> Float[Tensor, "3 3"]:
    focal_x = _number(values, "fl_x", where)
    if focal_x is None:
        angle = _number(values, "camera_angle_x", where)
        if angle is None:
            raise InputError("the camera list gives neither fl_x nor camera_angle_x", where, _FORM)
        if not 0 < angle < math.pi:
            raise InputError("camera_angle_x must be between 0 and pi", f"{angle:g} in {where}")
        focal_x = width / 2 / math.tan(angle / 2)
    focal_y = _number(values, "fl_y", where, focal_x)
    if not (focal_x > 0 and focal_y > 0):
        raise InputError("the focal length must be positive", f"{focal_x:g}, {focal_y:g} in {where}")
    cx, cy = _number(values, "cx", where, width / 2), _number(values, "cy", where, height / 2)
    return torch.tensor([[focal_x, 0.0, cx], [0.0, focal_y, cy], [0.0, 0.0, 1.0]])


def _pose(values: dict[str, Any], where: str) -> Float[Tensor, "4 4"]:
    try:
        pose = torch.tensor(values["transform_matrix"], dtype=torch.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("a frame has no transform_matrix of 4 rows and 4 columns", where, _FORM) from error
    if pose.shape == (3, 4):
        pose = torch.cat([pose, torch.tensor([[0.0, 0.0, 0.0, 1.0]], dtype=torch.float64)])
    if pose.shape != (4, 4) or not bool(pose.isfinite().all()):
        raise InputError("a frame has no transform_matrix of 4 rows and 4 columns", where, _FORM)
    rotation = pose[:3, :3]
    rigid = torch.allclose(rotation @ rotation.T, torch.eye(3, dtype=pose.dtype), atol=1e-3)
    if not rigid or float(torch.linalg.det(rotation)) < 0:
        raise InputError("the transform_matrix of a frame is not a rotation and a shift", where, _FORM)
    return pose


def _file(name: Any, where: str) -> PurePosixPath:
    """The frame's name as a path inside the output folder; names without a suffix, as NeRF-synthetic's, get `.png`."""
    if not isinstance(name, str) or not name.strip() or "\0" in name:
        raise InputError("a frame has no file_path", where, _FORM)
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or PureWindowsPath(name).drive or ".." in path.parts or not path.name:
        raise InputError("a file_path leads out of the output folder", f"{name!r} in {where}", "use relative names")
    return path if path.suffix == ".png" else path.with_name(path.name + ".png")


def _number(values: dict[str, Any], key: str, where: str, default: Any = None) -> Any:
    value = values.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{key} is not a number", f"{value!r} in {where}", _FORM)
    return float(value)


_FORM = "see `tween4d render --help` for the form of a camera list"
