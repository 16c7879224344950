"""Things of the house that open and turn: laptops, books, boxes with flaps, scissors, umbrellas, fans, windmills."""

import numpy as np

from tween4d.synthetic.assembly import ORIGIN, Assembly, Vector, turn_about
from tween4d.synthetic.palettes import INK, darker, draw_color, draw_palette, draw_pattern, lighter
from tween4d.synthetic.pieces import WHITE, draw_apart
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import ball, disc, plate, rounded_box, superellipsoid, sweep
from tween4d.synthetic.textures import Texture, bands, belt, blob, fill, grid, slope


def gadget(generator: np.random.Generator) -> Scene:
    """A thing of a random kind and make, its front towards +z, between two of its settings."""
    return _Gadget(generator).build()


class _Gadget:
    def __init__(self, generator: np.random.Generator) -> None:
        self.g, self.a, self.palette = generator, Assembly("gadget"), draw_palette(generator)

    def build(self) -> Scene:
        """One of the kinds."""
        kind = self.g.choice(["laptop", "book", "carton", "scissors", "umbrella", "fan", "windmill"])
        root = self.a.joint("root", ORIGIN, -1, ORIGIN, (0.0, float(self.g.uniform(-15, 15)), 0.0))
        getattr(self, f"_{kind}")(root)
        return self.a.scene()

    def _coat(self, size: float) -> Texture:
        return draw_pattern(self.g, self.palette.base, self.palette.second, size)

    def _laptop(self, root: int) -> None:
        g, a, p = self.g, self.a, self.palette
        x, z, t = g.uniform(0.35, 0.5), g.uniform(0.24, 0.34), g.uniform(0.012, 0.03)
        keys = (
            *self._coat(0.5),
            blob(INK, (0, t, -0.2 * z), (0.86 * x, t, 0.5 * z), power=8),
            grid(p.pale, (7 / x, 0, 0), (0, 0, 5 / z), 0.1, opacity=0.7),
            blob(p.accent, (0, t, 0.65 * z), (0.25 * x, t, 0.22 * z), power=8),
        )
        a.part("keys", rounded_box((x, t, z), 0.6 * t, 0.05), keys, root)
        swing = draw_apart(g, 0, 130, 0.5)
        lid = a.joint("lid", (0, t, -z), root, (-swing[0], 0, 0), (-swing[1], 0, 0))
        glow = draw_color(g, (0.2, 0.8), (0.5, 1.0))
        panel = (
            *self._coat(0.5),
            blob(INK, (0, -t, 0), (0.93 * x, t, 0.9 * z), power=8),
            blob(glow, (0, -t, 0), (0.86 * x, 0.9 * t, 0.8 * z), power=8),
            blob(p.second, (0.2 * x, -t, 0.2 * z), (0.3 * x, 0.8 * t, 0.3 * z), power=g.uniform(1, 8)),
            blob(p.accent, (0, t, 0), (0.12 * z, t, 0.12 * z)),
        )
        # At rest the lid lies shut, its screen below.
        a.part("lid", rounded_box((x, t, z), 0.6 * t, 0.05), panel, lid, (0, 2.1 * t, 0))

    def _book(self, root: int) -> None:
        g, a, p = self.g, self.a, self.palette
        x, z, t = g.uniform(0.25, 0.38), g.uniform(0.32, 0.45), g.uniform(0.03, 0.09)
        lines = (fill((0.95, 0.93, 0.86)), bands((0.35, 0.35, 0.4), (0, 0, 1), 0.06, 0.35),
                 blob(p.accent, (0.5 * x, 0, 0.4 * z), (0.3 * x, 9, 0.25 * z), power=8))  # fmt: skip
        title = blob(p.accent, (0.5 * x, 0, -0.4 * z), (0.35 * x, 9, 0.15 * z), power=4)
        cover = (*self._coat(0.4), title, blob(p.pale, (0.5 * x, 0, 0.3 * z), (0.3 * x, 9, 0.3 * z), power=2))
        a.part("spine", rounded_box((0.02, t, z), 0.012), cover, root, (-x - 0.01, 0, 0))
        a.part("back", rounded_box((x, 0.012, z), 0.006), cover, root, (0, -t, 0))
        a.part("pages", rounded_box((0.97 * x, 0.9 * t, 0.95 * z), 0.012), lines, root, (-0.01 * x, -0.03 * t, 0))
        open_ = draw_apart(g, 0, 165, 0.5)
        front = a.joint("cover", (-x, t, 0), root, (0, 0, open_[0]), (0, 0, open_[1]))
        a.part("cover", rounded_box((x, 0.012, z), 0.006), cover, front, (0, t + 0.012, 0))
        for k in range(int(g.integers(1, 5))):
            share = g.uniform(0.2, 0.9)
            leaf = a.joint(f"leaf{k}", (-x, t, 0), root, *((0.0, 0.0, share * s) for s in open_))
            a.part(f"leaf{k}", rounded_box((0.95 * x, 0.006, 0.94 * z), 0.003), lines, leaf, (0, t - 0.002 * k, 0))

    def _carton(self, root: int) -> None:
        """A box with two or four flaps, and something in it."""
        g, a, p, t = self.g, self.a, self.palette, 0.014
        x, y, z = g.uniform(0.25, 0.5), g.uniform(0.15, 0.4), g.uniform(0.22, 0.45)
        tape, label = belt(p.accent, (1, 0, 0), 0, 0.04), blob(p.pale, (0, 0, 0), (0.3 * x, 0.5 * y, 9), power=8)
        coat = (*self._coat(0.6), tape)
        a.part("floor", rounded_box((x, t, z), 0.6 * t), coat, root, (0, -y, 0))
        for s in (1, -1):
            a.part(f"wall{s}", rounded_box((t, y, z), 0.6 * t), self._coat(0.5), root, (s * x, 0, 0))
            a.part(f"face{s}", rounded_box((x, y, t), 0.6 * t), (*coat, label), root, (0, 0, s * z))
            swing = draw_apart(g, 0, 200, 0.4)
            hinge = a.joint(f"flap{s}", (s * x, y, 0), root, (0, 0, -s * swing[0]), (0, 0, -s * swing[1]))
            a.part(f"flap{s}", rounded_box((0.5 * x, t, 0.98 * z), 0.6 * t), coat, hinge, (0.5 * s * x, y + t, 0))
            if g.random() < 0.7:
                swing = draw_apart(g, 90, 220, 0.4)
                hinge = a.joint(f"gate{s}", (0, y, s * z), root, (s * swing[0], 0, 0), (s * swing[1], 0, 0))
                a.part(f"gate{s}", rounded_box((0.96 * x, t, 0.3 * z), 0.6 * t), coat, hinge, (0, y, 0.7 * s * z))
        r = 0.6 * min(x, y, z)
        rise = draw_apart(g, -0.5 * y, 0.8 * y, 0.4)
        thing = a.joint("thing", (0, 0, 0), root, slide=((0, rise[0], 0), (0, rise[1], 0)))
        coat = draw_pattern(g, p.second, p.accent, r)
        shape = superellipsoid((r, r, r), tuple(g.uniform(0.3, 1.0, 2)), 24, 14)
        a.part("thing", shape, coat, thing)

    def _scissors(self, root: int) -> None:
        """Two crossed levers, upright and seen from the front."""
        g, a, p = self.g, self.a, self.palette
        spread, long, grip = draw_apart(g, 3, 42, 0.6), g.uniform(0.35, 0.7), g.uniform(0.25, 0.5)
        r, hooked = g.uniform(0.03, 0.06), g.random() < 0.5
        steel: Texture = (fill((0.75, 0.77, 0.8)), slope((0.45, 0.46, 0.5), (0, 0, 0), (0, long, 0)))
        for s in (1, -1):
            lever = a.joint(f"lever{s}", ORIGIN, root, (0, 0, -s * spread[0]), (0, 0, -s * spread[1]))
            tip = (0.0, long, 0.02 * s) if not hooked else (-0.08 * s, long, 0.02 * s)
            curve = [(0, -0.1, 0.02 * s), (0.05 * s * hooked, 0.5 * long, 0.02 * s), tip]
            blade = sweep(curve, [(r, 0.018), (1.1 * r, 0.018), (0.2 * r, 0.012)], around=14, along=10)
            a.part(f"blade{s}", blade, steel, lever)
            w = g.uniform(0.08, 0.13)
            ring = [(0.03, -grip), (0.03 + w, -grip - 0.14), (0.03 + 2 * w, -grip), (0.03 + w, -grip + 0.14)]
            loop = [(-s * x, y, 0.0) for x, y in ((0.0, -0.05), *ring, (0.04, -grip + 0.05))]
            if g.random() < 0.3:
                loop = [(0, -0.05, 0), (-s * 0.08, -0.5 * grip, 0), (-s * 0.05, -grip - 0.2, 0)]
            handle = sweep(loop, [0.03] * len(loop), side=(0, 0, 1), around=14, along=28)
            a.part(f"handle{s}", handle, (*self._coat(0.2), belt(p.accent, (0, 1, 0), 0.4, 0.03)), lever)
        a.part("pin", disc(0.9 * r, 0.06, 0.02), (fill(p.accent),), root, ORIGIN, (90, 0, 0))

    def _umbrella(self, root: int) -> None:
        """Ribs with cloth between them, that open about the crown."""
        g, a, p = self.g, self.a, self.palette
        long, count, tall = g.uniform(0.45, 0.7), int(g.integers(6, 10)), g.uniform(0.7, 1.0)
        lean = draw_apart(g, -25, 25, 0.4)
        stick = a.joint("stick", (0, -tall, 0), root, (0, 0, lean[0]), (0, 0, lean[1]))
        a.part("stick", sweep([(0, -tall, 0), (0, 0.12, 0)], [0.02, 0.012], around=10, along=4), (fill(p.dark),), stick)
        hook = [(0, -tall, 0), (0, -tall - 0.12, 0.02), (0, -tall - 0.16, 0.1), (0, -tall - 0.08, 0.15)]
        a.part("hook", sweep(hook, [0.03] * 4, around=12, along=14), (fill(p.accent),), stick)
        fold = draw_apart(g, 0, 62, 0.5)
        wide = 1.02 * long * np.tan(np.pi / count)
        for k in range(count):
            angle = 2 * np.pi * k / count
            out = np.array([np.sin(angle), 0.0, np.cos(angle)])
            axis = np.cross([0.0, 1.0, 0.0], out)
            color = p.base if k % 2 else p.second
            rib = a.joint(f"rib{k}", (0, 0, 0), stick, *(turn_about(tuple(axis.tolist()), t + 1e-3) for t in fold))
            points = [0.02 * out, 0.5 * long * out + [0, -0.05 * long, 0], long * out + [0, -0.28 * long, 0]]
            panel = sweep([tuple(q.tolist()) for q in points], [(0.02, 0.008), (0.5 * wide, 0.008), (wide, 0.006)],
                          side=tuple(axis.tolist()), squareness=0.5, round_ends=False, around=12, along=8)  # fmt: skip
            hem = slope(p.accent, (0, 0.85 * long, 0), (0, 0.87 * long, 0))
            a.part(f"panel{k}", panel, (fill(color), hem), rib)
        a.part("cap", ball(0.04, 12), (fill(p.accent),), stick, (0, 0.02, 0))

    def _blades(self, joint: int, centre: Vector, count: int, long: float, wide: float, skew: float) -> None:
        """Blades in the plane across z."""
        coat = (
            *draw_pattern(self.g, self.palette.second, self.palette.accent, 0.3),
            slope(WHITE, (0, 0.85 * long, 0), (0, long, 0), 0.7),
        )
        for k in range(count):
            angle = 2 * np.pi * k / count
            out, along = np.array([np.sin(angle), np.cos(angle), 0.0]), np.array([np.cos(angle), -np.sin(angle), 0.0])
            c = np.asarray(centre)
            points = [c + 0.03 * out, c + 0.5 * long * out + 0.15 * wide * along, c + long * out]
            side = along + [0, 0, skew]
            blade = sweep([tuple(q.tolist()) for q in points], [(0.25 * wide, 0.02), (wide, 0.016), (0.7 * wide, 0.01)],
                          side=tuple(side.tolist()), around=14, along=8)  # fmt: skip
            self.a.part(f"blade{joint}_{k}", blade, coat, joint)

    def _fan(self, root: int) -> None:
        g, a, p = self.g, self.a, self.palette
        tall, r, count = g.uniform(0.3, 0.9), g.uniform(0.25, 0.45), int(g.integers(3, 6))
        foot = g.uniform(0.2, 0.35)
        a.part("foot", disc(foot, 0.04, 0.025), self._coat(0.4), root, (0, -tall - r, 0))
        a.part(
            "pole",
            sweep([(0, -tall - r, 0), (0, -0.05, -0.08)], [0.035, 0.03], around=14, along=4),
            (fill(p.dark),),
            root,
        )
        swing, nod = draw_apart(g, -55, 55, 0.4), draw_apart(g, -25, 25, 0.3)
        head = a.joint("head", (0, 0, -0.08), root, (nod[0], swing[0], 0), (nod[1], swing[1], 0))
        motor = superellipsoid((0.1, 0.1, 0.14), (0.7, 0.8), 22, 14)
        a.part("motor", motor, (*self._coat(0.3), belt(p.accent, (0, 0, 1), 0, 0.02)), head, (0, 0, -0.12))
        spin = draw_apart(g, 0, 150 / count, 0.5)
        axle = a.joint("axle", (0, 0, 0.04), head, (0, 0, spin[0]), (0, 0, spin[1]))
        self._blades(axle, (0, 0, 0.04), count, 0.9 * r, g.uniform(0.08, 0.16), g.uniform(0.2, 0.6))
        a.part("nose", ball(0.06, 14), (fill(p.accent),), axle, (0, 0, 0.06))
        ring = [(r * np.sin(t), r * np.cos(t), 0.04) for t in np.linspace(0, 2 * np.pi - 1e-3, 17)]
        a.part(
            "ring", sweep(ring, [0.02] * 17, side=(0, 0, 1), around=8, along=40), (fill(lighter(p.dark, 0.4)),), head
        )
        back = sweep([(0, 0, -0.1), (0, r, 0.04)], [0.012, 0.012], around=8, along=3)
        for k in range(4):
            a.part(f"stay{k}", back, (fill(p.dark),), head, ORIGIN, (0.0, 0.0, 90.0 * k + 45))

    def _windmill(self, root: int) -> None:
        g, a, p = self.g, self.a, self.palette
        tall, low, high = g.uniform(0.5, 0.9), g.uniform(0.22, 0.34), g.uniform(0.14, 0.2)
        corner = low if g.random() < 0.5 else 0.15 * low
        tower = plate(
            (low, low), corner, [(0.02, 0.0), (0.0, 0.02), (low - high, tall), (low - high + 0.02, tall + 0.01)]
        )
        door = blob(darker(p.base, 0.4), (0, 0.1, low), (0.08, 0.14, 0.3 * low), power=5)
        pane = blob((0.6, 0.8, 0.95), (0, 0.62 * tall, low), (0.05, 0.06, 0.5 * low), power=8)
        brick = grid(p.dark, (6, 0, 0), (0, 12, 0), 0.05)
        a.part("tower", tower, (*self._coat(0.4), brick, door, pane), root)
        turn = draw_apart(g, -60, 60, 0.4)
        cap = a.joint("cap", (0, tall, 0), root, (0, turn[0], 0), (0, turn[1], 0))
        roof = plate(
            (1.2 * high, 1.2 * high), 1.2 * high, [(0.02, -0.01), (0.0, 0.0), (0.9 * high, 0.22), (1.19 * high, 0.28)]
        )
        a.part("roof", roof, draw_pattern(g, p.second, p.dark, 0.2), cap, (0, tall, 0))
        hub, count = (0.0, tall + 0.06, 1.15 * high + 0.05), int(g.integers(3, 7))
        a.part("shaft", sweep([(0, hub[1], 0), hub], [0.03, 0.03], around=12, along=3), (fill(p.dark),), cap)
        spin = draw_apart(g, 0, 300 / count, 0.4)
        axle = a.joint("axle", hub, cap, (0, 0, spin[0]), (0, 0, spin[1]))
        self._blades(axle, hub, count, g.uniform(0.35, 0.6), g.uniform(0.06, 0.11), 0.2)
        a.part("hub", ball(0.06, 14), (fill(p.accent),), axle, hub)
