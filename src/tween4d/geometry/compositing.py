"""Colours of a picture's object where they are mixed with its background."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy import ndimage
from torch import Tensor

SOLID = 0.97
EMPTY = 0.03


def nearest_colors(rgb: Float[np.ndarray, "h w 3"], known: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, "h w 3"]:
    """Every pixel's colour from the nearest known pixel; the picture itself when none is known."""
    if not known.any():
        return rgb
    rows, columns = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return rgb[rows, columns]


def unmix_background(rgb: Float[Tensor, "h w 3"], alpha: Float[Tensor, "h w"]) -> Float[Tensor, "h w 3"]:
    """The object's own colour where the picture shows object and background mixed.

    Inverts rgb = alpha * object + (1 - alpha) * background with the background of the nearest empty pixel, and leans
    on the nearest solid pixel's colour as alpha falls, where the inversion would amplify noise.

    Args:
        rgb: mixed colour in [0, 1].
        alpha: coverage in [0, 1].
    Returns:
        Straight colour in [0, 1]; unchanged where alpha is (nearly) 1; outside the object it continues its edge. Not
        differentiable.
    """
    colors, a = rgb.detach().cpu().numpy(), alpha.detach().cpu().numpy()[..., None]
    background = nearest_colors(colors, a[..., 0] < EMPTY)
    inside = nearest_colors(colors, a[..., 0] > SOLID)
    unmixed = np.clip((colors - (1 - a) * background) / np.maximum(a, 0.1), 0, 1)
    trust = np.clip((a - 0.3) / 0.6, 0, 1)
    edge = trust * unmixed + (1 - trust) * inside
    return torch.from_numpy(np.where(a > SOLID, colors, edge).astype(np.float32)).to(rgb)
