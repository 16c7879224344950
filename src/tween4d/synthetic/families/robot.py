"""A small enamelled robot that greets: rigid limbs on ball joints, a face on a dark screen, a key in its back."""

from dataclasses import dataclass, field

import numpy as np

from tween4d.synthetic.assembly import ORIGIN, Assembly, Vector
from tween4d.synthetic.palettes import INK, contrast, darker, draw_color, lighter
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import ball, disc, superellipsoid, sweep
from tween4d.synthetic.textures import Color, Texture, bands, belt, blob, fill, patches, slope


@dataclass(frozen=True)
class RobotPose:
    """Turns of the joints, degrees about x, y, z; rest is upright with limbs hanging. Left is +x."""

    root: Vector = ORIGIN
    chest: Vector = ORIGIN
    head: Vector = ORIGIN
    antenna: Vector = ORIGIN
    left_arm: tuple[Vector, Vector, Vector] = (ORIGIN, ORIGIN, ORIGIN)
    """Shoulder, elbow, wrist."""
    right_arm: tuple[Vector, Vector, Vector] = (ORIGIN, ORIGIN, ORIGIN)
    left_leg: tuple[Vector, Vector] = (ORIGIN, ORIGIN)
    """Hip, knee."""
    right_leg: tuple[Vector, Vector] = (ORIGIN, ORIGIN)
    key: float = 0.0


@dataclass(frozen=True)
class RobotStyle:
    """Proportions (the body is about one high), colours and the two poses."""

    enamel: Color = (0.97, 0.74, 0.28)
    trim: Color = (0.98, 0.93, 0.82)
    accent: Color = (0.90, 0.33, 0.24)
    second: Color = (0.10, 0.52, 0.56)
    metal: Color = (0.36, 0.40, 0.47)
    glow: Color = (0.47, 0.98, 0.92)
    head: Vector = (0.50, 0.36, 0.40)
    """Half-axes."""
    body: Vector = (0.40, 0.44, 0.33)
    boxiness: float = 0.6
    """Exponent of head and body: 1 is round, towards 0 a box."""
    arm: float = 0.32
    """Length of upper and lower arm each."""
    leg: float = 0.27
    limb: float = 1.0
    """Factor on the thickness of limbs."""
    has_key: bool = True
    start: RobotPose = field(default_factory=RobotPose)
    end: RobotPose = field(default_factory=RobotPose)


def robot(generator: np.random.Generator) -> Scene:
    """A robot of random proportions and colours between two random poses."""
    g = generator
    enamel = draw_color(g, (0.2, 0.8), (0.6, 0.95))
    style = RobotStyle(
        enamel=enamel,
        trim=lighter(enamel, 0.7),
        accent=contrast(g, enamel),
        second=draw_color(g),
        metal=draw_color(g, (0.02, 0.2), (0.3, 0.6)),
        glow=draw_color(g, (0.3, 0.6), (0.95, 1.0)),
        head=(g.uniform(0.34, 0.52), g.uniform(0.28, 0.42), g.uniform(0.3, 0.42)),
        body=(g.uniform(0.3, 0.44), g.uniform(0.36, 0.5), g.uniform(0.24, 0.36)),
        boxiness=g.uniform(0.35, 1.0),
        arm=g.uniform(0.28, 0.42),
        leg=g.uniform(0.22, 0.4),
        limb=g.uniform(0.8, 1.25),
        has_key=bool(g.random() < 0.6),
        start=_draw_pose(g, yaw := g.uniform(-60, 60)),
        end=_draw_pose(g, yaw + g.uniform(-15, 15)),
    )
    return build_robot(style)


def _draw_pose(g: np.random.Generator, yaw: float) -> RobotPose:
    def turn(x: float, y: float, z: float) -> Vector:
        return (g.uniform(-x, x), g.uniform(-y, y), g.uniform(-z, z))

    def arm(side: int) -> tuple[Vector, Vector, Vector]:
        shoulder = (g.uniform(-110, 40), 0.0, side * g.uniform(10, 130))
        return shoulder, (g.uniform(-90, 0), 0.0, 0.0), turn(15, 0, 20)

    def leg(side: int) -> tuple[Vector, Vector]:
        return (g.uniform(-60, 25), 0.0, side * g.uniform(0, 10)), (g.uniform(0, 60), 0.0, 0.0)

    return RobotPose(
        (0.0, yaw, 0.0), turn(8, 12, 8), turn(15, 40, 12), turn(20, 0, 20), arm(1), arm(-1), leg(1), leg(-1),
        g.uniform(0, 170),
    )  # fmt: skip


