"""Files in and out; one format a file. This table says which suffix means which format; nothing is imported by it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tween4d.errors import InputError

Content = Literal["page", "turntable", "moment", "sequence", "points", "mesh"]


@dataclass(frozen=True)
class Format:
    """One kind of file that an asset can be exported to."""

    suffix: str
    """With its dot; "" is a folder."""
    content: Content
    """What of the asset it shows."""
    label: str
    """What the user reads."""
    writer: str
    """`module:function` that writes it."""


FORMATS: dict[str, Format] = {
    entry.suffix: entry
    for entry in (
        Format(".html", "page", "player page, works offline", "tween4d.io.html:write_html"),
        Format(".mp4", "turntable", "turntable video", "tween4d.io.video:write_video"),
        Format(".gif", "turntable", "turntable animation", "tween4d.io.video:write_gif"),
        Format(".ply", "moment", "one moment, 3D Gaussian Splatting attributes", "tween4d.io.ply:write_ply"),
        Format(".glb", "mesh", "animated mesh, glTF 2.0", "tween4d.io.glb:write_glb"),
        Format("", "sequence", "folder of PLY files, one per frame", "tween4d.io.ply:write_ply"),
        Format(".npz", "points", "tracked points as NumPy arrays", "tween4d.io.points:write_points"),
    )
}


def format_of(target: Path | str) -> Format:
    """The format that a path's suffix names; no suffix, or a slash at the end, is a folder.

    Raises:
        InputError: for any other suffix, with the known ones.
    """
    if str(target).endswith("/") or Path(target).is_dir():
        return FORMATS[""]
    suffix = Path(target).suffix.lower()
    if suffix in FORMATS:
        return FORMATS[suffix]
    known = ", ".join(name for name in FORMATS if name)
    raise InputError("no export format has this suffix", f"{suffix!r} in {target}", f"use {known}, or a folder name/")
