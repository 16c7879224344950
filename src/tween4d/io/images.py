"""Pictures from and to disk: whatever a user hands over becomes straight sRGB, or a sentence that says why not."""

import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image as Pillow
from PIL import ImageCms, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from tween4d.data.images import Image
from tween4d.errors import InputError, Tween4dError
from tween4d.events import Listener, Note, silent
from tween4d.io.atomic import whole_file

MAX_PIXELS = 64_000_000
MIN_SIDE = 16
LARGEST_KEPT = 2048
ALPHA_MODES = ("RGBA", "LA", "PA", "RGBa", "La")


def load_image(path: Path, listener: Listener = silent) -> Image:
    """Read a picture of any kind Pillow knows as straight sRGB.

    Orientation tags are applied; palette, grey, CMYK and 16-bit pictures are converted, and so are embedded colour
    profiles; of an animation the first frame is taken, which is said.

    Args:
        path: a file of at least 16 pixels a side and at most 64 megapixels, checked before it is decoded; above 2048
            pixels a side it is scaled down to that.
        listener: told about choices made for the user.
    Returns:
        The picture; `alpha` is None unless the file holds an alpha channel that is not 1 everywhere.
    Raises:
        InputError: when there is no such file, it is no picture, it is damaged, or its size is out of bounds.
    """
    picture = _decode(path, listener)
    if max(picture.size) > LARGEST_KEPT and picture.mode not in ("I", "F") and not picture.mode.startswith("I;"):
        # A run works at far smaller sizes; 64 megapixels in floating point would fill the memory.
        picture = _rich(picture)
        picture.thumbnail((LARGEST_KEPT, LARGEST_KEPT), Pillow.Resampling.BOX)
    alpha = None
    if picture.mode in ALPHA_MODES or "transparency" in picture.info:
        rgba = np.asarray(picture.convert("RGBA"), dtype=np.float32) / 255
        rgb = rgba[..., :3]
        alpha = rgba[..., 3] if rgba[..., 3].min() < 1 else None
    else:
        rgb = _plain_rgb(picture, path)
    return Image(torch.from_numpy(rgb.copy()), None if alpha is None else torch.from_numpy(alpha.copy()))


def load_mask(path: Path, width: int, height: int, listener: Listener = silent) -> Float[Tensor, "h w"]:
    """Read a mask for a picture of the given size: white (or opaque) is the object.

    Args:
        width, height: of the picture that it belongs to; a mask of the same proportions is scaled to it.
    Returns:
        Coverage in [0, 1].
    Raises:
        InputError: as `load_image`, or when proportions differ, or the mask marks nothing or everything.
    """
    image = load_image(path, listener)
    mask = image.alpha if image.alpha is not None else image.rgb.mean(-1)
    if abs(image.width * height - image.height * width) > max(image.width, image.height, width, height):
        raise InputError(
            "the mask has other proportions than its picture",
            f"mask {image.width}x{image.height}, picture {width}x{height}: {path}",
            "make the mask from the same picture",
        )
    mask = _interpolate(mask[None], height, width)[0]
    share = float((mask > 0.5).float().mean())
    if share < 1e-4:
        raise InputError("the mask is empty", str(path), "paint the object white on black")
    if share > 0.999:
        raise InputError("the mask covers the whole picture", str(path), "paint the background black")
    return mask


def check_size(width: int, height: int, path: Path | str) -> None:
    """Refuse pictures that are too small to hold an object or too large to decode safely."""
    if min(width, height) < MIN_SIDE:
        raise InputError(
            "the image is too small", f"{width}x{height} pixels: {path}", f"use at least {MIN_SIDE} pixels a side"
        )
    if width * height > MAX_PIXELS:
        raise InputError(
            f"the image is larger than {MAX_PIXELS // 1_000_000} megapixels",
            f"{width}x{height} pixels: {path}",
            "scale it down; more than 1000 pixels a side bring nothing",
        )


def resize_image(image: Image, width: int, height: int) -> Image:
    """The picture at another size, colours weighted by coverage so that hidden colours do not bleed in."""
    if (image.width, image.height) == (width, height):
        return image
    planes = image.rgb.permute(2, 0, 1)
    if image.alpha is None:
        return Image(_interpolate(planes, height, width).permute(1, 2, 0).clamp(0, 1))
    mixed = _interpolate(torch.cat([planes * image.alpha, image.alpha[None]]), height, width)
    alpha = mixed[3].clamp(0, 1)
    plain = _interpolate(planes, height, width)
    rgb = torch.where(alpha > 1e-3, mixed[:3] / alpha.clamp(min=1e-3), plain)
    return Image(rgb.permute(1, 2, 0).clamp(0, 1), alpha)


