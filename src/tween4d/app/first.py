"""The first moment's Gaussians, made by another program: read, and placed over the start picture."""

import math
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from tween4d.data.cameras import ORBIT_RADIUS, Camera, input_camera, intrinsics_from_fov
from tween4d.data.gaussians import Gaussians
from tween4d.data.images import Image
from tween4d.errors import InputError
from tween4d.events import Listener, Note, silent
from tween4d.io.moments import load_moment, sequence_files
from tween4d.io.values import digest, pack
from tween4d.priors.protocols import PriorInfo, Priors
from tween4d.priors.user import GivenFirst
from tween4d.splatting.drawing import FITTED_BLUR, draw

MOST_GAUSSIANS = 200_000
COMPARED_SIZE = 128
IN_PLACE, LEAST_SHARED = 0.85, 0.5
"""Outlines shared with the start picture (intersection over union): above the first, Gaussians stay where they are;
below the second they are refused."""
VISIBLE_OPACITY = 0.2
STRAY = 0.005
"""Share of centres at each end of an axis that may lie anywhere."""
ROUNDS = 4
LEAST_OF_BLUR = 0.02
"""Variance that a Gaussian thinner than the blur keeps, as a share of the blur's."""


def with_first(priors: Priors, start: Image, fov_degrees: float, path: Path, listener: Listener = silent) -> Priors:
    """Priors whose answer for the first moment is a file of Gaussians.

    Args:
        start, fov_degrees, path: as `load_first`.
    Raises:
        InputError: as `load_first`.
    """
    gaussians = load_first(path, start, fov_degrees, listener)
    info = PriorInfo(path.name, "user", digest(pack(gaussians))[:16], "user's")
    return replace(priors, multiview=GivenFirst(gaussians, priors.multiview), info=(*priors.info, info))


def first_file(path: Path) -> Path:
    """The file itself, or the first splat file of a folder."""
    return sequence_files(path)[0] if path.is_dir() else path


def load_first(path: Path, start: Image, fov_degrees: float, listener: Listener = silent) -> Gaussians:
    """Read Gaussians and, unless they lie over the start picture already, move and scale them as a whole until they do.

    Args:
        path: a PLY or .splat file with the axes of such files, or a folder of them, whose first is taken.
        start: matted, at the size at which the asset is fitted.
        listener: told when they were moved.
    Raises:
        InputError: when they cannot be read, are too many, or show another outline from the input camera.
    """
    gaussians = load_moment(path)
    if len(gaussians) > MOST_GAUSSIANS:
        raise InputError(
            f"at most {MOST_GAUSSIANS:,} Gaussians can be moved", f"{len(gaussians):,} in {path}", "prune it"
        )
    scale = COMPARED_SIZE / max(start.width, start.height)
    size = (max(1, round(start.width * scale)), max(1, round(start.height * scale)))
    camera = input_camera(*size, fov_degrees)
    wanted = _outline(start, *size)
    shared = _shared(gaussians, camera, wanted)
    if shared < IN_PLACE:
        moved = _placed(gaussians, camera, wanted)
        better = _shared(moved, camera, wanted)
        if better > shared:
            gaussians, shared = moved, better
            listener(Note(f"the Gaussians of {path.name} were moved and scaled to lie over the start image"))
    if shared < LEAST_SHARED:
        raise InputError(
            "the Gaussians do not show the object of the start image as its camera sees it",
            f"{path}: {shared:.0%} of the outline in common",
            "turn them so that x is right, y down and z away from the camera",
        )
    return _without_blur(gaussians, start, fov_degrees)


def _without_blur(gaussians: Gaussians, start: Image, fov_degrees: float) -> Gaussians:
    """As much smaller as the blur of our pictures makes them larger: files hold what is seen (`with_fitted_blur`)."""
    fitted = intrinsics_from_fov(fov_degrees, start.width, start.height)
    variance = FITTED_BLUR * ORBIT_RADIUS**2 / float(fitted[0, 0] * fitted[1, 1])
    least = LEAST_OF_BLUR * variance
    return replace(gaussians, log_scales=0.5 * torch.log((gaussians.scales**2 - variance).clamp(min=least)))


def _outline(image: Image, width: int, height: int) -> Tensor:
    assert image.alpha is not None  # matted
    small = torch.nn.functional.interpolate(image.alpha[None, None], (height, width), mode="area")
    return small[0, 0] > 0.5


def _shown(gaussians: Gaussians, camera: Camera) -> Tensor:
    with torch.no_grad():
        return draw(gaussians, camera)[1] > 0.5


def _shared(gaussians: Gaussians, camera: Camera, wanted: Tensor) -> float:
    shown = _shown(gaussians, camera)
    return float((shown & wanted).sum() / (shown | wanted).sum().clamp(min=1))


def _placed(gaussians: Gaussians, camera: Camera, wanted: Tensor) -> Gaussians:
    """Moved and scaled so that the box about their outline is that of the wanted one, their middle at depth 2."""
    seen = gaussians.opacities > VISIBLE_OPACITY
    seen = seen if bool(seen.any()) else torch.ones_like(seen)
    low, high = gaussians.means[seen].quantile(STRAY, 0), gaussians.means[seen].quantile(1 - STRAY, 0)
    # Into the world's size first: a camera cannot look at what surrounds it.
    factor = 0.8 / max(float((high - low).max()), 1e-9)
    moved = _scaled(replace(gaussians, means=gaussians.means - (low + high) / 2), factor)
    goal, focal = _box(wanted), float(camera.intrinsics[0, 0])
    for _ in range(ROUNDS):
        shown = _shown(moved, camera)
        if not bool(shown.any()):
            break
        box = _box(shown)
        shift = (goal.mean(0) - box.mean(0)) / focal * ORBIT_RADIUS
        moved = replace(moved, means=moved.means + moved.means.new_tensor([float(shift[0]), -float(shift[1]), 0.0]))
        moved = _scaled(moved, float(((goal[1] - goal[0]) / (box[1] - box[0])).prod().sqrt()))
    return moved


def _scaled(gaussians: Gaussians, factor: float) -> Gaussians:
    return replace(
        gaussians, means=gaussians.means * factor, log_scales=gaussians.log_scales + math.log(max(factor, 1e-9))
    )


def _box(outline: Tensor) -> Tensor:
    """Lower and upper bounds [2, 2] of an outline, x and y in pixels."""
    rows, columns = torch.nonzero(outline, as_tuple=True)
    return torch.tensor([[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]]).float()
