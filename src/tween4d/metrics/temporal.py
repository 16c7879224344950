"""Pictures over time from one camera."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor


def second_difference(frames: Float[Tensor, "t h w 3"]) -> float:
    """Mean of |I[k-1] - 2 I[k] + I[k+1]|: zero for a picture that stands still or changes evenly.

    Args:
        frames: on white, in [0, 1], at least three.
    """
    return float((frames[:-2] - 2 * frames[1:-1] + frames[2:]).abs().mean())


def flicker(truth: Float[Tensor, "t h w 3"], predicted: Float[Tensor, "t h w 3"]) -> float:
    """1000 times the second difference of the prediction less that of the truth.

    Returns:
        Above 0: flickers more than the truth; below 0: smoother than it, as a cross-fade is.
    """
    return 1000 * (second_difference(torch.as_tensor(predicted)) - second_difference(torch.as_tensor(truth)))


def frame_changes(frames: Float[Tensor, "t h w 3"]) -> Float[Tensor, "_"]:
    """Mean absolute difference of each frame and the next."""
    return (frames[1:] - frames[:-1]).abs().mean((1, 2, 3))


def seam_jump(changes: Float[Tensor, "_"], seams: Sequence[tuple[int, int]]) -> float | None:
    """The largest change of the picture at a seam, as a multiple of the median change over the whole motion.

    Args:
        changes: from `frame_changes`.
        seams: for each seam the first and the last frame of the hand-over.
    Returns:
        1 where seams change no more than is usual; None without a seam or where nothing moves.
    """
    usual = float(changes.median())
    at = [float(changes[max(0, first) : last].max()) for first, last in seams if last > max(0, first)]
    return max(at) / usual if at and usual > 1e-9 else None
