"""Machines with a jointed arm on a base: excavators, cranes and factory robots."""

import numpy as np

from tween4d.synthetic.assembly import ORIGIN, Assembly
from tween4d.synthetic.palettes import INK, Palette, darker, draw_color, draw_palette, draw_pattern
from tween4d.synthetic.pieces import Wheels, draw_apart
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import disc, plate, rounded_box, sweep, tray
from tween4d.synthetic.textures import Texture, bands, belt, blob, fill, grid


def excavator(generator: np.random.Generator) -> Scene:
    """A machine of random make, its arm towards +z, between two reaches of its arm."""
    g = generator
    a, p = Assembly("excavator"), draw_palette(g)
    wide, long, deck = g.uniform(0.28, 0.45), g.uniform(0.32, 0.55), g.uniform(0.2, 0.34)
    paint: Texture = (fill(p.base),) if g.random() < 0.6 else draw_pattern(g, p.base, p.second, 0.5)
    root = a.joint("ground", ORIGIN)
    base = g.choice(["tracks", "wheels", "plinth"])
    if base == "tracks":
        for side in (1, -1):
            tread = (
                fill(INK),
                bands((0.45, 0.45, 0.48), (0, 1, 0), 0.07, 0.4),
                blob(p.accent, (0, 0, 0), (9, 9, 0.5 * deck)),
            )
            curve = [(side * wide, 0.5 * deck, -long), (side * wide, 0.5 * deck, long)]
            track = sweep(curve, [(0.1, 0.5 * deck)] * 2, squareness=0.6, around=22, along=8)
            a.part(f"track{side}", track, tread, root)
        a.part("frame", rounded_box((wide, 0.06, 0.6 * long), 0.03), (fill(p.dark),), root, (0, 0.6 * deck, 0))
    elif base == "wheels":
        wheels, roll = Wheels(g, 0.6 * deck, 0.07, p), g.uniform(20, 90)
        for k, z in enumerate((-0.75 * long, 0.75 * long)):
            for side in (1, -1):
                centre = (side * wide, 0.6 * deck, z)
                axle = a.joint(f"axle{k}{side}", centre, root, ORIGIN, (float(roll), 0.0, 0.0))
                wheels.add(a, f"wheel{k}{side}", axle, centre)
        a.part("frame", rounded_box((0.8 * wide, 0.07, long), 0.03), (fill(p.dark),), root, (0, 0.7 * deck, 0))
    else:
        foot = plate((wide, wide), wide, [(0.03, 0.0), (0.0, 0.03), (0.03, 0.08), (0.4 * wide, deck)])
        a.part("plinth", foot, draw_pattern(g, p.dark, p.accent, 0.4), root)
    swivel = draw_apart(g, -45, 45, 0.35)
    turret = a.joint("turret", (0, deck, 0), root, (0, swivel[0], 0), (0, swivel[1], 0))
    a.part("ring", disc(0.8 * wide, 0.05, 0.02), (fill(p.accent),), turret, (0, deck + 0.02, 0))
    if base == "plinth":
        tall = g.uniform(0.08, 0.2)
        a.part(
            "column", rounded_box((0.5 * wide, tall, 0.5 * wide), 0.05, 0.5 * wide), paint, turret, (0, deck + tall, 0)
        )
        shoulder = (0.0, deck + 2 * tall - 0.05, 0.0)
    else:
        shoulder = _house(a, g, turret, (wide, long, deck + 0.05), paint, p)
    _arm(a, g, turret, shoulder, p, paint)
    return a.scene()


def _house(
    a: Assembly, g: np.random.Generator, turret: int, size: tuple[float, float, float], paint: Texture, p: Palette
) -> tuple[float, float, float]:
    """The turning upper body: engine, counterweight and a cab; returns the arm's foot."""
    wide, long, y = size
    low, tall = g.uniform(0.08, 0.16), g.uniform(0.17, 0.26)
    seams = grid(darker(p.base, 0.6), (3 / wide, 0, 0), None, 0.05)
    a.part("deck", rounded_box((wide, low, 0.8 * long), 0.04), (*paint, seams), turret, (0, y + low, -0.25 * long))
    weight = rounded_box((0.9 * wide, 1.3 * low, 0.2 * long), 0.06)
    a.part(
        "weight",
        weight,
        (fill(p.dark), belt(p.accent, (0, 1, 0), 0, 0.2 * low)),
        turret,
        (0, y + 1.3 * low, -1.0 * long),
    )
    side = int(g.choice([-1, 1]))
    glass = darker(draw_color(g, (0.1, 0.5), (0.4, 0.9)), 0.8)
    cab = (0.36 * wide, tall, 0.36 * long)
    panes = (
        blob(glass, (0, 0.25 * tall, cab[2]), (0.75 * cab[0], 0.6 * tall, 0.4 * cab[2]), power=8),
        blob(glass, (cab[0], 0.3 * tall, 0), (0.4 * cab[0], 0.5 * tall, 0.75 * cab[2]), power=8, mirror=True),
    )
    a.part("cab", rounded_box(cab, 0.04), (*paint, *panes), turret, (side * 0.6 * wide, y + 2 * low + tall, 0.1 * long))
    pipe = sweep([(-side * 0.5 * wide, y + low, -0.7 * long), (-side * 0.5 * wide, y + 2 * low + 0.2, -0.7 * long)],
                 [0.03, 0.03], around=12, along=4)  # fmt: skip
    a.part("pipe", pipe, (fill(p.second),), turret)
    return (-side * 0.15 * wide, y + 1.5 * low, 0.5 * long)


