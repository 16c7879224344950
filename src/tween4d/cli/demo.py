"""`tween4d demo`: the example, made and measured."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from tween4d.cli.console import complain, label, progress, say, say_json
from tween4d.cli.options import Flag, Preset


@dataclass(frozen=True)
class Demo:
    """Make the example asset, and measure it against its truth.

    $ tween4d demo

    The two images come with tween4d; its own generator made them, so the whole
    truth is known. Run again, it reuses what is finished.
    """

    out: Annotated[Path, arg(aliases=["-o"], metavar="DIR")] = Path("demo_output")
    """Folder for the asset, the player page, the film, the contact sheet and the truth."""
    preset: Preset = "standard"
    """How much work to do."""
    json: Flag = False
    """Print what was made and measured as one JSON object."""

    def execute(self) -> None:
        """Make everything and say where it is."""
        from tween4d.app.demo import make_demo

        with progress() as listener:
            demo = make_demo(self.out, self.preset, listener)
        if demo.made.reused:
            complain(f"note: reused from {demo.made.work_dir}: {', '.join(label(s) for s in demo.made.reused)}")
        if self.json:
            say_json(demo.as_json())
        else:
            say(demo.told())
