"""Desk lamps: a heavy foot, two arms on hinges, a shade that nods."""

from dataclasses import dataclass

import numpy as np

from tween4d.synthetic.assembly import Assembly
from tween4d.synthetic.palettes import contrast, darker, draw_color, draw_pattern, lighter
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import ball, disc, plate, rounded_box, sweep
from tween4d.synthetic.textures import Color, Texture, bands, belt, fill


@dataclass(frozen=True)
class LampPose:
    """Turns of the joints, degrees; rest is upright."""

    swivel: float
    """Of the whole lamp on its foot, about y."""
    lower: float
    """Lean of the lower arm from upright, towards +z."""
    upper: float
    """Lean of the upper arm relative to the lower one."""
    shade: float
    """Nod of the shade relative to the upper arm."""
    roll: float


@dataclass(frozen=True)
class LampStyle:
    """Proportions, colours and the two poses."""

    foot: float
    """Radius, or half-width of a square foot."""
    round_foot: bool
    lower: float
    """Lengths of the arms; the lower one is about 0.8."""
    upper: float
    shade: tuple[float, float, float]
    """Radius at the neck and at the mouth, and length."""
    twin: bool
    """Two parallel rods instead of one bar."""
    paint: Color
    accent: Color
    foot_texture: Texture
    start: LampPose
    end: LampPose


def lamp(generator: np.random.Generator) -> Scene:
    """A lamp of random build, between two settings."""
    g = generator
    paint = draw_color(g, (0.3, 0.85), (0.5, 0.95))
    accent = contrast(g, paint)
    yaw = g.uniform(20, 75) * g.choice([-1, 1])

    def pose() -> LampPose:
        return LampPose(
            yaw + g.uniform(-35, 35), g.uniform(-45, 15), g.uniform(50, 110), g.uniform(-5, 60), g.uniform(-20, 20)
        )

    return build_lamp(
        LampStyle(
            foot=g.uniform(0.26, 0.38),
            round_foot=bool(g.random() < 0.6),
            lower=g.uniform(0.6, 0.9),
            upper=g.uniform(0.5, 0.8),
            shade=(g.uniform(0.07, 0.12), g.uniform(0.2, 0.32), g.uniform(0.25, 0.42)),
            twin=bool(g.random() < 0.5),
            paint=paint,
            accent=accent,
            foot_texture=draw_pattern(g, darker(paint, 0.8), accent, 0.4),
            start=pose(),
            end=pose(),
        )
    )


def build_lamp(style: LampStyle) -> Scene:
    """The lamp of a style."""
    a, s, e = Assembly("lamp"), style.start, style.end
    r = style.foot
    base = a.joint("foot", (0, 0, 0), -1, (0, 0.5 * s.swivel, 0), (0, 0.5 * s.swivel, 0))
    foot = disc(r, 0.05, 0.03) if style.round_foot else rounded_box((r, 0.05, r), 0.03, 0.08)
    a.part("foot", foot, (*style.foot_texture, belt(style.accent, (0, 1, 0), 0, 0.012)), base)
    swivel = a.joint("swivel", (0, 0.05, 0), base, (0, 0.5 * s.swivel, 0), (0, e.swivel - 0.5 * s.swivel, 0))
    a.part("collar", disc(0.1, 0.06, 0.02), (fill(style.accent),), swivel, (0, 0.09, 0))
    elbow = (0.0, 0.16 + style.lower, 0.0)
    head = (0.0, elbow[1] + style.upper, 0.0)
    lower = a.joint("lower", (0, 0.16, 0), swivel, (s.lower, 0, 0), (e.lower, 0, 0))
    upper = a.joint("upper", elbow, lower, (s.upper, 0, 0), (e.upper, 0, 0))
    nod = a.joint("shade", head, upper, (s.shade, 0, s.roll), (e.shade, 0, e.roll))
    metal = (fill(style.paint), bands(lighter(style.paint, 0.35), (0, 1, 0), 0.3, 0.1, 0.5))
    for name, joint, y0, y1 in (("lower", lower, 0.16, elbow[1]), ("upper", upper, elbow[1], head[1])):
        for k in (-1, 1) if style.twin else (0,):
            width = 0.024 if style.twin else 0.045
            bar = sweep([(0.055 * k, y0, 0), (0.055 * k, y1, 0)], [width, width], squareness=0.8, around=14, along=6)
            a.part(f"{name}{k}", bar, metal, joint)
        coil = (fill((0.72, 0.74, 0.78)), bands((0.30, 0.31, 0.35), (0, 1, 0), 0.035, 0.5, soft=0.15))
        middle, half = 0.6 * y0 + 0.4 * y1, 0.22 * (y1 - y0)
        if style.twin:
            spring = sweep([(0, middle - half, 0), (0, middle + half, 0)], [0.028, 0.028], around=14, along=4)
            a.part(f"{name}_spring", spring, coil, joint)
    for name, joint, y in (("knuckle0", lower, 0.16), ("knuckle1", upper, elbow[1]), ("knuckle2", nod, head[1])):
        a.part(
            name,
            disc(0.075, 0.085, 0.02),
            (fill(style.accent), belt(darker(style.accent), (0, 1, 0), 0, 0.02)),
            joint,
            (0, y, 0),
            (0, 0, 90),
        )
    _shade(a, style, nod, head[1])
    return a.scene()


def _shade(a: Assembly, style: LampStyle, nod: int, y: float) -> None:
    neck, mouth, length = style.shade
    wall = 0.014
    cone = [(mouth - neck, 0.0), (mouth - neck - 0.02, 0.03), (0.0, length), (0.006, length + 0.01), (wall, length)]
    inside = [(mouth - neck + wall - 0.02, 0.045)]
    outer = (
        fill(style.paint),
        belt(style.accent, (0, 1, 0), length - 0.05, 0.02),
        belt(style.accent, (0, 1, 0), 0.06, 0.008),
    )
    a.part("shade", plate((mouth, mouth), mouth, [*cone, *inside], corner_points=12), outer, nod, (0, y + 0.05, 0))
    socket = sweep([(0, y, 0), (0, y + 0.14, 0)], [0.055, 0.055], around=16, along=4)
    a.part("socket", socket, (fill(darker(style.paint, 0.5)),), nod)
    glass = (fill((1.0, 0.94, 0.72)), belt((0.8, 0.8, 0.82), (0, 1, 0), -0.09, 0.03))
    a.part("bulb", ball(0.55 * neck + 0.05, 20), glass, nod, (0, y + 0.05 + 0.6 * length, 0))
