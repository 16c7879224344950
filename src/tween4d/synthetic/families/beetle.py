"""Beetles: wing cases that open over folded wings, six jointed legs, feelers."""

from dataclasses import dataclass

import numpy as np

from tween4d.synthetic.assembly import Assembly, Vector, turn_about
from tween4d.synthetic.palettes import INK, contrast, darker, draw_color, draw_pattern, lighter
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import ball, superellipsoid, sweep
from tween4d.synthetic.textures import Color, Texture, bands, fill


@dataclass(frozen=True)
class BeetlePose:
    """Turns of the joints, degrees; rest is standing, facing +z, wings closed."""

    root: Vector
    cases: float
    """Opening of the wing cases, degrees."""
    wings: float
    """Spread of the wings under them, degrees."""
    head: Vector
    legs: tuple[float, ...]
    """Swing of each leg about y, degrees: front, middle, back; left then right."""
    feelers: float


@dataclass(frozen=True)
class BeetleStyle:
    """Proportions (the abdomen is about one long), colours and the two poses."""

    width: float
    """Half-width of the abdomen, which is about one long."""
    height: float
    head: float
    leg: float
    cases: Texture
    shell: Color
    body: Color
    wing: Color
    start: BeetlePose
    end: BeetlePose


def beetle(generator: np.random.Generator) -> Scene:
    """A beetle of random build that opens or closes its wing cases."""
    g = generator
    shell = draw_color(g, (0.4, 0.95), (0.4, 0.95))
    yaw, tilt = g.choice([-1, 1]) * g.uniform(15, 75), g.uniform(15, 40)
    low, high = g.uniform(0, 8), g.uniform(45, 80)
    opening = (low, high) if g.random() < 0.6 else (high, low)

    def pose(cases: float) -> BeetlePose:
        legs = tuple(float(d) for d in g.uniform(-25, 25, 6))
        head = (g.uniform(-15, 20), g.uniform(-20, 20), 0.0)
        return BeetlePose((tilt, yaw + g.uniform(-10, 10), 0.0), cases, 1.1 * cases, head, legs, g.uniform(-25, 25))

    return build_beetle(
        BeetleStyle(
            width=g.uniform(0.26, 0.38),
            height=g.uniform(0.16, 0.26),
            head=g.uniform(0.13, 0.19),
            leg=g.uniform(0.3, 0.5),
            cases=draw_pattern(g, shell, contrast(g, shell), 0.5),
            shell=shell,
            body=draw_color(g, (0.1, 0.6), (0.12, 0.35)),
            wing=lighter(draw_color(g), 0.5),
            start=pose(opening[0]),
            end=pose(opening[1]),
        )
    )


def build_beetle(style: BeetleStyle) -> Scene:
    """The beetle of a style."""
    a, s, e = Assembly("beetle"), style.start, style.end
    w, h = style.width, style.height
    root = a.joint("body", (0, 0, 0), -1, s.root, e.root)
    body = (fill(style.body), bands(lighter(style.body, 0.2), (0, 0, 1), 0.12, 0.15))
    a.part("abdomen", superellipsoid((0.88 * w, 0.8 * h, 0.46), (0.9, 1.0), 34, 20), body, root, (0, 0, -0.06))
    thorax = (fill(darker(style.shell, 0.6)), *style.cases[1:])
    a.part("thorax", superellipsoid((0.78 * w, 0.82 * h, 0.17), (0.8, 0.9), 32, 16), thorax, root, (0, 0.02, 0.44))
    for side in (1, -1):
        _wing(a, style, root, side)
        for k in range(3):
            _leg(a, style, root, side, k)
    _head(a, style, root)
    return a.scene()


