"""`tween4d view`: the player in the browser."""

from dataclasses import dataclass
from pathlib import Path

from tween4d.cli.console import complain, say
from tween4d.cli.options import AssetPath, Flag


@dataclass(frozen=True)
class View:
    """Open the player in the browser.

    $ tween4d view fox.t4d

    The page is written to a temporary folder; to keep it, export it:
    $ tween4d export fox.t4d fox.html
    """

    asset: AssetPath
    """The .t4d file."""
    no_open: Flag = False
    """Only write the page and print its path."""

    def execute(self) -> None:
        """Write the page, open it, and say where it is."""
        import tempfile
        import webbrowser

        from tween4d.io.asset import load_asset
        from tween4d.io.html import write_html

        asset = load_asset(self.asset)
        folder = Path(tempfile.mkdtemp(prefix="tween4d-view-"))
        page = write_html(asset, folder / f"{self.asset.stem}.html")
        say(str(page))
        if not self.no_open and not webbrowser.open(page.as_uri()):
            complain("note: no browser could be opened; open the page yourself")
