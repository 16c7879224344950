"""`tween4d doctor`: what this installation can do."""

from dataclasses import dataclass

from tween4d.cli.console import say, say_json
from tween4d.cli.options import Flag


@dataclass(frozen=True)
class Doctor:
    """Say what this installation can do.

    $ tween4d doctor

    Versions, rasteriser backends, priors with their licences, threads and memory.
    A browser is only needed to look at the player, never to make an asset.
    """

    json: Flag = False
    """Print the findings as one JSON object."""

    def execute(self) -> None:
        """Print the findings."""
        from tween4d.app.doctor import examined, findings

        found = findings()
        if self.json:
            say_json(found)
        else:
            say(examined(found))
