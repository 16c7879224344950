"""An asset to a file of another format, chosen by suffix."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

import torch

from tween4d.app.films import CameraPath, FilmConfig, FilmView, film_views, parse_background, render_film, resized_for
from tween4d.app.image_sequences import frame_names, write_images
from tween4d.app.meshes import asset_meshes, check_mesh, mesh_poses, parse_rig
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import input_camera
from tween4d.data.gaussians import Gaussians
from tween4d.errors import InputError
from tween4d.events import Listener, Note, silent
from tween4d.io import FORMATS, Format, format_of
from tween4d.io.atomic import check_target
from tween4d.io.folders import check_folder, filled_folder
from tween4d.io.origin import origin_of
from tween4d.io.transforms import Shot
from tween4d.io.video import Background
from tween4d.io.web import write_web
from tween4d.stages.render import pose_asset, pose_clip, render_view, trace_points, with_fitted_blur

MAX_FRAMES = 4096
MAX_PAGES = 256
MAX_SIZE = 4096
Usd = Literal["both", "splats", "mesh"]
PICTURES = ("png", "exr")
EACH = ("ply", "compressed.ply", "splat", "spz", "sog", *PICTURES, "web")
"""Kinds of file that a folder may hold, one per frame; `web` is what a web server needs to show the asset."""
OURS = re.compile(r"(left_|right_)?(frame|depth)_\d{4,}\.[a-z.]+|cameras\.json")
"""Names of the files of a sequence."""


@dataclass(frozen=True)
class ExportOptions:
    """What may be set; a format ignores what does not concern it."""

    time: float = 0.0
    """The moment of a file that holds one, in [0, 1]."""
    frames: int | None = None
    """Frames of a film, a sequence, a stage or of tracked points; None takes the asset's own number. Moments of a
    flip-book; None writes one moment."""
    size: int | None = None
    """Longer side of a film, pixels; None takes 512, and 320 for GIF and WebP. Side of a mesh's texture; None takes
    what the pictures have to give."""
    points: int = 4096
    """Tracked points at most."""
    faces: int = 12000
    """Triangles of a mesh per clip, about."""
    rig: str = "nodes"
    """What a mesh hangs on: `nodes`, `reduce:N` or `morph`."""
    usd: Usd = "both"
    """What an OpenUSD stage holds."""
    fps: float | None = None
    """Pictures a second of a film; None takes 24, and 12.5 for GIF and WebP."""
    background: str | None = None
    """`white`, `black`, `grey`, `#rrggbb` or `transparent`; None is white, but transparent for `.mov` and pictures."""
    camera: CameraPath = "turntable"
    """How a film moves."""
    azimuth: float = 0.0
    elevation: float = 0.0
    """Where a film that does not turn looks from, degrees."""
    each: str = "ply"
    """Kind of file that a folder holds."""


def check_export(target: Path | str, *, overwrite: bool, options: ExportOptions = ExportOptions()) -> Format:
    """Refuse a target or an option before any work is done.

    Raises:
        InputError: unknown suffix, or an option out of range or that the format cannot have.
        BackendError: the format needs a library that is not installed.
        OutputError: the target exists or cannot be written.
    """
    form = format_of(target)
    _check_ranges(options)
    most = MAX_PAGES if form.content == "splats" else MAX_FRAMES
    if options.frames is not None and not 1 <= options.frames <= most:
        raise InputError(f"the number of frames must be between 1 and {most}", str(options.frames))
    if options.background is not None:
        parse_background(options.background)
    if options.each not in EACH:
        raise InputError("a folder cannot hold files of this kind", repr(options.each), f"use {', '.join(EACH)}")
    transparent = options.background is not None and parse_background(options.background) is None
    if form.content == "film" and transparent and not form.alpha:
        able = ", ".join(f.suffix for f in FORMATS.values() if f.alpha)
        raise InputError(f"a {form.suffix} film cannot be transparent", remedy=f"use {able}, or a folder of png")
    if form.content == "mesh" or (form.content == "stage" and options.usd != "splats"):
        check_mesh(options.faces)
    if form.content == "stage":
        from tween4d.io.usd import require_usd

        require_usd()
        if options.usd != "splats" and parse_rig(options.rig) == "morph":
            raise InputError("a mesh in a USD stage has joints", remedy="use nodes or reduce:N")
    if form.content == "sequence":
        check_folder(Path(target), overwrite=overwrite)
    else:
        check_target(target, overwrite=overwrite)
    return form


def export_asset(
    asset: Asset4D, target: Path | str, options: ExportOptions = ExportOptions(), listener: Listener = silent
) -> Path:
    """Write the asset in the format that the target's suffix names; an existing target is replaced.

    Args:
        listener: told what the format loses, before it is written.
    Raises:
        InputError: for an unknown suffix.
        OutputError: when it cannot be written.
    """
    form, path = format_of(target), Path(target)
    for sentence in losses(asset, form, options):
        listener(Note(sentence))
    module, _, name = form.writer.partition(":")
    _MAKERS[form.content](asset, path, options, getattr(import_module(module), name))
    return path


def losses(asset: Asset4D, form: Format, options: ExportOptions = ExportOptions()) -> list[str]:
    """What of this asset is not in a file of a format, in sentences; empty when nothing is lost."""
    if form.content == "sequence":
        if options.each in PICTURES:
            return []
        if options.each == "web":
            return losses(asset, FORMATS[".html"], options)
        inner = FORMATS[f".{options.each}"]
        form = replace(inner, loses=inner.loses.replace("the motion, for it is one moment", "motion between frames"))
    told = []
    if form.content == "splats":
        many = options.frames is not None and options.frames > 1
        told.append("motion between its moments" if many else "the motion; --frames N makes a flip-book")
    elif form.content == "stage":
        told += [FORMATS[".glb"].loses] if options.usd == "mesh" else []
        if options.usd != "splats" and form.suffix != ".usdz":
            told.append("the mesh's texture, which becomes a colour per vertex; .usdz keeps it")
    elif form.loses:
        told.append(form.loses)
    degree = int(asset.clips[0].gaussians.sh.shape[1] ** 0.5) - 1
    if degree and not form.harmonics and form.content in ("page", "moment"):
        told.append(f"colours that depend on the view (harmonics of degree {degree})")
    if not form.signed:
        told.append("how it was made, and with priors of what licence")
    return [f"{form.suffix} loses {sentence}" for sentence in told]


def _check_ranges(options: ExportOptions) -> None:
    if not 0 <= options.time <= 1:
        raise InputError("the time must be between 0 and 1", f"{options.time:g}")
    if options.size is not None and not 16 <= options.size <= MAX_SIZE:
        raise InputError(f"the size must be between 16 and {MAX_SIZE} pixels", str(options.size))
    if options.fps is not None and not 1 <= options.fps <= 240:
        raise InputError("the frames a second must be between 1 and 240", f"{options.fps:g}")
    if options.points < 1:
        raise InputError("the number of points must be at least 1", str(options.points))
    parse_rig(options.rig)
    if options.usd not in get_args(Usd):
        raise InputError("a stage cannot hold this", repr(options.usd), f"use {', '.join(get_args(Usd))}")
    if options.camera not in get_args(CameraPath):
        raise InputError("there is no such camera path", options.camera, f"use {', '.join(get_args(CameraPath))}")
    if not -360 <= options.azimuth <= 360:
        raise InputError("the azimuth must be between -360 and 360 degrees", f"{options.azimuth:g}")
    if not -89 <= options.elevation <= 89:
        raise InputError("the elevation must be between -89 and 89 degrees", f"{options.elevation:g}")


def _seen(asset: Asset4D, time: float) -> Gaussians:
    return with_fitted_blur(asset, pose_asset(asset, time))


def _times(asset: Asset4D, options: ExportOptions) -> list[float]:
    return torch.linspace(0, 1, options.frames or asset.frame_count).tolist()


def _page(asset: Asset4D, target: Path, options: ExportOptions, write: Callable) -> None:
    write(asset, target)


def _film(asset: Asset4D, target: Path, options: ExportOptions, write: Callable) -> None:
    kind = target.suffix.lower()
    views, fps = _views(asset, kind, options)
    write(render_film(asset, views), target, fps, _background(options, transparent=kind == ".mov"), origin_of(asset))


def _cameras(asset: Asset4D, target: Path, options: ExportOptions, write: Callable) -> None:
    views, fps = _views(asset, "", options)
    names = frame_names(len(views), ".png", len(views[0].cameras))
    shots = [
        Shot(PurePosixPath(name), camera, view.time)
        for view, files in zip(views, names, strict=True)
        for camera, name in zip(view.cameras, files, strict=True)
    ]
    write(tuple(shots), target, fps=fps, origin=origin_of(asset))


def _moment(asset: Asset4D, target: Path, options: ExportOptions, write: Callable) -> None:
    _write_moment(asset, options.time, target, format_of(target), write)


def _write_moment(asset: Asset4D, time: float, target: Path, form: Format, write: Callable) -> None:
    write(_seen(asset, time), target, *([origin_of(asset)] if form.signed else []))


def _splats(asset: Asset4D, target: Path, options: ExportOptions, write: Callable) -> None:
    times = [options.time] if options.frames in (None, 1) else _times(asset, options)
    write(asset, [(time, _seen(asset, time)) for time in times], target)


def _stage(asset: Asset4D, target: Path, options: ExportOptions, write: Callable) -> None:
    from tween4d.io.usd import SplatTrack

    times = _times(asset, options)
    tracks = []
    for index, clip in enumerate(asset.clips if options.usd != "mesh" else ()):
        frames = [frame for frame, time in enumerate(times) if clip.presence(time) > 0]
        if frames:
            moments = tuple(with_fitted_blur(asset, pose_clip(clip, times[frame])) for frame in frames)
            tracks.append(SplatTrack(f"clip_{index}", tuple(frames), moments))
    meshes = asset_meshes(asset, options.faces, options.size, options.rig) if options.usd != "splats" else ()
    write(asset, tracks, len(times), target, meshes)


def _sequence(asset: Asset4D, target: Path, options: ExportOptions, write: Callable) -> None:
    with filled_folder(target) as part:
        if options.each == "web":
            width, height = asset.image_width, asset.image_height
            write_web(asset, render_view(asset, input_camera(width, height, asset.fov_degrees), 0.0), part)
            return
        if options.each in PICTURES:
            views, fps = _views(asset, "", options)
            kept = write_images(asset, views, part, options.each, _background(options, transparent=True), fps)
        else:
            form = FORMATS[f".{options.each}"]
            module, _, name = form.writer.partition(":")
            times = _times(asset, options)
            kept = {name for names in frame_names(len(times), f".{options.each}") for name in names}
            for place, time in zip(sorted(kept), times, strict=True):
                _write_moment(asset, time, part / place, form, getattr(import_module(module), name))
    # Frames of a longer sequence that lay here before would be taken for the end of this one.
    for path in target.iterdir():
        if OURS.fullmatch(path.name) and path.name not in kept:
            path.unlink()


def _points(asset: Asset4D, target: Path, options: ExportOptions, write: Callable) -> None:
    times = torch.linspace(0, 1, options.frames or asset.frame_count)
    points, colors = trace_points(asset, times, options.points)
    write(points, colors, times, target, origin_of(asset))


def _mesh(asset: Asset4D, target: Path, options: ExportOptions, write: Callable) -> None:
    meshes = asset_meshes(asset, options.faces, options.size, options.rig)
    write(asset, meshes, target, mesh_poses(meshes, options.rig))


def _views(asset: Asset4D, kind: str, options: ExportOptions) -> tuple[list[FilmView], float]:
    config = FilmConfig(
        path=options.camera,
        frames=options.frames,
        azimuth_degrees=options.azimuth,
        elevation_degrees=options.elevation,
    )
    config = resized_for(config, kind, options.size, options.fps)
    return film_views(asset, config), config.fps


def _background(options: ExportOptions, *, transparent: bool) -> Background:
    return parse_background(options.background or ("transparent" if transparent else "white"))


_MAKERS = {
    "page": _page,
    "film": _film,
    "moment": _moment,
    "splats": _splats,
    "stage": _stage,
    "sequence": _sequence,
    "points": _points,
    "mesh": _mesh,
    "cameras": _cameras,
}
