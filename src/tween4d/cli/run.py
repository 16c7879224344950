"""`tween4d run`: two pictures to an asset."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from tween4d.cli.console import complain, progress, say, say_json


@dataclass(frozen=True)
class Run:
    """Make a 4D asset from two images of an object.

    Example:  tween4d run start.png end.png -o fox.t4d --preset draft

    Finished stages are kept in a folder beside the asset (fox.work): a run that was interrupted, or is repeated with
    another option, reuses what still holds. preview.png in that folder shows how far it has come.
    """

    start: Annotated[Positional[Path], arg(metavar="START")]
    """Image of the object at time 0; transparency, if any, says where the object is."""
    end: Annotated[Positional[Path], arg(metavar="END")]
    """Image of the object at time 1, from the same camera."""
    out: Annotated[Path, arg(aliases=["-o"], metavar="OUT.t4d")]
    """Asset to write."""
    preset: Literal["draft", "standard", "fine"] = "standard"
    """Seconds (draft), minutes (standard), or as good as it gets (fine)."""
    frames: Annotated[int | None, arg(metavar="N", help_behavior_hint="(the preset's)")] = None
    """Number of frames."""
    seed: Annotated[int, arg(metavar="S")] = 0
    """The same seed gives the same asset."""
    guide: Annotated[Path | None, arg(metavar="VIDEO", help_behavior_hint="(imagined)")] = None
    """Your own in-between video, in place of the imagined one."""
    mask_start: Annotated[Path | None, arg(metavar="IMAGE", help_behavior_hint="(found)")] = None
    """Where the object is in START: white on black."""
    mask_end: Annotated[Path | None, arg(metavar="IMAGE", help_behavior_hint="(found)")] = None
    """Where the object is in END."""
    fov: Annotated[float, arg(metavar="DEG")] = 33.8
    """Field of view of the camera along the longer side."""
    overwrite: bool = False
    """Replace an existing asset."""
    json: bool = False
    """Print the account as one JSON object."""

    def execute(self) -> None:
        """Make the asset and say what it is."""
        from tween4d.app.making import make_to_file, working_folder
        from tween4d.app.run import RunOptions
        from tween4d.io.atomic import check_target

        working_folder(self.out)
        check_target(self.out, overwrite=self.overwrite)
        options = RunOptions(self.frames, self.guide, self.mask_start, self.mask_end, self.fov)
        with progress() as listener:
            made = make_to_file(
                self.start,
                self.end,
                self.out,
                preset_name=self.preset,
                seed=self.seed,
                listener=listener,
                options=options,
            )
        if self.json:
            say_json(made.as_json())
            return
        if made.reused:
            complain(f"reused from {made.work_dir}: {', '.join(made.reused)}")
        size = made.path.stat().st_size / 1e6
        start, end = made.endpoints
        say(f"{made.path}  {size:.2f} MB, {made.asset.frame_count} frames, {made.gaussians} Gaussians")
        say(f"made in {made.seconds:.0f} s; gives the images back at {start:.1f} and {end:.1f} dB")
        say(f"look at it: tween4d view {made.path}")
