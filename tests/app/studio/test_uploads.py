"""What comes in is limited before and while it is decoded, and no name of a client's becomes a path."""

import os
import struct
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from tests.app.studio.conftest import LIMITS, picture_bytes
from tween4d.app.studio import uploads
from tween4d.app.studio.places import Places, remove
from tween4d.app.studio.settings import Limits
from tween4d.app.studio.uploads import TooLargeError, plain_name
from tween4d.app.studio.web.context import Studio
from tween4d.errors import InputError


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 4096)) + chunk(b"IEND", b"")
    )


def animation(frames: int, kind: str = "GIF") -> bytes:
    stream = BytesIO()
    pictures = [Pillow.new("RGB", (32, 32), (60 * i, 0, 0)) for i in range(frames)]
    pictures[0].save(stream, kind, save_all=True, append_images=pictures[1:])
    return stream.getvalue()


def left_over(studio: Studio) -> list[str]:
    folders = (studio.places.incoming, studio.places.data / "pictures")
    return [path.name for folder in folders for path in folder.iterdir()]


def test_a_picture_is_decoded_and_written_anew(idle: Studio) -> None:
    """Oracle: Pillow's own reading of the upload; trailing bytes and text of the file do not come along."""
    picture = idle.uploads.take([picture_bytes(), b"<script>hidden</script>"], "a", "x.png")
    content = idle.places.picture(picture.id).read_bytes()
    assert b"script" not in content
    with Pillow.open(BytesIO(content)) as kept, Pillow.open(BytesIO(picture_bytes())) as sent:
        assert kept.convert("RGB").tobytes() == sent.tobytes()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (bomb(60_000, 60_000), "more than 4 million"),
        (bomb(1900, 1900), "damaged"),
        (animation(4), "more than 3 frames"),
        (animation(4, "TIFF"), "more than 3 frames"),
        (picture_bytes()[:200], "damaged"),
        (b"\x00" * 100, "not an image"),
        (b"", "empty"),
        (picture_bytes(side=8), "at least 16"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n", "not an image"),
    ],
)
def test_what_is_no_fit_picture_is_refused_and_leaves_nothing(idle: Studio, content: bytes, words: str) -> None:
    """Oracle: the limits of the fixture; a bomb is refused by its header, and nothing stays on disk."""
    with pytest.raises(InputError, match=words):
        idle.uploads.take([content], "a", "x")
    assert left_over(idle) == []


def test_too_many_bytes_are_refused_before_they_have_all_come(idle: Studio) -> None:
    """Oracle: the limit of bytes; a stream without end is left after it."""
    taken = 0

    def endless():  # noqa: ANN202
        nonlocal taken
        while True:
            taken += 100_000
            yield b"x" * 100_000

    with pytest.raises(TooLargeError):
        idle.uploads.take(endless(), "a", "x")
    assert taken <= idle.settings.limits.upload_bytes + 100_000
    assert left_over(idle) == []


def test_the_decoder_has_only_so_much_memory(idle: Studio) -> None:
    """Oracle: the operating system's limit; a sound picture within all other limits is refused when it is small."""
    stream = BytesIO()
    Pillow.new("RGB", (1900, 1900)).save(stream, "PNG")
    idle.uploads.limits = Limits(decode_memory=60 * 1024 * 1024)
    with pytest.raises(InputError, match="memory|too much"):
        idle.uploads.take([stream.getvalue()], "a", "x")


def test_as_many_pages_as_are_allowed_are_taken(idle: Studio) -> None:
    """Oracle: the first page of a TIFF, as it was drawn."""
    picture = idle.uploads.take([animation(3, "TIFF")], "a", "x")
    with Pillow.open(idle.places.picture(picture.id)) as kept:
        assert kept.getpixel((5, 5)) == (0, 0, 0)


def test_the_decoder_has_only_so_much_time(idle: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the system's limit of a second of processor time, and the clock; a decoder that never ends is ended."""
    busy = "from tween4d.app.studio import decode; decode._decode = lambda *_: [0 for _ in iter(int, 1)]; decode.main"
    run = uploads.subprocess.run

    def endless(command: list[str], **words: Any) -> Any:
        return run([command[0], "-c", f"import sys; {busy}(sys.argv[1:])", *command[3:]], **words)

    monkeypatch.setattr(uploads.subprocess, "run", endless)
    idle.uploads.limits = replace(LIMITS, decode_seconds=1)
    with pytest.raises(InputError, match="too much to decode|too long to decode"):
        idle.uploads.take([picture_bytes()], "a", "x")
    assert left_over(idle) == []


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "/etc/passwd",
        "a\x00b.png",
        "\u202egnp.exe",
        "ａ/．．/ｂ",
        "x" * 500,
        "﹨..",
        "con",
        "",
    ],
)
def test_a_name_is_only_shown(idle: Studio, name: str) -> None:
    """Oracle: invariant; whatever the name, the only new file is one that we named, and the name holds no controls."""
    picture = idle.uploads.take([picture_bytes()], "a", name)
    assert left_over(idle) == [f"{picture.id}.png"]
    assert "/" not in picture.name and picture.name.isprintable() and len(picture.name) <= 80


@pytest.mark.parametrize("name", ["..", "../jobs", "a" * 19, "A" * 20, "a" * 20 + "/", "a" * 20 + "\n", "١" * 20])
def test_only_names_of_ours_become_paths(tmp_path: Path, name: str) -> None:
    """Oracle: the form of our names: twenty hexadecimal digits and nothing else."""
    places = Places(tmp_path)
    for path in (places.job, places.picture, places.matte):
        with pytest.raises(ValueError, match="not a name"):
            path(name)


def test_links_are_removed_and_not_followed(tmp_path: Path) -> None:
    """Oracle: the file behind the link is still there."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_text("kept")
    (tmp_path / "inside").mkdir()
    os.symlink(tmp_path / "outside", tmp_path / "inside" / "link")
    remove(tmp_path / "inside")
    remove(tmp_path / "link")
    assert not (tmp_path / "inside").exists() and (tmp_path / "outside" / "kept").exists()


def test_plain_names_keep_what_people_write() -> None:
    """Oracle: examples."""
    assert plain_name("C:\\photos\\Füchsin 1.png") == "Füchsin 1.png"