def build_robot(style: RobotStyle) -> Scene:
    """The robot of a style."""
    a, s, e = Assembly("robot"), style.start, style.end
    root = a.joint("hips", (0, 0, 0), -1, s.root, e.root)
    chest = a.joint("chest", (0, 0.06, 0), root, s.chest, e.chest)
    a.part("pelvis", superellipsoid((0.25, 0.14, 0.21), (0.8, 0.9), 28, 14), (fill(style.metal),), root, (0, -0.03, 0))
    middle = 0.02 + style.body[1]
    _body(a, style, chest, middle)
    if style.has_key:
        _key(a, style, chest, middle)
    _head(a, style, chest, middle + style.body[1])
    for side, start, end in ((1, s.left_arm, e.left_arm), (-1, s.right_arm, e.right_arm)):
        _arm(a, style, chest, side, middle + 0.5 * style.body[1], (start, end))
    for side, start, end in ((1, s.left_leg, e.left_leg), (-1, s.right_leg, e.right_leg)):
        _leg(a, style, root, side, (start, end))
    return a.scene()


def _rubber(style: RobotStyle) -> Texture:
    return (fill(style.metal), bands(INK, (0, 1, 0), 0.05, 0.45, soft=0.12))


def _worn(color: Color) -> Texture:
    """Enamel with a faint cloud in it."""
    return (fill(color), patches(darker(color, 0.9), 0.22, 0.5, 0.3, opacity=0.5))


def _body(a: Assembly, style: RobotStyle, chest: int, middle: float) -> None:
    x, y, z = style.body
    up = (0, 1, 0)
    light = 0.32 * x
    texture = (
        *_worn(style.enamel),
        belt(darker(style.enamel, 0.72), (1, 0, 0), 0, 0.006),
        belt(darker(style.enamel, 0.72), up, 0.62 * y, 0.006),
        belt(style.trim, up, -0.38 * y, 0.034),
        belt(style.second, up, -1.0 * y, 0.5 * y),
        *(
            blob(
                darker(style.enamel, 0.6),
                (k * 0.2 * x + 0.1 * x, 0.73 * y, z),
                (0.016, 0.016, z),
                soft=0.1,
                mirror=True,
            )
            for k in range(3)
        ),
        blob(style.trim, (0, 0.16 * y, z), (0.52 * x, 0.36 * y, 0.6 * z), power=5, soft=0.03),
        blob(INK, (0, 0.16 * y, z), (0.46 * x, 0.30 * y, 0.6 * z), power=5, soft=0.03),
        blob(style.accent, (-0.25 * x, 0.28 * y, z), (0.25 * light, 0.25 * light, 0.6 * z), soft=0.1),
        blob((0.99, 0.82, 0.32), (0, 0.28 * y, z), (0.25 * light, 0.25 * light, 0.6 * z), soft=0.1),
        blob(style.glow, (0.25 * x, 0.28 * y, z), (0.25 * light, 0.25 * light, 0.6 * z), soft=0.1),
        blob(style.trim, (0, 0.08 * y, z), (0.33 * x, 0.03 * y, 0.6 * z), power=6, soft=0.1),
        blob(style.trim, (-0.08 * x, -0.02 * y, z), (0.25 * x, 0.03 * y, 0.6 * z), power=6, soft=0.1),
        blob(style.trim, (0, 0, -z), (0.17, 0.17, 0.6 * z), soft=0.03),
        blob(style.second, (0, 0, -z), (0.145, 0.145, 0.6 * z), soft=0.03),
        *(
            blob(INK, (0, (0.50 + 0.1 * k) * y, -z), (0.4 * x, 0.025 * y, 0.6 * z), power=6, soft=0.1)
            for k in (0, 2, 3)
        ),
    )
    roundness = (0.5 + 0.36 * style.boxiness, 0.5 + 0.56 * style.boxiness)
    a.part("body", superellipsoid(style.body, roundness, 44, 26), texture, chest, (0, middle, 0))
    neck = sweep([(0, middle + 0.8 * y, 0), (0, middle + y + 0.14, 0)], [0.12, 0.12], round_ends=False, along=4)
    a.part("neck", neck, _rubber(style), chest)


