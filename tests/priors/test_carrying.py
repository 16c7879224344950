"""What both ends know of one object, made one."""

from dataclasses import replace

import numpy as np
import torch

from tests.scenes import swinging_bar
from tween4d.priors.embedded.geometry.carrying import OTHERS, carry_maps, fuse_ends, outlines

SIDE, FRAMES, DEGREES = 96, 9, 60.0
GUIDE = swinging_bar(DEGREES, FRAMES, SIDE)
MASKS = outlines(GUIDE)


def levels(first: float, last: float) -> tuple[np.ndarray, np.ndarray]:
    """Maps that hold one value each within the object, and a wild one beyond it."""
    maps = [np.where(mask, value, 1e4)[..., None] for mask, value in zip(MASKS, (first, last), strict=True)]
    return maps[0], maps[1]


def inner(mask: np.ndarray) -> np.ndarray:
    """Away from the outline."""
    near = torch.nn.functional.max_pool2d(torch.from_numpy(~mask)[None].float(), 7, 1, 3)[0]
    return near.numpy() == 0


def test_surely_the_same_place_is_half_of_each() -> None:
    """Oracle: closed form; the bar is one object, its ends' values meet, and what lies beyond does not leak in."""
    lattices = tuple(replace(sheet, confidence=torch.ones_like(sheet.confidence)) for sheet in GUIDE.lattices)
    fused = fuse_ends(replace(GUIDE, lattices=lattices), MASKS, levels(1.0, 3.0))
    for found, own, other, mask in zip(fused, (1.0, 3.0), (3.0, 1.0), MASKS, strict=True):
        expected = own + OTHERS * (other - own)
        # Off the sheets, whose edges follow the outline coarsely, trust falls a little.
        assert np.abs(found[inner(mask)] - expected).max() < 0.1
        assert found[mask].min() >= 1.0 - 1e-4 and found[mask].max() <= 3.0 + 1e-4


def test_a_doubtful_place_keeps_its_own() -> None:
    """Oracle: invariants; without trust or without sheets nothing changes, and one answer stays what it is."""
    doubt = tuple(replace(sheet, confidence=torch.zeros_like(sheet.confidence)) for sheet in GUIDE.lattices)
    for guide, maps in (
        (replace(GUIDE, lattices=doubt), levels(1.0, 3.0)),
        (replace(GUIDE, lattices=()), levels(1.0, 3.0)),
        (GUIDE, levels(2.0, 2.0)),
    ):
        for found, given, mask in zip(fuse_ends(guide, MASKS, maps), maps, MASKS, strict=True):
            assert np.abs(found - given)[mask].max() < 1e-5


def test_between_the_ends_both_are_heard_by_time() -> None:
    """Oracle: closed form; an end's own map is given back, and halfway it is the mean of both."""
    maps = levels(1.0, 3.0)
    for frame, expected in ((0, 1.0), (FRAMES // 2, 2.0), (FRAMES - 1, 3.0)):
        mask = GUIDE.video.alpha[frame].numpy() > 0.5
        carried = carry_maps(GUIDE, frame, mask, maps)
        assert carried is not None
        assert np.abs(carried[inner(mask)] - expected).max() < 0.05
    assert carry_maps(replace(GUIDE, lattices=()), 0, MASKS[0], maps) is None
