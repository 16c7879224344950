"""`tween4d studio`: the local web page and its REST interface."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from tween4d.cli.console import complain, say
from tween4d.cli.options import Flag
from tween4d.errors import BackendError


@dataclass(frozen=True)
class Studio:
    """Make assets on a local web page, or by REST.

    $ tween4d studio
    $ tween4d studio --new-key farm
    $ tween4d studio --host 0.0.0.0 --allow-name studio.example.org

    Listens on this machine alone unless told otherwise; a public address needs a
    key. Jobs survive a restart. The interface is described at /v1/openapi.json.
    """

    host: Annotated[str, arg(metavar="ADDRESS")] = "127.0.0.1"
    """Address to listen on."""
    port: Annotated[int, arg(metavar="PORT")] = 7860
    """Port to listen on; 0 takes any."""
    workers: Annotated[int, arg(metavar="N")] = 1
    """Runs at the same time; each takes one to two GB."""
    data: Annotated[Path, arg(metavar="DIR")] = Path("tween4d-studio")
    """Where jobs, uploads and keys are kept."""
    quota: Annotated[float, arg(metavar="GB")] = 20.0
    """What that folder may hold; 0 is no limit."""
    keep_days: Annotated[float, arg(metavar="DAYS")] = 30.0
    """After which a finished job is removed; 0 keeps it for ever."""
    allow_host: Annotated[tuple[str, ...], arg(metavar="HOST")] = ()
    """Hosts that pictures may be fetched from and webhooks sent to, over https."""
    allow_name: Annotated[tuple[str, ...], arg(metavar="NAME")] = ()
    """Names under which this server is reached."""
    new_key: Annotated[str, arg(metavar="NAME", help_behavior_hint="")] = ""
    """Only make an API key of this name and print it."""
    open: Flag = False
    """Open the page in the browser."""

    def execute(self) -> None:
        """Make a key, or serve until interrupted."""
        try:
            from tween4d.app.studio.serve import serve
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("tween4d"):
                raise
            raise BackendError(
                "the studio needs packages that are not installed", str(error.name), "pip install 'tween4d[studio]'"
            ) from error
        from tween4d.app.studio.keys import Keys
        from tween4d.app.studio.places import Places
        from tween4d.app.studio.settings import MIB, Settings

        if self.new_key:
            places = Places(self.data)
            places.prepare()
            key = Keys(places).make(self.new_key)
            complain("note: keep it; only its digest is stored. A running studio knows it after a restart.")
            say(key)
            return
        quota = int(self.quota * 1024 * MIB)
        settings = Settings(
            self.data, self.host, self.port, self.workers, quota, self.keep_days, self.allow_name, self.allow_host
        )
        serve(settings, self._ready)

    def _ready(self, address: str) -> None:
        say(f"tween4d studio: {address}")
        sys.stdout.flush()
        complain("note: Ctrl-C ends it; unfinished jobs go on at the next start")
        if self.open:
            import webbrowser

            webbrowser.open(address)
