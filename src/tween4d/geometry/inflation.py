"""Heights of a solid over its silhouette: what an outline alone says about thickness."""

import cv2
import numpy as np
from jaxtyping import Bool, Float


def inflate(mask: Bool[np.ndarray, "h w"], relaxations: int = 60) -> Float[np.ndarray, "h w"]:
    """Half thickness of a rounded solid with the given outline, in pixels.

    The height solves laplace(u) = -2 inside, u = 0 on the outline, and the half thickness is sqrt(u): an infinite strip
    of half width r becomes a cylinder of radius r. Solved coarse to fine by relaxation.

    Args:
        mask: the silhouette.
        relaxations: sweeps per level of the image pyramid.
    Returns:
        Half thickness >= 0, zero outside the mask.
    """
    h, w = mask.shape
    if not mask.any():
        return np.zeros((h, w), np.float32)
    levels = [mask.astype(np.float32)]
    while min(levels[-1].shape) > 16:
        levels.append(cv2.resize(levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    u = np.zeros_like(levels[-1])
    for i, level in reversed(list(enumerate(levels))):
        if u.shape != level.shape:
            u = 4 * cv2.resize(u, level.shape[::-1], interpolation=cv2.INTER_LINEAR)
        inside = (level > 0.5).astype(np.float32)
        u = u * inside
        kernel = np.array([[0, 0.25, 0], [0.25, 0, 0.25], [0, 0.25, 0]], np.float32)
        for _ in range(relaxations if i else relaxations // 2):
            u = (cv2.filter2D(u, -1, kernel, borderType=cv2.BORDER_CONSTANT) + 0.5) * inside
    return np.sqrt(np.maximum(u, 0.0)).astype(np.float32)
