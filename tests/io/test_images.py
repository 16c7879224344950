"""Pictures of every kind, and pictures that are none."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from tween4d.data.images import Image
from tween4d.errors import InputError
from tween4d.events import Event, Note
from tween4d.io.images import MAX_PIXELS, from_bytes, load_image, load_mask, resize_image, save_png, to_bytes

ORANGE, BLUE = (230, 120, 40), (30, 60, 200)
Save = Callable[[Path], None]


def halves(mode: str = "RGB") -> Pillow.Image:
    """Left orange, right blue, 32 x 24."""
    picture = Pillow.new("RGB", (32, 24), ORANGE)
    picture.paste(BLUE, (16, 0, 32, 24))
    return picture.quantize(8) if mode == "P" else picture.convert(mode)


def notes_of(path: Path) -> tuple[Image, list[str]]:
    heard: list[Event] = []
    image = load_image(path, heard.append)
    return image, [event.message for event in heard if isinstance(event, Note)]


def check_halves(image: Image, tolerance: float = 0.02) -> None:
    assert (image.width, image.height) == (32, 24)
    for column, colour in ((4, ORANGE), (28, BLUE)):
        assert image.rgb[12, column].tolist() == pytest.approx([c / 255 for c in colour], abs=tolerance)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds no pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.png", "RGB"), ("a.bmp", "RGB"), ("a.tif", "RGB"), ("a.webp", "RGB"), ("p.png", "P"), ("p.gif", "P")],
)
def test_common_pictures_and_palettes(tmp_path: Path, name: str, mode: str) -> None:
    """Oracle: the two colours that were painted; a picture without transparency has no alpha."""
    options = {"lossless": True} if name.endswith("webp") else {}
    halves(mode).save(tmp_path / name, **options)
    image = load_image(tmp_path / name)
    check_halves(image)
    assert image.alpha is None


def test_cmyk(tmp_path: Path) -> None:
    """Oracle: the two colours that were painted, within what ink conversion and JPEG lose."""
    halves("CMYK").save(tmp_path / "a.jpg", quality=98)
    check_halves(load_image(tmp_path / "a.jpg"), 0.05)


def test_sixteen_bit_grey(tmp_path: Path) -> None:
    """Oracle: the values that were written, to 1/65535."""
    values = np.linspace(0, 65535, 24 * 32).round().astype(np.uint16).reshape(24, 32)
    Pillow.fromarray(values).save(tmp_path / "a.png")
    image = load_image(tmp_path / "a.png")
    assert torch.allclose(image.rgb[..., 1], torch.from_numpy(values / 65535).float(), atol=1 / 65535)


@pytest.mark.parametrize(("mode", "name"), [("L", "a.png"), ("1", "a.png"), ("LA", "a.png"), ("F", "a.tif")])
def test_grey_pictures(tmp_path: Path, mode: str, name: str) -> None:
    """Oracle: black stays black, white stays white, in all three channels."""
    picture = Pillow.new("L", (32, 24), 0)
    picture.paste(255, (16, 0, 32, 24))
    picture = picture.point(lambda v: v / 255, "F") if mode == "F" else picture.convert(mode)
    picture.save(tmp_path / name)
    image = load_image(tmp_path / name)
    assert image.rgb[12, 4].tolist() == [0, 0, 0] and image.rgb[12, 28].tolist() == [1, 1, 1]


def test_values_that_are_no_colours_are_refused(tmp_path: Path) -> None:
    """Oracle: contract; floating point beyond white has no meaning here."""
    Pillow.fromarray(np.full((24, 32), 7.0, np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match="outside black to white"):
        load_image(tmp_path / "a.tif")


def test_transparency_of_every_kind(tmp_path: Path) -> None:
    """Oracle: the transparent half that was painted."""
    rgba = halves("RGBA")
    rgba.paste((0, 0, 0, 0), (16, 0, 32, 24))
    rgba.save(tmp_path / "a.png")
    palette = halves("P")
    palette.save(tmp_path / "p.gif", transparency=palette.getpixel((28, 12)))
    for name in ("a.png", "p.gif"):
        image = load_image(tmp_path / name)
        assert image.alpha is not None
        assert float(image.alpha[12, 4]) == 1 and float(image.alpha[12, 28]) == 0


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_of_an_animation_the_first_frame_is_taken_and_said(tmp_path: Path, name: str) -> None:
    """Oracle: the colours of the first frame; the note names the number of frames."""
    other = Pillow.new("RGB", (32, 24), (10, 200, 10))
    halves().save(tmp_path / name, save_all=True, append_images=[other, other.rotate(90)], lossless=True)
    image, notes = notes_of(tmp_path / name)
    check_halves(image, 0.03)
    assert any("animation" in note and "first frame" in note for note in notes)


def test_the_camera_that_was_held_sideways(tmp_path: Path) -> None:
    """Oracle: Exif orientation 6: what lies on the left was at the top."""
    exif = Pillow.Exif()
    exif[0x0112] = 6
    halves().save(tmp_path / "a.png", exif=exif)
    image = load_image(tmp_path / "a.png")
    assert (image.width, image.height) == (24, 32)
    assert image.rgb[4, 12].tolist() == pytest.approx([c / 255 for c in ORANGE], abs=0.01)


def linear_profile() -> bytes:
    """An ICC matrix profile with sRGB's primaries and a linear tone curve."""

    def xyz(x: float, y: float, z: float) -> bytes:
        return b"XYZ " + struct.pack(">4x3i", *(round(v * 65536) for v in (x, y, z)))

    name = b"linear light"
    text = b"desc" + struct.pack(">4xI", len(name) + 1) + name + b"\0" + bytes(8 + 3 + 67)
    primaries = {
        b"rXYZ": (0.4360, 0.2225, 0.0139),
        b"gXYZ": (0.3851, 0.7169, 0.0971),
        b"bXYZ": (0.1431, 0.0606, 0.7141),
    }
    tags = {b"desc": text, b"wtpt": xyz(0.9642, 1.0, 0.8249)}
    tags |= {tag: xyz(*values) for tag, values in primaries.items()}
    tags |= {tag: b"curv" + bytes(8) for tag in (b"rTRC", b"gTRC", b"bTRC")}
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(">I4xI", start + len(body), 0x02400000) + b"mntrRGB XYZ " + bytes(12) + b"acsp"
    header = (header + bytes(28) + xyz(0.9642, 1.0, 0.8249)[8:]).ljust(128, b"\0")
    return header + table + body


