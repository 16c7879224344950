"""Pieces that many families share: limbs on chains of joints, eyes, heads, wheels, and draws of motion."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tween4d.synthetic.assembly import Assembly, Vector
from tween4d.synthetic.palettes import INK, Palette, darker, draw_color, draw_pattern, lighter
from tween4d.synthetic.shapes import ball, disc, plate, superellipsoid, sweep
from tween4d.synthetic.textures import Color, Texture, belt, blob, fill, slope

Turns = tuple[Vector, Vector]
"""Of a joint: its turn at the start and at the end, degrees."""
WHITE: Color = (1.0, 1.0, 1.0)


def draw_apart(generator: np.random.Generator, low: float, high: float, least: float) -> tuple[float, float]:
    """Two numbers of a range, in either order, that differ by at least `least` of the range."""
    gap = generator.uniform(least, 1.0)
    first = generator.uniform(0.0, 1.0 - gap)
    pair = (low + first * (high - low), low + (first + gap) * (high - low))
    return pair if generator.random() < 0.5 else pair[::-1]


def draw_turns(generator: np.random.Generator, x: float, y: float, z: float) -> Turns:
    """Two turns, each angle uniform within plus and minus its bound."""
    bound = np.array([x, y, z])
    first, last = generator.uniform(-bound, bound), generator.uniform(-bound, bound)
    return tuple(map(float, first)), tuple(map(float, last))


def mirrored(turns: Turns) -> Turns:
    """What the other side's joint does when both sides move alike."""
    return tuple((x, -y, -z) for x, y, z in turns)


@dataclass(frozen=True)
class Flesh:
    """What is swept along a limb's curve; fields as in `sweep`."""

    radii: Sequence
    texture: Texture
    side: Vector = (1.0, 0.0, 0.0)
    squareness: float = 1.0
    around: int = 16
    along: int = 14


def limb(
    a: Assembly,
    name: str,
    curve: Sequence[Vector],
    flesh: Flesh,
    parent: int,
    turns: Sequence[Turns | None],
    blend: float,
) -> int:
    """A sweep that bends at its own joints.

    Args:
        flesh: what is swept along the curve.
        turns: of a joint at each of the first points of the curve; None where there is no joint.
        blend: half-width of the bends.
    Returns:
        Index of the last joint.
    """
    chain = []
    for k, pair in enumerate(turns):
        if pair is not None:
            parent = a.joint(f"{name}{k}", curve[k], parent, *pair)
            chain.append(parent)
    mesh = sweep(
        curve,
        flesh.radii,
        side=flesh.side,
        squareness=flesh.squareness,
        around=flesh.around,
        along=flesh.along,
    )
    if len(chain) > 1:
        a.skin(name, mesh, flesh.texture, chain, blend)
    else:
        a.part(name, mesh, flesh.texture, chain[0] if chain else parent)
    return parent


def eyes(a: Assembly, generator: np.random.Generator, joint: int, places: Sequence[Vector], radius: float) -> None:
    """Eyeballs of one kind that look towards +z: dots with a glint, or white with an iris."""
    g = generator
    if g.random() < 0.5:
        texture = (fill(INK), blob(WHITE, (0.3 * radius, 0.4 * radius, 0.8 * radius), [0.35 * radius] * 3))
    else:
        iris, r = draw_color(g, (0.3, 0.9), (0.2, 0.9)), radius
        wide, pupil = g.uniform(0.5, 0.8) * r, g.uniform(0.25, 0.45) * r
        texture = (
            fill(lighter(draw_color(g), g.uniform(0.6, 1.0))),
            blob(iris, (0, 0, r), (wide, wide, 0.9 * r)),
            blob(INK, (0, 0, r), (pupil * g.uniform(0.4, 1), pupil, 0.9 * r)),
            blob(WHITE, (0.3 * r, 0.35 * r, 0.9 * r), (0.15 * r, 0.15 * r, 0.4 * r)),
        )
    mesh = ball(radius, 14)
    for k, place in enumerate(places):
        a.part(f"eye{k}", mesh, texture, joint, place)


