"""Turtles of land and sea: a shell, a head that stretches, four legs or flippers."""

import numpy as np

from tween4d.synthetic.assembly import ORIGIN, Assembly
from tween4d.synthetic.palettes import darker, draw_palette, draw_pattern
from tween4d.synthetic.pieces import Flesh, Turns, draw_apart, draw_turns, eyes, limb, mirrored
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import superellipsoid, sweep
from tween4d.synthetic.textures import belt, blob, fill, grid, rings, slope, spots


def turtle(generator: np.random.Generator) -> Scene:
    """A turtle of random build, its head towards +z, between two strokes or steps."""
    g = generator
    a, p, shell = Assembly("turtle"), draw_palette(g), draw_palette(g)
    swims = g.random() < 0.5
    wide, long, tall = g.uniform(0.32, 0.5), g.uniform(0.42, 0.6), g.uniform(0.12, 0.4) * (0.7 if swims else 1.0)
    tilt = draw_turns(g, 22, 15, 22) if swims else draw_turns(g, 6, 12, 6)
    root = a.joint("shell", ORIGIN, -1, *tilt)
    plates = (
        grid(shell.dark, (2.2 / wide, 0, 0), (0, 0, 2.2 / long), 0.06),
        spots(shell.second, g.uniform(0.1, 0.25), 0.35),
        rings(shell.dark, (0, 1, 0), 0.1),
        blob(shell.second, (0, tall, 0), (0.5 * wide, tall, 0.5 * long), power=g.uniform(1.2, 4)),
    )
    coat = (*draw_pattern(g, shell.base, shell.second, 0.4), plates[g.integers(4)], plates[g.integers(4)])
    dome = superellipsoid((wide, tall, long), (g.uniform(0.6, 1.0), 0.95), 36, 20)
    a.part("dome", dome, (*coat, belt(shell.pale, (0, 1, 0), 0, 0.03)), root, (0, 0.02, 0))
    plastron = superellipsoid((0.9 * wide, g.uniform(0.08, 0.14), 0.92 * long), (0.7, 0.95), 28, 10)
    a.part(
        "plastron",
        plastron,
        (fill(p.pale), grid(p.base, (2 / wide, 0, 0), (0, 0, 2 / long), 0.05)),
        root,
        (0, -0.05, 0),
    )

    skin = (*draw_pattern(g, p.base, p.second, 0.3), slope(p.pale, (0, 0, 0.02), (0, 0, 0.09)))
    r, reach, rise = g.uniform(0.08, 0.15), g.uniform(0.08, 0.4), g.uniform(-0.05, 0.4)
    base, top = (0.0, -0.02, 0.85 * long), (0.0, -0.02 + rise * reach * 2, long + reach)
    stretch = draw_apart(g, -0.12, 0.1, 0.4)
    neck = a.joint("neck", base, root, *draw_turns(g, 20, 35, 5), slide=((0, 0, stretch[0]), (0, 0, stretch[1])))
    skull = a.joint("head", top, neck, *draw_turns(g, 20, 35, 15))
    tube = sweep([(0, -0.02, 0.6 * long), base, top], [0.9 * r, 0.8 * r, 0.75 * r], around=20, along=12)
    a.skin("neck", tube, skin, [root, neck, skull], 0.06)
    x, y, z = top
    shape = (r, g.uniform(0.75, 1.0) * r, g.uniform(1.0, 1.6) * r)
    mouth = blob(darker(p.dark, 0.5), (0, -0.3 * shape[1], shape[2]), (1.2 * r, 0.06 * r, 0.8 * shape[2]))
    a.part("skull", superellipsoid(shape, (0.8, 0.9), 24, 14), (*skin, mouth), skull, (x, y, z + 0.5 * r))
    places = [(s * 0.72 * r, y + 0.35 * shape[1], z + 0.5 * r + 0.55 * shape[2]) for s in (1, -1)]
    eyes(a, g, skull, places, g.uniform(0.14, 0.26) * r)

    for k, along in enumerate((0.62, -0.66)):
        (_flippers if swims else _legs)(a, g, root, k, (0.78 * wide, along * long), skin)
    tip = g.uniform(0.1, 0.4)
    curve = [(0, -0.04, -0.85 * long), (0, -0.08, -long - 0.4 * tip), (0, -0.1, -long - tip)]
    limb(a, "tail", curve, Flesh([0.06, 0.04, 0.012], skin, along=8), root, [draw_turns(g, 15, 40, 0)], 0.1)
    return a.scene()


def _flippers(
    a: Assembly, g: np.random.Generator, root: int, index: int, place: tuple[float, float], skin: tuple
) -> None:
    x, z = place
    long, wide = (
        (g.uniform(0.4, 0.8), g.uniform(0.09, 0.16)) if index == 0 else (g.uniform(0.2, 0.4), g.uniform(0.06, 0.12))
    )
    back = g.uniform(0.2, 0.9)
    beat, sweepback = draw_apart(g, -45, 45, 0.5), draw_apart(g, -35, 35, 0.3)
    turns: list[Turns] = [
        ((0, sweepback[0], beat[0]), (0, sweepback[1], beat[1])),
        ((0, 0, 0.5 * beat[1]), (0, 0, 0.5 * beat[0])),
    ]
    turns = [tuple(tuple(map(float, t)) for t in pair) for pair in turns]
    alternate = g.random() < 0.3
    for side in (1, -1):
        pairs = turns if side > 0 else [mirrored(t[::-1] if alternate else t) for t in turns]
        curve = [
            (side * x, -0.02, z),
            (side * (x + 0.5 * long), -0.03, z - 0.15 * back * long),
            (side * (x + long), -0.04, z - 0.7 * back * long),
        ]
        radii = [(0.7 * wide, 0.045), (wide, 0.03), (0.2 * wide, 0.012)]
        limb(
            a,
            f"flipper{index}{side}",
            curve,
            Flesh(radii, skin, side=(0, 0, -1), around=18, along=14),
            root,
            pairs,
            0.1,
        )


def _legs(a: Assembly, g: np.random.Generator, root: int, index: int, place: tuple[float, float], skin: tuple) -> None:
    x, z = place
    long, r = g.uniform(0.16, 0.32), g.uniform(0.06, 0.11)
    swing, fold = draw_apart(g, -40, 40, 0.5), draw_apart(g, -30, 20, 0.3)
    for side in (1, -1):
        step = swing if (side > 0) == (index == 0) else swing[::-1]
        turns = [((t, 0.0, 0.0), (u, 0.0, 0.0)) for t, u in (step, fold)]
        foot = (side * (x + 0.25 * long), -0.05 - long, z + 0.02)
        curve = [(side * 0.8 * x, -0.05, z), (side * (x + 0.2 * long), -0.05 - 0.45 * long, z), foot]
        last = limb(a, f"leg{index}{side}", curve, Flesh([1.1 * r, r, 0.95 * r], skin, along=12), root, turns, 0.06)
        for k in (-1, 0, 1):
            claw = superellipsoid((0.25 * r, 0.25 * r, 0.4 * r), around=10, along=6)
            at = (foot[0] + 0.55 * k * r, foot[1] - 0.6 * r, foot[2] + 0.8 * r)
            a.part(f"claw{index}{side}{k}", claw, (fill((0.9, 0.87, 0.75)),), last, at)