def _key(a: Assembly, style: RobotStyle, chest: int, middle: float) -> None:
    back = style.body[2]
    key = a.joint("key", (0, middle, -back), chest, (0, 0, style.start.key), (0, 0, style.end.key))
    steel = (*_worn(lighter(style.metal, 0.6)), blob(style.metal, (0, 0, 0), (0.06, 9, 0.06), soft=0.04))
    shaft = sweep([(0, middle, 0.05 - back), (0, middle, -0.15 - back)], [0.035, 0.035], round_ends=False, along=3)
    a.part("shaft", shaft, (fill(lighter(style.metal, 0.6)),), key)
    for side in (1, -1):
        a.part(f"lobe{side}", disc(0.12, 0.03, 0.02), steel, key, (0, middle + side * 0.125, -0.19 - back), (90, 0, 0))


def _head(a: Assembly, style: RobotStyle, chest: int, top: float) -> None:
    x, y, z = style.head
    height = top + 0.08 + y
    head = a.joint("head", (0, top + 0.06, 0), chest, style.start.head, style.end.head)
    shell = (
        *_worn(style.enamel),
        belt(style.trim, (1, 0, 0), 0, 0.075),
        belt(style.accent, (1, 0, 0), 0, 0.05),
        belt(darker(style.enamel, 0.72), (0, 0, 1), -0.15 * z, 0.006),
    )
    roundness = (style.boxiness, style.boxiness)
    a.part("skull", superellipsoid(style.head, roundness, 48, 28), shell, head, (0, height, 0))
    w, h = 0.82 * x, 0.74 * y
    screen = (
        fill(INK),
        slope((0.17, 0.22, 0.34), (0, -0.7 * h, 0), (0, 1.2 * h, 0)),
        blob(style.glow, (0.38 * w, 0.14 * h, 0), (0.15 * w, 0.33 * h, 9), soft=0.04, mirror=True),
        blob((1.0, 1.0, 1.0), (0.33 * w, 0.27 * h, 0), (0.05 * w, 0.1 * h, 9), soft=0.1, mirror=True),
        blob(style.glow, (0, -0.29 * h, 0), (0.21 * w, 0.23 * h, 9), soft=0.03),
        blob((0.12, 0.15, 0.22), (0, -0.18 * h, 0), (0.25 * w, 0.21 * h, 9), soft=0.03),
        blob(style.accent, (0.66 * w, -0.29 * h, 0), (0.11 * w, 0.11 * h, 9), soft=0.2, mirror=True, opacity=0.8),
    )
    bezel = superellipsoid((w + 0.03, h + 0.03, 0.10), (0.5, 0.55), 44, 20)
    a.part("bezel", bezel, (fill(style.trim),), head, (0, height - 0.01, 0.82 * z))
    screen_mesh = superellipsoid((w, h, 0.10), (0.5, 0.55), 44, 20)
    a.part("screen", screen_mesh, screen, head, (0, height - 0.01, 0.82 * z + 0.022))
    for side in (1, -1):
        ear = (
            fill(style.second),
            blob(style.trim, (0, 0, 0), (0.08, 9, 0.08), soft=0.06),
            blob(style.accent, (0, 0, 0), (0.045, 9, 0.045), soft=0.08),
        )
        a.part(f"ear{side}", disc(0.14, 0.055, 0.03), ear, head, (side * (x + 0.01), height, 0), (0, 0, -90 * side))
    tip = a.joint("antenna", (0, height + y, 0), head, style.start.antenna, style.end.antenna)
    rod = sweep([(0, height + 0.95 * y, 0), (0, height + y + 0.2, 0)], [0.024, 0.018], around=12, along=4)
    a.part("rod", rod, (fill(style.metal),), tip)
    a.part(
        "bulb", ball(0.068), (fill(style.accent), belt(style.trim, (0, 1, 0), 0, 0.014)), tip, (0, height + y + 0.25, 0)
    )


