"""Colours and patterns drawn at random, so that no palette belongs to a family."""

import colorsys
from dataclasses import dataclass

import numpy as np

from tween4d.synthetic.textures import Color, Texture, bands, checks, fill, patches, rings, spots

INK: Color = (0.10, 0.12, 0.17)


def draw_color(
    generator: np.random.Generator,
    saturation: tuple[float, float] = (0.25, 0.85),
    value: tuple[float, float] = (0.45, 0.95),
) -> Color:
    """Any hue, with saturation and value (HSV) uniform in the given ranges."""
    return colorsys.hsv_to_rgb(generator.random(), generator.uniform(*saturation), generator.uniform(*value))


def contrast(generator: np.random.Generator, color: Color) -> Color:
    """A colour that stands out from another: the hue is turned by 90 to 270 degrees and the value moved away."""
    hue, saturation, value = colorsys.rgb_to_hsv(*color)
    turned = (hue + generator.uniform(0.25, 0.75)) % 1.0
    other = value - generator.uniform(0.3, 0.45) if value > 0.6 else value + generator.uniform(0.3, 0.45)
    return colorsys.hsv_to_rgb(turned, generator.uniform(0.2, 0.8), min(max(other, 0.1), 1.0))


def darker(color: Color, factor: float = 0.6) -> Color:
    """The colour scaled towards black."""
    return tuple(factor * c for c in color)


def lighter(color: Color, amount: float = 0.5) -> Color:
    """The colour moved towards white."""
    return tuple(c + amount * (1 - c) for c in color)


def draw_pattern(generator: np.random.Generator, base: Color, second: Color, size: float) -> Texture:
    """A coat for a part of the given size: plain, striped, spotted, patched, of wood or checked."""
    kind = generator.choice(["plain", "stripes", "tiger", "spots", "patches", "wood", "checks"])
    shift = generator.uniform(0, 50)
    direction = generator.normal(size=3)
    grain = patches(darker(base, 0.9), 0.06 * size, 0.5, 0.3, shift, opacity=0.5)
    if kind == "plain":
        return (fill(base), grain)
    if kind == "stripes":
        return (fill(base), bands(second, direction, size * generator.uniform(0.2, 0.5), generator.uniform(0.2, 0.6)))
    if kind == "tiger":
        stripes = bands(second, (0, 1, 0), size * generator.uniform(0.2, 0.4), 0.4, shift, warp=0.9)
        return (fill(base), grain, stripes)
    if kind == "spots":
        return (
            fill(base),
            spots(second, size * generator.uniform(0.2, 0.45), generator.uniform(0.25, 0.4), shift=shift),
        )
    if kind == "patches":
        return (fill(base), patches(second, size * generator.uniform(0.3, 0.7), 0.52, shift=shift), grain)
    if kind == "wood":
        return wood(base, direction, size * 0.12, shift)
    return (fill(base), checks(second, size * generator.uniform(0.15, 0.35)))


def wood(color: Color, axis: np.ndarray | tuple[float, float, float], spacing: float, shift: float = 0.0) -> Texture:
    """Timber with year rings about an axis."""
    pores = patches(darker(color, 0.72), spacing * 0.35, 0.6, 0.1, shift, opacity=0.35)
    return (fill(color), rings(darker(color, 0.62), axis, spacing, shift), pores)


@dataclass(frozen=True)
class Palette:
    """Colours that go together on one object."""

    base: Color
    second: Color
    """Stands out from the base."""
    accent: Color
    """Of small parts; any colour."""
    pale: Color
    """The base towards white."""
    dark: Color
    """The base towards black."""


def draw_palette(generator: np.random.Generator) -> Palette:
    """Loud, muted or nearly grey."""
    base = draw_color(generator, ((0.05, 0.3), (0.25, 0.6), (0.5, 0.9))[generator.integers(3)], (0.25, 1.0))
    accent = draw_color(generator, (0.0, 0.9), (0.15, 1.0))
    pale, dark = lighter(base, generator.uniform(0.3, 0.8)), darker(base, generator.uniform(0.3, 0.7))
    return Palette(base, contrast(generator, base), accent, pale, dark)
