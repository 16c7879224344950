"""`tween4d info`: what an asset is."""

from dataclasses import dataclass

from tween4d.cli.console import say, say_json
from tween4d.cli.options import AssetPath, Flag


@dataclass(frozen=True)
class Info:
    """Say what an asset is and how it was made.

    $ tween4d info fox.t4d
    """

    asset: AssetPath
    """The .t4d file."""
    json: Flag = False
    """Print everything that is known as one JSON object."""

    def execute(self) -> None:
        """Print the description."""
        from tween4d.app.describe import described, description

        told = description(self.asset)
        if self.json:
            say_json(told)
        else:
            say(described(told))
