"""Seats: chairs, office chairs that swivel and recline, rocking chairs, deck chairs that fold, stools and benches."""

import numpy as np

from tween4d.synthetic.assembly import ORIGIN, Assembly, Vector
from tween4d.synthetic.palettes import INK, draw_palette, draw_pattern, lighter, wood
from tween4d.synthetic.pieces import draw_apart
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import ball, disc, rounded_box, superellipsoid, sweep
from tween4d.synthetic.textures import Texture, blob, fill, grid


def chair(generator: np.random.Generator) -> Scene:
    """A seat of random make, its front towards +z, between two of its settings."""
    return _Chair(generator).build()


class _Chair:
    """Lengths in the seat's frame: the top of the seat lies near y = 0."""

    def __init__(self, generator: np.random.Generator) -> None:
        g = self.g = generator
        self.a, self.palette = Assembly("chair"), draw_palette(generator)
        p = self.palette
        timber = wood(p.base, g.normal(size=3), 0.06) if g.random() < 0.6 else (fill(p.base),)
        self.frame: Texture = timber if g.random() < 0.6 else (fill(lighter(p.dark, g.uniform(0, 0.4))),)
        self.cloth: Texture = draw_pattern(g, p.second, p.accent, 0.4)
        self.wide, self.deep, self.leg = g.uniform(0.22, 0.45), g.uniform(0.22, 0.38), g.uniform(0.25, 0.65)
        self.back = g.uniform(0.3, 0.8)
        self.bar = g.uniform(0.02, 0.04)

    def build(self) -> Scene:
        """Legs, seat, back, arms; each kind has joints of its own."""
        g = self.g
        kind = g.choice(["office", "fold", "rock", "recline"], p=[0.35, 0.25, 0.2, 0.2])
        getattr(self, f"_{kind}")()
        return self.a.scene()

    def _rod(self, name: str, joint: int, ends: tuple[Vector, Vector], thick: float = 1.0) -> None:
        r = thick * self.bar
        rod = sweep(ends, [r, r], side=(0.6, 0.5, 0.62), squareness=1.0, around=12, along=4)
        self.a.part(name, rod, self.frame, joint)

    def _seat(self, joint: int, soft: float) -> None:
        cushion = superellipsoid((self.wide, soft, self.deep), (0.5, self.g.uniform(0.25, 0.6)), 32, 14)
        self.a.part("seat", cushion, self.cloth, joint)

    def _rest(self, joint: int, lean: float) -> None:
        """The back: slats, rails or a cushion, with its foot at the rear of the seat."""
        g, a, w, h, z = self.g, self.a, self.wide, self.back, -self.deep
        back = -lean * h
        kind = g.choice(["slats", "rails", "pad", "board"])
        if kind in ("slats", "rails"):
            for side in (1, -1):
                self._rod(f"stile{side}", joint, ((side * 0.9 * w, -0.02, z), (side * 0.9 * w, h, z + back)))
            count = int(g.integers(2, 6))
            for k in range(count):
                t = (k + 0.7) / count if kind == "rails" else 0.95
                x = (2 * (k + 0.5) / count - 1) * 0.8 * w
                ends = ((-0.9 * w, t * h, z + t * back), (0.9 * w, t * h, z + t * back))
                if kind == "slats":
                    ends = ((x, 0.0, z), (x, 0.95 * h, z + 0.95 * back))
                slat = sweep(
                    ends, [(0.035, 0.012)] * 2, side=(1, 0, 0) if kind == "slats" else (0, 1, 0), around=12, along=4
                )
                a.part(f"slat{k}", slat, self.cloth if k % 2 else self.frame, joint)
            top = sweep([(-0.9 * w, h, z + back), (0, h * 1.06, z + back), (0.9 * w, h, z + back)], [(0.05, 0.02)] * 3,
                        side=(0, 1, 0), around=14, along=10)  # fmt: skip
            a.part("crest", top, self.frame, joint)
        else:
            thick = 0.03 if kind == "board" else g.uniform(0.05, 0.1)
            shape = (g.uniform(0.7, 1.0) * w, 0.5 * h, thick)
            pad = superellipsoid(shape, tuple(g.uniform(0.25, 0.8, 2)), 30, 16)
            buttons = grid(self.palette.dark, (2.5 / w, 0, 0), (0, 3 / h, 0), 0.05)
            at = (0.0, 0.55 * h, z + 0.55 * back)
            coat = (*self.cloth, buttons) if g.random() < 0.4 else self.cloth
            a.part("rest", pad, coat, joint, at, (float(-np.degrees(np.arctan(lean))), 0.0, 0.0))
            self._rod("spine", joint, ((0.0, -0.02, z + 0.06), (0.0, 0.6 * h, z + 0.5 * back - 0.02)), 1.2)

    def _arms(self, joint: int, height: float) -> None:
        for side in (1, -1):
            x = side * (self.wide + 0.02)
            self._rod(f"post{side}", joint, ((x, -0.02, 0.4 * self.deep), (x, height, 0.4 * self.deep)))
            pad = rounded_box((0.045, 0.022, 0.75 * self.deep), 0.018)
            self.a.part(f"arm{side}", pad, self.cloth, joint, (x, height, -0.15 * self.deep))

    def _office(self) -> None:
        """A star of feet, a column that rises, a seat that swivels, a back that reclines."""
        g, a = self.g, self.a
        root = a.joint("foot", ORIGIN)
        low, count, reach = -self.leg, int(g.integers(3, 7)), g.uniform(0.25, 0.42)
        for k in range(count):
            angle = 2 * np.pi * (k + 0.25) / count
            tip = (reach * float(np.sin(angle)), low, reach * float(np.cos(angle)))
            spoke = sweep(
                [(0, low + 0.06, 0), tip], [(0.04, 0.025), (0.025, 0.02)], side=(0.5, 0.4, 0.6), around=12, along=4
            )
            a.part(f"spoke{k}", spoke, self.frame, root)
            a.part(f"castor{k}", ball(0.04, 12), (fill(INK),), root, (tip[0], low - 0.04, tip[2]))
        rise, turn = draw_apart(g, 0.0, 0.5 * self.leg, 0.3), draw_apart(g, -80, 80, 0.35)
        a.part("tube", sweep([(0, low, 0), (0, 0.45 * low, 0)], [0.05, 0.05], around=16, along=3), self.frame, root)
        slides = ((0.0, -rise[0], 0.0), (0.0, -rise[1], 0.0))
        seat = a.joint("seat", ORIGIN, root, (0, 0.3 * turn[0], 0), (0, turn[1], 0), slide=slides)
        a.part(
            "column",
            sweep([(0, 0.8 * low, 0), (0, 0, 0)], [0.03, 0.03], around=14, along=3),
            (fill((0.75, 0.76, 0.8)),),
            seat,
        )
        self._seat(seat, g.uniform(0.04, 0.09))
        if g.random() < 0.8:
            lean = draw_apart(g, -8, 40, 0.5)
            back = a.joint("back", (0, 0, -self.deep), seat, (-lean[0], 0, 0), (-lean[1], 0, 0))
            self._rest(back, 0.1)
        if g.random() < 0.6:
            self._arms(seat, g.uniform(0.15, 0.26))

    def _legs(self, joint: int, splay: float) -> None:
        w, d, low = 0.85 * self.wide, 0.85 * self.deep, -self.leg
        square = self.g.choice([0.3, 1.0])
        for sx in (1, -1):
            for sz in (1, -1):
                top, foot = (sx * w, 0.0, sz * d), (sx * (w + splay), low, sz * (d + splay))
                leg = sweep([top, foot], [1.2 * self.bar, 0.8 * self.bar], squareness=square, around=14, along=4)
                self.a.part(f"leg{sx}{sz}", leg, self.frame, joint)
        if self.g.random() < 0.6:
            for sx in (1, -1):
                x, y = sx * (w + 0.6 * splay), 0.6 * low
                self._rod(f"rung{sx}", joint, ((x, y, -d), (x, y, d)), 0.7)

    def _rock(self) -> None:
        """On runners; the whole chair tips."""
        g, a = self.g, self.a
        tip = draw_apart(g, -24, 24, 0.6)
        low = -self.leg
        root = a.joint("runners", (0, low, 0), -1, (tip[0], 0, 0), (tip[1], 0, 0))
        self._legs(root, 0.02)
        for side in (1, -1):
            x = side * 0.87 * self.wide
            curve = [(x, low + 0.12, -2.0 * self.deep), (x, low - 0.02, 0), (x, low + 0.12, 1.6 * self.deep)]
            runner = sweep(curve, [(0.03, 0.022)] * 3, around=14, along=14)
            a.part(f"runner{side}", runner, self.frame, root)
        self._seat(root, g.uniform(0.03, 0.06))
        self._rest(root, g.uniform(0.1, 0.35))
        if g.random() < 0.6:
            self._arms(root, g.uniform(0.18, 0.26))
        if g.random() < 0.6:
            fall = draw_apart(g, 0, 60, 0.5)
            throw = a.joint("throw", (0, 0.05, 0.9 * self.deep), root, (fall[0], 0, 0), (fall[1], 0, 0))
            blanket = rounded_box((0.6 * self.wide, 0.15, 0.02), 0.015)
            a.part(
                "throw",
                blanket,
                draw_pattern(g, self.palette.accent, self.palette.base, 0.3),
                throw,
                (0, -0.08, self.deep + 0.02),
            )

    def _recline(self) -> None:
        """An armchair whose back leans and whose footrest swings up."""
        g, a, w, d, low = self.g, self.a, self.wide, self.deep, -0.6 * self.leg
        root = a.joint("base", ORIGIN, -1, ORIGIN, (0.0, float(g.uniform(-12, 12)), 0.0))
        half = 0.5 * (0.05 - low)
        a.part("base", rounded_box((w, half, d), 0.05), self.cloth, root, (0, low + half - 0.06, 0))
        pillow = superellipsoid((0.95 * w, 0.09, d), (0.5, 0.4), 30, 14)
        a.part("pillow", pillow, draw_pattern(g, self.palette.accent, self.palette.pale, 0.4), root, (0, 0.04, 0.02))
        thick, tall = g.uniform(0.06, 0.11), g.uniform(0.08, 0.2)
        for side in (1, -1):
            arm = rounded_box((thick, half + tall, 1.02 * d), min(thick, 0.07) * 0.9)
            a.part(f"side{side}", arm, self.cloth, root, (side * (w + thick), low + half + tall - 0.06, 0))
        lean, kick = draw_apart(g, 0, 50, 0.5), draw_apart(g, 0, 85, 0.5)
        back = a.joint("back", (0, 0, -d), root, (-lean[0], 0, 0), (-lean[1], 0, 0))
        rest = superellipsoid((w, 0.5 * self.back + 0.05, 0.1), (0.45, 0.4), 32, 16)
        seams = grid(self.palette.dark, (2 / w, 0, 0), (0, 2 / self.back, 0), 0.04)
        a.part("rest", rest, (*self.cloth, seams), back, (0, 0.5 * self.back, -d))
        foot = a.joint("footrest", (0, 0.0, d), root, (-kick[0], 0, 0), (-kick[1], 0, 0))
        long = 0.5 * (0.02 - low)
        a.part("footrest", rounded_box((0.9 * w, long, 0.05), 0.04), self.cloth, foot, (0, -long, d + 0.05))
        knob = blob(self.palette.dark, (0, 0, 0), (0.5, 9, 0.5))
        for sx in (1, -1):
            for sz in (1, -1):
                a.part(
                    f"foot{sx}{sz}",
                    disc(0.04, 0.05, 0.01),
                    (*self.frame, knob),
                    root,
                    (sx * 0.85 * w, low - 0.1, sz * 0.8 * d),
                )

    def _fold(self) -> None:
        """Two crossed frames on one axle; the seat hangs on one of them and the back goes on."""
        g, a, w, long = self.g, self.a, self.wide, self.leg + 0.1
        spread = draw_apart(g, 6, 42, 0.6)
        front = a.joint("front", (0, -0.5 * long, 0), -1, (spread[0], 0, 0), (spread[1], 0, 0))
        rear = a.joint("rear", (0, -0.5 * long, 0), -1, (-spread[0], 0, 0), (-spread[1], 0, 0))
        for name, joint, x, high in (
            ("front", front, w, 0.0),
            ("rear", rear, 0.86 * w, self.back if g.random() < 0.7 else 0.0),
        ):
            for side in (1, -1):
                self._rod(f"{name}{side}", joint, ((side * x, -long, 0), (side * x, high, 0)))
            self._rod(f"{name}_foot", joint, ((-x, -long + 0.02, 0), (x, -long + 0.02, 0)), 0.8)
            self._rod(f"{name}_top", joint, ((-x, high, 0), (x, high, 0)), 0.8)
            if high:
                cloth = rounded_box((x, 0.28 * high, 0.02), 0.015)
                a.part("rest", cloth, self.cloth, joint, (0, 0.72 * high, 0))
        # The seat tips up as the frames close.
        rear_edge = (0.0, -0.02, 0.0)
        close = [float(max(42 - s, 0)) * 1.6 for s in spread]
        seat = a.joint("seat", rear_edge, rear, *((s - c, 0.0, 0.0) for s, c in zip(spread, close, strict=True)))
        a.part("seat", rounded_box((0.82 * w, 0.025, self.deep), 0.02), self.cloth, seat, (0, 0.0, 0.8 * self.deep))
