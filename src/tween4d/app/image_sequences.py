"""A folder with one picture per frame of a film, with depth and cameras, for compositing."""

from pathlib import Path, PurePosixPath

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image as Pillow
from torch import Tensor

from tween4d.app.films import FAR, FilmView, render_depth
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import ORBIT_RADIUS
from tween4d.data.images import Image
from tween4d.io.atomic import whole_file
from tween4d.io.exr import write_exr
from tween4d.io.images import save_png
from tween4d.io.origin import origin_of
from tween4d.io.transforms import Shot, save_cameras
from tween4d.io.video import Background

DEPTH_RANGE = (ORBIT_RADIUS - 1, ORBIT_RADIUS + 1)
"""World units that 16 bits of a depth PNG span; white is the farther end, and where nothing is."""
EYES = ("left_", "right_")


def frame_names(count: int, suffix: str, eyes: int = 1) -> list[list[str]]:
    """Names of a sequence's files, per frame and eye."""
    sides = EYES if eyes == 2 else ("",)
    return [[f"{side}frame_{index:04d}{suffix}" for side in sides] for index in range(count)]


def write_images(
    asset: Asset4D, views: list[FilmView], folder: Path, kind: str, background: Background, fps: float
) -> set[str]:
    """Write pictures and `cameras.json` into a folder.

    Args:
        kind: `png`, straight sRGB with alpha, and depth beside it as 16-bit grey; or `exr`, all in one file.
        background: colour behind the object, which also fills alpha; None keeps it transparent.
        fps: told in `cameras.json`.
    Returns:
        Names of the files.
    """
    names = frame_names(len(views), f".{kind}", len(views[0].cameras))
    shots, written, origin = [], {"cameras.json"}, origin_of(asset)
    for view, files in zip(views, names, strict=True):
        for camera, name in zip(view.cameras, files, strict=True):
            image, depth = render_depth(asset, camera, view.time)
            if background is not None:
                image = _filled(image, background)
            if kind == "exr":
                write_exr(image, depth, folder / name, origin)
            else:
                save_png(image, folder / name, origin)
                beside = name.replace("frame_", "depth_")
                _save_depth(depth, folder / beside)
                written.add(beside)
            written.add(name)
            shots.append(Shot(PurePosixPath(name), camera, view.time))
    near, far = DEPTH_RANGE
    more = {"depth_near": near, "depth_far": far} if kind == "png" else {"depth_nothing": FAR}
    save_cameras(tuple(shots), folder / "cameras.json", fps=fps, origin=origin, **more)
    return written


def _filled(image: Image, color: tuple[float, float, float]) -> Image:
    assert image.alpha is not None
    alpha = image.alpha[..., None]
    return Image(image.rgb * alpha + image.rgb.new_tensor(color) * (1 - alpha), torch.ones_like(image.alpha))


def _save_depth(depth: Float[Tensor, "h w"], target: Path) -> None:
    near, far = DEPTH_RANGE
    grey = ((depth - near) / (far - near)).clamp(0, 1).cpu().double().numpy() * 65535
    with whole_file(target) as part:
        Pillow.fromarray(np.round(grey).astype(np.uint16)).save(part, "PNG")