def head(
    a: Assembly, generator: np.random.Generator, joint: int, centre: Vector, radii: Vector, palette: Palette
) -> None:
    """A creature's head that looks towards +z: skull, eyes, and at random snout or beak, ears, horns, crest."""
    g, (x, y, z), (w, h, d) = generator, centre, radii
    skin = draw_pattern(g, palette.base, palette.second, 2 * w)
    chin = slope(palette.pale, (0, 0.1 * h, 0), (0, -0.6 * h, 0))
    mouth = blob(darker(palette.dark, 0.4), (0, -0.42 * h, d), (0.5 * w, g.uniform(0.03, 0.2) * h, 0.7 * d))
    front = g.choice(["flat", "snout", "beak", "trunk"], p=[0.3, 0.35, 0.25, 0.1])
    skull = superellipsoid(radii, tuple(g.uniform(0.55, 1.0, 2)), 24, 14)
    marks = (chin,) if g.random() < 0.5 else ()
    a.part("skull", skull, (*skin, *marks, *((mouth,) if front == "flat" else ())), joint, centre)
    _front(a, g, joint, front, centre, radii, palette)

    r, out, up = w * g.uniform(0.12, 0.34), g.uniform(0.3, 0.85), g.uniform(0.05, 0.6)
    deep = np.sqrt(max(1 - out**2 - up**2, 0.03))
    places = [(x + s * out * w, y + up * h, z + deep * d) for s in (1, -1)]
    if g.random() < 0.12:
        places = [(x, y + 0.2 * h, z + 0.9 * d)]
        r *= 1.6
    if g.random() < 0.12:
        places = [(p[0], y + h + 2.2 * r, z + 0.4 * d) for p in places]
        for k, p in enumerate(places):
            stalk = sweep([(p[0], y + 0.5 * h, p[2] - 0.3 * d), p], [0.5 * r, 0.45 * r], around=10, along=4)
            a.part(f"stalk{k}", stalk, skin, joint)
    eyes(a, g, joint, places, r)
    _crown(a, g, joint, centre, radii, palette)


def _front(
    a: Assembly, g: np.random.Generator, joint: int, kind: str, centre: Vector, radii: Vector, palette: Palette
) -> None:
    (x, y, z), (w, h, d) = centre, radii
    long = d * g.uniform(0.4, 1.6)
    low = y - g.uniform(0.1, 0.4) * h
    if kind == "snout":
        wide, tip = g.uniform(0.45, 0.75), g.uniform(0.25, 0.6)
        curve = [(x, low, z + 0.4 * d), (x, low - 0.05 * h, z + d + 0.4 * long), (x, low - 0.1 * h, z + d + 0.6 * long)]
        sizes = [(wide * w, 0.5 * h), ((wide + tip) / 2 * w, 0.42 * h), (tip * w, 0.8 * tip * h)]
        lips = slope(palette.pale, (0, 0, -0.1 * h), (0, 0, 0.2 * h))
        a.part("snout", sweep(curve, sizes, around=18, along=9), (fill(palette.base), lips), joint)
        nose = superellipsoid((0.5 * tip * w, 0.35 * tip * h, 0.3 * tip * w), around=12, along=7)
        a.part("nose", nose, (fill(INK),), joint, (x, low + 0.45 * tip * h, z + d + 0.6 * long + 0.6 * tip * h))
    elif kind == "beak":
        for k, share in ((1, 1.0), (-1, g.uniform(0.6, 0.95))):
            curve = [
                (x, low, z + 0.5 * d),
                (x, low + 0.1 * k * h, z + d + 0.3 * long * share),
                (x, low - 0.12 * h, z + d + share * long),
            ]
            sizes = [(0.5 * w, 0.22 * h), (0.34 * w, 0.2 * h), (0.06 * w, 0.05 * h)]
            bill = palette.accent if k > 0 else darker(palette.accent, 0.75)
            tip = slope(palette.dark, (0, 0.5 * (d + long), 0), (0, d + long, 0))
            a.part(f"bill{k}", sweep(curve, sizes, around=14, along=9), (fill(bill), tip), joint)
    elif kind == "trunk":
        curve = [(x, low, z + 0.5 * d), (x, low - 0.1 * h, z + 1.3 * d), (x, low - long, z + 1.4 * d + 0.2 * long)]
        nose = sweep(curve, [0.4 * w, 0.28 * w, 0.16 * w], around=14, along=12)
        a.part("proboscis", nose, draw_pattern(g, palette.base, palette.pale, w), joint)


