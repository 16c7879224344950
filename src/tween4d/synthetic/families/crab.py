"""Crawlers with many legs: crabs with claws, spiders with abdomens, scorpions with tails."""

import numpy as np

from tween4d.synthetic.assembly import Assembly
from tween4d.synthetic.palettes import Palette, draw_palette, draw_pattern
from tween4d.synthetic.pieces import Flesh, draw_apart, draw_turns, eyes, limb, mirrored
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import superellipsoid, sweep
from tween4d.synthetic.textures import Texture, bands, belt, blob, fill, slope, spots


def crab(generator: np.random.Generator) -> Scene:
    """A crawler of random build, facing +z, between two steps."""
    g = generator
    a, p = Assembly("crab"), draw_palette(g)
    kind = g.choice(["crab", "spider", "scorpion"])
    wide, tall, long = g.uniform(0.25, 0.5), g.uniform(0.1, 0.25), g.uniform(0.2, 0.36)
    if kind != "crab":
        wide, long = g.uniform(0.14, 0.26), g.uniform(0.2, 0.34)
    height = tall + g.uniform(0.02, 0.4)
    root = a.joint("body", (0, height, 0), -1, *draw_turns(g, 8, 14, 10))
    coat = draw_pattern(g, p.base, p.second, 0.4)
    marks = (
        spots(p.accent, g.uniform(0.1, 0.2)),
        blob(p.second, (0, tall, 0), (0.5 * wide, tall, 0.5 * long)),
        slope(p.pale, (0, 0, 0), (0, -tall, 0)),
    )
    shell = superellipsoid((wide, tall, long), tuple(g.uniform(0.6, 1.0, 2)), 32, 18)
    a.part("shell", shell, (*coat, marks[g.integers(3)], marks[2]), root, (0, height, 0))
    _face(a, g, root, (wide, tall, long), height, p, kind)
    if kind == "spider":
        size = g.uniform(0.2, 0.42)
        joint = a.joint("abdomen", (0, height, -0.8 * long), root, *draw_turns(g, 25, 20, 8))
        bulb = superellipsoid((size, g.uniform(0.7, 1.1) * size, g.uniform(1.0, 1.5) * size), around=28, along=18)
        stripe = bands(p.accent, (0, 0, 1), 0.5 * size, 0.3)
        cross = blob(p.accent, (0, size, 0), (0.3 * size, size, 0.7 * size), power=1.2)
        pattern = (*coat, (stripe, cross)[g.integers(2)])
        a.part("abdomen", bulb, pattern, joint, (0, height + 0.3 * size, -0.8 * long - 1.05 * size))
    if kind == "scorpion":
        _tail(a, g, root, (0.0, height, -0.8 * long), coat, p)
    count = int(g.choice([3, 4, 5], p=[0.3, 0.5, 0.2]))
    reach, r, knee = g.uniform(0.3, 0.75), g.uniform(0.02, 0.05), g.uniform(0.05, 0.5)
    legs = (*draw_pattern(g, p.base, p.dark, 0.2), bands(p.second, (0, 1, 0), 0.3 * reach, g.uniform(0.0, 0.4)))
    for k, share in enumerate(np.linspace(0.7, -0.75, count)):
        _legs(a, g, root, k, (share, wide, long), (height, reach * g.uniform(0.85, 1.1), knee, r), legs)
    if kind != "spider" or g.random() < 0.2:
        _claws(a, g, root, (0.75 * wide, height, 0.75 * long), coat, p)
    return a.scene()


def _face(
    a: Assembly, g: np.random.Generator, root: int, half: tuple[float, float, float], y: float, p: Palette, kind: str
) -> None:
    wide, tall, long = half
    r = g.uniform(0.03, 0.06)
    spread = g.uniform(0.2, 0.55) * wide
    if kind == "crab" and g.random() < 0.7:
        up = g.uniform(0.03, 0.16)
        for s in (1, -1):
            stalk = sweep([(s * spread, y, 0.8 * long), (s * spread, y + 0.5 * tall + up, 0.95 * long)], [0.4 * r] * 2,
                          around=10, along=4)  # fmt: skip
            a.part(f"stalk{s}", stalk, (fill(p.base),), root)
        places = [(s * spread, y + 0.5 * tall + up + 0.5 * r, 0.95 * long) for s in (1, -1)]
    else:
        places = [(s * spread, y + 0.45 * tall, 0.85 * long * np.sqrt(1 - (spread / wide) ** 2)) for s in (1, -1)]
        if kind == "spider":
            places += [(s * 0.5 * spread, y + 0.15 * tall, 0.95 * long) for s in (1, -1)]
    eyes(a, g, root, [tuple(map(float, at)) for at in places], r)
    for s in (1, -1):
        fang = sweep([(s * 0.25 * wide, y - 0.2 * tall, 0.8 * long), (s * 0.15 * wide, y - 0.8 * tall, 1.1 * long)],
                     [0.035, 0.01], around=10, along=5)  # fmt: skip
        a.part(f"fang{s}", fang, (fill(p.dark),), root)


