"""Four-legged creatures from foxes to horses: one skinned coat over spine, neck, legs and tail."""

from dataclasses import dataclass

import numpy as np

from tween4d.synthetic.assembly import Assembly, Vector
from tween4d.synthetic.palettes import INK, contrast, darker, draw_color, draw_pattern, lighter
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import ball, superellipsoid, sweep
from tween4d.synthetic.textures import Color, Texture, fill, slope


@dataclass(frozen=True)
class QuadrupedPose:
    """Turns of the joints, degrees about x, y, z; rest is standing, facing +z."""

    root: Vector
    chest: Vector
    neck: Vector
    head: Vector
    tail: tuple[Vector, Vector, Vector]
    legs: tuple[tuple[float, float, float], ...]
    """Swing of hip, knee and ankle about x: front left, front right, back left, back right."""
    ears: float


@dataclass(frozen=True)
class QuadrupedStyle:
    """Proportions (the trunk is one long) and coat."""

    girth: float
    """Half-width of the trunk."""
    depth: float
    """Half-height of the trunk."""
    leg: float
    leg_radius: float
    neck: tuple[float, float]
    """Length, and elevation in degrees."""
    head: float
    """Half-width of the head."""
    snout: float
    ear: tuple[float, float]
    """Length and half-width."""
    tail: tuple[float, float]
    """Length and thickest radius."""
    coat: Texture
    base: Color
    second: Color
    belly: Color
    sock: Color
    start: QuadrupedPose
    end: QuadrupedPose


def quadruped(generator: np.random.Generator) -> Scene:
    """A creature of random build and coat, between two moments of a walk."""
    g = generator
    base = draw_color(g, (0.1, 0.75), (0.35, 0.95))
    second = contrast(g, base)
    yaw, phase = g.choice([-1, 1]) * g.uniform(20, 75), g.uniform(0, 2 * np.pi)
    return build_quadruped(
        QuadrupedStyle(
            girth=g.uniform(0.14, 0.24),
            depth=g.uniform(0.17, 0.26),
            leg=g.uniform(0.4, 0.85),
            leg_radius=g.uniform(0.045, 0.07),
            neck=(g.uniform(0.22, 0.5), g.uniform(42, 75)),
            head=g.uniform(0.14, 0.22),
            snout=g.uniform(0.06, 0.22),
            ear=(g.uniform(0.14, 0.34), g.uniform(0.06, 0.1)),
            tail=(g.uniform(0.25, 0.8), g.uniform(0.03, 0.11)),
            coat=draw_pattern(g, base, second, 0.6),
            base=base,
            second=second,
            belly=lighter(base, g.uniform(0.2, 0.7)),
            sock=(darker(base, 0.4), lighter(base, 0.8), second)[g.integers(3)],
            start=_draw_pose(g, yaw, phase),
            end=_draw_pose(g, yaw + g.uniform(-12, 12), phase + g.uniform(1.5, 3.1)),
        )
    )


def _draw_pose(g: np.random.Generator, yaw: float, phase: float) -> QuadrupedPose:
    stride = g.uniform(18, 36)

    def leg(offset: float) -> tuple[float, float, float]:
        swing = stride * np.sin(phase + offset)
        lift = max(np.cos(phase + offset), 0.0)
        return float(-swing), float(35 * lift), float(-18 * lift)

    def turn(x: float, y: float, z: float) -> Vector:
        return (g.uniform(-x, x), g.uniform(-y, y), g.uniform(-z, z))

    return QuadrupedPose(
        root=(0.0, yaw, 0.0),
        chest=turn(5, 10, 3),
        neck=turn(35, 20, 0),
        head=turn(25, 30, 10),
        tail=(turn(30, 35, 0), turn(20, 30, 0), turn(20, 30, 0)),
        legs=(leg(0), leg(np.pi), leg(np.pi + 0.6), leg(0.6)),
        ears=g.uniform(-25, 25),
    )


def build_quadruped(style: QuadrupedStyle) -> Scene:
    """The creature of a style."""
    a, s, e = Assembly("quadruped"), style.start, style.end
    height = style.leg + 0.6 * style.depth
    root = a.joint("hips", (0, height, -0.35), -1, s.root, e.root)
    chest = a.joint("chest", (0, height, 0.1), root, s.chest, e.chest)
    trunk = sweep(
        [(0, height, -0.48), (0, height + 0.02, -0.2), (0, height - 0.01, 0.15), (0, height + 0.02, 0.46)],
        [
            (0.75 * style.girth, 0.72 * style.depth),
            (0.96 * style.girth, 0.92 * style.depth),
            (1.0 * style.girth, 1.04 * style.depth),
            (0.72 * style.girth, 0.80 * style.depth),
        ],
        around=36,
        along=24,
    )
    # Texture coordinates of a sweep along z with its width on x: (x, length, -y).
    belly = slope(style.belly, (0, 0, 0.45 * style.depth), (0, 0, 0.8 * style.depth))
    a.skin("trunk", trunk, (*style.coat, belly), [root, chest], 0.2)
    _head(a, style, chest, (0, height + 0.3 * style.depth, 0.44))
    for k, (side, z, carrier) in enumerate(((1, 0.38, chest), (-1, 0.38, chest), (1, -0.40, root), (-1, -0.40, root))):
        _leg(a, style, carrier, k, (side * 0.72 * style.girth, height - 0.1 * style.depth, z))
    _tail(a, style, root, (0, height + 0.35 * style.depth, -0.52))
    return a.scene()


