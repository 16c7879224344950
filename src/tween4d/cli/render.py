"""`tween4d render`: pictures of an asset."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from tween4d.cli.console import say
from tween4d.errors import InputError

DEFAULT_SIZE = 512


@dataclass(frozen=True)
class Render:
    """Render RGBA pictures of an asset, from a list of cameras or around it.

    Example:  tween4d render fox.t4d --cameras transforms.json -o views
    Example:  tween4d render fox.t4d --orbit 12 --time 0.5 -o around

    The camera list is that of NeRF-synthetic (camera_angle_x or fl_x, fl_y, cx, cy; w, h; frames with file_path and a
    camera-to-world transform_matrix in OpenGL axes), with a time from 0 to 1 per frame.
    """

    asset: Annotated[Positional[Path], arg(metavar="ASSET")]
    """The .t4d file."""
    out: Annotated[Path, arg(aliases=["-o"], metavar="DIR")]
    """Folder for the pictures; file_path of the list is kept under it."""
    cameras: Annotated[Path | None, arg(metavar="transforms.json", help_behavior_hint="")] = None
    """Cameras and moments."""
    orbit: Annotated[int | None, arg(metavar="N", help_behavior_hint="")] = None
    """N views around the object instead; the first is that of the input camera."""
    time: Annotated[float, arg(metavar="T")] = 0.0
    """Moment, 0 to 1, of the orbit and of list entries without a time."""
    size: Annotated[int | None, arg(metavar="PIXELS", help_behavior_hint="(the list's, or 512)")] = None
    """Longer side of the pictures."""
    overwrite: bool = False
    """Replace pictures in a folder that is not empty."""

    def execute(self) -> None:
        """Render the pictures and say where they are."""
        from tween4d.app.shoot import orbit_shots, take_shots
        from tween4d.cli.console import counting
        from tween4d.io.asset import load_asset
        from tween4d.io.folders import check_folder
        from tween4d.io.transforms import MAX_SIDE, load_cameras

        if (self.cameras is None) == (self.orbit is None):
            raise InputError("either --cameras or --orbit is wanted", remedy="for example --orbit 12")
        if not 0 <= self.time <= 1:
            raise InputError("the time must be between 0 and 1", f"{self.time:g}")
        if self.size is not None and not 1 <= self.size <= MAX_SIDE:
            raise InputError(f"the size must be between 1 and {MAX_SIDE} pixels", str(self.size))
        if self.orbit is not None and not 1 <= self.orbit <= 3600:
            raise InputError("the number of views must be between 1 and 3600", str(self.orbit))
        check_folder(self.out, overwrite=self.overwrite)
        asset = load_asset(self.asset)
        if self.cameras is not None:
            shots = load_cameras(self.cameras, size=self.size, time=self.time)
        else:
            shots = orbit_shots(asset, self.orbit, time=self.time, size=self.size or DEFAULT_SIZE)
        with counting("render") as tick:
            paths = take_shots(asset, shots, self.out, tick)
        say(f"{self.out}  {len(paths)} pictures")
