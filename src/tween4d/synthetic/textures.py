"""Procedural textures: layers of colour, each with a mask, painted over one another in a part's own frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from tween4d.synthetic import kernels
from tween4d.synthetic.meshes import Numbers

Color = tuple[float, float, float]
"""sRGB in [0, 1]."""
IDENTITY = ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0))


@dataclass(frozen=True)
class Layer:
    """One coat of paint. Its mask is a function of q = frame (x, y, z, 1), (x, y, z) being texture coordinates."""

    kind: int
    """Which mask: FILL, SLOPE, BANDS, BLOB, SPOTS, PATCHES, RINGS, GRID or CHECKS of `kernels` (see `kernels.mask`)."""
    color: Color
    frame: tuple[tuple[float, float, float, float], ...] = IDENTITY
    """Three rows that take texture coordinates to the mask's own."""
    size: float = 0.5
    """The mask's one number: share, radius, level or line width."""
    soft: float = 0.02
    """Half-width of the mask's edge, in units of q."""
    warp: float = 0.0
    """How far noise bends bands and rings, in units of q."""
    power: float = 2.0
    """The norm of a blob: 2 is round, 8 nearly a box."""
    opacity: float = 1.0
    mirror: bool = False
    """Paint both sides: x is replaced by |x|."""


Texture = tuple[Layer, ...]


@dataclass(frozen=True)
class PackedTextures:
    """The textures of several parts as the kernels read them."""

    starts: Int[np.ndarray, "p1"]
    """Layers of part k are rows starts[k] to starts[k + 1]."""
    kinds: Int[np.ndarray, "l 2"]
    """Kind, and whether it is mirrored."""
    numbers: Float[np.ndarray, "l 20"]
    """Frame, size, soft, warp, power, colour and opacity."""

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.starts, self.kinds, self.numbers


def pack_textures(textures: Sequence[Texture]) -> PackedTextures:
    """Lay the layers of all parts out as arrays."""
    layers = [layer for texture in textures for layer in texture]
    numbers = [
        [*np.ravel(layer.frame), layer.size, layer.soft, layer.warp, layer.power, *layer.color, layer.opacity]
        for layer in layers
    ]
    return PackedTextures(
        np.cumsum([0, *(len(texture) for texture in textures)]).astype(np.int64),
        np.array([[layer.kind, layer.mirror] for layer in layers], np.int64).reshape(-1, 2),
        np.array(numbers, np.float64).reshape(-1, 20),
    )


def fill(color: Color) -> Layer:
    """One colour all over."""
    return Layer(kernels.FILL, color)


def slope(color: Color, begin: Numbers, end: Numbers, opacity: float = 1.0) -> Layer:
    """Fade in from a point to another."""
    a, b = np.asarray(begin, float), np.asarray(end, float)
    along = (b - a) / ((b - a) @ (b - a))
    return Layer(kernels.SLOPE, color, _rows([*along, -along @ a]), opacity=opacity)


def bands(
    color: Color,
    direction: Numbers,
    period: float,
    share: float = 0.5,
    phase: float = 0.0,
    soft: float = 0.04,
    warp: float = 0.0,
    opacity: float = 1.0,
) -> Layer:
    """Stripes across a direction; `warp` (in periods) makes them wave like a tiger's."""
    d = np.asarray(direction, float)
    d = d / np.linalg.norm(d) / period
    frame = ((*d, phase), (0.0, 0.7 / period, 0.0, 3.0), (0.0, 0.0, 0.7 / period, 5.0))
    return Layer(kernels.BANDS, color, frame, size=share, soft=soft, warp=warp, opacity=opacity)


def blob(
    color: Color,
    centre: Numbers,
    radii: Numbers,
    *,
    power: float = 2.0,
    soft: float = 0.04,
    opacity: float = 1.0,
    mirror: bool = False,
) -> Layer:
    """An ellipsoid (or, with a high power, a box) of paint: eyes, cheeks, bellies, panels; a radius may be infinite."""
    scale = 1 / np.asarray(radii, float)
    frame = np.concatenate([np.diag(scale), -(scale * np.asarray(centre, float))[:, None]], 1)
    return Layer(kernels.BLOB, color, tuple(map(tuple, frame)), soft=soft, power=power, opacity=opacity, mirror=mirror)


def belt(color: Color, along: Numbers, at: float, half_width: float, soft: float = 0.003) -> Layer:
    """One stripe of paint round a part, where `along . x` is within half a width of `at`."""
    d = np.asarray(along, float) / np.linalg.norm(along) / half_width
    return Layer(kernels.BLOB, color, _rows([*d, -at / half_width]), soft=soft / half_width)


def spots(
    color: Color, spacing: float, radius: float = 0.35, soft: float = 0.04, shift: float = 0.0, opacity: float = 1.0
) -> Layer:
    """Round spots, one about every `spacing`; `radius` in spacings."""
    return Layer(kernels.SPOTS, color, _scaled(spacing, shift), size=radius, soft=soft, opacity=opacity)


def patches(
    color: Color, spacing: float, level: float = 0.55, soft: float = 0.03, shift: float = 0.0, opacity: float = 1.0
) -> Layer:
    """Irregular patches: more of them the lower the level."""
    return Layer(kernels.PATCHES, color, _scaled(spacing, shift), size=level, soft=soft, opacity=opacity)


def rings(
    color: Color, axis: Numbers, spacing: float, shift: float = 0.0, warp: float = 1.2, opacity: float = 0.5
) -> Layer:
    """Year rings about an axis, cut by the surface: wood."""
    y = np.asarray(axis, float) / np.linalg.norm(axis)
    x = np.cross(y, [0.36, 0.48, 0.80])
    x /= np.linalg.norm(x)
    z = np.cross(x, y)
    frame = np.concatenate([np.stack([x, y, z]) / spacing, [[shift + 1.7], [shift], [shift - 2.3]]], 1)
    return Layer(kernels.RINGS, color, tuple(map(tuple, frame)), size=0.55, soft=0.35, warp=warp, opacity=opacity)


def grid(
    color: Color,
    across: Numbers,
    up: Numbers | None = None,
    line: float = 0.04,
    opacity: float = 1.0,
) -> Layer:
    """Lines where `across . x` or `up . x` is a whole number: seams of panels, bricks and planks."""
    rows = ((*across, 0.0), (*up, 0.0) if up else (0.0, 0.0, 0.0, 0.5), (0.0, 0.0, 0.0, 0.0))
    return Layer(kernels.GRID, color, rows, size=line, soft=line * 0.5, opacity=opacity)


def checks(color: Color, spacing: float, opacity: float = 1.0) -> Layer:
    """Every second cube of a lattice."""
    return Layer(kernels.CHECKS, color, _scaled(spacing, 0.0), opacity=opacity)


def _scaled(spacing: float, shift: float) -> tuple[tuple[float, float, float, float], ...]:
    s = 1 / spacing
    return ((s, 0.0, 0.0, shift + 0.37), (0.0, s, 0.0, shift + 0.11), (0.0, 0.0, s, 0.73 - shift))


def _rows(first: Numbers) -> tuple[tuple[float, float, float, float], ...]:
    return (tuple(float(x) for x in first), (0.0,) * 4, (0.0,) * 4)
