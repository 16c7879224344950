"""Plants in pots or on the ground: leafy ones that unfold, cacti, mushrooms, palms and trees that sway."""

import numpy as np
from scipy.spatial.transform import Rotation

from tween4d.synthetic.assembly import ORIGIN, Assembly, Vector
from tween4d.synthetic.palettes import Palette, darker, draw_color, draw_palette, draw_pattern, lighter, wood
from tween4d.synthetic.pieces import Flesh, draw_apart, draw_turns, limb
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import ball, plate, superellipsoid
from tween4d.synthetic.textures import Texture, bands, belt, fill, slope, spots


def plant(generator: np.random.Generator) -> Scene:
    """A plant of random growth between two states of its leaves and of the wind."""
    return _Plant(generator).build()


class _Plant:
    def __init__(self, generator: np.random.Generator) -> None:
        g = self.g = generator
        self.a = Assembly("plant")
        green = g.random() < 0.7
        self.palette: Palette = draw_palette(g)
        self.green = (g.uniform(0.1, 0.5), g.uniform(0.4, 0.8), g.uniform(0.05, 0.4)) if green else draw_color(g)
        bark = g.uniform(0.25, 0.6)
        self.bark: Texture = wood((bark, 0.7 * bark, g.uniform(0.3, 0.6) * bark), (1, 0.2, 0), 0.05)

    def build(self) -> Scene:
        """What it stands in, then the plant."""
        g, a = self.g, self.a
        self.root = a.joint("ground", ORIGIN, -1, ORIGIN, (0.0, float(g.uniform(-15, 15)), 0.0))
        if g.random() < 0.7:
            self._pot()
        else:
            mound = superellipsoid((g.uniform(0.25, 0.45), 0.08, g.uniform(0.25, 0.45)), around=28, along=12)
            earth = draw_color(g, (0.2, 0.6), (0.3, 0.7))
            a.part("mound", mound, draw_pattern(g, earth, darker(earth), 0.3), self.root, (0, -0.05, 0))
        kind = g.choice(["leafy", "cactus", "mushroom", "palm", "tree"], p=[0.3, 0.15, 0.15, 0.2, 0.2])
        getattr(self, f"_{kind}")()
        return a.scene()

    def _pot(self) -> None:
        g, p = self.g, self.palette
        top, foot, tall, rim = g.uniform(0.16, 0.32), g.uniform(0.1, 0.25), g.uniform(0.15, 0.4), g.uniform(0.0, 0.03)
        most = max(top + rim, foot)
        edge = most - top
        outside = [(most - foot + 0.02, -tall), (most - foot, -tall + 0.02), (edge, -0.07), (edge - rim, -0.06)]
        profile = [*outside, (edge - rim, 0.0), (edge + 0.02, 0.0), (edge + 0.04, -0.04)]
        square = g.random() < 0.25
        pot = plate((most, most), 0.25 * most if square else most, profile, 30.0)
        band = belt(p.accent, (0, 1, 0), -0.5 * tall, g.uniform(0.01, 0.06))
        self.a.part("pot", pot, (*draw_pattern(g, p.base, p.second, 0.3), band), self.root)
        soil = plate((top, top), 0.25 * top if square else top, [(0.04, -0.06), (0.02, -0.03), (0.05, -0.02)])
        self.a.part("soil", soil, draw_pattern(g, (0.25, 0.17, 0.12), (0.15, 0.1, 0.07), 0.1), self.root)

    def _leaf_coat(self, long: float) -> Texture:
        g, color = self.g, self.green
        kinds = (
            bands(lighter(color, 0.5), (0, 1, 0), 0.2 * long, 0.3),
            slope(self.palette.accent, (0, 0.5 * long, 0), (0, long, 0)),
            belt(lighter(color, 0.6), (1, 0, 0), 0, g.uniform(0.008, 0.02)),
            spots(lighter(color, 0.6), 0.25 * long),
        )
        return (fill(color), kinds[g.integers(4)], belt(darker(color), (1, 0, 0), 0, 0.006))

    def _whorl(self, joint: int, at: Vector, count: int, long: float, rise: tuple[float, float], start: float) -> None:
        """Leaves about a point; they open or close together, each a little on its own."""
        g, wide, droop = self.g, long * self.g.uniform(0.1, 0.35), self.g.uniform(-0.3, 0.5)
        coat = self._leaf_coat(long)
        for k in range(count):
            angle = start + 2 * np.pi * k / count
            out = np.array([np.sin(angle), 0.0, np.cos(angle)])
            # Leaves lie flat at rest and are lifted about the axis across them.
            turns = []
            for lift in rise:
                t = np.radians(lift + g.uniform(-8, 8))
                turns.append((t, g.uniform(-6, 6)))
            size = long * g.uniform(0.8, 1.1)
            curve = [np.asarray(at) + size * (s * out + [0, -droop * s * s, 0]) for s in (0.0, 0.35, 0.7, 1.0)]
            radii = [(0.12 * wide, 0.02), (wide, 0.014), (0.8 * wide, 0.012), (0.06 * wide, 0.006)]
            across = np.cross([0.0, 1.0, 0.0], out)
            name = f"leaf{joint}_{k}"
            pair = tuple(_lift(out, lift, twist) for lift, twist in turns)
            half = tuple(_lift(out, 0.3 * (lift - turns[0][0]), 0.0) for lift, _ in turns)
            limb(
                self.a,
                name,
                [tuple(c.tolist()) for c in curve],
                Flesh(radii, coat, side=tuple(across.tolist()), around=14, along=12),
                joint,
                [pair, half],
                0.2 * size,
            )

    def _stem(
        self, name: str, foot: Vector, way: np.ndarray, radii: tuple[float, float], coat: Texture, sway: float
    ) -> int:
        points = [
            np.asarray(foot) + t * way + 0.12 * t * (1 - t) * np.array([way[1], 0, 0]) for t in (0.0, 0.33, 0.67, 1.0)
        ]
        bend = draw_turns(self.g, sway, 10, sway)
        turns = [bend, tuple(tuple(0.8 * v for v in t) for t in bend), tuple(tuple(0.6 * v for v in t) for t in bend)]
        low, high = radii
        sizes = [low, 0.67 * low + 0.33 * high, 0.33 * low + 0.67 * high, high]
        return limb(
            self.a, name, [tuple(q.tolist()) for q in points], Flesh(sizes, coat, along=16), self.root, turns, 0.15
        )

    def _leafy(self) -> None:
        g = self.g
        rise = draw_apart(g, -15, 75, 0.5)
        tall = g.uniform(0.05, 0.6)
        tip = self._stem(
            "stem", (0, -0.05, 0), np.array([0, tall, 0]), (0.035, 0.025), (fill(darker(self.green, 0.8)),), 12
        )
        layers = int(g.integers(1, 4))
        for k in range(layers):
            y = tall * (k + 1) / layers - 0.05
            joint = tip if k == layers - 1 else self.root
            joint = self.a.joint(f"node{k}", (0, y, 0), joint)
            self._whorl(joint, (0, y, 0), int(g.integers(4, 8)), g.uniform(0.3, 0.65), rise, 0.7 * k)

    def _palm(self) -> None:
        g, tall = self.g, self.g.uniform(0.5, 1.2)
        lean = np.array([g.uniform(-0.3, 0.3), 1.0, g.uniform(-0.2, 0.2)]) * tall
        trunk = (*self.bark, bands((0.2, 0.15, 0.1), (0, 1, 0), 0.08, 0.2))
        tip = self._stem("trunk", (0, -0.05, 0), lean, (0.08, 0.05), trunk, 14)
        top = tuple((lean + [0, -0.05, 0]).tolist())
        self._whorl(tip, top, int(g.integers(6, 10)), g.uniform(0.35, 0.6), draw_apart(g, -25, 40, 0.5), 0.0)
        for k in range(g.integers(0, 4)):
            angle = 2.1 * k
            at = (top[0] + 0.09 * np.sin(angle), top[1] - 0.07, top[2] + 0.09 * np.cos(angle))
            self.a.part(f"nut{k}", ball(0.06, 12), (fill(self.palette.accent),), tip, tuple(map(float, at)))

    def _cactus(self) -> None:
        g, tall, r = self.g, self.g.uniform(0.5, 1.0), self.g.uniform(0.08, 0.18)
        ribs = bands(lighter(self.green, 0.3), (1, 0, 0), 0.45 * r, 0.4)
        coat = (fill(self.green), ribs, spots(lighter(self.palette.accent, 0.5), 0.09, 0.2))
        column = self._stem("column", (0, -0.05, 0), np.array([0, tall, 0]), (r, 0.85 * r), coat, 10)
        chain = [k for k, joint in enumerate(self.a.joints) if joint.name.startswith("column")]
        for k in range(int(g.integers(0, 4))):
            angle, y = g.uniform(0, 2 * np.pi), g.uniform(0.3, 0.7) * tall
            out = np.array([np.sin(angle), 0.0, np.cos(angle)])
            long, s = g.uniform(0.15, 0.4), g.uniform(0.4, 0.7) * r
            base = np.array([0, y, 0]) + 0.6 * r * out
            curve = [
                base,
                base + (r + s) * out,
                base + (r + 2 * s) * out + [0, 0.5 * long, 0],
                base + (r + 2 * s) * out + [0, long, 0],
            ]
            carrier = chain[min(int(3 * y / tall), 2)]
            limb(
                self.a,
                f"arm{k}",
                [tuple(c.tolist()) for c in curve],
                Flesh([s, s, s, 0.8 * s], coat, side=(0.3, 1, 0.2), along=16),
                carrier,
                [draw_turns(g, 25, 15, 25)],
                0.1,
            )
        if g.random() < 0.6:
            self._whorl(column, (0, tall + 0.7 * r, 0), 6, g.uniform(0.12, 0.25), draw_apart(g, 0, 70, 0.6), 0.0)

    def _mushroom(self) -> None:
        g = self.g
        for k in range(int(g.integers(1, 4))):
            size = g.uniform(0.6, 1.0) * (1.0 if k == 0 else 0.6)
            at = (0.0, -0.05, 0.0) if k == 0 else (0.22 * float(np.sin(2.5 * k)), -0.05, 0.22 * float(np.cos(2.5 * k)))
            tall, r, cap = size * g.uniform(0.35, 0.8), size * g.uniform(0.05, 0.11), size * g.uniform(0.2, 0.42)
            p = draw_palette(g)
            stalk = (fill(lighter(p.pale, 0.5)), bands(p.pale, (0, 1, 0), 0.15, 0.3, warp=0.6))
            tip = self._stem(f"stalk{k}_", at, np.array([0, tall, 0]), (1.3 * r, r), stalk, 22)
            high = g.uniform(0.5, 1.1) * cap
            bend = np.linspace(0.1, 0.5 * np.pi, 8)
            dome = [(cap * (1 - np.sin(b)), high * np.cos(b)) for b in bend]
            hat = plate((cap, cap), cap, [*dome, (0.04 * cap, -0.05 * cap), (0.5 * cap, 0.05 * cap)], corner_points=8)
            coat = (
                fill(p.base),
                spots(p.second, g.uniform(0.1, 0.25), 0.33),
                slope(p.pale, (0, 0.02, 0), (0, -0.01, 0)),
            )
            nod = self.a.joint(f"cap{k}", (at[0], tall, at[2]), tip, *draw_turns(g, 25, 20, 25))
            self.a.part(f"cap{k}", hat, coat, nod, (at[0], at[1] + tall - 0.02, at[2]))

    def _tree(self) -> None:
        g, tall = self.g, self.g.uniform(0.4, 0.8)
        tip = self._stem("trunk", (0, -0.05, 0), np.array([0, tall, 0]), (g.uniform(0.06, 0.11), 0.04), self.bark, 14)
        crown = self.a.joint("crown", (0, tall - 0.05, 0), tip, *draw_turns(g, 12, 25, 12))
        coat = draw_pattern(g, self.green, darker(self.green, 0.7), 0.3)
        if g.random() < 0.4:
            count = int(g.integers(2, 5))
            for k in range(count):
                r, up = g.uniform(0.22, 0.36) * (1 - 0.2 * k), 0.3
                cone = plate(
                    (r, r), r, [(0.02, -0.02), (0, 0.0), (r - 0.02, up), (r - 0.005, up + 0.01)], corner_points=7
                )
                self.a.part(f"tier{k}", cone, (*coat, belt(self.palette.accent, (0, 1, 0), 0.0, 0.012)), crown,
                            (0, tall - 0.15 + 0.19 * k, 0))  # fmt: skip
            return
        for k in range(int(g.integers(2, 6))):
            angle, r = g.uniform(0, 2 * np.pi), g.uniform(0.16, 0.32)
            at = np.array([np.sin(angle), 0.0, np.cos(angle)]) * g.uniform(0.05, 0.35) + [
                0,
                tall + g.uniform(0.0, 0.35),
                0,
            ]
            self._branch(k, tip, (0, tall - 0.1, 0), tuple(at.tolist()))
            puff = self.a.joint(f"puff{k}", tuple(at.tolist()), self.last, *draw_turns(g, 20, 20, 20))
            bush = superellipsoid((r, r * g.uniform(0.7, 1.0), r), around=20, along=12)
            self.a.part(f"puff{k}", bush, coat, puff, tuple(at.tolist()))
            if g.random() < 0.4:
                fruit = tuple((at + [0.6 * r, -0.3 * r, 0.75 * r]).tolist())
                self.a.part(f"fruit{k}", ball(0.05, 12), (fill(self.palette.accent),), puff, fruit)

    def _branch(self, k: int, carrier: int, foot: Vector, tip: Vector) -> None:
        middle = tuple((0.5 * (np.asarray(foot) + tip) + [0, 0.02, 0]).tolist())
        self.last = limb(
            self.a,
            f"branch{k}",
            [foot, middle, tip],
            Flesh([0.04, 0.03, 0.02], self.bark, side=(0.5, 0.3, 0.8), around=10, along=6),
            carrier,
            [draw_turns(self.g, 22, 15, 22)],
            0.1,
        )


def _lift(out: np.ndarray, lift: float, twist: float) -> Vector:
    """The turn that lifts a leaf that reaches `out` by `lift` (radians), with a little twist about it (degrees)."""
    vector = lift * np.cross(out, [0.0, 1.0, 0.0]) + np.radians(twist) * out
    return tuple(float(d) for d in Rotation.from_rotvec(vector).as_euler("xyz", degrees=True))