def _arm(
    a: Assembly, g: np.random.Generator, turret: int, foot: tuple[float, float, float], p: Palette, paint: Texture
) -> None:
    """Two or three links in a plane, and a tool."""
    count = int(g.choice([2, 3], p=[0.7, 0.3]))
    x, y, z = foot
    thick, joint = g.uniform(0.05, 0.09), turret
    ranges = [(-10, 50), (50, 125), (10, 80)]
    point = np.array([x, y, z])
    # At rest every link stands upright; leaning towards +z is a positive turn about x.
    for k in range(count):
        link = g.uniform(0.45, 0.75) * 0.8**k
        lean = draw_apart(g, *ranges[k], 0.45)
        if k:
            lean = (0.75 * lean[0], 0.75 * lean[1])
        joint = a.joint(f"link{k}", tuple(point.tolist()), joint, (lean[0], 0, 0), (lean[1], 0, 0))
        bow = g.uniform(-0.12, 0.18) * link if k == 0 else 0.0
        r = thick * 0.85**k
        end = point + [0, link, 0]
        curve = [tuple(point.tolist()), tuple((0.5 * (point + end) + [0, 0, -bow]).tolist()), tuple(end.tolist())]
        radii = [(0.7 * r, r), (0.75 * r, 1.3 * r), (0.6 * r, 0.8 * r)]
        beam = sweep(curve, radii, squareness=g.uniform(0.3, 0.9), around=16, along=10)
        stripes = bands(INK, (0, 1, 1), 0.15, 0.4) if g.random() < 0.3 else belt(p.accent, (0, 1, 0), 0.5 * link, 0.04)
        a.part(f"link{k}", beam, (*paint, stripes), joint)
        pin = disc(1.05 * r, 1.3 * r, 0.02)
        a.part(
            f"pin{k}", pin, (fill(p.dark), belt(p.accent, (1, 0, 0), 0, 0.02)), joint, tuple(point.tolist()), (0, 0, 90)
        )
        if k == 0:
            ends = point + [0, 0.1, r], point + [0, 0.6 * link, 1.3 * r + 0.02]
            rod = sweep(ends, [0.025, 0.02], around=10, along=4)
            a.part("ram", rod, (fill((0.75, 0.76, 0.8)), bands(INK, (0, 1, 0), 0.2, 0.3)), joint)
        point = end
    _tool(a, g, joint, point, thick, p)


def _tool(a: Assembly, g: np.random.Generator, joint: int, at: np.ndarray, thick: float, p: Palette) -> None:
    x, y, z = (float(v) for v in at)
    curl = draw_apart(g, -20, 95, 0.5)
    wrist = a.joint("tool", (x, y, z), joint, (curl[0], 0, 0), (curl[1], 0, 0))
    kind, color = g.choice(["bucket", "claw", "hook", "hammer"]), (fill(p.second),)
    if kind == "bucket":
        half = (g.uniform(0.1, 0.2), g.uniform(0.07, 0.12), g.uniform(0.09, 0.14))
        a.part("bucket", tray(half, 0.02, 0.04), color, wrist, (x, y + half[2], z + 0.05), (90, 0, 0))
        for k in (-1, 0, 1):
            tooth = sweep([(x + 0.7 * k * half[0], y + 2 * half[2], z + 0.05 - 0.5 * half[1]), (x + 0.7 * k * half[0],
                          y + 2 * half[2] + 0.07, z + 0.05)], [0.025, 0.01], around=8, along=4)  # fmt: skip
            a.part(f"tooth{k}", tooth, (fill(p.dark),), wrist)
    elif kind == "claw":
        gape, size = draw_apart(g, 0, 45, 0.5), g.uniform(0.1, 0.2)
        a.part("palm", disc(0.08, 0.04, 0.02), (fill(p.dark),), wrist, (x, y + 0.04, z))
        for s in (1, -1):
            finger = a.joint(f"finger{s}", (x + 0.05 * s, y + 0.06, z), wrist, *((0.0, 0.0, -s * t) for t in gape))
            curve = [
                (x + 0.05 * s, y + 0.05, z),
                (x + 0.9 * s * size, y + 0.06 + size, z),
                (x + 0.1 * s, y + 0.06 + 2 * size, z),
            ]
            jaw = sweep(curve, [0.035, 0.035, 0.012], side=(0, 0, 1), around=12, along=9)
            a.part(f"finger{s}", jaw, color, finger)
    elif kind == "hook":
        drop = g.uniform(0.15, 0.4)
        rope = sweep([(x, y, z), (x, y + drop, z)], [0.015, 0.015], around=8, along=4)
        a.part("rope", rope, (fill(INK),), wrist)
        half = g.uniform(0.08, 0.16)
        a.part(
            "load",
            rounded_box((half, half, half), 0.02),
            draw_pattern(g, p.accent, p.second, 0.3),
            wrist,
            (x, y + drop + half, z),
        )
    else:
        head = rounded_box((1.6 * thick, 1.3 * thick, 2.4 * thick), 0.03)
        a.part("hammer", head, (*color, belt(INK, (0, 0, 1), 0, 0.03)), wrist, (x, y + thick, z))
