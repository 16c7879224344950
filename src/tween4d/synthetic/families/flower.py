"""Potted flowers whose petals open and whose stem turns to the light."""

from dataclasses import dataclass

import numpy as np

from tween4d.synthetic.assembly import Assembly, Vector, turn_about
from tween4d.synthetic.palettes import contrast, darker, draw_color, draw_pattern, lighter
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import plate, superellipsoid, sweep
from tween4d.synthetic.textures import Color, Texture, bands, fill, slope, spots

STEM_JOINTS = 3


@dataclass(frozen=True)
class FlowerPose:
    """Turns of the joints, degrees about x, y, z; rest is upright and closed."""

    root: Vector
    stem: tuple[Vector, ...]
    """Turn of each stem joint, degrees about x, y, z."""
    head: Vector
    opening: float
    """Angle of the petals from the stem's direction, degrees: 0 is a bud, 90 is flat."""
    leaves: float
    """Droop of the leaves, degrees."""


@dataclass(frozen=True)
class FlowerStyle:
    """Proportions, colours and the two poses."""

    pot: tuple[float, float, float]
    """Radius of foot and rim, and height."""
    stem: float
    """Length."""
    petals: int
    layers: int
    petal: tuple[float, float]
    """Length and half-width."""
    core: float
    leaves: int
    pot_texture: Texture
    color: Color
    heart: Color
    core_color: Color
    green: Color
    start: FlowerPose
    end: FlowerPose


def flower(generator: np.random.Generator) -> Scene:
    """A flower of random build, opening or closing."""
    g = generator
    color, clay = draw_color(g, (0.3, 0.9), (0.7, 1.0)), draw_color(g, (0.2, 0.7), (0.4, 0.9))
    narrow, wide = g.uniform(8, 30), g.uniform(60, 95)
    opening = (narrow, wide) if g.random() < 0.7 else (wide, narrow)

    def pose(angle: float) -> FlowerPose:
        stem = tuple((g.uniform(-14, 18), 0.0, g.uniform(-16, 16)) for _ in range(STEM_JOINTS))
        head = (g.uniform(0, 45), 0.0, g.uniform(-25, 25))
        return FlowerPose((g.uniform(0, 12), g.uniform(-20, 20), 0.0), stem, head, angle, g.uniform(-20, 40))

    return build_flower(
        FlowerStyle(
            pot=(g.uniform(0.16, 0.22), g.uniform(0.24, 0.32), g.uniform(0.28, 0.42)),
            stem=g.uniform(0.5, 0.95),
            petals=int(g.integers(5, 11)),
            layers=int(g.integers(1, 3)),
            petal=(g.uniform(0.28, 0.46), g.uniform(0.09, 0.16)),
            core=g.uniform(0.09, 0.16),
            leaves=int(g.integers(2, 5)),
            pot_texture=draw_pattern(g, clay, contrast(g, clay), 0.4),
            color=color,
            heart=contrast(g, color) if g.random() < 0.5 else lighter(color, 0.6),
            core_color=draw_color(g, (0.5, 0.9), (0.4, 0.9)),
            green=(g.uniform(0.15, 0.4), g.uniform(0.45, 0.7), g.uniform(0.15, 0.35)),
            start=pose(opening[0]),
            end=pose(opening[1]),
        )
    )


def build_flower(style: FlowerStyle) -> Scene:
    """The flower of a style."""
    a, s, e = Assembly("flower"), style.start, style.end
    foot, rim, height = style.pot
    root = a.joint("pot", (0, 0, 0), -1, s.root, e.root)
    lip = 0.035
    profile = [
        (rim - foot, 0.0),
        (rim - foot - 0.012, 0.012),
        (0.03, height - 0.08),
        (0.0, height - 0.075),
        (0.0, height - 0.01),
    ]
    profile += [(0.012, height), (lip, height), (lip + 0.012, height - 0.012), (lip + 0.03, height - 0.09)]
    a.part("pot", plate((rim, rim), rim, profile, corner_points=11), style.pot_texture, root)
    soil = superellipsoid((rim - lip - 0.005, 0.05, rim - lip - 0.005), around=30, along=10)
    a.part("soil", soil, (fill((0.27, 0.19, 0.14)), spots((0.40, 0.30, 0.22), 0.05)), root, (0, height - 0.07, 0))

    at = [height - 0.05 + style.stem * k / STEM_JOINTS for k in range(STEM_JOINTS + 1)]
    chain = [root]
    for k in range(STEM_JOINTS):
        chain.append(a.joint(f"stem{k}", (0, at[k], 0), chain[-1], s.stem[k], e.stem[k]))
    top = at[-1]
    head = a.joint("head", (0, top, 0), chain[-1], s.head, e.head)
    stem = sweep(
        [(0, y, 0) for y in (at[0] - 0.08, *at[1:-1], top + 0.02)], [0.032, 0.03, 0.026, 0.026], around=14, along=26
    )
    green = (fill(style.green), bands(darker(style.green, 0.85), (1, 0.2, 0), 0.02, 0.4, soft=0.3))
    a.skin("stem", stem, green, [*chain[1:], head], 0.1)
    for k in range(style.leaves):
        _leaf(a, style, chain[1 + k % 2], k, at[0] + (0.12 + 0.22 * (k % 3)) * style.stem)
    _bloom(a, style, head, top)
    return a.scene()


