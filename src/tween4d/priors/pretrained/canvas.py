"""Pictures and frame counts as a video model wants them, and back. Nothing of the object is cut off or distorted."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Canvas:
    """Where a picture lies on the larger canvas that a model takes."""

    height: int
    width: int
    top: int
    left: int
    inner_height: int
    inner_width: int


def fit_canvas(height: int, width: int, area: int, multiple: int) -> Canvas:
    """The canvas of about `area` pixels, sides multiples of `multiple`, that a picture fits into undistorted.

    The picture is scaled by one factor and centred; what is left at two of its sides is background.
    """
    scale = math.sqrt(area / (height * width))
    tall = max(multiple, math.floor(height * scale / multiple + 1e-6) * multiple)
    wide = max(multiple, math.floor(width * scale / multiple + 1e-6) * multiple)
    inner = min(tall / height, wide / width)
    inner_height, inner_width = max(1, min(tall, round(height * inner))), max(1, min(wide, round(width * inner)))
    return Canvas(tall, wide, (tall - inner_height) // 2, (wide - inner_width) // 2, inner_height, inner_width)


def square_canvas(height: int, width: int, side: int) -> Canvas:
    """The square that a picture fits into with its longer side, centred, whatever its proportions."""
    tall, wide = (max(1, round(length * side / max(height, width))) for length in (height, width))
    return Canvas(side, side, (side - tall) // 2, (side - wide) // 2, tall, wide)


def place(picture: Float[Tensor, "h w 3"], canvas: Canvas, background: float) -> Float[Tensor, "H W 3"]:
    """An opaque picture on the canvas."""
    placed = picture.new_full((canvas.height, canvas.width, 3), background)
    rows = slice(canvas.top, canvas.top + canvas.inner_height)
    columns = slice(canvas.left, canvas.left + canvas.inner_width)
    placed[rows, columns] = _resized(picture[None], canvas.inner_height, canvas.inner_width)[0]
    return placed


def take_back(frames: Float[Tensor, "t H W 3"], canvas: Canvas, height: int, width: int) -> Float[Tensor, "t h w 3"]:
    """The inverse of `place` for the frames that a model made."""
    rows = slice(canvas.top, canvas.top + canvas.inner_height)
    columns = slice(canvas.left, canvas.left + canvas.inner_width)
    return _resized(frames[:, rows, columns], height, width)


def snap_frames(wanted: int, step: int, most: int) -> int:
    """The smallest count of the form `step` k + 1, k >= 1, that is not below `wanted`, or the largest up to `most`."""
    largest = (most - 1) // step * step + 1
    return max(step + 1, min(largest, math.ceil((wanted - 1) / step) * step + 1))


def resample(frames: Float[Tensor, "s h w c"], count: int) -> Float[Tensor, "t h w c"]:
    """`count` frames at even times; both ends are kept, and none is blended where there are enough.

    Fewer frames than wanted are blended linearly: for premultiplied or opaque pictures.
    """
    places = torch.linspace(0, len(frames) - 1, count)
    if len(frames) >= count:
        return frames[places.round().long()]
    below = places.floor().long().clamp(max=max(len(frames) - 2, 0))
    share = (places - below).to(frames)[:, None, None, None]
    return (1 - share) * frames[below] + share * frames[(below + 1).clamp(max=len(frames) - 1)]


def _resized(frames: Float[Tensor, "t h w 3"], height: int, width: int) -> Float[Tensor, "t H W 3"]:
    if frames.shape[1:3] == (height, width):
        return frames
    planes = torch.nn.functional.interpolate(
        frames.permute(0, 3, 1, 2), (height, width), mode="bicubic", align_corners=False, antialias=True
    )
    return planes.permute(0, 2, 3, 1).clamp(0, 1)
