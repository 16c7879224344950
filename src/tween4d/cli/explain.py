"""`tween4d explain`: why the motion was divided as it was."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from tween4d.cli.console import say
from tween4d.cli.options import AssetPath, Flag


@dataclass(frozen=True)
class Explain:
    """Show the guiding video, the fragments and the reason for each split.

    $ tween4d explain fox.t4d -o plan.html
    """

    asset: AssetPath
    """The .t4d file."""
    out: Annotated[Path, arg(aliases=["-o"], metavar="OUT.html")]
    """Page to write; it needs nothing else and no network."""
    overwrite: Flag = False
    """Replace an existing page."""

    def execute(self) -> None:
        """Write the page."""
        from tween4d.app.explain import write_explanation
        from tween4d.io.atomic import check_target

        check_target(self.out, overwrite=self.overwrite)
        say(f"{write_explanation(self.asset, self.out)}: filmstrip, scores, heat maps, fragments and reasons")
