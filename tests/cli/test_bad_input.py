"""Whatever is wrong: one sentence on stderr, code 2, and nothing written."""

import json
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from tests.cli.conftest import Outcome

Cli = Callable[..., Outcome]


def png_of_size(path: Path, width: int, height: int) -> Path:
    """A PNG that claims a size and holds no pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    return path


@pytest.fixture
def desk(tmp_path: Path, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with everything that can be wrong with an image, and one that is good."""
    monkeypatch.chdir(tmp_path)
    good = pair[0].read_bytes()
    (tmp_path / "good.png").write_bytes(good)
    (tmp_path / "cut.png").write_bytes(good[: len(good) // 2])
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "folder.t4d").mkdir()
    (tmp_path / "video.mp4").write_text("no video")
    png_of_size(tmp_path / "dot.png", 1, 1)
    png_of_size(tmp_path / "huge.png", 10_000, 10_000)
    Pillow.new("RGBA", (64, 64), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    Pillow.new("RGB", (64, 64), (90, 120, 150)).save(tmp_path / "plain.png")
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Pillow.fromarray(noise).save(tmp_path / "noise.png")
    for name, level in (("black", 0), ("white", 255)):
        Pillow.new("L", (64, 64), level).save(tmp_path / f"{name}.png")
    (tmp_path / "there.t4d").write_text("mine")
    return tmp_path


BAD_RUNS = {
    "missing": ("none.png good.png -o a.t4d", "no such file.*none.png"),
    "missing end": ("good.png none.png -o a.t4d", "no such file.*none.png"),
    "corrupt": ("cut.png good.png -o a.t4d", "damaged.*cut.png"),
    "not an image": ("good.png text.png -o a.t4d", "not an image.*text.png"),
    "empty file": ("empty.png good.png -o a.t4d", "not an image.*empty.png"),
    "folder": ("folder.png good.png -o a.t4d", "not a folder"),
    "one pixel": ("dot.png good.png -o a.t4d", "too small.*1x1.*16 pixels"),
    "100 megapixels": ("good.png huge.png -o a.t4d", "64 megapixels.*10000x10000.*scale it down"),
    "no object": ("plain.png good.png -o a.t4d", "start image.*no object"),
    "all clear": ("good.png clear.png -o a.t4d", "end image.*no object"),
    "empty mask": ("plain.png good.png -o a.t4d --mask-start black.png", "mask is empty.*black.png"),
    "full mask": ("plain.png good.png -o a.t4d --mask-start white.png", "mask covers the whole.*white.png"),
    "missing mask": ("plain.png good.png -o a.t4d --mask-start none.png", "no such file.*none.png"),
    "mask that is no image": ("plain.png good.png -o a.t4d --mask-end text.png", "not an image.*text.png"),
    "no suffix": ("good.png good.png -o a", "must end in .t4d"),
    "other suffix": ("good.png good.png -o a.glb", "must end in .t4d.*a.t4d"),
    "existing output": ("good.png good.png -o there.t4d", "exists already.*there.t4d.*--overwrite"),
    "folder as output": ("good.png good.png -o folder.t4d --overwrite", "folder of this name is in the way"),
    "unwritable output": ("good.png good.png -o /proc/tween4d/a.t4d", "cannot be written"),
    "output in a file": ("good.png good.png -o good.png/a.t4d", "in the way"),
    "too few frames": ("good.png good.png -o a.t4d --frames 2", "number of frames.*between 5 and 512"),
    "too many frames": ("good.png good.png -o a.t4d --frames 100000", "number of frames"),
    "field of view": ("good.png good.png -o a.t4d --fov 180", "field of view"),
    "one image": ("good.png -o a.t4d", "needs two images"),
    "times that are no numbers": ("good.png good.png -o a.t4d --times 0,x,1", "times are numbers.*0,x,1"),
    "times too few": ("good.png plain.png good.png -o a.t4d --times 0,1", "every image needs one time.*2 times for 3"),
    "times that go back": ("good.png plain.png good.png -o a.t4d --times 0,2,1", "times must increase"),
    "times without an end": ("good.png good.png -o a.t4d --times 0,0.9", "end at 1.*0,0.9"),
    "a loop's times to the end": ("good.png good.png -o a.t4d --times 0,1 --repeat loop", "end before 1"),
    "images too near in time": ("good.png plain.png good.png -o a.t4d --times 0,0.05,1", "less than 4 frames apart"),
    "drag of another form": ("good.png good.png -o a.t4d --drag 3,4-5,6", "from where to where and when"),
    "drag at the end": ("good.png good.png -o a.t4d --drag 32,32->40,40@1", "above 0 and below 1"),
    "drag outside": ("good.png good.png -o a.t4d --drag 999,4->5,6@0.5", "begins outside.*999,4 in an image of"),
    "drag beside the object": ("good.png good.png -o a.t4d --drag 0,0->5,6@0.5", "does not begin on the object"),
    "drag onto an image": (
        "good.png good.png good.png -o a.t4d --drag 32,32->40,40@0.5",
        "cannot end where an image says",
    ),
    "two drags of one place": (
        "good.png good.png -o a.t4d --drag 32,32->40,40@0.5 --drag 32,32->9,9@0.5",
        "two drags pull one place",
    ),
    "no frames a second": ("good.png good.png -o a.t4d --fps 0", "frames a second must be between 1 and 240"),
    "a video and three images": ("good.png good.png good.png -o a.t4d --guide video.mp4", "leads from one image"),
    "missing guide": ("good.png text.png -o a.t4d --guide none.mp4", "not an image|no such video"),
    "guide that is no video": ("good.png plain.png -o a.t4d --guide video.mp4", "not a video.*video.mp4"),
}


@pytest.mark.parametrize("name", BAD_RUNS)
def test_a_run_that_cannot_be_is_refused(desk: Path, cli: Cli, name: str) -> None:
    """Oracle: contract; what, got and remedy in one sentence, code 2, empty stdout, nothing written."""
    words, says = BAD_RUNS[name]
    before = {path.relative_to(desk): path.read_bytes() for path in desk.rglob("*") if path.is_file()}
    ended = cli("run", *words.split(), "--preset", "draft")
    assert ended.code == 2 and ended.out == ""
    assert ended.sentence.startswith("error: ")
    assert re.search(says, ended.sentence), ended.sentence
    assert "Traceback" not in ended.err
    after = {path.relative_to(desk): path.read_bytes() for path in desk.rglob("*") if path.is_file()}
    kept = {path: content for path, content in after.items() if path.parts[0] != "a.work"}
    assert kept == before
    assert not [path for path in after if ".part" in path.name]


def test_pictures_of_every_kind_and_size_are_fitted_and_said(desk: Path, cli: Cli) -> None:
    """Oracle: contract; an animated palette GIF against a larger 16-bit grey picture, into a folder that is not yet."""
    with Pillow.open(desk / "good.png") as picture:
        ground = Pillow.new("RGBA", picture.size, "white")
        ground.alpha_composite(picture.convert("RGBA"))
    frames = [ground.convert("RGB").rotate(angle, fillcolor="white").quantize(64) for angle in (0, 90)]
    frames[0].save("moving.gif", save_all=True, append_images=frames[1:])
    grey = ground.convert("L").resize((96, 80))
    Pillow.fromarray(np.asarray(grey).astype(np.uint16) * 257).save("deep.png")
    words = "run moving.gif deep.png -o new/a.t4d --preset draft --frames 5 --json"
    done = cli(*words.split())
    assert done.code == 0, done.err
    assert "animation of 2 frames: its first frame is used" in done.err
    assert "differ in size" in done.err
    assert len(json.loads(done.out)["notes"]) == 2
    assert {path.name for path in (desk / "new").iterdir()} == {"a.t4d", "a.work"}


BAD_ASSETS = {
    "missing": ("none.t4d", "no such asset"),
    "not an asset": ("text.png", "no tween4d asset"),
    "folder": ("folder.png", "not a folder"),
}


@pytest.mark.parametrize("verb", ["info", "view --no-open", "render -o out --orbit 2", "export"])
@pytest.mark.parametrize("name", BAD_ASSETS)
def test_what_is_no_asset_is_refused_by_every_verb(desk: Path, cli: Cli, verb: str, name: str) -> None:
    """Oracle: contract."""
    asset, says = BAD_ASSETS[name]
    first, *rest = verb.split()
    more = ["out.npz"] if verb == "export" else rest
    ended = cli(first, asset, *more)
    assert ended.code == 2 and says in ended.sentence and not (desk / "out").exists()


def test_a_truncated_asset_is_refused(desk: Path, drawn: Path, cli: Cli) -> None:
    """Oracle: contract."""
    content = drawn.read_bytes()
    (desk / "cut.t4d").write_bytes(content[: len(content) // 2])
    ended = cli("export", "cut.t4d", "a.html")
    assert ended.code == 2 and "truncated" in ended.sentence and not (desk / "a.html").exists()
