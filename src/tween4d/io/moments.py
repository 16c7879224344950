"""Gaussians that other programs made: of one moment, or of a sequence."""

import re
from collections.abc import Callable
from pathlib import Path

from tween4d.data.gaussians import Gaussians
from tween4d.errors import InputError
from tween4d.io.ply import load_ply
from tween4d.io.splat import load_splat

READERS: dict[str, Callable[[Path], Gaussians]] = {".ply": load_ply, ".splat": load_splat}
MOST_FILES = 4096


def load_moment(path: Path) -> Gaussians:
    """Read a PLY or .splat file, or the first one of a folder, into our world.

    Raises:
        InputError: when there is no such file, its suffix is another, or it cannot be read.
    """
    if path.is_dir():
        path = sequence_files(path)[0]
    if path.suffix.lower() not in READERS or path.name.lower().endswith(".compressed.ply"):
        raise InputError("Gaussians are read from PLY and .splat files", str(path), "convert it to .ply")
    return READERS[path.suffix.lower()](path)


def load_sequence(folder: Path) -> tuple[Gaussians, ...]:
    """Read a folder of PLY or .splat files, one per moment, in the order of the numbers in their names.

    Raises:
        InputError: when the folder holds none or too many, or one cannot be read.
    """
    return tuple(load_moment(path) for path in sequence_files(folder))


def sequence_files(folder: Path) -> list[Path]:
    """The splat files of a folder: those of the kind that is there, in the order of the numbers in their names.

    Raises:
        InputError: when it is no folder, or holds none or too many.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", str(folder), "check the path")
    for suffix in READERS:
        found = [path for path in folder.iterdir() if path.suffix.lower() == suffix and path.is_file()]
        if len(found) > MOST_FILES:
            raise InputError(f"a sequence has at most {MOST_FILES} files", f"{len(found)} in {folder}")
        if found:
            return sorted(found, key=_order)
    raise InputError("the folder holds no splat files", str(folder), f"put {' or '.join(READERS)} files into it")


def _order(path: Path) -> list[tuple[int, str]]:
    """Numbers by value, so that frame_10 comes after frame_9."""
    parts = re.findall(r"\d+|\D+", path.name)
    return [(int(part), "") if part.isdigit() else (0, part) for part in parts]
