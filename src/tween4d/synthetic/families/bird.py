"""Birds on the wing: two-jointed wings that beat, a neck that turns, a fan of a tail."""

from dataclasses import dataclass

import numpy as np

from tween4d.synthetic.assembly import Assembly, Vector
from tween4d.synthetic.palettes import INK, contrast, darker, draw_color, draw_pattern, lighter
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import ball, sweep
from tween4d.synthetic.textures import Color, Texture, bands, fill, slope


@dataclass(frozen=True)
class BirdPose:
    """Degrees; rest is gliding towards +z with wings spread along x."""

    root: Vector
    neck: Vector
    head: Vector
    wings: tuple[float, float, float]
    """Lift of the shoulder, of the wrist, and twist of the wing; the same on both sides."""
    tail: Vector
    legs: float


@dataclass(frozen=True)
class BirdStyle:
    """Proportions (the trunk is about 0.7 long) and plumage."""

    girth: float
    neck: float
    head: float
    beak: float
    wing: tuple[float, float]
    """Length of one wing and its half-width."""
    tail: float
    leg: float
    plumage: Texture
    base: Color
    second: Color
    belly: Color
    bill: Color
    start: BirdPose
    end: BirdPose


def bird(generator: np.random.Generator) -> Scene:
    """A bird of random build, between two phases of a wing beat."""
    g = generator
    base = draw_color(g, (0.1, 0.9), (0.3, 0.95))
    second = contrast(g, base)
    yaw, pitch = g.choice([-1, 1]) * g.uniform(15, 70), g.uniform(-25, 10)

    def pose(lift: float) -> BirdPose:
        root = (pitch + g.uniform(-6, 6), yaw + g.uniform(-6, 6), g.uniform(-12, 12))
        wings = (lift, 0.6 * lift + g.uniform(-10, 10), g.uniform(-15, 15))
        neck, head = (g.uniform(-15, 20), g.uniform(-15, 15), 0.0), (g.uniform(-10, 20), g.uniform(-25, 25), 0.0)
        return BirdPose(root, neck, head, wings, (g.uniform(-15, 20), g.uniform(-12, 12), 0.0), g.uniform(0, 50))

    up, down = g.uniform(25, 60), g.uniform(-45, -15)
    first, last = (up, down) if g.random() < 0.5 else (down, up)
    return build_bird(
        BirdStyle(
            girth=g.uniform(0.13, 0.22),
            neck=g.uniform(0.06, 0.4),
            head=g.uniform(0.09, 0.14),
            beak=g.uniform(0.08, 0.3),
            wing=(g.uniform(0.6, 1.0), g.uniform(0.13, 0.22)),
            tail=g.uniform(0.2, 0.5),
            leg=g.uniform(0.15, 0.4),
            plumage=draw_pattern(g, base, second, 0.5),
            base=base,
            second=second,
            belly=lighter(base, g.uniform(0.3, 0.8)),
            bill=draw_color(g, (0.6, 0.9), (0.7, 0.95)),
            start=pose(first),
            end=pose(last),
        )
    )


def build_bird(style: BirdStyle) -> Scene:
    """The bird of a style."""
    a, s, e, r = Assembly("bird"), style.start, style.end, style.girth
    root = a.joint("trunk", (0, 0, 0), -1, s.root, e.root)
    trunk = sweep(
        [(0, 0.02, -0.36), (0, 0, -0.15), (0, -0.01, 0.12), (0, 0.05, 0.34)],
        [(0.3 * r, 0.25 * r), (0.85 * r, 0.8 * r), (r, r), (0.62 * r, 0.62 * r)],
        around=32,
        along=22,
    )
    belly = slope(style.belly, (0, 0, 0.1 * r), (0, 0, 0.8 * r))
    a.part("trunk", trunk, (*style.plumage, belly), root)
    _head(a, style, root)
    for side in (1, -1):
        _wing(a, style, root, side)
        _leg(a, style, root, side)
    tail = a.joint("tail", (0, 0.02, -0.36), root, s.tail, e.tail)
    feathers = (
        fill(style.base),
        bands(style.second, (0, 1, 0), 0.14, 0.35),
        bands(darker(style.base, 0.7), (1, 0, 0), 0.05, 0.12),
    )
    for k in (-1, 0, 1):
        tip = (0.24 * k * style.tail, 0.0, -0.36 - style.tail + 0.05 * abs(k))
        blade = sweep([(0, 0.02, -0.30), tip], [(0.05, 0.03), (0.09, 0.01)], along=8, around=18)
        a.part(f"feather{k}", blade, feathers, tail, (0, 0.006 * k, 0))
    return a.scene()


