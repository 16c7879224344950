"""Fish: one supple body that bends in a wave, thin fins that follow it."""

from dataclasses import dataclass

import numpy as np

from tween4d.synthetic.assembly import Assembly, Vector
from tween4d.synthetic.palettes import INK, contrast, darker, draw_color, draw_pattern, lighter
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import ball, sweep
from tween4d.synthetic.textures import Color, Texture, bands, belt, blob, fill, slope

SPINE = 4


@dataclass(frozen=True)
class FishPose:
    """Turns of the joints; rest is straight."""

    root: Vector
    """Degrees about x, y, z; rest faces +z."""
    bends: tuple[float, ...]
    """Turn of each spine joint about y, degrees, from the head back."""
    fins: float
    """Spread of the side fins, degrees."""


@dataclass(frozen=True)
class FishStyle:
    """Proportions (the body is one long) and colours."""

    height: float
    """Half-height at the thickest."""
    width: float
    hump: float
    """Where along the body it is thickest, in [0.25, 0.45]."""
    dorsal: float
    tail: tuple[float, float]
    """Length and half-spread of the tail fin."""
    skin: Texture
    belly: Color
    fin: Color
    start: FishPose
    end: FishPose


def fish(generator: np.random.Generator) -> Scene:
    """A fish of random build, between two phases of a stroke."""
    g = generator
    base = draw_color(g, (0.3, 0.9), (0.55, 0.95))
    second = contrast(g, base)
    yaw, phase, swing = g.choice([-1, 1]) * g.uniform(25, 80), g.uniform(0, 2 * np.pi), g.uniform(14, 28)

    def pose(shift: float) -> FishPose:
        bends = tuple(float(swing * np.sin(phase + shift - 0.9 * k)) for k in range(SPINE))
        return FishPose((g.uniform(-12, 12), yaw + g.uniform(-8, 8), g.uniform(-10, 10)), bends, g.uniform(10, 60))

    return build_fish(
        FishStyle(
            height=g.uniform(0.14, 0.32),
            width=g.uniform(0.09, 0.17),
            hump=g.uniform(0.28, 0.42),
            dorsal=g.uniform(0.1, 0.26),
            tail=(g.uniform(0.2, 0.38), g.uniform(0.14, 0.32)),
            skin=draw_pattern(g, base, second, 0.6),
            belly=lighter(base, g.uniform(0.5, 0.9)),
            fin=(second, darker(base, 0.8), lighter(second, 0.3))[g.integers(3)],
            start=pose(0.0),
            end=pose(g.uniform(2.0, 3.4)),
        )
    )


def build_fish(style: FishStyle) -> Scene:
    """The fish of a style."""
    a, s, e = Assembly("fish"), style.start, style.end
    root = a.joint("head", (0, 0, 0.2), -1, s.root, e.root)
    chain = [root]
    for k in range(SPINE):
        turn = [(0.0, pose.bends[k], 0.0) for pose in (s, e)]
        chain.append(a.joint(f"spine{k}", (0, 0, 0.1 - 0.17 * k), chain[-1], *turn))
    w, h = style.width, style.height
    profile = [(0.0, 0.30), (0.12, 0.62), (style.hump, 1.0), (0.62, 0.72), (0.85, 0.28), (1.0, 0.17)]
    at = np.linspace(0, 1, 11)
    shape = np.interp(at, *zip(*profile, strict=True))
    # Kinks of the profile are rounded by a short mean, the ends stay.
    shape[1:-1] = (shape[:-2] + 2 * shape[1:-1] + shape[2:]) / 4
    curve = [(0.0, 0.0, 0.5 - t) for t in at]
    radii = [(w * k * (1 - 0.45 * t), h * k) for k, t in zip(shape, at, strict=True)]
    # Texture coordinates along the body: (x, length from the nose, y).
    body = (
        *style.skin,
        slope(style.belly, (0, 0, -0.15 * h), (0, 0, -0.8 * h)),
        belt(darker(style.belly, 0.7), (0, 1, 0.15), 0.235, 0.008),
        blob(INK, (0, 0.0, -0.12 * h), (9, 0.028, 0.014), soft=0.2),
    )
    a.skin("body", sweep(curve, radii, around=36, along=30), body, chain, 0.085)
    # The head is 0.55 w wide where the eyes are; a little more than half of each ball shows.
    ball_radius = min(0.36 * w, 0.2 * h)
    eye = (0.55 * w - 0.55 * ball_radius, 0.14 * h, 0.40)
    for side in (1, -1):
        white = (
            fill((0.97, 0.95, 0.88)),
            blob(INK, (side * ball_radius, 0, 0.15 * ball_radius), (0.62 * ball_radius,) * 3),
        )
        a.part(f"eye{side}", ball(ball_radius, 22), white, root, (side * eye[0], eye[1], eye[2]))
    _fins(a, style, chain)
    return a.scene()


def _fins(a: Assembly, style: FishStyle, chain: list[int]) -> None:
    h, d = style.height, style.dorsal
    ray = (fill(style.fin), bands(darker(style.fin, 0.8), (1, 0.25, 0), 0.035, 0.4, soft=0.2))
    up = (0, 0, -1)
    dorsal = sweep(
        [(0, 0.75 * h, -0.02), (0, h + 0.45 * d, -0.08), (0, h + d, -0.2)],
        [(0.2, 0.022), (0.16, 0.014), (0.05, 0.006)],
        side=up,
        along=10,
    )
    a.skin("dorsal", dorsal, ray, chain, 0.085)
    anal = sweep(
        [(0, -0.35 * h, -0.2), (0, -0.7 * h - 0.2 * d, -0.25), (0, -0.8 * h - 0.6 * d, -0.34)],
        [(0.09, 0.018), (0.07, 0.012), (0.02, 0.006)],
        side=up,
        along=9,
    )
    a.skin("anal", anal, ray, chain, 0.085)
    length, spread = style.tail
    for side in (1, -1):
        lobe = sweep(
            [(0, 0, -0.44), (0, side * 0.45 * spread, -0.5 - 0.45 * length), (0, side * spread, -0.5 - length)],
            [(0.16 * h, 0.03), (0.26 * spread + 0.03, 0.016), (0.03, 0.006)],
            side=(0, 1, 0),
            along=12,
        )
        a.part(f"lobe{side}", lobe, ray, chain[-1])
        x, y, z = side * 0.8 * style.width, -0.3 * h, 0.16
        open_at, open_to = side * style.start.fins, side * style.end.fins
        hinge = a.joint(f"fin{side}", (x, y, z), chain[0], (0, -0.5 * open_at, open_at), (0, -0.5 * open_to, open_to))
        fin = sweep(
            [(x, y, z), (x, y - 0.1, z - 0.1), (x, y - 0.14, z - 0.24)],
            [(0.045, 0.012), (0.075, 0.01), (0.02, 0.005)],
            side=(0, 1, -1),
            along=9,
        )
        a.part(f"fin{side}", fin, ray, hinge)