def _wing(a: Assembly, style: BeetleStyle, root: int, side: int) -> None:
    w, h = style.width, style.height
    pivot = (side * 0.16 * w, 0.75 * h, 0.34)
    axis = (-0.55, -side * 0.75, side * 0.3)

    def turn(degrees: float) -> Vector:
        return turn_about(axis, degrees)

    case = a.joint(f"case{side}", pivot, root, turn(style.start.cases), turn(style.end.cases))
    shell = superellipsoid((0.5 * w, 0.62 * h, 0.50), (0.9, 0.9), 30, 20)
    a.part(f"case{side}", shell, style.cases, case, (side * 0.5 * w, 0.42 * h, -0.08))
    spread = (-0.1, -side * 1.0, side * 0.15)
    fold = [turn_about(spread, pose.wings) for pose in (style.start, style.end)]
    wing = a.joint(f"wing{side}", pivot, root, *fold)
    x = side * 0.4 * w
    blade = sweep(
        [(x, 0.6 * h, 0.3), (x, 0.62 * h, 0.0), (x, 0.6 * h, -0.3), (x, 0.55 * h, -0.44)],
        [(0.12 * w, 0.012), (0.34 * w, 0.01), (0.36 * w, 0.008), (0.1 * w, 0.005)],
        around=18,
        along=14,
    )
    veins = (fill(style.wing), bands(darker(style.wing, 0.6), (1, 0.3, 0), 0.07, 0.12))
    a.part(f"wing{side}", blade, veins, wing)


def _leg(a: Assembly, style: BeetleStyle, root: int, side: int, index: int) -> None:
    z = 0.42 - 0.3 * index
    splay = np.radians((35.0, 0.0, -35.0)[index])
    out = np.array([side * np.cos(splay), 0.0, np.sin(splay)])
    foot = np.array([side * 0.6 * style.width, -0.45 * style.height, z])
    k = index + (0 if side > 0 else 3)
    hip = a.joint(f"hip{k}", tuple(foot), root, (0, style.start.legs[k], 0), (0, style.end.legs[k], 0))
    knee = foot + 0.5 * style.leg * out + (0, 0.3 * style.leg, 0)
    heel = knee + 0.42 * style.leg * out - (0, 0.75 * style.leg, 0)
    toe = heel + 0.22 * style.leg * out
    paint = (fill(style.body),)
    a.part(f"thigh{k}", sweep([foot, knee], [0.042, 0.034], side=(0, 0, 1), around=12, along=5), paint, hip)
    a.part(f"shin{k}", sweep([knee, heel], [0.032, 0.02], side=(0, 0, 1), around=12, along=5), paint, hip)
    a.part(f"toe{k}", sweep([heel, toe], [0.02, 0.012], side=(0, 1, 0), around=10, along=4), paint, hip)


def _head(a: Assembly, style: BeetleStyle, root: int) -> None:
    r = style.head
    head = a.joint("head", (0, 0, 0.55), root, style.start.head, style.end.head)
    a.part("head", superellipsoid((1.1 * r, 0.85 * r, r), around=28, along=16), (fill(style.body),), head, (0, 0, 0.64))
    for side in (1, -1):
        eye = (side * 0.78 * r, 0.3 * r, 0.64 + 0.55 * r)
        a.part(f"eye{side}", ball(0.36 * r, 18), (fill(lighter(style.shell, 0.7)),), head, eye)
        a.part(
            f"pupil{side}",
            ball(0.2 * r, 14),
            (fill(INK),),
            head,
            (eye[0] + side * 0.1 * r, eye[1] + 0.03, eye[2] + 0.18 * r),
        )
        start = (0.0, style.start.feelers, -side * 0.5 * style.start.feelers)
        end = (0.0, style.end.feelers, -side * 0.5 * style.end.feelers)
        base = (side * 0.45 * r, 0.55 * r, 0.64 + 0.6 * r)
        feeler = a.joint(f"feeler{side}", base, head, start, end)
        x, y, z = base
        curve = [base, (x + side * 0.08, y + 0.14, z + 0.06), (x + side * 0.2, y + 0.2, z + 0.16)]
        a.part(f"feeler{side}", sweep(curve, [0.02, 0.014, 0.012], around=10, along=10), (fill(style.body),), feeler)
        a.part(f"knob{side}", ball(0.034, 12), (fill(style.shell),), feeler, curve[-1])
