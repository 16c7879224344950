"""Dense optical flow between premultiplied pictures and how far it can be believed."""

import cv2
import numpy as np
from jaxtyping import Float, UInt8


def dense_flow(
    source: Float[np.ndarray, "h w 4"],
    target: Float[np.ndarray, "h w 4"],
    start: Float[np.ndarray, "h w 2"] | None = None,
) -> Float[np.ndarray, "h w 2"]:
    """Displacement (x, y) in pixels that carries each source pixel to the target (coarse-to-fine DIS).

    Source: Kroeger et al. 2016, by OpenCV, on grey pictures over white.

    Args:
        source, target: premultiplied RGBA in [0, 1].
        start: flow to begin from.
    """
    engine = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    engine.setFinestScale(0)
    engine.setUseSpatialPropagation(True)
    begin = None if start is None else start.astype(np.float32)
    return engine.calc(grey(source), grey(target), begin).astype(np.float64)


def grey(picture: Float[np.ndarray, "h w 4"]) -> UInt8[np.ndarray, "h w"]:
    """Lightness of a premultiplied picture over white."""
    on_white = picture[..., :3] + (1 - picture[..., 3:])
    grey = on_white @ np.array([0.299, 0.587, 0.114])
    return (np.clip(grey, 0, 1) * 255).astype(np.uint8)


def sample(field: Float[np.ndarray, "h w c"], points: Float[np.ndarray, "p 2"]) -> Float[np.ndarray, "p c"]:
    """Bilinear values of a field at (x, y) in pixels, pixel i covering [i, i + 1); the border is repeated."""
    maps = (points.astype(np.float32) - 0.5).reshape(-1, 1, 2)
    out = np.empty((len(points), field.shape[2]))
    # remap handles at most 32767 rows.
    for begin in range(0, len(points), 32000):
        part = maps[begin : begin + 32000]
        values = cv2.remap(
            field.astype(np.float32), part[..., 0], part[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        out[begin : begin + 32000] = values.reshape(len(part), -1)
    return out


def round_trip_error(
    points: Float[np.ndarray, "p 2"], forward: Float[np.ndarray, "h w 2"], backward: Float[np.ndarray, "h w 2"]
) -> Float[np.ndarray, "p"]:
    """Distance in pixels between points and where they come back to after going there and back."""
    there = points + sample(forward, points)
    return np.linalg.norm(there + sample(backward, there) - points, axis=-1)