def _leaf(a: Assembly, style: FlowerStyle, carrier: int, index: int, height: float) -> None:
    azimuth = 2.4 * index + 0.5
    out, across = np.array([np.cos(azimuth), 0, np.sin(azimuth)]), (-np.sin(azimuth), 0.0, np.cos(azimuth))
    foot = np.array([0, height, 0])
    turns = [turn_about(across, pose.leaves) for pose in (style.start, style.end)]
    # About this axis, a positive turn takes `out` down.
    hinge = a.joint(f"leaf{index}", tuple(foot), carrier, *turns)
    curve = [foot, foot + 0.14 * out + (0, 0.1, 0), foot + 0.30 * out + (0, 0.1, 0), foot + 0.42 * out + (0, 0.03, 0)]
    blade = sweep(
        curve, [(0.02, 0.016), (0.085, 0.014), (0.075, 0.01), (0.012, 0.006)], side=across, around=18, along=16
    )
    veins = (
        fill(style.green),
        bands(darker(style.green, 0.75), (0.6, 1, 0), 0.06, 0.15),
        slope(lighter(style.green, 0.3), (0, 0.3, 0), (0, 0.45, 0)),
    )
    a.part(f"leaf{index}", blade, veins, hinge)


def _bloom(a: Assembly, style: FlowerStyle, head: int, top: float) -> None:
    core = superellipsoid((style.core, 0.55 * style.core, style.core), around=26, along=14)
    seeds = (fill(style.core_color), spots(darker(style.core_color, 0.55), 0.035, 0.38))
    a.part("core", core, seeds, head, (0, top + 0.04, 0))
    a.part(
        "cup",
        superellipsoid((0.7 * style.core, 0.06, 0.7 * style.core), around=20, along=9),
        (fill(style.green),),
        head,
        (0, top, 0),
    )
    length, width = style.petal
    for layer in range(style.layers):
        scale = 1 - 0.22 * layer
        for k in range(style.petals):
            azimuth = 2 * np.pi * (k + 0.5 * layer) / style.petals
            out, across = np.array([np.cos(azimuth), 0, np.sin(azimuth)]), (-np.sin(azimuth), 0.0, np.cos(azimuth))
            foot = 0.75 * style.core * out + (0, top + 0.015 + 0.02 * layer, 0)
            # At rest a petal stands up; opening turns it outwards.
            turns = [turn_about(across, -pose.opening * (1 - 0.18 * layer)) for pose in (style.start, style.end)]
            hinge = a.joint(f"petal{layer}.{k}", tuple(foot), head, *turns)
            up = np.array([0, 1, 0])
            curve = [
                foot - 0.03 * up,
                foot + scale * length * (0.4 * up + 0.10 * out),
                foot + scale * length * (0.75 * up + 0.12 * out),
                foot + scale * length * (up + 0.02 * out),
            ]
            radii = [
                (0.3 * width, 0.014),
                (0.9 * width * scale, 0.012),
                (width * scale, 0.01),
                (0.4 * width * scale, 0.006),
            ]
            blade = sweep(curve, radii, side=across, around=18, along=14)
            paint = (
                fill(style.color),
                slope(style.heart, (0, 0.5 * length, 0), (0, 0.05 * length, 0)),
                bands(darker(style.color, 0.85), (1, 0, 0), 0.3 * width, 0.15, soft=0.1, opacity=0.7),
            )
            a.part(f"petal{layer}.{k}", blade, paint, hinge)
