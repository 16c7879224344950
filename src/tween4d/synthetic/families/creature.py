"""Creatures that never were: any trunk, up to four pairs of legs, arms, wings or fins, any head, maybe a tail."""

import numpy as np

from tween4d.synthetic.assembly import Assembly, Vector
from tween4d.synthetic.palettes import Palette, darker, draw_palette, draw_pattern, lighter
from tween4d.synthetic.pieces import Flesh, Turns, draw_apart, draw_turns, head, limb, mirrored
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import superellipsoid, sweep
from tween4d.synthetic.textures import Texture, bands, fill, slope


def creature(generator: np.random.Generator) -> Scene:
    """A creature of random build, the same left and right, between two of its moments."""
    return _Creature(generator).build()


class _Creature:
    """A creature in the making; the trunk runs from the hips at u = 0 to the shoulders at u = 1."""

    def __init__(self, generator: np.random.Generator) -> None:
        g = self.g = generator
        self.a = Assembly("creature")
        self.palette: Palette = draw_palette(g)
        self.coat: Texture = draw_pattern(g, self.palette.base, self.palette.second, 0.6)
        pitch = g.uniform(-5, 30) if g.random() < 0.5 else g.uniform(30, 95)
        self.pitch = np.radians(pitch)
        self.length = g.uniform(0.25, 1.1)
        count = g.integers(2, 5)
        self.radii = (
            g.uniform(0.12, 0.32, (count, 1)) * g.uniform(0.75, 1.3, (1, 2)) * g.uniform(0.85, 1.15, (count, 2))
        )
        self.pairs = int(g.choice(5, p=[0.06, 0.22, 0.42, 0.2, 0.1]))
        self.leg = g.uniform(0.15, 0.9)
        self.limb_radius = g.uniform(0.025, 0.085)
        self.sock: Texture = (fill((self.palette.dark, self.palette.accent, self.palette.pale)[g.integers(3)]),)

    def spine(self, u: float) -> np.ndarray:
        """The trunk's axis, with a bow."""
        bow = self.bow * np.sin(np.pi * u)
        s, c = np.sin(self.pitch), np.cos(self.pitch)
        return np.array([0.0, self.height + self.length * u * s + bow * c, self.length * (u - 0.5) * c - bow * s])

    def size(self, u: float) -> np.ndarray:
        """Half-width and half-thickness of the trunk."""
        knots = np.linspace(0, 1, len(self.radii))
        return np.array([np.interp(u, knots, self.radii[:, k]) for k in (0, 1)])

    def build(self) -> Scene:
        """Trunk first, then what hangs on it."""
        g, a = self.g, self.a
        self.bow = g.uniform(-0.12, 0.12) * self.length
        self.height = self.leg + 0.5 * self.radii[0, 1] if self.pairs else self.radii[:, 1].max()
        yaw = draw_turns(g, 8, 12, 6)
        self.root = a.joint("hips", tuple(self.spine(0.2)), -1, *yaw)
        self.chest = a.joint("chest", tuple(self.spine(0.6)), self.root, *draw_turns(g, 18, 18, 10))
        us = np.linspace(0, 1, len(self.radii))
        curve = [tuple(self.spine(u)) for u in us]
        # Texture coordinates of a sweep with its width on x: the belly is at +z whatever the pitch.
        thick = self.radii[:, 1].min()
        belly = (slope(self.palette.pale, (0, 0, 0.2 * thick), (0, 0, 0.9 * thick)),) if g.random() < 0.6 else ()
        trunk = sweep(curve, self.radii, squareness=g.uniform(0.7, 1.0), around=32, along=20)
        a.skin("trunk", trunk, (*self.coat, *belly), [self.root, self.chest], 0.25 * self.length)
        self._pairs()
        if g.random() < 0.7:
            self._tail()
        if g.random() < 0.3:
            self._ridge()
        self._head()
        return a.scene()

    def _pairs(self) -> None:
        g = self.g
        kinds = ["leg", "arm", "wing", "fin", "tentacle"]
        upright = self.pitch > 0.6
        low = 0.08 if upright else g.uniform(0.05, 0.25)
        places = np.linspace(low, g.uniform(0.7, 0.95), self.pairs) if self.pairs > 1 else [0.15 if upright else 0.5]
        legged = g.random() < 0.85
        rest = "leg" if legged and not upright and g.random() < 0.7 else None
        beat = int(g.choice([-1, 1]))
        for k, u in enumerate(places):
            first = legged and k == 0
            kind = "leg" if first else rest or g.choice(kinds, p=[0.12, 0.38, 0.22, 0.16, 0.12])
            if k == self.pairs - 1 and k > 1 and g.random() < 0.4:
                kind = g.choice(["arm", "wing"])
            getattr(self, f"_{kind}")(f"{kind}{k}", float(u), beat * (-1) ** k)
        if not upright and legged and self.pairs <= 2 and g.random() < 0.3:
            self._wing("wing", 0.75, 1)

    def _anchor(self, u: float, side: int, rise: float, inset: float = 0.75) -> Vector:
        """A place on the flank; `rise` from -1 (belly) to 1 (back)."""
        wide, thick = self.size(u)
        back = np.array([0.0, np.cos(self.pitch), -np.sin(self.pitch)])
        out = np.sqrt(max(1 - rise**2, 0.0))
        return tuple(self.spine(u) + inset * (side * out * wide * np.array([1.0, 0, 0]) + rise * thick * back))

    def _carrier(self, u: float) -> int:
        return self.chest if u > 0.5 else self.root

    def _leg(self, name: str, u: float, beat: int) -> None:
        g, r = self.g, self.limb_radius * self.g.uniform(0.8, 1.2)
        splay, knee, foot = g.uniform(0.0, 0.9) ** 2 * self.leg, g.uniform(-0.25, 0.25), g.integers(3)
        rise, crook, stride = g.uniform(-0.5, 0.1), g.uniform(0.1, 0.6), g.uniform(15, 40)
        lift = draw_apart(g, 0, 45, 0.4)
        shape = (g.uniform(1.0, 1.8) * r, 0.7 * r, g.uniform(1.2, 2.4) * r)
        for side in (1, -1):
            x, y, z = self._anchor(u, side, rise)
            low = (x + side * splay, 0.8 * r, z)
            middle = (x + side * (0.5 + crook) * splay, y * (0.5 + 0.4 * crook * (splay > 0.2)), z + knee * self.leg)
            swing = (stride * beat * side, -stride * beat * side)
            turns: list[Turns] = [
                ((swing[0], 0, 0), (swing[1], 0, 0)),
                ((lift[side > 0], 0, 0), (lift[side < 0], 0, 0)),
            ]
            curve, radii = [(x, y, z), middle, low], [1.6 * r, r, 0.8 * r]
            last = limb(self.a, f"{name}{side}", curve, Flesh(radii, self.coat), self._carrier(u), turns, 0.08)
            if foot == 0:
                paw = superellipsoid(shape, (0.7, 0.8), 14, 8)
                self.a.part(f"{name}{side}_foot", paw, self.sock, last, (low[0], 0.7 * r, low[2] + 0.5 * r))
            for k in (-1, 0, 1) if foot == 1 else ():
                tip = (low[0] + 1.5 * k * r, 0.3 * r, low[2] + 3 * r)
                toe = sweep([low, tip], [0.6 * r, 0.3 * r], around=8, along=4)
                self.a.part(f"{name}{side}_toe{k}", toe, self.sock, last)

    def _arm(self, name: str, u: float, beat: int) -> None:
        g, r = self.g, self.limb_radius * self.g.uniform(0.7, 1.2)
        long, hand = g.uniform(0.25, 0.8), g.choice(["ball", "claw", "none"])
        down, ahead = g.uniform(-0.3, 1.0), g.uniform(-0.2, 0.9)
        shoulder, elbow = draw_turns(g, 60, 20, 50), draw_turns(g, 60, 0, 40)
        other = (draw_turns(g, 60, 20, 50), draw_turns(g, 60, 0, 40)) if g.random() < 0.6 else (shoulder, elbow)
        for side in (1, -1):
            root = np.array(self._anchor(u, side, 0.1))
            way = np.array([0.8 * side, -down, ahead])
            way /= np.linalg.norm(way)
            end = root + long * (way + [0, 0, 0.2])
            pair = (shoulder, elbow) if side > 0 else tuple(mirrored(t) for t in other)
            curve = [tuple(root), tuple(root + 0.5 * long * way), tuple(end)]
            last = limb(
                self.a, f"{name}{side}", curve, Flesh([1.4 * r, r, 0.8 * r], self.coat), self._carrier(u), pair, 0.06
            )
            if hand == "ball":
                self.a.part(f"{name}{side}_hand", superellipsoid([1.4 * r] * 3, around=14, along=8), self.sock, last,
                            tuple(end))  # fmt: skip
            for k in (-1, 1) if hand == "claw" else ():
                bow, tip = end + 1.5 * r * way + [0, 1.6 * k * r, 0], end + 4 * r * way + [0, 0.4 * k * r, 0]
                claw = sweep([tuple(end), tuple(bow), tuple(tip)], [0.7 * r, 0.6 * r, 0.15 * r], around=10, along=6)
                self.a.part(f"{name}{side}_claw{k}", claw, self.sock, last)

    def _wing(self, name: str, u: float, beat: int) -> None:
        g = self.g
        long, wide, sweepback, rise = (
            g.uniform(0.4, 1.1),
            g.uniform(0.08, 0.24),
            g.uniform(-0.1, 0.5),
            g.uniform(0, 0.5),
        )
        lift, fold = draw_apart(g, -40, 60, 0.5), draw_apart(g, -50, 50, 0.4)
        texture = (
            *draw_pattern(g, self.palette.second, self.palette.accent, 0.4),
            bands(darker(self.palette.second, 0.7), (0, 1, 0), 0.3 * long, 0.12),
        )
        for side in (1, -1):
            x, y, z = self._anchor(u, side, 0.6)
            tip = (x + side * long, y + rise * long, z - sweepback * long)
            middle = (x + side * 0.5 * long, y + 0.65 * rise * long, z - 0.2 * sweepback * long)
            turns = [tuple((0, 0, side * t) for t in lift), tuple((0, 0, side * t) for t in fold)]
            radii = [(0.6 * wide, 0.03), (wide, 0.022), (0.15 * wide, 0.01)]
            limb(
                self.a,
                f"{name}{side}",
                [(x, y, z), middle, tip],
                Flesh(radii, texture, side=(0, 0, -1), around=18, along=16),
                self._carrier(u),
                turns,
                0.12 * long,
            )

    def _fin(self, name: str, u: float, beat: int) -> None:
        g = self.g
        long, wide, back = g.uniform(0.2, 0.5), g.uniform(0.06, 0.15), g.uniform(0, 0.8)
        turns = draw_turns(g, 35, 40, 45)
        texture = (fill(self.palette.second), bands(self.palette.pale, (1, 0, 0), 0.05, 0.3))
        for side in (1, -1):
            x, y, z = self._anchor(u, side, -0.2)
            end = (x + side * long, y - 0.3 * long, z - back * long)
            middle = (x + side * 0.55 * long, y - 0.1 * long, z - 0.3 * back * long)
            radii = [(0.6 * wide, 0.035), (wide, 0.03), (0.3 * wide, 0.012)]
            limb(
                self.a,
                f"{name}{side}",
                [(x, y, z), middle, end],
                Flesh(radii, texture, side=(0, 0, -1), along=10),
                self._carrier(u),
                [turns if side > 0 else mirrored(turns)],
                0.1,
            )

    def _tentacle(self, name: str, u: float, beat: int) -> None:
        g, r = self.g, self.limb_radius * self.g.uniform(0.6, 1.0)
        long, curl, turns = g.uniform(0.4, 1.0), g.uniform(-0.6, 0.6), [draw_turns(g, 40, 20, 40) for _ in range(3)]
        for side in (1, -1):
            root = np.array(self._anchor(u, side, 0.0))
            way = np.array([0.8 * side, -0.4, 0.3])
            curve = [tuple(root + t * long * way + [0, curl * long * t * t, 0]) for t in np.linspace(0, 1, 4)]
            limb(
                self.a,
                f"{name}{side}",
                curve,
                Flesh([1.4 * r, r, 0.8 * r, 0.3 * r], self.coat),
                self._carrier(u),
                turns if side > 0 else [mirrored(t) for t in turns],
                0.12 * long,
            )

    def _tail(self) -> None:
        g = self.g
        r = self.radii[0].mean() * g.uniform(0.2, 0.8)
        long, rise, flat = g.uniform(0.25, 1.1), g.uniform(-0.4, 0.8), g.choice([0.3, 1.0, 1.0])
        base = self.spine(0.0) + [0, 0.1 * r, -0.3 * r]
        sag = -max(base[1] - 0.05, 0) / long if self.pitch > 0.6 else -0.2
        way = np.array([0.0, max(sag, -0.9), -1.0]) / np.hypot(1, sag)
        curve = [tuple(base + t * long * way + [0, rise * long * t * t, 0]) for t in np.linspace(0, 1, 4)]
        end = g.choice([0.15, 0.15, 1.3])
        radii = [(s * r, s * r * flat) for s in (1.0, 0.75, 0.5, 0.5 * end)]
        tip = slope(self.palette.accent, (0, 0.7 * long, 0), (0, 0.85 * long, 0))
        limb(
            self.a,
            "tail",
            curve,
            Flesh(radii, (*self.coat, tip), along=16),
            self.root,
            [draw_turns(g, 25, 40, 10) for _ in range(3)],
            0.12 * long,
        )

    def _ridge(self) -> None:
        g = self.g
        tall, count = g.uniform(0.08, 0.3), g.integers(3, 7)
        back = np.array([0.0, np.cos(self.pitch), -np.sin(self.pitch)])
        color = lighter(self.palette.accent, g.uniform(0, 0.5))
        for k, u in enumerate(np.linspace(0.1, 0.9, count)):
            root = self.spine(u) + 0.8 * self.size(u)[1] * back
            tip = root + tall * (0.5 + np.sin(np.pi * u)) * back + [0, 0, -0.3 * tall]
            spike = sweep([tuple(root), tuple(tip)], [(0.03, 0.35 * tall), (0.006, 0.05 * tall)], around=10, along=5)
            self.a.part(f"ridge{k}", spike, (fill(color), slope(self.palette.dark, (0, 0, 0), (0, tall, 0))),
                        self._carrier(u))  # fmt: skip

    def _head(self) -> None:
        g = self.g
        size = g.uniform(0.1, 0.34)
        radii = tuple(float(r) for r in size * g.uniform(0.75, 1.3, 3))
        base, thick = self.spine(0.97), self.radii[-1].mean()
        long = g.uniform(0.15, 0.7) if g.random() < 0.4 else g.uniform(0.0, 0.1)
        angle = max(self.pitch, np.radians(g.uniform(10, 80)))
        way = np.array([0.0, np.sin(angle), np.cos(angle)])
        top = base + (0.75 * thick + long) * way + [0, 0.3 * radii[1], 0.2 * radii[2]]
        r = min(thick, radii[0]) * g.uniform(0.4, 0.8)
        neck = self.a.joint("neck", tuple(base), self.chest, *draw_turns(g, 22, 25, 10))
        joint = self.a.joint("head", tuple(top), neck, *draw_turns(g, 18, 35, 14))
        tube = sweep([tuple(base - 0.2 * thick * way), tuple(0.5 * (base + top) + [0, 0, 0.05 * long]), tuple(top)],
                     [max(0.8 * thick, r), r, r], around=20, along=12)  # fmt: skip
        self.a.skin("neck", tube, self.coat, [self.chest, neck, joint], 0.08)
        head(self.a, g, joint, tuple(float(v) for v in top + [0, 0.3 * radii[1], 0.3 * radii[2]]), radii, self.palette)