def _head(a: Assembly, style: QuadrupedStyle, chest: int, foot: Vector) -> None:
    length, elevation = style.neck[0], np.radians(style.neck[1])
    top = (0.0, foot[1] + length * np.sin(elevation), foot[2] + length * np.cos(elevation))
    neck = a.joint("neck", foot, chest, style.start.neck, style.end.neck)
    head = a.joint("head", top, neck, style.start.head, style.end.head)
    w = style.head
    low = (0.0, foot[1] - 0.3 * style.depth, foot[2] - 0.14)
    radii = [(0.62 * style.girth, 0.62 * style.depth), (0.55 * style.girth, 0.48 * style.depth), (0.75 * w, 0.75 * w)]
    a.skin("neck", sweep([low, foot, top], radii, around=28, along=16), style.coat, [chest, neck, head], 0.1)
    x, y, z = top
    skull = superellipsoid((w, 0.92 * w, 1.12 * w), around=30, along=18)
    a.part(
        "skull", skull, (*style.coat, slope(style.belly, (0, -0.1 * w, 0), (0, -0.7 * w, 0))), head, (x, y + 0.2 * w, z)
    )
    snout = sweep(
        [(0, y, z + 0.5 * w), (0, y - 0.05 * w, z + w + 0.5 * style.snout), (0, y - 0.12 * w, z + w + style.snout)],
        [(0.72 * w, 0.62 * w), (0.5 * w, 0.45 * w), (0.36 * w, 0.32 * w)],
        around=22,
        along=10,
    )
    a.part("snout", snout, (fill(style.base), slope(style.belly, (0, 0, -0.1 * w), (0, 0, 0.25 * w))), head)
    nose = superellipsoid((0.2 * w, 0.16 * w, 0.14 * w), around=16, along=9)
    a.part("nose", nose, (fill(INK),), head, (0, y + 0.1 * w, z + w + style.snout + 0.25 * w))
    for side in (1, -1):
        eye = (side * 0.66 * w, y + 0.42 * w, z + 0.78 * w)
        a.part(f"eye{side}", ball(0.17 * w, 16), (fill(INK),), head, eye)
        glint = (eye[0] + side * 0.06 * w, eye[1] + 0.09 * w, eye[2] + 0.11 * w)
        a.part(f"glint{side}", ball(0.055 * w, 10), (fill((1.0, 1.0, 1.0)),), head, glint)
        root = (side * 0.55 * w, y + 0.85 * w, z - 0.15 * w)
        ear = a.joint(f"ear{side}", root, head, (style.start.ears, 0, 0), (style.end.ears, 0, 0))
        tall, wide = style.ear
        x0, y0, z0 = root
        curve = [
            root,
            (x0 + side * 0.25 * tall, y0 + 0.6 * tall, z0),
            (x0 + side * 0.3 * tall, y0 + tall, z0 - 0.1 * tall),
        ]
        radii = [(wide, 0.4 * wide), (0.8 * wide, 0.3 * wide), (0.12 * wide, 0.1 * wide)]
        blade = sweep(curve, radii, around=16, along=9)
        a.part(f"ear{side}", blade, (fill(style.base), slope(style.second, (0, 0.5 * tall, 0), (0, tall, 0))), ear)


def _leg(a: Assembly, style: QuadrupedStyle, carrier: int, index: int, top: Vector) -> None:
    x, y, z = top
    bend = 0.05 if index < 2 else -0.09
    knee, ankle = (x, 0.52 * y, z + bend * 0.6), (x, 0.2 * y, z - 0.03)
    start, end = style.start.legs[index], style.end.legs[index]
    # A front leg folds its wrist back, a hind leg its hock.
    hip = a.joint(f"hip{index}", top, carrier, (start[0], 0, 0), (end[0], 0, 0))
    shin = a.joint(f"knee{index}", knee, hip, (start[1], 0, 0), (end[1], 0, 0))
    foot = a.joint(f"ankle{index}", ankle, shin, (start[2], 0, 0), (end[2], 0, 0))
    r = style.leg_radius
    curve = [top, (x, 0.76 * y, z + 0.2 * bend), knee, (x, 0.36 * y, z), ankle, (x, 0.07 * y, z)]
    radii = [
        (1.5 * r, 2.0 * r),
        (1.25 * r, 1.6 * r),
        (0.95 * r, 1.05 * r),
        2 * (0.78 * r,),
        2 * (0.72 * r,),
        2 * (0.8 * r,),
    ]
    stocking = slope(style.sock, (0, 0.5 * y, 0), (0, 0.62 * y, 0))
    a.skin(f"leg{index}", sweep(curve, radii, around=20, along=20), (*style.coat, stocking), [hip, shin, foot], 0.06)
    paw = superellipsoid((1.15 * r, 0.75 * r, 1.6 * r), (0.75, 0.9), 18, 10)
    a.part(f"paw{index}", paw, (fill(style.sock),), foot, (x, 0.7 * r, z + 0.5 * r))


def _tail(a: Assembly, style: QuadrupedStyle, root: int, base: Vector) -> None:
    length, r = style.tail
    points = [(0.0, base[1] - 0.35 * t * t * length, base[2] + 0.08 - t * length) for t in np.linspace(0, 1, 5)]
    chain, parent = [], root
    for k in range(3):
        parent = a.joint(f"tail{k}", points[k], parent, style.start.tail[k], style.end.tail[k])
        chain.append(parent)
    radii = [0.4 * r + 0.02, 0.8 * r, r, 0.85 * r, 0.25 * r]
    tip = slope(style.second, (0, 0.7 * length, 0), (0, 0.8 * length, 0))
    a.skin("tail", sweep(points, radii, around=20, along=18), (*style.coat, tip), chain, 0.15 * length)
