"""A program that decodes one picture under limits: `python -m tween4d.app.studio.decode SOURCE TARGET PIXELS FRAMES
MEMORY SECONDS`.

Pictures come from anywhere, and decoders have flaws. So they are decoded here and nowhere else: in a process that may
take so much memory and time and no more, and that writes a plain PNG of what it saw. Only that PNG is used afterwards.
Nothing of the method is imported, so that it starts in a tenth of a second.
"""

import json
import sys
from contextlib import suppress
from io import BytesIO

from PIL import Image, ImageCms, ImageOps

LARGEST_KEPT = 2048
MIN_SIDE = 16
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP")
ALPHA_MODES = ("RGBA", "LA", "PA", "RGBa", "La")


class Refused(Exception):
    """A picture that is not taken, with the reason and what to do."""


def main(words: list[str]) -> int:
    """Decode; prints one JSON object with the size, or with the reason of a refusal."""
    source, target, *numbers = words
    pixels, frames, memory, seconds = (int(number) for number in numbers)
    _confine(memory, seconds)
    try:
        told = _decode(source, target, pixels, frames)
    except Refused as refusal:
        what, remedy = refusal.args
        told = {"refused": what, "remedy": remedy}
    except MemoryError:
        told = {"refused": "the image takes too much memory to decode", "remedy": "scale it down"}
    except Exception:
        # Pillow's decoders raise many kinds of exception on damaged data.
        told = {"refused": "the file is not an image, or damaged", "remedy": "use a PNG, JPEG or WebP file"}
    sys.stdout.write(json.dumps(told))
    return 0


def _confine(memory: int, seconds: int) -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (256 * 1024 * 1024,) * 2)


def _decode(source: str, target: str, pixels: int, frames: int) -> dict[str, object]:
    Image.MAX_IMAGE_PIXELS = None  # our own limit, below, is checked on the header and is lower
    with Image.open(source, formats=FORMATS) as opened:
        width, height = opened.size
        if width * height > pixels:
            raise Refused(
                f"the image has {width}x{height} pixels, more than {pixels // 1_000_000} million", "scale it down"
            )
        if min(width, height) < MIN_SIDE:
            raise Refused(f"the image has only {width}x{height} pixels", f"use at least {MIN_SIDE} pixels a side")
        if _longer_than(opened, frames):
            raise Refused(f"the file has more than {frames} frames", "upload a single picture")
        if opened.format == "JPEG":
            opened.draft("RGB", (LARGEST_KEPT, LARGEST_KEPT))
        opened.load()
        picture = ImageOps.exif_transpose(opened)
    picture = _plain(picture)
    if max(picture.size) > LARGEST_KEPT:
        picture.thumbnail((LARGEST_KEPT, LARGEST_KEPT), Image.Resampling.BOX)
    if min(picture.size) < MIN_SIDE:
        raise Refused(f"the image is too long and narrow: {width}x{height} pixels", "crop it nearer to a square")
    transparent = picture.mode == "RGBA" and picture.getextrema()[3][0] < 255  # type: ignore[index]
    if not transparent:
        picture = picture.convert("RGB")
    picture.save(target, "PNG", compress_level=3)
    return {"width": picture.width, "height": picture.height, "transparent": transparent}


def _longer_than(opened: Image.Image, frames: int) -> bool:
    """Whether a file has more pictures than that; no picture is decoded for it."""
    if opened.format != "TIFF":
        return getattr(opened, "n_frames", 1) > frames
    # Counting all pages of a TIFF would read every one's header, so it is asked only for the one too many.
    try:
        opened.seek(frames)
    except EOFError:
        opened.seek(0)
        return False
    return True


def _plain(picture: Image.Image) -> Image.Image:
    """Eight bits, sRGB, RGB or RGBA; nothing else of the file comes along."""
    if picture.mode.startswith("I;16") or picture.mode == "I":
        return picture.convert("I").point(lambda level: level / 257).convert("L").convert("RGB")
    if picture.mode == "F":
        raise Refused("pictures in floating point are not taken", "convert it to 8 bits")
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "RGBA", "CMYK"):
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            if "srgb" not in ImageCms.getProfileDescription(source).lower():
                mode = "RGB" if picture.mode == "CMYK" else picture.mode
                picture = (
                    ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
                    or picture
                )
    has_alpha = picture.mode in ALPHA_MODES or "transparency" in picture.info
    plain = picture.convert("RGBA" if has_alpha else "RGB")
    plain.info.clear()
    return plain


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