def test_a_colour_profile_is_applied_and_said(tmp_path: Path) -> None:
    """Oracle: closed form; numbers that are linear light become sRGB by its transfer curve."""
    halves().save(tmp_path / "a.png", icc_profile=linear_profile())
    image, notes = notes_of(tmp_path / "a.png")
    wanted = [1.055 * (c / 255) ** (1 / 2.4) - 0.055 for c in ORANGE]
    assert image.rgb[12, 4].tolist() == pytest.approx(wanted, abs=0.015)
    assert any("converted to sRGB" in note for note in notes)


def test_a_profile_that_cannot_be_read_is_ignored(tmp_path: Path) -> None:
    """Oracle: the colours as they are written, as every viewer shows them."""
    halves().save(tmp_path / "a.png", icc_profile=b"no profile at all")
    image, notes = notes_of(tmp_path / "a.png")
    check_halves(image)
    assert notes == []


def test_large_pictures_are_scaled_down(tmp_path: Path) -> None:
    """Oracle: the limit of 2048 pixels a side, and the colours that were painted."""
    halves().resize((4096, 3072), Pillow.Resampling.NEAREST).save(tmp_path / "a.png", compress_level=1)
    image = load_image(tmp_path / "a.png")
    assert (image.width, image.height) == (2048, 1536)
    assert image.rgb[700, 200].tolist() == pytest.approx([c / 255 for c in ORANGE], abs=0.01)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not an image"),
        (b"\x00\x01 this is no picture", "not an image"),
        (b"%PDF-1.7 neither is this", "not an image"),
        (png_header(1, 1), "too small.*1x1.*at least 16"),
        (png_header(400, 8), "too small"),
        (png_header(10_000, 10_000), "larger than 64 megapixels.*10000x10000"),
        (png_header(60_000, 60_000), "larger than 64 megapixels"),
        (png_header(64, 64), "damaged"),
    ],
)
def test_what_is_no_usable_picture_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    """Oracle: contract; what, got and remedy in one sentence that names the file."""
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(InputError, match=says) as caught:
        load_image(path)
    assert str(path) in str(caught.value) and caught.value.remedy


