"""Benchmark cases on disk: two pictures, cameras, true views and true trajectories."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
from jaxtyping import Float

from tween4d.data.cameras import Camera
from tween4d.errors import InputError
from tween4d.io.folders import filled_folder
from tween4d.io.images import save_png
from tween4d.io.points import write_points
from tween4d.io.transforms import Shot, load_cameras, save_cameras
from tween4d.synthetic import SyntheticCase

Group = Literal["input", "near", "far"]
GROUPS: tuple[Group, ...] = ("input", "near", "far")


@dataclass(frozen=True)
class Case:
    """One object in two states, with what is known of everything between."""

    name: str
    folder: Path
    shots: tuple[Shot, ...]
    """Views that the truth shows; their files lie in the folder."""

    @property
    def start(self) -> Path:
        return self.folder / "input" / "start.png"

    @property
    def end(self) -> Path:
        return self.folder / "input" / "end.png"

    @property
    def points(self) -> Path:
        """Archive of true trajectories; may be missing."""
        return self.folder / "points.npz"

    def cameras(self) -> dict[str, tuple[Shot, ...]]:
        """The shots of each camera in the order of time, by the name of the camera's folder."""
        grouped: dict[str, list[Shot]] = {}
        for shot in self.shots:
            grouped.setdefault(shot.file.parent.name, []).append(shot)
        return {name: tuple(sorted(shots, key=lambda s: s.time)) for name, shots in grouped.items()}


def load_case(folder: Path) -> Case:
    """Read a case.

    Raises:
        InputError: when the folder holds none.
    """
    case = Case(folder.name, folder, load_cameras(folder / "transforms.json"))
    for path in (case.start, case.end):
        if not path.is_file():
            raise InputError("the case lacks a picture", str(path), "see the form of a benchmark folder")
    return case


def find_cases(folder: Path, names: Sequence[str] = ()) -> list[Path]:
    """The folders of a benchmark's cases, sorted by name.

    Args:
        names: cases wanted; all when empty.
    Raises:
        InputError: when the folder holds no case, or not one that is wanted.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", str(folder), "name a folder of cases")
    known = {path.parent.name: path.parent for path in sorted(folder.glob("*/transforms.json"))}
    if not known:
        raise InputError(
            "the folder holds no case", str(folder), "a case is a folder with transforms.json and input/start.png"
        )
    for name in names:
        if name not in known:
            raise InputError("there is no such case", repr(name), f"known: {', '.join(known)}")
    return [path for name, path in known.items() if not names or name in names]


def load_true_points(case: Case) -> tuple[Float[np.ndarray, "t n 3"], Float[np.ndarray, "t"]] | None:
    """True trajectories and their times, or None when the case has none.

    Raises:
        InputError: when the archive is damaged.
    """
    if not case.points.is_file():
        return None
    try:
        with np.load(case.points, allow_pickle=False) as archive:
            points = archive["points"]
            times = archive["times"] if "times" in archive else np.linspace(0, 1, len(points))
    except (OSError, ValueError, KeyError) as error:
        raise InputError("the case's trajectories cannot be read", str(case.points)) from error
    return points.astype(np.float32), times.astype(np.float32)


def camera_angles(camera: Camera) -> tuple[float, float]:
    """Azimuth in (-180, 180] and elevation of a camera's place about the origin, degrees."""
    x, y, z = camera.position.double().tolist()
    return math.degrees(math.atan2(x, z)), math.degrees(math.asin(y / max(math.hypot(x, y, z), 1e-12)))


def group_of(camera: Camera) -> Group:
    """How much a camera asks: the input's own view, near it (azimuth up to 45 degrees), or far from it."""
    azimuth, elevation = camera_angles(camera)
    if max(abs(azimuth), abs(elevation)) < 0.5:
        return "input"
    return "near" if abs(azimuth) < 45.5 else "far"


def write_case(case: SyntheticCase, folder: Path) -> Case:
    """Write a case of the project's own generator; the folder appears when it is complete.

    Raises:
        OutputError: when it cannot be written.
    """
    shots = tuple(
        Shot(PurePosixPath("gt", view.name, f"t{index:02d}.png"), view.camera, time)
        for view in case.views
        for index, time in enumerate(case.times.tolist())
    )
    with filled_folder(folder) as part:
        save_png(case.start, part / "input" / "start.png")
        save_png(case.end, part / "input" / "end.png")
        frames = (view.frame(index) for view in case.views for index in range(len(case.times)))
        for shot, image in zip(shots, frames, strict=True):
            save_png(image, part / shot.file)
        save_cameras(shots, part / "transforms.json")
        write_points(case.points, case.colors.float() / 255, case.times, part / "points.npz")
        about = {"name": case.name, "split": "synthetic", "author": "tween4d", "licence": "Apache-2.0"}
        (part / "case.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    return load_case(folder)
