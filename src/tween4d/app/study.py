"""A user study: one offline page on which people rank methods without knowing their names."""

import base64
import html
import json
import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from tween4d.app.turntable import TurntableConfig, render_turntable
from tween4d.data.asset import Asset4D
from tween4d.data.images import Image
from tween4d.errors import InputError
from tween4d.events import Listener, Note, silent
from tween4d.io.asset import load_asset
from tween4d.io.atomic import whole_file
from tween4d.io.images import resize_image, to_bytes
from tween4d.io.video import write_webp

CRITERIA = {
    "geometry": "Geometry: which object fits the two photographs best, from every side?",
    "motion": "Motion: which object moves most steadily, without jumps, flicker or bending what is stiff?",
}
"""What people judge, and how they are asked."""
MOST_METHODS = 8
FILM = TurntableConfig(size=224, fps=12.0, frames=60)
MARK = "<!--study-->"


def write_study(methods: Sequence[Path], out: Path, *, listener: Listener = silent) -> list[str]:
    """Write the page: for every case that all methods have, both given images and a turntable of each method.

    Args:
        methods: folders that hold CASE.t4d or CASE/asset.t4d; the folders' names are the methods'.
        listener: told what is being drawn, and which cases are left out.
    Returns:
        The cases' names.
    Raises:
        InputError: when there are not two methods with a case in common, or two have one name.
        AssetError: when an asset cannot be read.
        OutputError: when the page cannot be written.
    """
    if not 2 <= len(methods) <= MOST_METHODS:
        raise InputError(
            f"a study compares 2 to {MOST_METHODS} methods", f"{len(methods)}", "name one folder of assets a method"
        )
    names = [folder.resolve().name for folder in methods]
    if len(set(names)) < len(names):
        raise InputError("two methods have one name", ", ".join(names), "rename a folder")
    found = [find_assets(folder) for folder in methods]
    cases = sorted(set.intersection(*(set(assets) for assets in found)))
    if not cases:
        listed = "; ".join(f"{name}: {', '.join(assets)}" for name, assets in zip(names, found, strict=True))
        raise InputError("the methods have no case in common", listed, "give the assets the same names")
    for case in sorted(set.union(*(set(assets) for assets in found)) - set(cases)):
        listener(Note(f"{case} is left out: not every method has it", warning=True))
    trials = []
    for case in cases:
        assets = [load_asset(assets[case]) for assets in found]
        ends = next((asset.endpoints for asset in assets if asset.endpoints is not None), None)
        if ends is None:
            raise InputError("no asset of a case holds its input images", case, "make one of them with tween4d")
        listener(Note(f"{case}: {len(assets)} turntables"))
        trials.append(
            {
                "case": case,
                "ends": [_still(image) for image in ends],
                "films": {name: _film(asset) for name, asset in zip(names, assets, strict=True)},
            }
        )
    told = {"criteria": CRITERIA, "trials": trials}
    # Not readable at a glance for somebody who looks at the page's source; nobody is kept from decoding it.
    data = base64.b64encode(json.dumps(told).encode()).decode()
    page = files("tween4d.app").joinpath("study.html").read_text(encoding="utf-8")
    with whole_file(out) as part:
        part.write_text(page.replace(MARK, html.escape(data)), encoding="utf-8")
    return cases


def find_assets(folder: Path) -> dict[str, Path]:
    """The assets of a method by case: CASE.t4d, or CASE/asset.t4d as `bench` writes them.

    Raises:
        InputError: when there is none.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", str(folder), "name folders of assets")
    found = {path.parent.name: path for path in sorted(folder.glob("*/asset.t4d"))}
    found |= {path.stem: path for path in sorted(folder.glob("*.t4d"))}
    if not found:
        raise InputError("the folder holds no asset", str(folder), "put CASE.t4d or CASE/asset.t4d into it")
    return found


def _still(image: Image) -> str:
    scale = FILM.size / max(image.width, image.height)
    small = resize_image(Image(image.on(1.0)), round(image.width * scale), round(image.height * scale))
    return base64.b64encode(to_bytes(small, "WEBP", quality=85)).decode()


def _film(asset: Asset4D) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = write_webp(render_turntable(asset, FILM), Path(folder) / "film.webp", FILM.fps)
        return base64.b64encode(path.read_bytes()).decode()