def test_a_hundred_megapixels_are_refused_without_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: spy; the pixels are never asked for."""
    path = tmp_path / "a.png"
    path.write_bytes(png_header(10_000, 10_000))

    def load(self: Pillow.Image) -> None:
        pytest.fail("the picture was decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    with pytest.raises(InputError, match=f"{MAX_PIXELS // 1_000_000} megapixels"):
        load_image(path)


def test_a_truncated_picture_is_refused(tmp_path: Path) -> None:
    """Oracle: contract; every cut of a real file, never another exception."""
    halves().resize((256, 256)).effect_spread(30).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    for share in (0.1, 0.5, 0.9):
        (tmp_path / "cut.png").write_bytes(content[: int(share * len(content))])
        with pytest.raises(InputError, match="damaged|not an image"):
            load_image(tmp_path / "cut.png")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    """Oracle: contract."""
    with pytest.raises(InputError, match="no such file"):
        load_image(tmp_path / "none.png")
    with pytest.raises(InputError, match="not a folder"):
        load_image(tmp_path)


def test_masks(tmp_path: Path) -> None:
    """Oracle: the half that was painted white, at the picture's size; alpha counts before brightness."""
    mask = Pillow.new("L", (32, 24), 0)
    mask.paste(255, (16, 0, 32, 24))
    mask.save(tmp_path / "m.png")
    coverage = load_mask(tmp_path / "m.png", 64, 48)
    assert coverage.shape == (48, 64)
    assert float(coverage[20, 8]) == 0 and float(coverage[20, 56]) == 1
    cut = Pillow.new("RGBA", (32, 24), (0, 0, 0, 0))
    cut.paste((0, 0, 0, 255), (0, 0, 16, 24))
    cut.save(tmp_path / "a.png")
    assert float(load_mask(tmp_path / "a.png", 32, 24)[10, 4]) == 1


@pytest.mark.parametrize(
    ("size", "level", "says"),
    [((32, 24), 0, "mask is empty"), ((32, 24), 255, "covers the whole"), ((32, 32), 128, "other proportions")],
)
def test_masks_that_cannot_be_meant_are_refused(tmp_path: Path, size: tuple[int, int], level: int, says: str) -> None:
    """Oracle: contract; with a remedy."""
    Pillow.new("L", size, level).save(tmp_path / "m.png")
    with pytest.raises(InputError, match=says) as caught:
        load_mask(tmp_path / "m.png", 32, 24)
    assert caught.value.remedy


def test_hidden_colours_do_not_bleed_when_scaled() -> None:
    """Oracle: invariant; a red square on a hidden green ground stays red at every size."""
    rgb = torch.zeros(32, 32, 3)
    rgb[..., 1] = 1
    rgb[8:24, 8:24] = torch.tensor([1.0, 0.0, 0.0])
    alpha = torch.zeros(32, 32)
    alpha[8:24, 8:24] = 1
    small = resize_image(Image(rgb, alpha), 13, 13)
    assert small.alpha is not None
    assert float(small.rgb[small.alpha > 0.02][:, 1].max()) < 1e-3
    assert float(small.alpha.sum()) / 169 == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("matted", [False, True])
def test_png_round_trip(tmp_path: Path, matted: bool) -> None:
    """Oracle: round trip within half a level of 8 bits; straight alpha."""
    generator = torch.Generator().manual_seed(0)
    image = Image(torch.rand(20, 30, 3, generator=generator), torch.rand(20, 30, generator=generator) * matted)
    image = image if matted else Image(image.rgb)
    save_png(image, tmp_path / "a.png")
    for again in (load_image(tmp_path / "a.png"), from_bytes(to_bytes(image))):
        assert torch.allclose(again.rgb, image.rgb, atol=0.5 / 255 + 1e-6)
        assert (again.alpha is None) == (not matted)
        assert again.alpha is None or torch.allclose(again.alpha, image.alpha, atol=0.5 / 255 + 1e-6)