def _arm(
    a: Assembly,
    style: RobotStyle,
    chest: int,
    side: int,
    height: float,
    poses: tuple[tuple[Vector, Vector, Vector], tuple[Vector, Vector, Vector]],
) -> None:
    x, k, length = side * (style.body[0] + 0.06), style.limb, style.arm
    start, end = poses
    upper = a.joint(f"shoulder{side}", (x, height, 0), chest, start[0], end[0])
    fore = a.joint(f"elbow{side}", (x, height - length, 0), upper, start[1], end[1])
    hand = a.joint(f"wrist{side}", (x, height - 2 * length, 0), fore, start[2], end[2])
    cap = (*_worn(style.accent), belt(style.trim, (1, 0, 0), side * 0.03, 0.014))
    a.part(f"shoulder{side}", ball(0.13 * k, 28), cap, upper, (x, height, 0))
    y = height - length
    a.part(
        f"upper{side}", sweep([(x, height, 0), (x, y, 0)], [0.066 * k] * 2, around=16, along=4), _rubber(style), upper
    )
    a.part(f"elbow{side}", ball(0.095 * k), (fill(style.second),), fore, (x, y, 0))
    sleeve = (
        *_worn(style.enamel),
        belt(style.trim, (0, 1, 0), 0.78 * length, 0.035),
        belt(style.accent, (0, 1, 0), 0.62 * length, 0.016),
    )
    cuff = sweep(
        [(x, y - 0.02, 0), (x, y - 0.5 * length, 0), (x, y - 0.92 * length, 0)],
        [0.085 * k, 0.115 * k, 0.14 * k],
        squareness=0.85,
        along=10,
    )
    a.part(f"sleeve{side}", cuff, sleeve, fore)
    _hand(a, style, hand, side, (x, y - 1.2 * length, 0))


def _hand(a: Assembly, style: RobotStyle, hand: int, side: int, palm: Vector) -> None:
    x, y, _ = palm
    a.part(f"palm{side}", superellipsoid((0.08, 0.10, 0.105), (0.8, 0.8), 20, 12), (fill(style.metal),), hand, palm)
    glove = (fill(style.second),)
    for k, z in enumerate((-0.065, 0.0, 0.065)):
        curve = [(x, y - 0.05, z), (x, y - 0.14, z * 1.5), (x - side * 0.025, y - 0.215, z * 1.65)]
        a.part(f"finger{side}{k}", sweep(curve, [0.038, 0.038, 0.034], around=12, along=7), glove, hand)
    curve = [(x, y, 0.06), (x, y - 0.04, 0.145), (x, y - 0.11, 0.165)]
    a.part(f"thumb{side}", sweep(curve, [0.038, 0.038, 0.034], around=12, along=7), glove, hand)


def _leg(
    a: Assembly, style: RobotStyle, root: int, side: int, poses: tuple[tuple[Vector, Vector], tuple[Vector, Vector]]
) -> None:
    x, k, length = side * 0.2, style.limb, style.leg
    start, end = poses
    thigh = a.joint(f"hip{side}", (x, -0.06, 0), root, start[0], end[0])
    shin = a.joint(f"knee{side}", (x, -0.06 - length, 0), thigh, start[1], end[1])
    y = -0.06 - length
    a.part(f"thigh{side}", sweep([(x, -0.06, 0), (x, y, 0)], [0.09 * k] * 2, around=18, along=4), _rubber(style), thigh)
    a.part(f"knee{side}", ball(0.115 * k, 26), (*_worn(style.accent),), shin, (x, y, 0))
    boot = (*_worn(style.second), belt(style.trim, (0, 1, 0), 0, 0.07))
    leg = sweep(
        [(x, y - 0.03, 0), (x, y - 0.6 * length, 0), (x, y - length, 0)],
        [0.115 * k, 0.13 * k, 0.15 * k],
        round_ends=False,
        along=8,
    )
    a.part(f"boot{side}", leg, boot, shin)
    foot = (
        *_worn(style.second),
        blob(style.trim, (0, 0.02, 0.22), (0.14, 0.11, 0.13), soft=0.04),
        belt(INK, (0, 1, 0), -0.11, 0.06),
    )
    a.part(f"foot{side}", superellipsoid((0.165, 0.09, 0.24), (0.6, 0.75), 32, 16), foot, shin, (x, y - length, 0.08))
