"""Two surfaces over a picture as oriented, coloured points."""

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float

from tween4d.data.cameras import ORBIT_RADIUS, Camera, backproject
from tween4d.data.views import SurfacePoints

OUTLINE = 7
"""Pixels over which an outline may be soft."""
FAINTEST = 0.15
"""Coverage below which a translucent part of a picture is not lifted."""
LAYERS = 6
"""Samples along a ray at most, where the surface is steep."""
STEEPEST = 6.0
"""Depth per length, in pixels per pixel, beyond which neighbours are two surfaces and not one."""


def outline_of(alpha: Float[np.ndarray, "h w"]) -> tuple[Bool[np.ndarray, "h w"], Float[np.ndarray, "h w"]]:
    """What belongs to the object, translucent parts too, and how dense the object is around each pixel."""
    dense = cv2.dilate(alpha, np.ones((OUTLINE, OUTLINE), np.uint8))
    return (alpha > 0.5 * dense) & (alpha > FAINTEST), dense


def pixel_at_centre(camera: Camera) -> float:
    """World units that a pixel spans at the distance of the origin."""
    return ORBIT_RADIUS / float(camera.intrinsics[0, 0])


def sample_surfaces(
    picture: Float[np.ndarray, "h w 4"],
    hidden: Float[np.ndarray, "h w 3"],
    mask: Bool[np.ndarray, "h w"],
    solid: tuple[Float[np.ndarray, "h w"], Float[np.ndarray, "h w"]],
    camera: Camera,
    max_points: int,
) -> SurfacePoints:
    """Points on the front and back of a solid; steep flanks get extra samples along the ray.

    Args:
        picture: straight colour, and how dense the object is; its outline counts as dense as what lies within, because
            what makes it soft in a picture is the pixel, not the object.
        hidden: colour of the back.
        mask: where the solid is.
        solid: how much nearer than the origin its middle lies along the viewing axis, and its half thickness >= 0,
            both in pixels at the origin's distance.
        camera: of the picture, which looks at the origin from the orbit radius.
        max_points: upper bound on the samples.
    """
    rgb, dense = picture[..., :3], picture[..., 3]
    middle, thickness = solid
    # The outline itself closes the solid: its samples run from the middle to the full height.
    rim = mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) == 0)
    sides = []
    for sign, colors in ((1.0, rgb), (-1.0, hidden)):
        height = middle + sign * thickness
        gy, gx = _inner_gradient(height, mask)
        slope = np.minimum(np.hypot(gx, gy), STEEPEST)
        copies = np.where(mask, np.ceil(np.where(rim, thickness, slope) / 1.5).clip(1, LAYERS), 0)
        sides.append((sign, colors, height, gx, gy, slope, copies))
    stride = max(1.0, float(np.sqrt(sum(side[-1].sum() for side in sides) / max_points)))
    rows, columns = _grid(mask, stride)
    parts = []
    for sign, colors, height, gx, gy, slope, copies in sides:
        for shift in range(LAYERS):
            keep = copies[rows, columns] > shift
            r, c = rows[keep], columns[keep]
            count = copies[r, c]
            # Samples of one ray spread over the height that its pixel spans.
            part = (shift + 0.5) / count
            spread = np.where(rim[r, c], sign * (part - 1) * thickness[r, c], (part - 0.5) * slope[r, c] * stride)
            z = height[r, c] + spread
            # A flank ends where the other side begins.
            z = np.maximum(z, middle[r, c]) if sign > 0 else np.minimum(z, middle[r, c])
            # Samples further apart than the grid are as much wider, so that the flank is closed.
            step = np.where(rim[r, c], thickness[r, c], slope[r, c] * stride) / count
            normal = sign * np.stack([-gx[r, c], gy[r, c], np.ones_like(z)], -1)
            normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
            pixels = np.stack([c + 0.5, r + 0.5], -1)
            width = np.maximum(stride, step)
            seen = np.full(len(z), float(shift == 0 and sign > 0))
            parts.append((pixels, z, normal, colors[r, c], seen, width, dense[r, c]))
    pixel = pixel_at_centre(camera)
    uv, z, normal, color, seen, width, covered = (np.concatenate(column) for column in zip(*parts, strict=True))
    positions = backproject(torch.from_numpy(uv), torch.from_numpy(ORBIT_RADIUS - z * pixel), camera)
    return SurfacePoints(
        positions=positions.float(),
        normals=torch.from_numpy(normal).float(),
        colors=torch.from_numpy(color).float().clamp(0, 1),
        spacing=torch.from_numpy(width * pixel).float(),
        seen=torch.from_numpy(seen).float(),
        coverage=torch.from_numpy(covered).float().clamp(0, 1),
    )


def low_pass(
    values: Float[np.ndarray, "h w c"], mask: Bool[np.ndarray, "h w"], sigma: float
) -> Float[np.ndarray, "h w c"]:
    """The local average inside the outline, and its continuation beyond."""
    weight = mask.astype(np.float32)
    # OpenCV drops a last axis of one channel.
    average = cv2.GaussianBlur(values * weight[..., None], (0, 0), sigma).reshape(values.shape)
    return average / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-4)[..., None]


def _inner_gradient(
    height: Float[np.ndarray, "h w"], mask: Bool[np.ndarray, "h w"]
) -> tuple[Float[np.ndarray, "h w"], Float[np.ndarray, "h w"]]:
    """Differences of the height along rows and columns; what lies outside the mask continues its nearest neighbour."""
    inside = mask.astype(np.float32)
    padded, weight = np.pad(height * inside, 1), np.pad(inside, 1)
    out = []
    for axis in (0, 1):
        ahead, behind = np.roll(padded, -1, axis), np.roll(padded, 1, axis)
        has_ahead, has_behind = np.roll(weight, -1, axis), np.roll(weight, 1, axis)
        forward = (ahead - padded) * has_ahead
        backward = (padded - behind) * has_behind
        out.append(((forward + backward) / np.maximum(has_ahead + has_behind, 1))[1:-1, 1:-1] * inside)
    return out[0], out[1]


def _grid(mask: Bool[np.ndarray, "h w"], stride: float) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of the mask on a grid of fractional stride."""
    h, w = mask.shape
    ys = np.unique(np.arange(0, h, stride).astype(int))
    xs = np.unique(np.arange(0, w, stride).astype(int))
    chosen = np.zeros_like(mask)
    chosen[np.ix_(ys, xs)] = True
    return np.nonzero(mask & chosen)
