"""Files in and out; one format a file. This table says which suffix means which format; nothing is imported by it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tween4d.errors import InputError

Content = Literal["page", "film", "moment", "splats", "stage", "sequence", "points", "mesh", "cameras"]

MOMENT = "the motion, for it is one moment"


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
    loses: str = ""
    """What of the asset is lost whatever is asked for; "" is nothing to speak of."""
    harmonics: bool = True
    """Whether colours may depend on the view."""
    alpha: bool = False
    """Whether a film can be transparent."""
    signed: bool = True
    """Whether it has a place for how it was made: version, preset, seed, priors and their licences."""


FORMATS: dict[str, Format] = {
    entry.suffix: entry
    for entry in (
        Format(".html", "page", "player page, works offline", "tween4d.io.html:write_html", harmonics=False),
        Format(".mp4", "film", "film, H.264", "tween4d.io.video:write_video", "transparency"),
        Format(".webm", "film", "film, VP9, can be transparent", "tween4d.io.video:write_video", alpha=True),
        Format(
            ".mov", "film", "film for editing, ProRes 4444, transparent", "tween4d.io.video:write_video", alpha=True
        ),
        Format(
            ".gif", "film", "animated GIF", "tween4d.io.video:write_gif", "transparency, and colours but 256 a picture"
        ),
        Format(".webp", "film", "animated WebP, can be transparent", "tween4d.io.video:write_webp", alpha=True),
        Format(".ply", "moment", "one moment, 3D Gaussian Splatting attributes", "tween4d.io.ply:write_ply", MOMENT),
        Format(
            ".compressed.ply",
            "moment",
            "one moment, PlayCanvas compressed PLY",
            "tween4d.io.compressed_ply:write_compressed_ply",
            f"{MOMENT}, and precision: 11 bits a coordinate, 8 bits a colour",
        ),
        Format(
            ".splat",
            "moment",
            "one moment, 32 bytes a Gaussian",
            "tween4d.io.splat:write_splat",
            f"{MOMENT}, and precision: 8 bits for colour, opacity and each part of a rotation",
            harmonics=False,
            signed=False,
        ),
        Format(
            ".spz",
            "moment",
            "one moment, SPZ version 3",
            "tween4d.io.spz:write_spz",
            f"{MOMENT}, and precision: sizes in steps of 6 %, 8 bits for colour and opacity",
            signed=False,
        ),
        Format(
            ".sog",
            "moment",
            "one moment, PlayCanvas SOG version 2",
            "tween4d.io.sog:write_sog",
            f"{MOMENT}, and precision: 256 levels of size and of colour, 8 bits for each part of a rotation",
        ),
        Format(
            ".splats.glb",
            "splats",
            "Gaussians in glTF 2.0, KHR_gaussian_splatting",
            "tween4d.io.glb_splats:write_glb_splats",
        ),
        Format(
            ".glb",
            "mesh",
            "animated mesh, glTF 2.0",
            "tween4d.io.glb:write_glb",
            "translucency and fading, and colours that depend on the view",
            harmonics=False,
        ),
        *(
            Format(suffix, "stage", f"OpenUSD stage{kind}, Gaussians and mesh", "tween4d.io.usd:write_usd")
            for suffix, kind in ((".usda", " as text"), (".usdc", ""), (".usdz", " in an archive"))
        ),
        Format("", "sequence", "folder, one file per frame", "tween4d.io.ply:write_ply"),
        Format(
            ".npz", "points", "tracked points as NumPy arrays", "tween4d.io.points:write_points", "all but the points"
        ),
        Format(
            ".json",
            "cameras",
            "cameras of a film, transforms.json",
            "tween4d.io.transforms:save_cameras",
            "all but the cameras",
        ),
    )
}


def format_of(target: Path | str) -> Format:
    """The format that a path's suffix names, the longest one that fits; no suffix, or a slash at the end, is a folder.

    Raises:
        InputError: for any other suffix, with the known ones.
    """
    if str(target).endswith("/") or Path(target).is_dir():
        return FORMATS[""]
    name = Path(target).name.lower()
    suffix = Path(target).suffix.lower()
    fitting = [known for known in FORMATS if known and name.endswith(known) and name != known]
    if fitting:
        return FORMATS[max(fitting, key=len)]
    if not suffix and name not in FORMATS:
        return FORMATS[""]
    known = ", ".join(name for name in FORMATS if name)
    raise InputError("no export format has this suffix", f"{suffix!r} in {target}", f"use {known}, or a folder name/")
