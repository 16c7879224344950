"""The input pictures as states of equal size."""

import torch

from tween4d.data.cameras import DEFAULT_FOV_DEGREES
from tween4d.data.images import Image, Keyframes
from tween4d.errors import InputError
from tween4d.events import Listener, Note, silent
from tween4d.io.images import MIN_SIDE, resize_image


def prepare_pair(
    start: Image,
    end: Image,
    size: int,
    fov_degrees: float = DEFAULT_FOV_DEGREES,
    listener: Listener = silent,
    inner: tuple[Image, ...] = (),
    inner_times: tuple[float, ...] = (),
) -> Keyframes:
    """Bring two or more pictures to one size without re-framing them.

    A picture of another size is scaled to fit the frame of the first and padded with its own background.
    Pictures larger than the working size are scaled down to it; smaller ones stay.

    Args:
        size: working size of the longer side, pixels.
        fov_degrees: field of view along the longer side, in (1, 120).
        inner, inner_times: states between the two, and when they are reached.
        listener: told when something was fitted or scaled, or when both pictures are the same.
    Raises:
        InputError: for a field of view out of range, or proportions so long that the shorter side vanishes.
    """
    if not 1 < fov_degrees < 120:
        raise InputError("the field of view must be between 1 and 120 degrees", f"{fov_degrees:g}", "leave --fov out")
    others = []
    for number, image in enumerate((*inner, end), 2):
        if (start.width, start.height) != (image.width, image.height):
            name = "the end image" if number == len(inner) + 2 else f"image {number}"
            message = f"the images differ in size: {name} is scaled and padded to the frame of the start image"
            listener(Note(message, warning=True))
            image = _fitted(image, start.width, start.height)
        others.append(image)
    scale = min(1.0, size / max(start.width, start.height))
    width, height = max(1, round(start.width * scale)), max(1, round(start.height * scale))
    if min(width, height) < MIN_SIDE:
        raise InputError(
            "the image is too long and narrow", f"{start.width}x{start.height} pixels", "crop it nearer to a square"
        )
    first, *between, last = (resize_image(image, width, height) for image in (start, *others))
    pair = Keyframes(first, last, float(fov_degrees), tuple(between), inner_times)
    if pair.identical:
        which = "all" if inner else "both"
        listener(Note(f"{which} images are the same picture: the asset will stand still", warning=True))
    return pair


def _fitted(image: Image, width: int, height: int) -> Image:
    """The picture scaled to fit and centred; the margin is transparent, or of the picture's border colour."""
    scale = min(width / image.width, height / image.height)
    inner = resize_image(image, max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    left, top = (width - inner.width) // 2, (height - inner.height) // 2
    border = torch.cat([inner.rgb[0], inner.rgb[-1], inner.rgb[:, 0], inner.rgb[:, -1]])
    rgb = border.median(0).values.expand(height, width, 3).clone()
    rgb[top : top + inner.height, left : left + inner.width] = inner.rgb
    if inner.alpha is None:
        return Image(rgb)
    alpha = torch.zeros(height, width)
    alpha[top : top + inner.height, left : left + inner.width] = inner.alpha
    return Image(rgb, alpha)
