"""Octopuses, squids, jellyfish and anemones: a bell or mantle with arms that curl."""

import numpy as np

from tween4d.synthetic.assembly import ORIGIN, Assembly, turn_about
from tween4d.synthetic.palettes import INK, draw_palette, draw_pattern
from tween4d.synthetic.pieces import Flesh, Turns, draw_apart, draw_turns, eyes, limb
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import plate, superellipsoid
from tween4d.synthetic.textures import Texture, bands, blob, fill, slope, spots


def octopus(generator: np.random.Generator) -> Scene:
    """An animal of random build, its face towards +z, between two strokes of its arms."""
    g = generator
    a, p = Assembly("octopus"), draw_palette(g)
    kind = g.choice(["octopus", "squid", "jelly"], p=[0.45, 0.25, 0.3])
    root = a.joint("body", ORIGIN, -1, *draw_turns(g, 14, 14, 14))
    wide = g.uniform(0.16, 0.34)
    tall = wide * {"octopus": g.uniform(0.8, 1.5), "squid": g.uniform(1.6, 2.6), "jelly": g.uniform(0.6, 1.1)}[kind]
    coat = draw_pattern(g, p.base, p.second, 0.4)
    mantle = a.joint("mantle", (0, 0.2 * wide, 0), root, *draw_turns(g, 22, 10, 22))
    if kind == "jelly":
        rim = g.uniform(1.0, 1.4) * wide
        bend = np.linspace(0.1, 0.5 * np.pi, 9)
        outside = [(rim * (1 - np.sin(b)), tall * np.cos(b)) for b in bend]
        inside = [(rim * (1.1 - np.sin(b)), 0.75 * tall * np.cos(b)) for b in bend[::-1]]
        bell = plate((rim, rim), rim, [*outside, (0.02, -0.03), *inside], corner_points=9)
        ribs = slope(p.pale, (0, tall, 0), (0, 0, 0), 0.6)
        a.part("bell", bell, (*coat, ribs, bands(p.accent, (0, 1, 0), 0.3 * tall, 0.2)), mantle)
        wide = 0.8 * rim
    else:
        bulb = superellipsoid((wide, tall, 0.95 * wide), (0.9, 1.0), 28, 18)
        lean = (float(g.uniform(-30, 0)), 0.0, 0.0) if kind == "octopus" else ORIGIN
        a.part("bulb", bulb, coat, mantle, (0, 0.85 * tall, -0.2 * wide * (kind == "octopus")), lean)
        a.part("face", superellipsoid((0.9 * wide, 0.6 * wide, 0.9 * wide), around=26, along=14), coat, root)
        places = [(s * 0.55 * wide, 0.25 * wide, 0.72 * wide) for s in (1, -1)]
        eyes(a, g, root, places, g.uniform(0.18, 0.35) * wide)
    if kind == "squid":
        _fins(a, g, mantle, wide, tall, (fill(p.second), bands(p.pale, (0, 1, 0), 0.06, 0.3)))
    if kind == "jelly" and g.random() < 0.4:
        smile = (fill(p.pale), blob(INK, (0.4 * wide, 0.1 * wide, 0), (0.12 * wide, 0.15 * wide, 9), mirror=True))
        a.part(
            "face",
            superellipsoid((0.6 * wide, 0.3 * wide, 0.1), around=20, along=10),
            smile,
            mantle,
            (0, 0.35 * tall, wide),
        )
    _arms(a, g, root, wide, (*coat, slope(p.second, (0, 0.2, 0), (0, 0.9, 0), 0.7), spots(p.pale, 0.09, 0.3)))
    return a.scene()


def _fins(a: Assembly, g: np.random.Generator, mantle: int, wide: float, tall: float, texture: Texture) -> None:
    size, flap = g.uniform(0.4, 0.9) * wide, draw_apart(g, -40, 40, 0.5)
    for s in (1, -1):
        base = (s * 0.6 * wide, 1.5 * tall, 0.0)
        turns = [tuple((0.0, -s * t, 0.0) for t in flap)]
        curve = [base, (base[0] + 0.8 * s * size, base[1], 0.0), (base[0] + 1.5 * s * size, base[1] - 0.3 * size, 0.0)]
        radii = [(size, 0.03), (0.8 * size, 0.025), (0.15 * size, 0.01)]
        limb(a, f"fin{s}", curve, Flesh(radii, texture, side=(0, 1, 0), around=16, along=10), mantle, turns, 0.1)


def _arms(a: Assembly, g: np.random.Generator, root: int, wide: float, coat: Texture) -> None:
    count, r = int(g.integers(5, 9)), g.uniform(0.03, 0.3 * wide)
    long, spread, sag = g.uniform(0.5, 1.2), g.uniform(0.1, 1.0), g.uniform(0.2, 0.9)
    together, curls = g.random() < 0.5, draw_apart(g, -30, 35, 0.5)
    ring = 0.7 * wide
    for k in range(count):
        angle = 2 * np.pi * (k + 0.5) / count
        out = np.array([np.sin(angle), 0.0, np.cos(angle)])
        t = np.linspace(0, 1, 5)[:, None]
        drop = -sag * long * t * (1.3 - 0.7 * spread * t)
        points = ring * out + spread * long * t * out + drop * np.array([0.0, 1.0, 0.0]) - [0, 0.15 * wide, 0]
        # Positive turns about the axis across an arm lift it outwards.
        axis = np.cross([0.0, -1.0, 0.0], out)
        turns: list[Turns] = []
        for level in range(4):
            bend = curls if together or (k + level) % 2 == 0 else curls[::-1]
            side = g.uniform(-15, 15, 2)
            vectors = [bend[i] * axis + side[i] * out for i in (0, 1)]
            turns.append(tuple(turn_about(tuple(v), float(np.linalg.norm(v))) for v in vectors))
        curve = [tuple(map(float, point)) for point in points]
        radii = [r, 0.85 * r, 0.65 * r, 0.4 * r, 0.12 * r]
        limb(
            a,
            f"arm{k}",
            curve,
            Flesh(radii, coat, side=tuple(map(float, axis)), around=14, along=18),
            root,
            turns,
            0.08 * long,
        )
