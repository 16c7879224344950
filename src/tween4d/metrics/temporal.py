"""Pictures over time from one camera."""

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
