"""Stage 2: the motion between the two pictures, imagined as a video."""

from dataclasses import dataclass

import torch
from torch import Tensor

from tween4d.data.images import Image, Keyframes
from tween4d.data.video import Guide, Video
from tween4d.priors.protocols import Inbetweener


@dataclass(frozen=True)
class GuideConfig:
    """What the guiding video is like."""

    frames: int = 64
    """Frames including both inputs, at least 2."""
    size: int = 256
    """Longer side at most, pixels; smaller inputs are not enlarged."""
    prompt: str = ""
    """What happens, for priors that read; the embedded one does not."""


def imagine_motion(keyframes: Keyframes, inbetweener: Inbetweener, config: GuideConfig, *, seed: int) -> Guide:
    """Imagine how the object gets from the start to the end.

    Source: In-2-4D, Sec. 3.2 (the interpolator psi).

    Args:
        keyframes: both states, matted.
        inbetweener: asked once, for the whole motion, at working size; not asked when both pictures are the same.
        seed: handed to the prior.
    Returns:
        A guide of `config.frames` frames; the first and last are the inputs at working size, value for value.
    """
    start, end = (fit_working_size(image, config.size) for image in (keyframes.start, keyframes.end))
    if keyframes.identical:
        return Guide(_constant(start, config.frames), still=True, fov_degrees=keyframes.fov_degrees)
    guide = inbetweener.inbetween(start, end, config.frames, prompt=config.prompt, seed=seed)
    rgb, alpha = guide.video.rgb.clone(), guide.video.alpha.clone()
    for row, image in ((0, start), (-1, end)):
        rgb[row], alpha[row] = image.rgb, coverage(image)
    return Guide(Video(rgb, alpha, guide.video.times), guide.lattices, guide.still, keyframes.fov_degrees)


def fit_working_size(image: Image, size: int) -> Image:
    """The picture scaled down so that its longer side is at most `size`, averaged as premultiplied colour."""
    scale = size / max(image.width, image.height)
    if scale >= 1:
        return Image(image.rgb, coverage(image))
    height, width = max(1, round(image.height * scale)), max(1, round(image.width * scale))
    alpha = coverage(image)
    planes = torch.cat([image.rgb * alpha[..., None], alpha[..., None], image.rgb], -1).permute(2, 0, 1)
    small = torch.nn.functional.interpolate(planes[None], (height, width), mode="area")[0].permute(1, 2, 0)
    covered = small[..., 3:4]
    # Where there is no object its colour does not matter; the plain average keeps it continuous.
    rgb = torch.where(covered > 1e-4, small[..., :3] / covered.clamp_min(1e-4), small[..., 4:])
    return Image(rgb.clamp(0, 1), covered[..., 0].clamp(0, 1))


def coverage(image: Image) -> Tensor:
    """The picture's alpha, or full coverage if it has none."""
    return torch.ones_like(image.rgb[..., 0]) if image.alpha is None else image.alpha


def _constant(image: Image, frames: int) -> Video:
    rgb, alpha = image.rgb.expand(frames, -1, -1, -1).clone(), coverage(image).expand(frames, -1, -1).clone()
    return Video(rgb, alpha, torch.linspace(0, 1, frames))
