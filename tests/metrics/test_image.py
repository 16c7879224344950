"""Scores of one picture."""

import json
import math

import flip_evaluator
import numpy as np
import pytest
import torch

from tests.metrics.discs import GOLDEN, on_white, picture
from tween4d.data.images import Image
from tween4d.metrics.image import (
    PSNR_CAP,
    compare_images,
    empty_picture,
    flip,
    object_mask,
    psnr_from_error,
    psnr_on_white,
    ssim,
)


def image(array: np.ndarray) -> Image:
    planes = torch.from_numpy(array.astype(np.float32) / 255)
    return Image(planes[..., :3], planes[..., 3])


def square(left: int, size: int = 32, side: int = 8) -> Image:
    alpha = torch.zeros(size, size)
    alpha[8 : 8 + side, left : left + side] = 1
    return Image(torch.zeros(size, size, 3), alpha)


@pytest.mark.parametrize("row", range(3))
def test_scores_are_those_of_the_benchmark(row: int) -> None:
    """Oracle: golden file written by the benchmark's own script."""
    golden = json.loads(GOLDEN.read_text())["frames"][row]
    time = (0, 4, 8)[row]
    found = compare_images(image(picture(0, time, predicted=False)), image(picture(0, time, predicted=True)))
    assert found.psnr == pytest.approx(golden["PSNR"], abs=1e-4)
    assert found.psnr_masked == pytest.approx(golden["PSNRm"], abs=1e-4)
    assert found.ssim == pytest.approx(golden["SSIM"], abs=1e-5)
    assert found.iou == pytest.approx(golden["IoU"], abs=1e-6)
    assert found.flip == pytest.approx(golden["FLIP"], abs=1e-5)


def test_psnr_of_an_even_error() -> None:
    """Oracle: closed form, -20 log10 of the error."""
    grey = Image(torch.full((16, 16, 3), 0.5))
    assert psnr_on_white(grey, Image(torch.full((16, 16, 3), 0.6))) == pytest.approx(20.0, abs=1e-4)
    assert psnr_on_white(grey, grey) == PSNR_CAP
    assert psnr_from_error(0.0) == PSNR_CAP


def test_masked_psnr_counts_the_union_only() -> None:
    """Oracle: closed form; half of the union is wrong by 1, the white around it does not count."""
    scores = compare_images(square(8), square(12))
    # Each square covers 64 pixels and they share 32: 64 of 96 pixels of the union are wrong by 1.
    assert scores.psnr_masked == pytest.approx(-10 * math.log10(64 / 96), abs=1e-4)
    assert scores.iou == pytest.approx(32 / 96)
    assert scores.psnr == pytest.approx(-10 * math.log10(64 / 1024), abs=1e-4)


def test_equal_pictures_are_perfect() -> None:
    """Oracle: definition."""
    scores = compare_images(square(8), square(8))
    assert (scores.psnr, scores.psnr_masked, scores.iou, scores.flip) == (PSNR_CAP, PSNR_CAP, 1.0, 0.0)
    assert scores.ssim == pytest.approx(1.0)


def test_nothing_against_nothing() -> None:
    """Oracle: the benchmark's convention for two empty pictures."""
    scores = compare_images(empty_picture(16, 16), empty_picture(16, 16))
    assert (scores.psnr_masked, scores.iou) == (PSNR_CAP, 0.0)


def test_the_hidden_colour_does_not_count() -> None:
    """Oracle: invariant; colour under alpha 0 is undefined."""
    a, b = square(8), square(8)
    b = Image(torch.where(b.alpha[..., None] > 0, b.rgb, torch.rand(32, 32, 3)), b.alpha)
    assert compare_images(a, b).psnr == PSNR_CAP


def test_a_picture_without_coverage_is_masked_by_white() -> None:
    """Oracle: the benchmark's rule: more than 4/255 away from white."""
    rgb = torch.ones(16, 16, 3)
    rgb[0, 0], rgb[0, 1] = 1 - 5 / 255, 1 - 3 / 255
    mask = object_mask(Image(rgb))
    assert bool(mask[0, 0]) and int(mask.sum()) == 1


@pytest.mark.parametrize("place", [(0, 0), (20, 30), (58, 58)])
def test_flip_of_the_differing_part_is_flip_of_the_whole(place: tuple[int, int]) -> None:
    """Oracle: foreign tool, flip-evaluator on the whole picture."""
    generator = torch.Generator().manual_seed(1)
    a = torch.rand(64, 64, 3, generator=generator)
    b = a.clone()
    b[place[0] : place[0] + 6, place[1] : place[1] + 6] = torch.rand(6, 6, 3, generator=generator)
    b = b[:64, :64]
    whole = flip_evaluator.evaluate(a.numpy(), b.numpy(), "LDR", applyMagma=False)[1]
    assert flip(a, b) == pytest.approx(float(whole), abs=1e-6)
    assert whole > 1e-4


def test_ssim_falls_with_noise() -> None:
    """Oracle: order; more noise is less similar."""
    clean, _ = on_white(picture(0, 3, predicted=False))
    noise = np.random.default_rng(0).normal(size=clean.shape).astype(np.float32)
    values = [ssim(torch.from_numpy(clean), torch.from_numpy(clean + s * noise)) for s in (0.0, 0.02, 0.1)]
    assert values[0] == pytest.approx(1.0) and values[0] > values[1] > values[2]


def test_sizes_must_agree() -> None:
    """Oracle: contract."""
    with pytest.raises(ValueError, match="differ in size"):
        compare_images(square(8), square(8, size=40))
