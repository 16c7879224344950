"""What is known about both ends of a motion, brought to a moment between them."""

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float

from tween4d.data.video import Guide, carry_pixels


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
        The maps, or None for an end itself and where the guide has no sheets: there is nothing to carry.
    """
    last = len(guide.video) - 1
    if frame in (0, last) or not guide.lattices:
        return None
    rows, columns = np.nonzero(mask)
    pixels = torch.from_numpy(np.stack([columns, rows], -1) + 0.5)
    carried, _ = carry_pixels(guide, pixels, frame, (0, last))
    places = carried.numpy().astype(np.float32) - 0.5
    time = float(guide.video.times[frame])
    out = np.zeros(ends[0].shape, np.float32)
    for end, place, share in zip(ends, places, (1 - time, time), strict=True):
        sampled = cv2.remap(end.astype(np.float32), place[None, :, 0], place[None, :, 1], cv2.INTER_LINEAR)
        out[rows, columns] += share * sampled.reshape(len(rows), -1)
    return out
