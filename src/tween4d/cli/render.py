"""`tween4d render`: pictures of an asset."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from tween4d.cli.console import counting, say
from tween4d.cli.options import AssetPath, Flag
from tween4d.errors import InputError

DEFAULT_SIZE = 512
MOST_VIEWS = 3600


@dataclass(frozen=True)
class Render:
    """Render RGBA pictures from a list of cameras or an orbit.

    $ tween4d render fox.t4d --cameras transforms.json -o views
    $ tween4d render fox.t4d --orbit 12 --time 0.5 -o around

    The list is that of NeRF-synthetic: camera_angle_x, or fl_x, fl_y, cx, cy;
    w, h; and frames, each with a file_path, a camera-to-world transform_matrix
    (OpenGL axes) and a time from 0 to 1. Alpha is straight.
    """

    asset: AssetPath
    """The .t4d file."""
    out: Annotated[Path, arg(aliases=["-o"], metavar="DIR")]
    """Folder for the pictures; each file_path is kept under it."""
    cameras: Annotated[Path | None, arg(metavar="LIST", help_behavior_hint="")] = None
    """Cameras and moments, a transforms.json."""
    orbit: Annotated[int | None, arg(metavar="N", help_behavior_hint="")] = None
    """N views around the object, beginning at the input camera."""
    time: Annotated[float, arg(metavar="T")] = 0.0
    """Moment, 0 to 1, of the orbit and of frames without a time."""
    size: Annotated[int | None, arg(metavar="PIXELS", help_behavior_hint="(default: the list's, or 512)")] = None
    """Longer side of the pictures."""
    overwrite: Flag = False
    """Replace pictures in a folder that is not empty."""

    def execute(self) -> None:
        """Render the pictures and say where they are."""
        from tween4d.app.shoot import orbit_shots, take_shots
        from tween4d.io.asset import load_asset
        from tween4d.io.folders import check_folder
        from tween4d.io.transforms import MAX_SIDE, load_cameras

        if (self.cameras is None) == (self.orbit is None):
            raise InputError("either --cameras or --orbit is wanted", remedy="for example --orbit 12")
        if not 0 <= self.time <= 1:
            raise InputError("the time must be between 0 and 1", f"{self.time:g}", "choose --time 0.5")
        if self.size is not None and not 1 <= self.size <= MAX_SIDE:
            raise InputError(f"the size must be between 1 and {MAX_SIDE} pixels", str(self.size), "choose --size 512")
        if self.orbit is not None and not 1 <= self.orbit <= MOST_VIEWS:
            raise InputError(f"the views must be between 1 and {MOST_VIEWS}", str(self.orbit), "choose --orbit 12")
        check_folder(self.out, overwrite=self.overwrite)
        asset = load_asset(self.asset)
        if self.cameras is not None:
            shots = load_cameras(self.cameras, size=self.size, time=self.time)
        else:
            shots = orbit_shots(asset, self.orbit or 1, time=self.time, size=self.size or DEFAULT_SIZE)
        with counting("render") as tick:
            paths = take_shots(asset, shots, self.out, tick)
        say(f"{self.out}: {len(paths)} picture{'s' if len(paths) > 1 else ''}")