def from_bytes(content: bytes) -> Image:
    """A picture from an encoded file that this library wrote.

    Raises:
        OSError, ValueError: when it is none.
    """
    with Pillow.open(BytesIO(content)) as picture:
        check_size(*picture.size, "embedded image")
        array = np.asarray(picture.convert("RGBA"), dtype=np.float32) / 255
        has_alpha = picture.mode == "RGBA"
    planes = torch.from_numpy(array.copy())
    return Image(planes[..., :3], planes[..., 3] if has_alpha else None)


def to_bytes(image: Image, form: str = "PNG", **options: object) -> bytes:
    """The picture as an encoded file, 8 bits a channel, RGBA when it has coverage."""
    stream = BytesIO()
    to_pillow(image).save(stream, form, **options)
    return stream.getvalue()


def to_pillow(image: Image) -> Pillow.Image:
    """The picture as a Pillow image, RGB or RGBA."""
    planes = image.rgb if image.alpha is None else torch.cat([image.rgb, image.alpha[..., None]], -1)
    array = (planes.detach().clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()
    return Pillow.fromarray(array)


def save_png(image: Image, target: Path, origin: str = "") -> None:
    """Write a PNG, whole or not at all.

    Args:
        origin: how it was made, for the text chunk `Comment`.
    Raises:
        OutputError: when it cannot be written.
    """
    with whole_file(target) as part:
        part.write_bytes(to_bytes(image, pnginfo=_comment(origin)))


def _comment(text: str) -> PngInfo | None:
    if not text:
        return None
    info = PngInfo()
    info.add_text("Comment", text)
    return info


def _decode(path: Path, listener: Listener) -> Pillow.Image:
    if not path.exists():
        raise InputError("there is no such file", str(path), "check the path")
    if path.is_dir():
        raise InputError("an image file is wanted, not a folder", str(path), "name the file itself")
    try:
        with warnings.catch_warnings():
            # Our own limit is stricter than Pillow's and comes right after; metadata quirks are of no concern.
            warnings.simplefilter("ignore")
            with Pillow.open(path) as picture:
                check_size(*picture.size, path)
                if getattr(picture, "n_frames", 1) > 1 and picture.format != "MPO":
                    listener(Note(f"{path.name} is an animation of {picture.n_frames} frames: its first frame is used"))
                    picture.seek(0)
                picture.load()
                return _to_srgb(ImageOps.exif_transpose(picture), listener, path)
    except Tween4dError:
        raise
    except Pillow.DecompressionBombError as error:
        raise InputError(
            f"the image is larger than {MAX_PIXELS // 1_000_000} megapixels", str(path), "scale it down"
        ) from error
    except UnidentifiedImageError as error:
        raise InputError("the file is not an image", str(path), "use a PNG, JPEG, WebP or TIFF file") from error
    except PermissionError as error:
        raise InputError("the file cannot be read: permission denied", str(path), "change its permissions") from error
    except MemoryError:
        raise
    except Exception as error:
        # Pillow's decoders raise many kinds of exception on damaged data.
        raise InputError("the image is damaged", str(path), "open it in a viewer and save it again") from error


def _to_srgb(picture: Pillow.Image, listener: Listener, path: Path) -> Pillow.Image:
    """Convert an embedded RGB or CMYK colour profile; a profile that cannot be read is ignored, as viewers do."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "RGBA", "CMYK"):
        return picture
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return picture
        mode = "RGB" if picture.mode == "CMYK" else picture.mode
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    listener(Note(f"the colours of {path.name} were converted to sRGB from its embedded profile"))
    return converted if converted is not None else picture


def _rich(picture: Pillow.Image) -> Pillow.Image:
    """RGB or RGBA, so that palettes and bitmaps can be averaged."""
    return picture.convert("RGBA" if picture.mode in ALPHA_MODES or "transparency" in picture.info else "RGB")


def _plain_rgb(picture: Pillow.Image, path: Path) -> Float[np.ndarray, "h w 3"]:
    if picture.mode.startswith("I;16") or picture.mode == "I":
        grey = np.asarray(picture).astype(np.float32) / 65535
    elif picture.mode == "F":
        grey = np.asarray(picture)
    else:
        return np.asarray(picture.convert("RGB"), dtype=np.float32) / 255
    if not np.isfinite(grey).all() or grey.min() < 0 or grey.max() > 1:
        raise InputError(
            "the pixel values of the image are outside black to white", str(path), "convert it to 8 or 16 bits"
        )
    return np.repeat(grey[..., None], 3, -1)


def _interpolate(planes: Float[Tensor, "c h w"], height: int, width: int) -> Float[Tensor, "c height width"]:
    if planes.shape[-2:] == (height, width):
        return planes
    return torch.nn.functional.interpolate(
        planes[None], (height, width), mode="bilinear", align_corners=False, antialias=True
    )[0]