def _crown(a: Assembly, g: np.random.Generator, joint: int, centre: Vector, radii: Vector, palette: Palette) -> None:
    (x, y, z), (w, h, d) = centre, radii
    ears = g.choice(["none", "leaf", "round", "hang"], p=[0.3, 0.35, 0.2, 0.15])
    long, wide = h * g.uniform(0.5, 2.0), w * g.uniform(0.2, 0.45)
    spread, back, flap = g.uniform(0.3, 0.85), g.uniform(-0.4, 0.2) * d, draw_turns(g, 30, 20, 25)
    for s in (1, -1) if ears != "none" else ():
        root = (x + s * spread * w, y + np.sqrt(1 - spread**2) * 0.9 * h, z + back)
        ear = a.joint(f"ear{s}", root, joint, *(flap if s > 0 else mirrored(flap)))
        inner = blob(palette.pale, (0, 0.5 * long, wide), (0.6 * wide, 0.5 * long, 1.2 * wide))
        if ears == "round":
            r = min(long, 2.5 * wide)
            pinna = superellipsoid((0.6 * r, 0.6 * r, 0.25 * r), around=18, along=10)
            spot = blob(palette.pale, (0, 0, 0.25 * r), (0.4 * r, 0.4 * r, 0.3 * r))
            a.part(f"ear{s}", pinna, (fill(palette.base), spot), ear, (root[0], root[1] + 0.4 * r, root[2]))
        else:
            rise = 1.0 if ears == "leaf" else -1.0
            out = s * (0.35 if ears == "leaf" else 0.6)
            curve = [
                root,
                (root[0] + out * 0.7 * long, root[1] + (0.5 if rise > 0 else 0.0) * long, root[2]),
                (root[0] + out * long, root[1] + rise * 0.9 * long, root[2] - 0.1 * long),
            ]
            blade = sweep(curve, [(wide, 0.4 * wide), (0.9 * wide, 0.3 * wide), (0.15 * wide, 0.1 * wide)],
                          around=14, along=8)  # fmt: skip
            a.part(f"ear{s}", blade, (fill(palette.base), inner), ear)
    horns = g.choice(["none", "pair", "one", "tuft"], p=[0.5, 0.25, 0.1, 0.15])
    reach, thick, bend = h * g.uniform(0.5, 1.8), w * g.uniform(0.1, 0.22), g.uniform(-0.6, 0.6)
    for s in {"none": (), "pair": (1, -1), "one": (0,), "tuft": (-1, 0, 1)}[horns]:
        out = s * (0.45 if horns == "pair" else 0.2)
        root = (x + out * w, y + 0.8 * h, z + (0.1 if s else 0.3) * d)
        tip = (root[0] + s * 0.5 * reach, root[1] + reach, root[2] + bend * reach)
        curve = [root, (root[0] + s * 0.45 * reach, root[1] + 0.5 * reach, root[2] + 0.1 * bend * reach), tip]
        color = palette.accent if horns == "tuft" else lighter(palette.accent, 0.5)
        horn = (fill(color), slope(palette.dark, (0, 0.2 * reach, 0), (0, 1.2 * reach, 0), 0.7))
        a.part(f"horn{s}", sweep(curve, [thick, 0.75 * thick, 0.12 * thick], around=10, along=8), horn, joint)


class Wheels:
    """Wheels of one kind, to be put in several places."""

    def __init__(self, generator: np.random.Generator, radius: float, half_width: float, palette: Palette) -> None:
        g, r, w = generator, radius, half_width
        hub = g.uniform(0.45, 0.75) * r
        self.half_width = w
        bulge = [(0.4 * r, -0.6 * w), (0.22 * r, -0.95 * w), (0.1 * r, -w), (0.0, -0.6 * w)]
        self._tyre = plate((r, r), r, [*bulge, *((inset, -y) for inset, y in reversed(bulge))], 30.0, 6)
        self._hub = disc(hub, 1.05 * w, 0.15 * w)
        self._rubber = (fill(darker(draw_color(g, (0.0, 0.2), (0.15, 0.5)), 0.7)),)
        rim, spoke = lighter(palette.accent, g.uniform(0.0, 0.7)), darker(palette.accent, g.uniform(0.2, 0.6))
        angles = np.pi * np.arange(count := g.integers(1, 5)) / count
        wide = g.uniform(0.05, 0.12) * r
        spokes = (belt(spoke, (np.cos(t), 0, np.sin(t)), 0, wide, 0.1 * wide) for t in angles)
        self._spokes = (fill(rim), *spokes, blob(palette.base, (0, 0, 0), (0.15 * r, 9, 0.15 * r)))

    def add(self, a: Assembly, name: str, joint: int, centre: Vector, turn: Vector = (0.0, 0.0, 90.0)) -> None:
        """A wheel carried by a joint; its axle is on x unless another turn from y is given."""
        a.part(f"{name}_tyre", self._tyre, self._rubber, joint, centre, turn)
        a.part(f"{name}_hub", self._hub, self._spokes, joint, centre, turn)
