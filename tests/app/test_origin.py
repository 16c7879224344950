"""Every export says how it was made, and by priors of what licence; nothing of the maker's machine."""

import json
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image as Pillow

from tween4d.app.export import ExportOptions, check_export, export_asset, losses
from tween4d.data.asset import Asset4D
from tween4d.io import FORMATS
from tween4d.io.asset import load_asset
from tween4d.io.origin import LONGEST, origin_of

PRIORS = [{"name": "learned-motion", "revision": "3e52", "licence": "Apache-2.0", "file": "/home/me/secret.png"}]
MADE = {
    "tween4d": "0.1.0",
    "preset": "draft",
    "seed": 7,
    "priors": PRIORS,
    "inputs": {"start": {"file": "secret.png"}},
    "config": {"folder": "secret"},
}
SAID = "made by tween4d 0.1.0, preset draft, seed 7; prior learned-motion 3e52 (Apache-2.0)"


@pytest.fixture
def made(asset: Asset4D) -> Asset4D:
    return replace(asset, provenance=MADE)


def film_tags(path: Path) -> str:
    """What the ffmpeg program writes of a film's metadata."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(path), "-f", "ffmetadata", "-"]
    # It escapes what has a meaning in its own files.
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.replace("\\", "")


def told(path: Path) -> Any:
    """What a file says of its origin, read by programs of others where there are such."""
    kind = "".join(path.suffixes)
    if kind in (".mp4", ".webm", ".mov"):
        return film_tags(path)
    if kind in (".gif", ".png"):
        with Pillow.open(path) as picture:
            text = picture.info.get("comment") or picture.info["Comment"]
        return text.decode() if isinstance(text, bytes) else text
    if kind == ".webp":
        with Pillow.open(path) as picture:
            return picture.getexif()[0x010E]
    if kind == ".exr":
        openexr = pytest.importorskip("OpenEXR", reason="OpenEXR is not installed; its attribute was not read")
        return openexr.File(str(path)).header()["comments"]
    if kind == ".sog":
        return json.loads(zipfile.ZipFile(path).read("meta.json"))["asset"]["comment"]
    if kind == ".npz":
        with np.load(path) as archive:
            return str(archive["origin"])
    if kind == ".json":
        return json.loads(path.read_text())["origin"]
    if kind in (".usda", ".usdc", ".usdz"):
        usd = pytest.importorskip("pxr.Usd", reason="usd-core is not installed; its layer was not read")
        stage = usd.Stage.Open(str(path))
        return stage.GetRootLayer().comment
    return path.read_bytes().partition(b"end_header")[0].decode("ascii")


ONE_LINE = [s for s, form in FORMATS.items() if s and form.signed and form.content not in ("page", "mesh", "splats")]


@pytest.mark.parametrize("target", [f"a{suffix}" for suffix in ONE_LINE] + ["p/frame_0000.png", "e/frame_0000.exr"])
def test_a_file_says_how_it_was_made(made: Asset4D, target: str, tmp_path: Path) -> None:
    """Oracle: the sentence, by hand; read by ffmpeg, Pillow, OpenEXR, usd-core, zipfile, json."""
    options = ExportOptions(frames=2, size=32, points=9, usd="splats", each=target.rpartition(".")[2])
    whole = tmp_path / (target.partition("/")[0] if "/" in target else target)
    export_asset(made, whole, replace(options, each=options.each if "/" in target else "ply"))
    assert SAID in told(tmp_path / target)


@pytest.mark.parametrize("suffix", [".splats.glb", ".glb"])
def test_a_gltf_document_holds_it_as_values(made: Asset4D, suffix: str, tmp_path: Path) -> None:
    """Oracle: the provenance given, without what names files."""
    content = export_asset(made, tmp_path / f"a{suffix}", ExportOptions(faces=500, size=32)).read_bytes()
    document = json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])
    prior = {key: value for key, value in PRIORS[0].items() if key != "file"}
    assert document["asset"]["extras"]["origin"] == {k: MADE[k] for k in ("preset", "seed", "tween4d")} | {
        "priors": [prior]
    }


def test_an_element_s_folder_names_no_files_of_the_maker(made: Asset4D, tmp_path: Path) -> None:
    """Oracle: the bytes of everything that goes to the web server, and the asset that lies there."""
    folder = export_asset(made, tmp_path / "web", ExportOptions(each="web"))
    assert load_asset(folder / "asset.t4d").provenance["priors"][0]["licence"] == "Apache-2.0"
    with zipfile.ZipFile(folder / "asset.t4d") as archive:
        assert not any(b"secret" in archive.read(name) for name in archive.namelist())
    assert "secret" not in (folder / "index.html").read_text()


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_format_without_a_place_for_it_says_so(made: Asset4D, suffix: str) -> None:
    """Oracle: the layouts of .splat and of SPZ 3, which have no text."""
    said = any("how it was made" in sentence for sentence in losses(made, FORMATS[suffix]))
    assert said == (suffix in (".splat", ".spz"))
    assert check_export(f"a{suffix}", overwrite=False) is FORMATS[suffix]


def test_values_of_a_stranger_stay_in_one_line(asset: Asset4D) -> None:
    """Oracle: contract; an asset may come from anyone, and a line break would begin a header's next entry."""
    for bad in ("x\nelement vertex 9", "ü" * 5000, {"a": 1}, None, ["\x00"]):
        for entries in ([{"name": bad, "licence": bad}], bad, [bad]):
            text = origin_of(replace(asset, provenance={"preset": bad, "priors": entries}))
            assert text.isascii() and text.isprintable() and len(text) <= LONGEST
    assert origin_of(replace(asset, provenance={})) == "made by tween4d"
