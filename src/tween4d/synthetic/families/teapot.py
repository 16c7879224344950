"""Vessels: teapots, jugs, kettles, mugs, jars and bottles with lids, handles and spouts; they tip and open."""

import numpy as np
from scipy.interpolate import PchipInterpolator

from tween4d.synthetic.assembly import Assembly
from tween4d.synthetic.meshes import Mesh
from tween4d.synthetic.palettes import INK, Palette, draw_palette, draw_pattern, lighter
from tween4d.synthetic.pieces import WHITE, draw_apart
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import ball, disc, plate, superellipsoid, sweep
from tween4d.synthetic.textures import Texture, bands, belt, blob, fill, grid, slope

HALF = 14
"""Points of a profile from foot to rim."""


def teapot(generator: np.random.Generator) -> Scene:
    """A vessel of random make, its spout to the left, between two tilts of it and of its lid."""
    return _Teapot(generator).build()


class _Teapot:
    """Lengths in the vessel's frame: it stands on y = 0 and is about one tall."""

    def __init__(self, generator: np.random.Generator) -> None:
        g = self.g = generator
        self.a, self.palette = Assembly("teapot"), draw_palette(generator)
        p: Palette = self.palette
        self.tall, wide = g.uniform(0.35, 1.1), g.uniform(0.22, 0.5)
        t = np.linspace(0, 1, HALF)
        # Foot, belly and neck of any share; between them the outline is smooth.
        foot, mouth, at = g.uniform(0.45, 1.0), g.uniform(0.3, 0.95), g.uniform(0.2, 0.7)
        self.radius = wide * PchipInterpolator([0.0, at, 1.0], [foot, 1.0, mouth])(t) + 0.06 * wide * np.sin(np.pi * t)
        self.square = g.random() < 0.15
        marks = (
            belt(p.accent, (0, 1, 0), g.uniform(0.2, 0.8) * self.tall, g.uniform(0.01, 0.1)),
            bands(p.accent, (0, 1, 0), 0.25 * self.tall, 0.3),
            grid(p.dark, (3 / wide, 3 / wide, 0), (-3 / wide, 3 / wide, 0), 0.06),
            blob(
                p.pale, (0, 0.45 * self.tall, wide), (0.5 * wide, 0.28 * self.tall, 0.7 * wide), power=g.uniform(1.5, 5)
            ),
            slope(p.second, (0, 0.1, 0), (0, self.tall, 0)),
        )
        self.coat: Texture = (
            *draw_pattern(g, p.base, p.second, 0.5),
            *(marks[k] for k in g.choice(5, 2, replace=False)),
        )
        if g.random() < 0.25:
            self.coat = (*self.coat, *self._face(wide))
        self.trim: Texture = (fill((p.second, p.accent, p.dark)[g.integers(3)]),)

    def build(self) -> Scene:
        """Body, then handle, spout and lid as they fall."""
        g, a, h = self.g, self.a, self.tall
        tilt, lean = draw_apart(g, -50, 25, 0.5), draw_apart(g, -12, 12, 0.3)
        turn = (0.0, float(g.uniform(-25, 25)))
        body = a.joint("body", (0, 0, 0), -1, (lean[0], turn[0], tilt[0]), (lean[1], turn[1], tilt[1]))
        top, wide = float(self.radius[-1]), float(self.radius.max())
        wall = 0.035
        lidded = g.random() < 0.75
        y = np.linspace(0, h, HALF)
        outside = [(wide - r, float(v)) for r, v in zip(self.radius, y, strict=True)]
        inside = [(wide - r + wall, float(v)) for r, v in zip(self.radius[::-1], y[::-1], strict=True)][1:-1]
        rim = [(wide - top + 0.3 * wall, h + 0.3 * wall), (wide - top + wall, h)]
        profile = [(outside[0][0] + 0.02, -0.02), *outside, *rim, *inside, (inside[-1][0] + 0.03, wall)]
        a.part("body", self._lathe(wide, profile, 40.0), self.coat, body)
        if not lidded or g.random() < 0.3:
            drink = disc(0.97 * float(np.interp(0.85, np.linspace(0, 1, HALF), self.radius)) - wall, 0.01, 0.004)
            a.part("drink", drink, (fill(self.palette.accent),), body, (0, 0.85 * h, 0))
        self._handles(body)
        if g.random() < 0.6:
            self._spout(body)
        if lidded:
            self._lid(body, top)
        if g.random() < 0.3:
            for k in range(count := int(g.integers(3, 5))):
                angle, r = 2 * np.pi * (k + 0.5) / count, 0.8 * float(self.radius[0])
                at = (r * float(np.sin(angle)), -0.04, r * float(np.cos(angle)))
                a.part(f"foot{k}", ball(0.06, 12), self.trim, body, at)
        return a.scene()

    def _lathe(self, wide: float, profile: list[tuple[float, float]], crease: float) -> Mesh:
        return plate((wide, wide), 0.3 * wide if self.square else wide, profile, crease, 9)

    def _face(self, wide: float) -> Texture:
        h = self.tall
        white = blob(WHITE, (0.3 * wide, 0.6 * h, wide), (0.16 * wide, 0.1 * h, 0.8 * wide), mirror=True)
        pupil = blob(INK, (0.3 * wide, 0.6 * h, wide), (0.07 * wide, 0.06 * h, 0.8 * wide), mirror=True)
        return white, pupil, blob(INK, (0, 0.4 * h, wide), (0.25 * wide, 0.03 * h, 0.8 * wide))

    def _at(self, share: float) -> float:
        return float(np.interp(share, np.linspace(0, 1, HALF), self.radius))

    def _handles(self, body: int) -> None:
        """One on the right (-x), two, or a bow over the top that swings."""
        g, a, h = self.g, self.a, self.tall
        kind, r = g.choice(["one", "two", "bow", "none"], p=[0.5, 0.2, 0.2, 0.1]), g.uniform(0.025, 0.05)
        flat = g.uniform(0.6, 1.6)
        if kind in ("one", "two"):
            low, high, out = g.uniform(0.15, 0.4), g.uniform(0.65, 0.95), g.uniform(0.12, 0.35)
            for side in (-1, 1) if kind == "two" else (-1,):
                curve = [
                    (side * (self._at(high) - 0.02), high * h, 0),
                    (side * (self._at(high) + out), (0.9 * high + 0.1 * low) * h, 0),
                    (side * (self._at(low) + 0.9 * out), (0.3 * high + 0.7 * low) * h, 0),
                    (side * (self._at(low) - 0.02), low * h, 0),
                ]
                bar = sweep(curve, [(flat * r, r)] * 4, side=(0, 0, 1), around=14, along=16)
                a.part(f"handle{side}", bar, self.trim, body)
        elif kind == "bow":
            x, rise, swing = self._at(0.95) + 0.01, g.uniform(0.2, 0.45), draw_apart(g, -75, 75, 0.5)
            joint = a.joint("bow", (0, 0.95 * h, 0), body, (swing[0], 0, 0), (swing[1], 0, 0))
            curve = [
                (-x, 0.95 * h, 0),
                (-0.8 * x, h + 0.8 * rise, 0),
                (0, h + rise, 0),
                (0.8 * x, h + 0.8 * rise, 0),
                (x, 0.95 * h, 0),
            ]
            bow = sweep(curve, [(flat * r, r)] * 5, side=(0, 0, 1), around=14, along=24)
            grip = blob(self.palette.accent, (0, x + rise, 0), (9, 0.15, 9), power=8)
            a.part("bow", bow, (*self.trim, grip), joint)

    def _spout(self, body: int) -> None:
        g, h = self.g, self.tall
        low, out, rise, r = g.uniform(0.25, 0.55), g.uniform(0.2, 0.45), g.uniform(0.3, 0.6), g.uniform(0.05, 0.1)
        x, tip = self._at(low), min(low + rise, 1.1) * h
        curve = [(0.8 * x, low * h, 0), (x + 0.5 * out, 0.7 * low * h + 0.3 * tip, 0)]
        curve += [(x + 0.8 * out, tip - 0.05, 0), (x + 1.1 * out, tip, 0)]
        spout = sweep(curve, [1.4 * r, r, 0.75 * r, 0.7 * r], side=(0, 0, 1), around=18, along=16)
        mouth = slope(self.palette.dark, (0, 1.15 * out + h * 0.3, 0), (0, 1.2 * out + 0.3 * h, 0))
        self.a.part("spout", spout, (fill(self.palette.base), mouth), body)

    def _lid(self, body: int, top: float) -> None:
        """Lifted straight up, or on a hinge at its right edge or rear."""
        g, a, h = self.g, self.a, self.tall
        kind, r = g.choice(["lift", "hinge", "rear"]), top + 0.015
        high = g.uniform(0.03, 0.9) * top
        if kind == "lift":
            gap = draw_apart(g, 0.0, 0.22, 0.6)
            turn = draw_apart(g, -25, 25, 0.3)
            lid = a.joint("lid", (0, h, 0), body, (0, 0, turn[0] * (gap[0] > 0.1)), (0, 0, turn[1] * (gap[1] > 0.1)),
                          slide=((0, gap[0], 0), (0, gap[1], 0)))  # fmt: skip
        else:
            swing = draw_apart(g, 0, 105, 0.6)
            pivot = (-r, h, 0.0) if kind == "hinge" else (0.0, h, -r)
            ends = [(0.0, 0.0, t) if kind == "hinge" else (-t, 0.0, 0.0) for t in swing]
            lid = a.joint("lid", pivot, body, *ends)
        bend = np.linspace(0.0, 0.5 * np.pi, 7)[:-1]
        dome = [(r * (1 - np.cos(b)), 0.03 + high * float(np.sin(b))) for b in bend]
        profile = [(0.02, 0.005), (0.0, 0.01), *dome]
        ring = belt(self.palette.accent, (0, 1, 0), 0.02, 0.02)
        texture = (*draw_pattern(g, self.palette.second, self.palette.base, 0.3), ring)
        a.part("lid", self._lathe(r, profile, 40.0), texture, lid, (0, h, 0))
        s = g.uniform(0.03, 0.09)
        knob = superellipsoid((s, g.uniform(0.7, 1.5) * s, s), around=16, along=10)
        a.part("knob", knob, (fill(lighter(self.palette.accent, 0.2)),), lid, (0, h + 0.03 + high + 0.6 * s, 0))
