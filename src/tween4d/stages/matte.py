"""Stage 1: the object without its background."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.images import Image, Keyframes
from tween4d.errors import InputError, ObjectNotFoundError
from tween4d.geometry.compositing import unmix_background
from tween4d.priors.protocols import Matter


@dataclass(frozen=True)
class MatteConfig:
    """What counts as an object."""

    min_area: float = 0.002
    """Smallest share of the picture that the object may cover."""
    max_area: float = 0.995
    """Largest share; above it there is no background left."""
    clean_edges: bool = True
    """Take the background's share out of the colours along an edge that was matted here."""


def matte_images(images: Keyframes, matter: Matter, config: MatteConfig) -> Keyframes:
    """Give all pictures coverage; coverage that a picture brings along is used as it is.

    Args:
        images: start, end and what lies between, matted or not.
        matter: asked only for pictures without coverage.
    Returns:
        The pictures with alpha; colours of pictures matted here are free of the background along their edge.
    Raises:
        ObjectNotFoundError: when a picture holds no object, or less than `min_area` of one.
        InputError: when the object fills the picture, so that its outline is unknown.
    """
    return replace(
        images,
        start=_matted(images.start, matter, config, "start"),
        end=_matted(images.end, matter, config, "end"),
        inner=tuple(_matted(image, matter, config, str(row)) for row, image in enumerate(images.inner, 2)),
    )


def border_contact(image: Image, width: int = 1) -> float:
    """Share of the picture's border that the object covers, in [0, 1]: above 0 it is probably cut off.

    Args:
        image: matted.
        width: thickness of the border, pixels.
    """
    if image.alpha is None:
        return 0.0
    inner = torch.zeros_like(image.alpha, dtype=torch.bool)
    inner[width:-width, width:-width] = True
    return float((image.alpha[~inner] > 0.5).float().mean())


def _matted(image: Image, matter: Matter, config: MatteConfig, name: str) -> Image:
    if image.alpha is not None:
        _check_area(image.alpha, config, name)
        return image
    try:
        alpha = matter.matte(image)
    except ObjectNotFoundError as error:
        raise ObjectNotFoundError(f"{_called(name)}: {error.what}", error.got, error.remedy) from error
    _check_area(alpha, config, name)
    rgb = unmix_background(image.rgb, alpha) if config.clean_edges else image.rgb
    return Image(rgb, alpha)


def _check_area(alpha: Float[Tensor, "h w"], config: MatteConfig, name: str) -> None:
    area = float((alpha > 0.5).float().mean())
    if area < config.min_area:
        raise ObjectNotFoundError(
            f"{_called(name)}: no object was found",
            f"coverage of {area:.2%} of the picture",
            f"use a plain background, or a picture with transparency{_mask(name)}",
        )
    if area > config.max_area:
        raise InputError(
            f"{_called(name)}: the object fills the whole picture",
            f"coverage of {area:.1%}",
            f"leave a margin around the object{_mask(name)}",
        )


def _called(name: str) -> str:
    """What a picture is called: by its end of the motion, or by its number."""
    return f"image {name}" if name.isdigit() else f"the {name} image"


def _mask(name: str) -> str:
    return "" if name.isdigit() else f", or give --mask-{name}"
