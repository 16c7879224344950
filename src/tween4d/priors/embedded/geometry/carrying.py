"""What is known about both ends of a motion: made one, and brought to a moment between them."""

import numpy as np
import torch
from jaxtyping import Bool, Float

from tween4d.data.video import Guide, carry_pixels
from tween4d.priors.embedded.geometry.sampling import outline_of
from tween4d.priors.embedded.motion.flow import sample

OTHERS = 0.5
"""Share of the other end in what an end says of a place that both show: then they agree, and nothing drifts."""


def outlines(guide: Guide) -> tuple[Bool[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
    """Where the object is in the first and in the last frame."""
    first, last = (outline_of(guide.video.alpha[frame].cpu().numpy())[0] for frame in (0, -1))
    return first, last


def fuse_ends(
    guide: Guide,
    masks: tuple[Bool[np.ndarray, "h w"], Bool[np.ndarray, "h w"]],
    ends: tuple[Float[np.ndarray, "h w c"], Float[np.ndarray, "h w c"]],
) -> tuple[Float[np.ndarray, "h w c"], Float[np.ndarray, "h w c"]]:
    """Maps of the start and the end, each mixed with what the other says of the same places.

    They are of one object, and each errs in its own way. Doubt about the motion does not count: where two ends differ
    in depth, the object would drift towards the eye from one to the other, and that errs more than a blurred mean.

    Args:
        masks: where the object is in the first and in the last frame.
        ends: quantities under every pixel of these frames.
    Returns:
        The maps, mixed within the masks; unchanged where the guide has no sheets.
    """
    if not guide.lattices:
        return ends
    last = len(guide.video) - 1
    forth = _mixed(guide, (0, last), masks, ends)
    back = _mixed(guide, (last, 0), masks[::-1], ends[::-1])
    return forth, back


def _mixed(
    guide: Guide,
    frames: tuple[int, int],
    masks: tuple[Bool[np.ndarray, "h w"], Bool[np.ndarray, "h w"]],
    maps: tuple[Float[np.ndarray, "h w c"], Float[np.ndarray, "h w c"]],
) -> Float[np.ndarray, "h w c"]:
    """The first map with what the second says of its places."""
    rows, columns = np.nonzero(masks[0])
    pixels = torch.from_numpy(np.stack([columns, rows], -1) + 0.5)
    carried, _ = carry_pixels(guide, pixels, frames[0], frames[1:])
    place = carried[0].numpy()
    covered = masks[1].astype(np.float32)
    inside = sample(covered[..., None], place)
    # Premultiplied: beyond the outline nothing is known.
    found = sample(maps[1] * covered[..., None], place) / np.maximum(inside, 0.5)
    share = OTHERS * (inside > 0.5)
    out = maps[0].astype(np.float32)
    out[rows, columns] += share * (found - out[rows, columns])
    return out


def carry_maps(
    guide: Guide,
    frame: int,
    mask: Bool[np.ndarray, "h w"],
    ends: tuple[Float[np.ndarray, "h w c"], Float[np.ndarray, "h w c"]],
) -> Float[np.ndarray, "h w c"] | None:
    """Maps of the start and the end, carried along the guide's sheets and mixed by the frame's time.

    Args:
        frame: index of the guiding frame.
        mask: pixels of that frame to fill; the rest is 0.
        ends: quantities under every pixel of the first and of the last frame.
    Returns:
        The maps, at an end its own; None where the guide has no sheets: there is nothing to carry.
    """
    if not guide.lattices:
        return None
    last = len(guide.video) - 1
    if frame in (0, last):
        return ends[0 if frame == 0 else 1].astype(np.float32) * mask[..., None]
    rows, columns = np.nonzero(mask)
    pixels = torch.from_numpy(np.stack([columns, rows], -1) + 0.5)
    carried, _ = carry_pixels(guide, pixels, frame, (0, last))
    places = carried.numpy()
    time = float(guide.video.times[frame])
    out = np.zeros(ends[0].shape, np.float32)
    for end, place, share in zip(ends, places, (1 - time, time), strict=True):
        out[rows, columns] += share * sample(end, place)
    return out
