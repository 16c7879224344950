"""An asset to a file of another format, chosen by suffix."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import torch

from tween4d.app.turntable import TurntableConfig, render_turntable
from tween4d.data.asset import Asset4D
from tween4d.errors import BackendError, InputError
from tween4d.io import Format, format_of
from tween4d.io.atomic import check_target
from tween4d.io.folders import check_folder, filled_folder
from tween4d.stages.render import pose_asset, trace_points, with_fitted_blur

MAX_FRAMES = 4096
MAX_SIZE = 4096
MAX_FACES = 200_000
GIF = TurntableConfig(size=320, fps=12.5)


@dataclass(frozen=True)
class ExportOptions:
    """What may be set; a format ignores what does not concern it."""

    time: float = 0.0
    """The moment of a single PLY, in [0, 1]."""
    frames: int | None = None
    """Frames of a film, a sequence or of tracked points; None takes the asset's own number."""
    size: int | None = None
    """Longer side of a film, pixels; None takes 512, and 320 for a GIF."""
    points: int = 4096
    """Tracked points at most."""
    faces: int = 12000
    """Triangles of a mesh per clip, about."""


def check_export(target: Path | str, *, overwrite: bool, options: ExportOptions = ExportOptions()) -> Format:
    """Refuse a target or an option before any work is done.

    Raises:
        InputError: unknown suffix or an option out of range.
        OutputError: the target exists or cannot be written.
    """
    form = format_of(target)
    if not 0 <= options.time <= 1:
        raise InputError("the time must be between 0 and 1", f"{options.time:g}")
    if options.frames is not None and not 1 <= options.frames <= MAX_FRAMES:
        raise InputError(f"the number of frames must be between 1 and {MAX_FRAMES}", str(options.frames))
    if options.size is not None and not 16 <= options.size <= MAX_SIZE:
        raise InputError(f"the size must be between 16 and {MAX_SIZE} pixels", str(options.size))
    if options.points < 1:
        raise InputError("the number of points must be at least 1", str(options.points))
    if not 100 <= options.faces <= MAX_FACES:
        raise InputError(f"the number of faces must be between 100 and {MAX_FACES}", str(options.faces))
    if form.content == "mesh":
        _check_mesh_libraries()
    if form.content == "sequence":
        check_folder(Path(target), overwrite=overwrite)
    else:
        check_target(target, overwrite=overwrite)
    return form


def _check_mesh_libraries() -> None:
    missing = [name for name in ("xatlas", "fast_simplification") if find_spec(name) is None]
    if missing:
        raise BackendError("a mesh needs more libraries", ", ".join(missing), "run pip install 'tween4d[mesh]'")


def export_asset(asset: Asset4D, target: Path | str, options: ExportOptions = ExportOptions()) -> Path:
    """Write the asset in the format that the target's suffix names; an existing target is replaced.

    Raises:
        InputError: for an unknown suffix.
        OutputError: when it cannot be written.
    """
    form, path = format_of(target), Path(target)
    module, _, name = form.writer.partition(":")
    _MAKERS[form.content](asset, path, options, getattr(import_module(module), name))
    return path


def _page(asset: Asset4D, target: Path, options: ExportOptions, write: Callable) -> None:
    write(asset, target)


def _turntable(asset: Asset4D, target: Path, options: ExportOptions, write: Callable) -> None:
    config = GIF if target.suffix.lower() == ".gif" else TurntableConfig()
    config = replace(config, frames=options.frames, size=options.size or config.size)
    write(render_turntable(asset, config), target, config.fps)


def _moment(asset: Asset4D, target: Path, options: ExportOptions, write: Callable) -> None:
    write(with_fitted_blur(asset, pose_asset(asset, options.time)), target)


def _sequence(asset: Asset4D, target: Path, options: ExportOptions, write: Callable) -> None:
    times = torch.linspace(0, 1, options.frames or asset.frame_count).tolist()
    with filled_folder(target) as part:
        for index, time in enumerate(times):
            write(with_fitted_blur(asset, pose_asset(asset, time)), part / _frame_name(index))
    # Frames of a longer sequence that lay here before would be taken for the end of this one.
    kept = {_frame_name(index) for index in range(len(times))}
    for path in target.glob("frame_*.ply"):
        if path.name not in kept:
            path.unlink()


def _points(asset: Asset4D, target: Path, options: ExportOptions, write: Callable) -> None:
    times = torch.linspace(0, 1, options.frames or asset.frame_count)
    points, colors = trace_points(asset, times, options.points)
    write(points, colors, times, target)


def _mesh(asset: Asset4D, target: Path, options: ExportOptions, write: Callable) -> None:
    from tween4d.stages.mesh import MeshConfig, mesh_clip

    config = MeshConfig(faces=options.faces)
    seams = [(one.fade_out[0] + two.fade_in[1]) / 2 for one, two in zip(asset.clips, asset.clips[1:], strict=False)]
    spans = zip([0.0, *seams], [*seams, 1.0], strict=True)
    meshes = [
        mesh_clip(with_fitted_blur(asset, clip.gaussians), clip.skin, clip.motion, span, config)
        for clip, span in zip(asset.clips, spans, strict=True)
    ]
    write(asset, meshes, target)


def _frame_name(index: int) -> str:
    return f"frame_{index:04d}.ply"


_MAKERS = {
    "page": _page,
    "turntable": _turntable,
    "moment": _moment,
    "sequence": _sequence,
    "points": _points,
    "mesh": _mesh,
}
