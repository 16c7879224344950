"""What both ends know of one object, made one."""

from dataclasses import replace

import numpy as np
import torch

from tests.scenes import swinging_bar
from tween4d.data.video import Guide, Lattice, Video
from tween4d.priors.embedded.geometry.carrying import carry_maps, fuse_ends, outlines

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


def test_the_same_place_is_half_of_each() -> None:
    """Oracle: closed form; the bar is one object, so its ends' values meet, and what lies beyond does not leak in."""
    for found, mask in zip(fuse_ends(GUIDE, MASKS, levels(1.0, 3.0)), MASKS, strict=True):
        assert np.abs(found[inner(mask)] - 2.0).max() < 1e-4
        assert found[mask].min() >= 1.0 - 1e-4 and found[mask].max() <= 3.0 + 1e-4


def test_what_one_end_does_not_show_keeps_its_own() -> None:
    """Oracle: invariants; without sheets nothing is known to be the same, beyond the outline there is nothing to mix,
    and one answer stays what it is."""
    maps = levels(1.0, 3.0)
    assert fuse_ends(replace(GUIDE, lattices=()), MASKS, maps) is maps
    empty = np.zeros_like(MASKS[0])
    assert np.array_equal(fuse_ends(GUIDE, (MASKS[0], empty), maps)[0], maps[0].astype(np.float32))
    for found, given in zip(fuse_ends(GUIDE, MASKS, levels(2.0, 2.0)), levels(2.0, 2.0), strict=True):
        assert np.abs(found - given).max() < 1e-5


def test_between_the_ends_both_are_heard_by_time() -> None:
    """Oracle: closed form; an end's own map is given back, and halfway it is the mean of both."""
    maps = levels(1.0, 3.0)
    for frame, expected in ((0, 1.0), (FRAMES // 2, 2.0), (FRAMES - 1, 3.0)):
        mask = GUIDE.video.alpha[frame].numpy() > 0.5
        carried = carry_maps(GUIDE, frame, mask, maps)
        assert carried is not None
        assert np.abs(carried[inner(mask)] - expected).max() < 0.05
    assert carry_maps(replace(GUIDE, lattices=()), 0, MASKS[0], maps) is None


def test_an_object_that_fills_a_large_picture() -> None:
    """Oracle: invariant; more pixels than OpenCV reads at once, in a picture that stands still, keep their values."""
    side = 200
    video = Video(torch.zeros(3, side, side, 3), torch.ones(3, side, side), torch.linspace(0, 1, 3))
    corners = torch.tensor([[0.0, 0.0], [side, 0.0], [side, side], [0.0, side]]).expand(3, -1, -1)
    sheet = Lattice(corners, torch.tensor([[0, 1, 2], [0, 2, 3]]), torch.ones(4), 0)
    ramp = np.arange(side * side, dtype=np.float32).reshape(side, side, 1)
    carried = carry_maps(Guide(video, (sheet,)), 1, np.ones((side, side), bool), (ramp, ramp))
    assert carried is not None
    assert np.abs(carried - ramp).max() < 0.05