def _head(a: Assembly, style: BirdStyle, root: int) -> None:
    r, w = style.girth, style.head
    foot = (0.0, 0.06, 0.30)
    top = (0.0, foot[1] + 0.8 * style.neck + 0.06, foot[2] + 0.7 * style.neck + 0.08)
    neck = a.joint("neck", foot, root, style.start.neck, style.end.neck)
    head = a.joint("head", top, neck, style.start.head, style.end.head)
    tube = sweep([(0, 0, 0.16), foot, top], [0.6 * r, 0.55 * r, 0.75 * w], around=24, along=14)
    a.skin("neck", tube, style.plumage, [root, neck, head], 0.06)
    x, y, z = top
    face = (*style.plumage, slope(style.second, (0, 0.2 * w, 0), (0, 0.5 * w, 0)))
    a.part("skull", ball(w, 28), face, head, (x, y + 0.1 * w, z + 0.1 * w))
    bill = sweep(
        [(0, y + 0.05 * w, z + 0.7 * w), (0, y, z + w + 0.5 * style.beak), (0, y - 0.25 * w, z + w + style.beak)],
        [(0.42 * w, 0.36 * w), (0.28 * w, 0.26 * w), (0.05 * w, 0.05 * w)],
        around=18,
        along=9,
    )
    a.part(
        "bill",
        bill,
        (fill(style.bill), slope(INK, (0, 0.75 * style.beak + w * 0.3, 0), (0, style.beak + 0.3 * w, 0))),
        head,
    )
    for side in (1, -1):
        a.part(
            f"ring{side}", ball(0.26 * w, 16), (fill(style.belly),), head, (side * 0.72 * w, y + 0.32 * w, z + 0.5 * w)
        )
        a.part(f"eye{side}", ball(0.2 * w, 16), (fill(INK),), head, (side * 0.80 * w, y + 0.34 * w, z + 0.54 * w))


def _wing(a: Assembly, style: BirdStyle, root: int, side: int) -> None:
    length, width = style.wing
    x, y, z = side * 0.6 * style.girth, 0.45 * style.girth, 0.08
    bend = (x + side * 0.45 * length, y, z + 0.03)

    def turn(pose: BirdPose) -> tuple[Vector, Vector]:
        lift, wrist, twist = pose.wings
        return (twist, 0.0, side * lift), (0.0, 0.0, side * wrist)

    (start, start_wrist), (end, end_wrist) = turn(style.start), turn(style.end)
    shoulder = a.joint(f"shoulder{side}", (x, y, z), root, start, end)
    wrist = a.joint(f"wrist{side}", bend, shoulder, start_wrist, end_wrist)
    curve = [
        (x - side * 0.06, y, z),
        (x + side * 0.25 * length, y, z + 0.02),
        bend,
        (x + side * 0.8 * length, y, z - 0.12),
        (x + side * length, y, z - 0.3),
    ]
    radii = [(0.9 * width, 0.05), (1.1 * width, 0.045), (width, 0.035), (0.75 * width, 0.02), (0.12 * width, 0.008)]
    # Across the wing, the leading edge is at negative x of the texture.
    plumage = (
        *style.plumage,
        slope(style.second, (0, 0.62 * length, 0), (0, 0.74 * length, 0)),
        bands(darker(style.second, 0.75), (0.35, 1, 0), 0.075, 0.16),
    )
    wing = sweep(curve, radii, side=(0, 0, -1), around=24, along=28)
    a.skin(f"wing{side}", wing, plumage, [shoulder, wrist], 0.1 * length)


def _leg(a: Assembly, style: BirdStyle, root: int, side: int) -> None:
    top = (side * 0.45 * style.girth, -0.7 * style.girth, -0.05)
    x, y, z = top
    hip = a.joint(f"leg{side}", top, root, (style.start.legs, 0, 0), (style.end.legs, 0, 0))
    shank = sweep([(x, y + 0.05, z), (x, y - style.leg, z)], [0.028, 0.02], around=12, along=5)
    a.part(f"leg{side}", shank, (fill(style.bill),), hip)
    for k in (-1, 0, 1):
        toe = sweep(
            [(x, y - style.leg, z), (x + 0.05 * k, y - style.leg - 0.02, z + 0.11)], [0.02, 0.012], around=10, along=4
        )
        a.part(f"toe{side}{k}", toe, (fill(style.bill),), hip)
