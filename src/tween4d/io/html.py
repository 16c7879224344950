"""The player page: one HTML file that shows an asset from disk, without a network."""

import base64
import html
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from tween4d.data.asset import Asset4D
from tween4d.errors import BackendError
from tween4d.io.asset import asset_bytes
from tween4d.io.atomic import whole_file
from tween4d.io.origin import published

# The policy makes the promise enforceable: the browser itself refuses every request that leaves the page. Spark's
# sorter is a worker made from a blob and runs WebAssembly that lies in the page; pictures are blobs too.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; connect-src 'none'; base-uri 'none'; form-action 'none'"
)
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="generator" content="tween4d">
<link rel="icon" href="data:,">
<title>{title}</title>
</head>
<body>
<div id="tween4d"></div>
<noscript>This page plays a 3D object in motion and needs JavaScript.</noscript>
<script type="text/plain" id="tween4d-asset">{asset}</script>
<script>{player}</script>
</body>
</html>
"""


def write_html(asset: Asset4D, target: Path) -> Path:
    """Write the asset as a self-contained page that plays it: orbit, time, comparison with the inputs.

    The page holds the asset as a `.t4d` file with its input pictures as WebP, and a player that unpacks itself. Only
    view-independent colour is shown.

    Args:
        asset: any valid asset; its `endpoints`, if present, are embedded for comparison.
        target: the file; its name without suffix becomes the page's title. Replaced only when complete.
    Returns:
        `target`.
    Raises:
        BackendError: the player has not been built into this installation.
        AssetError: the asset holds values that are not finite.
        OutputError: the operating system refuses.
    """
    script = player_script("player.js")
    content = asset_bytes(replace(asset, provenance=published(asset)), small_pictures=True)
    page = PAGE.format(
        policy=POLICY,
        title=html.escape(target.stem),
        asset=base64.b64encode(content).decode("ascii"),
        # An HTML parser would end the element here; inside a JavaScript string or comment the escape means the same.
        player=re.sub(r"</(script)", r"<\\/\1", script, flags=re.IGNORECASE).replace("<!--", "<\\!--"),
    )
    with whole_file(target) as part:
        part.write_text(page, encoding="utf-8")
    return target


def player_script(name: str) -> str:
    """A script of the player: `player.js` of the page, or `tween4d-player.js`, the element.

    Raises:
        BackendError: the player has not been built into this installation.
    """
    source = files("tween4d.io").joinpath("player", name)
    if not source.is_file():
        raise BackendError(
            "the player page was not built into this installation of tween4d",
            remedy="install it again with 'pip install .' in a clone of the repository, with network access",
        )
    return source.read_text(encoding="utf-8")
