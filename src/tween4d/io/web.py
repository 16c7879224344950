"""A folder to put on a web server: the player's element, the asset, its poster, and a page that embeds it."""

from dataclasses import replace
from pathlib import Path

from tween4d.data.asset import Asset4D
from tween4d.data.images import Image
from tween4d.io.asset import save_asset
from tween4d.io.html import player_script
from tween4d.io.images import to_bytes
from tween4d.io.origin import published

ELEMENT, ASSET, POSTER, PAGE = "tween4d-player.js", "asset.t4d", "poster.webp", "index.html"
EMBEDDED = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>tween4d</title>
<style>body {{ margin: 0 auto; max-width: min(48rem, 100vh) }}</style>
<!-- These two lines embed the asset in any page beside these files. -->
<script src="{ELEMENT}" async></script>
<tween4d-player src="{ASSET}" poster="{POSTER}" alt="An object in motion" autoplay></tween4d-player>
</html>
"""


def write_web(asset: Asset4D, poster: Image, folder: Path) -> set[str]:
    """Fill a folder that exists; not atomic by itself.

    Args:
        poster: what is seen before the asset is loaded, with alpha.
    Returns:
        Names of the files.
    Raises:
        BackendError: the player has not been built into this installation.
        OutputError: when a file cannot be written.
    """
    script = player_script(ELEMENT)
    save_asset(replace(asset, provenance=published(asset)), folder / ASSET)
    (folder / POSTER).write_bytes(to_bytes(poster, "WEBP", quality=85, method=4))
    (folder / ELEMENT).write_text(script, encoding="utf-8")
    (folder / PAGE).write_text(EMBEDDED, encoding="utf-8")
    return {ELEMENT, ASSET, POSTER, PAGE}
