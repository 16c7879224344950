"""In-between pictures: both sheets posed at a moment, drawn, and joined by what each can be trusted with."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int

from tween4d.geometry.barycentric import barycentric

DOUBT = 0.3
"""Weight of a sheet that shows nothing, or something without a counterpart, against 1 for what has one."""

STRETCHED, TORN = 1.8, 3.0
"""How many times its length an edge may grow before its triangle begins to fade, and when it is gone."""


def draw_sheet(
    posed: Float[np.ndarray, "v 2"],
    triangles: Int[np.ndarray, "f 3"],
    attributes: Float[np.ndarray, "v c"],
    order: Float[np.ndarray, "f"],
    shape: tuple[int, int],
) -> tuple[Float[np.ndarray, "h w c"], Int[np.ndarray, "h w"]]:
    """Interpolate vertex attributes over the pixels of a posed sheet.

    Args:
        order: triangles of higher value lie in front.
        shape: height and width.
    Returns:
        Attributes (0 where the sheet is absent) and the index of the front triangle per pixel, -1 for none.
    """
    h, w = shape
    corners = posed[triangles]
    low = np.floor(corners.min(1) - 0.5).astype(int)
    high = np.ceil(corners.max(1) - 0.5).astype(int)
    size = np.maximum((high - low).max(1) + 1, 1)
    index = np.full(h * w, -1)
    # Triangles that share a window size are handled together; back to front, since the last writer wins.
    pixel, owner = [], []
    for limit in np.unique(1 << np.ceil(np.log2(size)).astype(int)):
        rows = np.flatnonzero((size <= limit) & (size > limit // 2))
        step = np.arange(limit)
        x = low[rows, 0, None, None] + step[None, None, :]
        y = low[rows, 1, None, None] + step[None, :, None]
        x, y = np.broadcast_arrays(x, y)
        spots = np.stack([x, y], -1) + 0.5
        inside = barycentric(spots, corners[rows][:, None, None]).min(-1) > -1e-6
        inside &= (x >= 0) & (x < w) & (y >= 0) & (y < h)
        pixel.append((y * w + x)[inside])
        owner.append(np.broadcast_to(rows[:, None, None], inside.shape)[inside])
    pixels, owners = np.concatenate(pixel), np.concatenate(owner)
    arranged = np.argsort(order[owners], kind="stable")
    index[pixels[arranged]] = owners[arranged]
    out = np.zeros((h * w, attributes.shape[1]))
    seen = np.flatnonzero(index >= 0)
    place = np.stack([seen % w, seen // w], -1) + 0.5
    weights = barycentric(place, corners[index[seen]])
    out[seen] = np.einsum("pc,pcd->pd", weights, attributes[triangles[index[seen]]])
    return out.reshape(h, w, -1), index.reshape(h, w)


def warp(
    picture: Float[np.ndarray, "h w 4"], places: Float[np.ndarray, "h w 2"], covered: Bool[np.ndarray, "h w"]
) -> Float[np.ndarray, "h w 4"]:
    """The picture fetched from `places` (x, y in pixels) where covered, empty elsewhere."""
    maps = (places - 0.5).astype(np.float32)
    fetched = cv2.remap(
        picture.astype(np.float32), maps[..., 0], maps[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT
    )
    fetched = np.clip(fetched, 0, 1)
    fetched[..., :3] = np.minimum(fetched[..., :3], fetched[..., 3:])
    return np.where(covered[..., None], fetched, 0)


@dataclass(frozen=True)
class PosedSheet:
    """One end picture on its sheet, with what the blend needs to know."""

    picture: Float[np.ndarray, "h w 4"]
    rest: Float[np.ndarray, "v 2"]
    poses: Float[np.ndarray, "t v 2"]
    triangles: Int[np.ndarray, "f 3"]
    trust: Float[np.ndarray, "v"]
    """In [0, 1]: 0 where the content has no counterpart in the other picture."""
    order: Float[np.ndarray, "f"]
    """Triangles of higher value lie in front."""


def draw_moment(start: PosedSheet, end: PosedSheet, row: int, time: float) -> Float[np.ndarray, "h w 4"]:
    """The premultiplied picture at one moment.

    Both sheets are mixed by how near their end is. Where only one of them shows something, it stands if it has a
    counterpart, and otherwise gives way with the distance in time. What spans parts that have come apart shows nothing.
    """
    total, mass = 0.0, 0.0
    for sheet, near in ((start, 1 - time), (end, time)):
        attributes = np.concatenate([sheet.rest, sheet.trust[:, None]], 1)
        drawn, index = draw_sheet(sheet.poses[row], sheet.triangles, attributes, sheet.order, sheet.picture.shape[:2])
        color = warp(sheet.picture, drawn[..., :2], index >= 0)
        # A transparent margin is no statement that nothing is there.
        whole = np.where(index >= 0, _wholeness(sheet, row)[index], 1.0)[..., None]
        weight = near * (DOUBT + color[..., 3:] * drawn[..., 2:]) * np.maximum(whole, 1e-3)
        total = total + weight * color
        mass = mass + weight
    return total / (mass + 1e-9)


def _wholeness(sheet: PosedSheet, row: int) -> Float[np.ndarray, "f"]:
    """In [0, 1] per triangle: 0 where it is so long that it only spans a gap."""
    lengths = [
        np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=-1)
        for corners in (sheet.poses[row][sheet.triangles], sheet.rest[sheet.triangles])
    ]
    longest = (lengths[0] / np.maximum(lengths[1], 1e-6)).max(1)
    return np.clip((TORN - longest) / (TORN - STRETCHED), 0, 1)
