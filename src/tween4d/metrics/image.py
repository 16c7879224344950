"""One picture against the true one, both on white."""

import math
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from skimage.metrics import structural_similarity
from torch import Tensor

from tween4d.data.images import Image

PSNR_CAP = 60.0
COVERED = 0.5
WHITE_TOLERANCE = 4 / 255
# At 67 pixels per degree FLIP's widest filter reaches 10 pixels, and its edge detector looks at filtered pixels.
FLIP_REACH = 24


@dataclass(frozen=True)
class ImageScores:
    """What one picture is worth beside the truth."""

    psnr: float
    """Over the whole picture, dB, at most 60."""
    psnr_masked: float
    """Over the union of both masks only, so that free white does not flatter; dB, at most 60."""
    ssim: float
    """Structural similarity, at most 1."""
    iou: float
    """Intersection over union of the masks, in [0, 1]; 0 where both are empty, as the benchmark counts it."""
    flip: float
    """Mean LDR-FLIP error, in [0, 1]; lower is better."""


def compare_images(truth: Image, predicted: Image) -> ImageScores:
    """All scores of one picture.

    Args:
        truth, predicted: of equal size; straight alpha.
    Raises:
        ValueError: when the sizes differ.
    """
    a, b = truth.on(1.0).clamp(0, 1), predicted.on(1.0).clamp(0, 1)
    if a.shape != b.shape:
        raise ValueError(f"the pictures differ in size: {tuple(a.shape)} and {tuple(b.shape)}")
    mask_a, mask_b = object_mask(truth), object_mask(predicted)
    union = mask_a | mask_b
    squared = ((a - b) ** 2).mean(-1)
    return ImageScores(
        psnr=psnr_from_error(float(squared.mean())),
        psnr_masked=psnr_from_error(float(squared[union].mean())) if bool(union.any()) else PSNR_CAP,
        ssim=ssim(a, b),
        iou=float((mask_a & mask_b).sum() / union.sum().clamp(min=1)),
        flip=flip(a, b),
    )


def psnr_on_white(truth: Image, predicted: Image) -> float:
    """Peak signal-to-noise ratio over the whole picture on white, dB, at most 60."""
    return psnr_from_error(float(((truth.on(1.0).clamp(0, 1) - predicted.on(1.0).clamp(0, 1)) ** 2).mean()))


def psnr_from_error(squared_error: float) -> float:
    """Decibels of a mean squared error of values in [0, 1], at most 60."""
    return min(PSNR_CAP, -10 * math.log10(max(squared_error, 1e-12)))


def object_mask(image: Image) -> Bool[Tensor, "h w"]:
    """Where the object is: coverage above one half, or anything but white in a picture without coverage."""
    if image.alpha is not None:
        return image.alpha > COVERED
    return (image.rgb - 1).abs().amax(-1) > WHITE_TOLERANCE


def ssim(truth: Float[Tensor, "h w 3"], predicted: Float[Tensor, "h w 3"]) -> float:
    """Structural similarity with a Gaussian window of sigma 1.5 (Wang et al. 2004), mean over pixels and channels.

    Args:
        truth, predicted: in [0, 1], at least 11 pixels a side.
    """
    return float(
        structural_similarity(
            truth.cpu().numpy().astype(np.float32),
            predicted.cpu().numpy().astype(np.float32),
            channel_axis=2,
            data_range=1.0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


def flip(truth: Float[Tensor, "h w 3"], predicted: Float[Tensor, "h w 3"]) -> float:
    """Mean LDR-FLIP error (Andersson et al. 2020) at the default viewing distance.

    Only the part where the pictures differ, and as far around it as the filters reach, is looked at; elsewhere the
    error is 0.

    Args:
        truth, predicted: sRGB in [0, 1], of equal size.
    """
    with warnings.catch_warnings():
        # The extension module is older than the interpreter's type checks; that says nothing about the values.
        warnings.simplefilter("ignore")
        import flip_evaluator

    window, share = _differing(truth, predicted)
    if share == 0:
        return 0.0
    pictures = [np.ascontiguousarray(p[window].cpu().numpy(), dtype=np.float32) for p in (truth, predicted)]
    return share * float(flip_evaluator.evaluate(*pictures, "LDR", applyMagma=False)[1])


def _differing(a: Float[Tensor, "h w 3"], b: Float[Tensor, "h w 3"]) -> tuple[tuple[slice, ...], float]:
    """The part of the picture in which the FLIP error can differ from 0, and its share of the area."""
    rows, columns = torch.nonzero((a != b).any(-1), as_tuple=True)
    if len(rows) == 0:
        return (slice(0, 0), slice(0, 0)), 0.0
    window = tuple(
        slice(max(0, int(places.min()) - FLIP_REACH), min(size, int(places.max()) + 1 + FLIP_REACH))
        for places, size in zip((rows, columns), a.shape[:2], strict=True)
    )
    area = (window[0].stop - window[0].start) * (window[1].stop - window[1].start)
    return window, area / (a.shape[0] * a.shape[1])


def empty_picture(height: int, width: int) -> Image:
    """What a missing picture counts as: white, and no object."""
    return Image(torch.ones(height, width, 3), torch.zeros(height, width))
