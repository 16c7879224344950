"""`tween4d facing`: which orientations the geometry prior considers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from tween4d.cli.console import progress, say, say_json
from tween4d.cli.options import Flag


@dataclass(frozen=True)
class FacingVerb:
    """Show where the object's front may point, to choose by eye.

    $ tween4d facing start.png
    $ tween4d run start.png end.png -o fox.t4d --facing -40

    The picture shows the object as each hypothesis has it, from 45 degrees
    aside; the number above the right one is what --facing of run wants.
    """

    start: Annotated[Positional[Path], arg(metavar="START")]
    """The object at time 0."""
    out: Annotated[Path, arg(aliases=["-o"], metavar="OUT.png")] = Path("facing.png")
    """Picture to write."""
    mask: Annotated[Path | None, arg(metavar="IMAGE", help_behavior_hint="")] = None
    """Where the object is in START, white on black."""
    fov: Annotated[float, arg(metavar="DEG")] = 33.8
    """Field of view of the camera along the longer side."""
    overwrite: Flag = False
    """Replace an existing picture."""
    json: Flag = False
    """Print the hypotheses as one JSON object."""

    def execute(self) -> None:
        """Draw the hypotheses and list them."""
        from tween4d.app.facing import write_facings
        from tween4d.app.run import RunOptions
        from tween4d.errors import OutputError
        from tween4d.io.atomic import check_target

        if self.out.suffix.lower() != ".png":
            raise OutputError("the picture must end in .png", str(self.out), "for example -o facing.png")
        check_target(self.out, overwrite=self.overwrite)
        options = RunOptions(mask_start=self.mask, mask_end=self.mask, fov=self.fov)
        with progress() as listener:
            sheet = write_facings(self.start, self.out, options, listener)
        if self.json:
            say_json(sheet.as_json())
            return
        for facing in sheet.facings:
            say(f"--facing {facing.azimuth:.0f},{facing.elevation:.0f}  {facing.weight:.0%}")
        say(f"{sheet.path}: the picture, then each of these from 45 degrees aside")