def _legs(
    a: Assembly,
    g: np.random.Generator,
    root: int,
    index: int,
    place: tuple[float, float, float],
    shape: tuple[float, float, float, float],
    texture: Texture,
) -> None:
    (share, wide, long), (height, reach, knee, r) = place, shape
    swing, lift = draw_apart(g, -32, 32, 0.5), draw_apart(g, -5, 35, 0.5)
    for side in (1, -1):
        order = 1 if (side > 0) == (index % 2 == 0) else -1
        fan = np.array([side * np.cos(0.9 * share), 0.0, np.sin(0.9 * share)])
        hip = np.array([side * 0.85 * wide * np.sqrt(1 - share**2), height - 0.02, 0.85 * long * share])
        high, low = hip + 0.5 * reach * fan + [0, knee, 0], hip + reach * fan
        low[1] = 0.0
        shin = 0.55 * high + 0.45 * low + 0.1 * reach * fan
        curve = [tuple(map(float, point)) for point in (hip, high, shin, low)]
        turns = [
            tuple((0.0, float(t), float(side * u)) for t, u in zip(swing[::order], lift[::order], strict=True)),
            tuple((0.0, 0.0, float(-0.8 * side * u)) for u in lift[::order]),
        ]
        limb(
            a,
            f"leg{index}{side}",
            curve,
            Flesh([1.2 * r, r, 0.8 * r, 0.25 * r], texture, side=(0, 0, 1), around=12, along=14),
            root,
            turns,
            0.06,
        )


def _claws(
    a: Assembly, g: np.random.Generator, root: int, place: tuple[float, float, float], coat: Texture, p: Palette
) -> None:
    x, y, z = place
    long, r, size = g.uniform(0.25, 0.5), g.uniform(0.03, 0.06), g.uniform(0.08, 0.2)
    shoulder, wrist, gape = draw_turns(g, 25, 35, 15), draw_turns(g, 25, 30, 10), draw_apart(g, 0, 45, 0.5)
    other = (draw_turns(g, 25, 35, 15), draw_turns(g, 25, 30, 10)) if g.random() < 0.5 else (shoulder, wrist)
    big = g.uniform(0.6, 1.6) if g.random() < 0.3 else 1.0
    for side in (1, -1):
        s = size * (big if side > 0 else 1.0)
        elbow, hand = (
            (side * (x + 0.6 * long), y + 0.05, z + 0.2 * long),
            (side * (x + 0.45 * long), y + 0.02, z + 0.8 * long),
        )
        pair = (shoulder, wrist) if side > 0 else tuple(mirrored(t) for t in other)
        joint = limb(
            a,
            f"arm{side}",
            [(side * x, y, z), elbow, hand],
            Flesh([r, 1.2 * r, r], coat, side=(0, 1, 0), along=12),
            root,
            pair,
            0.06,
        )
        hx, hy, hz = hand
        palm = superellipsoid((0.6 * s, 0.5 * s, 0.75 * s), around=18, along=11)
        a.part(f"palm{side}", palm, (*coat, belt(p.accent, (0, 0, 1), 0.5 * s, 0.2 * s)), joint, (hx, hy, hz + 0.6 * s))
        for k in (1, -1):
            root_ = (hx + 0.3 * k * s, hy, hz + 1.1 * s)
            jaw = a.joint(f"jaw{side}{k}", root_, joint, *((0.0, k * t * (k == side), 0.0) for t in gape))
            curve = [root_, (hx + 0.55 * k * s, hy, hz + 1.6 * s), (hx + 0.1 * k * s, hy, hz + 2.2 * s)]
            tip = slope(p.accent, (0, 0.5 * s, 0), (0, 1.3 * s, 0))
            a.part(f"jaw{side}{k}", sweep(curve, [0.28 * s, 0.25 * s, 0.05 * s], side=(0, 1, 0), around=12, along=9),
                   (*coat, tip), jaw)  # fmt: skip


def _tail(
    a: Assembly, g: np.random.Generator, root: int, base: tuple[float, float, float], coat: Texture, p: Palette
) -> None:
    _, y, z = base
    r, long = g.uniform(0.07, 0.13), g.uniform(0.6, 1.0)
    bow = [(0.0, 0.0), (0.15, 0.35), (0.55, 0.5), (0.9, 0.25), (1.0, -0.15)]
    curve = [(0.0, y + float(up * long), z - float(back * long)) for up, back in bow]
    curl = draw_apart(g, -18, 18, 0.5)
    turns = [((t, s, 0.0), (u, s, 0.0)) for t, u, s in ((*curl, float(g.uniform(-8, 8))) for _ in range(4))]
    segments = bands(p.dark, (0, 1, 0), 0.16 * long, 0.2)
    radii = [r, r, 0.9 * r, 0.8 * r, 0.6 * r]
    last = limb(a, "tail", curve, Flesh(radii, (*coat, segments), along=22), root, turns, 0.08)
    x, y, z = curve[-1]
    sting = sweep(
        [(x, y, z), (x, y - 0.02, z + 0.15), (x, y - 0.14, z + 0.24)], [0.8 * r, 0.5 * r, 0.1 * r], along=8, around=12
    )
    a.part("sting", sting, (fill(p.accent),), last)
