"""Tracked points as a NumPy archive."""

from pathlib import Path

import numpy as np
from jaxtyping import Float
from torch import Tensor

from tween4d.io.atomic import whole_file


def write_points(
    points: Float[Tensor, "t m 3"],
    colors: Float[Tensor, "m 3"],
    times: Float[Tensor, "t"],
    target: Path,
    origin: str = "",
) -> Path:
    """Write `points` float32 [T, M, 3] in world units, `colors` uint8 [M, 3] (sRGB) and `times` float32 [T].

    Args:
        points: index i is the same material point at every time.
        colors: in [0, 1].
        times: in [0, 1].
        origin: how they were made, for a fourth array, `origin`, a string.
    Raises:
        OutputError: when it cannot be written.
    """
    arrays = {
        "points": points.detach().cpu().numpy().astype(np.float32),
        "colors": (colors.detach().clamp(0, 1) * 255).round().cpu().numpy().astype(np.uint8),
        "times": times.detach().cpu().numpy().astype(np.float32),
    }
    if origin:
        arrays["origin"] = np.array(origin)
    with whole_file(target) as part:
        np.savez_compressed(part, **arrays)
    return target
