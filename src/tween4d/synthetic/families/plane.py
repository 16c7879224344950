"""Aircraft: aeroplanes with flaps and propellers, helicopters, and small rockets."""

import numpy as np

from tween4d.synthetic.assembly import ORIGIN, Assembly, Vector
from tween4d.synthetic.palettes import INK, darker, draw_color, draw_palette, draw_pattern, lighter
from tween4d.synthetic.pieces import draw_apart
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import ball, disc, superellipsoid, sweep
from tween4d.synthetic.textures import Texture, bands, belt, blob, fill, slope


def plane(generator: np.random.Generator) -> Scene:
    """An aircraft of random make, its nose towards +z, between two moments of a turn."""
    return _Plane(generator).build()


class _Plane:
    """Lengths in the aircraft's frame: the hull runs along z and is about 1.4 long."""

    def __init__(self, generator: np.random.Generator) -> None:
        g = self.g = generator
        self.a, self.palette = Assembly("plane"), draw_palette(generator)
        self.paint: Texture = (fill(self.palette.base),)
        if g.random() < 0.5:
            self.paint = draw_pattern(g, self.palette.base, self.palette.second, 0.6)
        self.taper = g.uniform(0.35, 0.9)
        self.long, self.r = g.uniform(0.5, 0.85), g.uniform(0.1, 0.22)

    def build(self) -> Scene:
        """Hull, canopy, wings or rotor, tail, gear."""
        g, a = self.g, self.a
        bank, pitch = draw_apart(g, -35, 35, 0.4), draw_apart(g, -15, 15, 0.3)
        yaw = draw_apart(g, -12, 12, 0.3)
        self.hull = a.joint("hull", ORIGIN, -1, *zip(pitch, yaw, bank, strict=True))
        if g.random() < 0.35:
            self._helicopter()
        else:
            self._aeroplane()
        if g.random() < 0.6:
            self._gear()
        return a.scene()

    def _fuselage(self, tail: float) -> None:
        """The hull, whose tail end has the given share of its girth."""
        g, n, r = self.g, self.long, self.r
        flat = g.uniform(0.8, 1.2)
        shares = (tail, 0.5 + 0.5 * tail, 1.0, g.uniform(0.8, 1.0), g.uniform(0.15, 0.5))
        lift = (0.4 * r * (1 - tail), 0.1 * r, 0.0, 0.0, -0.1 * r)
        curve = [(0.0, y, z) for y, z in zip(lift, np.linspace(-n, n, 5), strict=True)]
        body = sweep(
            curve, [(s * r, s * r * flat) for s in shares], squareness=g.uniform(0.7, 1.0), around=28, along=22
        )
        belly = slope(self.palette.pale, (0, 0, 0.1 * r), (0, 0, 0.5 * r))
        nose = slope(self.palette.accent, (0, 1.75 * n, 0), (0, 1.8 * n, 0))
        stripe = blob(self.palette.second, (r, n, 0.1 * r), (0.5 * r, 9, 0.1 * r), power=8, mirror=True)
        glass = darker(draw_color(g, (0.2, 0.6), (0.4, 0.9)), 0.8)
        rows = np.linspace(0.5 * n, 1.45 * n, g.integers(0, 7))
        size = g.uniform(0.02, 0.035)
        panes = tuple(blob(glass, (r, y, -0.25 * r), (0.6 * r, size, size), power=4, mirror=True) for y in rows)
        self.a.part("fuselage", body, (*self.paint, belly, stripe, nose, *panes), self.hull)
        cockpit = superellipsoid((0.62 * r, 0.5 * r, g.uniform(0.18, 0.4) * n), around=24, along=14)
        frame = bands(self.palette.dark, (0, 0, 1), 0.14, 0.15)
        self.a.part("canopy", cockpit, (fill(glass), frame), self.hull, (0, 0.75 * r * flat, g.uniform(0.25, 0.5) * n))

    def _aeroplane(self) -> None:
        g, a, n, r = self.g, self.a, self.long, self.r
        self._fuselage(g.uniform(0.2, 0.5))
        span, chord = g.uniform(0.5, 1.1), g.uniform(0.1, 0.25)
        back, rise, z = g.uniform(-0.1, 0.6) * span, g.uniform(-0.05, 0.2) * span, g.uniform(-0.1, 0.35) * n
        floors = ((-0.3 * r,), (0.7 * r,), (-0.5 * r, 1.5 * r))[g.integers(3)]
        flap = draw_apart(g, -40, 45, 0.5)
        coat = (*self.paint, slope(self.palette.second, (0, 0.75 * span, 0), (0, 0.8 * span, 0)),
                belt(self.palette.accent, (0, 1, 0), 0.6 * span, 0.03))  # fmt: skip
        for k, y in enumerate(floors):
            for side in (1, -1):
                self._wing(f"wing{k}{side}", (0.5 * side * r * (y < r), y, z), (side * span, rise, -back), chord, coat)
                # The flap hangs on the trailing edge; its turn is opposite on the other side: a roll.
                hinge = (0.55 * side * span, y + 0.55 * rise, z - 0.55 * back - chord * 0.8)
                joint = a.joint(f"flap{k}{side}", hinge, self.hull, *((side * t, 0.0, 0.0) for t in flap))
                half = 0.22 * span
                inner, outer = (
                    (hinge[0] + k * side * half, hinge[1] + 0.22 * k * rise, hinge[2] - 0.22 * k * back - 0.3 * chord)
                    for k in (-1, 1)
                )
                curve = [inner, outer]
                board = sweep(curve, [(0.35 * chord, 0.014)] * 2, side=(0, 0, -1), around=14, along=4)
                a.part(f"flap{k}{side}", board, (fill(self.palette.accent),), joint)
        if len(floors) == 2:
            for side in (1, -1):
                at = 0.6 * side * span
                ends = [(at, floors[0], z - 0.6 * back), (at, floors[1] + 0.6 * rise, z - 0.6 * back)]
                strut = sweep(ends, [0.015] * 2, around=8, along=3)
                a.part(f"strut{side}", strut, (fill(self.palette.dark),), self.hull)
        self._tail(0.4 * span)
        if g.random() < 0.6:
            self._rotor("propeller", (0, -0.1 * r, n + 0.08), 2, g.uniform(0.2, 0.4), self.hull)
        for side in (1, -1) if g.random() < 0.5 else ():
            pod = superellipsoid((0.07, 0.07, 0.18), (0.7, 1.0), 18, 12)
            cowl = (fill(self.palette.second), slope(INK, (0, 0, 0.12), (0, 0, 0.17)))
            a.part(f"pod{side}", pod, cowl, self.hull, (0.45 * side * span, floors[0] - 0.06, z - 0.4 * back + 0.05))

    def _wing(self, name: str, root: Vector, reach: Vector, chord: float, coat: Texture) -> None:
        tip = tuple(float(p + q) for p, q in zip(root, reach, strict=True))
        blade = sweep([root, tip], [(chord, 0.035), (self.taper * chord, 0.015)], side=(0, 0, -1), around=22, along=10)
        self.a.part(name, blade, coat, self.hull)

    def _tail(self, span: float) -> None:
        g, a, n = self.g, self.a, self.long
        steer, lift, tall = draw_apart(g, -35, 35, 0.4), draw_apart(g, -30, 30, 0.4), g.uniform(0.18, 0.4)
        coat, z = (*self.paint, bands(self.palette.second, (0, 1, 0), 0.5 * tall, 0.4)), -0.88 * n
        fin = sweep(
            [(0, 0.05, z), (0, tall + 0.05, z - 0.12)],
            [(0.13, 0.025), (0.08, 0.012)],
            side=(0, 0, 1),
            around=18,
            along=6,
        )
        a.part("fin", fin, coat, self.hull)
        rudder = a.joint("rudder", (0, 0.1, z - 0.13), self.hull, (0, steer[0], 0), (0, steer[1], 0))
        blade = sweep(
            [(0, 0.1, z - 0.17), (0, tall, z - 0.25)], [(0.06, 0.012)] * 2, side=(0, 0, 1), around=14, along=4
        )
        a.part("rudder", blade, (fill(self.palette.accent),), rudder)
        height = g.choice([0.06, tall])
        board = a.joint("elevator", (0, height, z), self.hull, (lift[0], 0, 0), (lift[1], 0, 0))
        for side in (1, -1):
            curve = [(0.02 * side, height, z), (side * span, height, z - 0.1)]
            a.part(
                f"elevator{side}",
                sweep(curve, [(0.1, 0.02), (0.06, 0.01)], side=(0, 0, -1), around=16, along=6),
                coat,
                board,
            )

    def _rotor(self, name: str, at: Vector, axis: int, radius: float, joint: int) -> None:
        """Blades that turn about x, y or z."""
        g, a, count = self.g, self.a, int(self.g.integers(2, 5))
        line = np.eye(3)[axis]
        angle = draw_apart(g, 0, 170.0 / count, 0.5)
        axle = a.joint(name, at, joint, *(tuple((t * line).tolist()) for t in angle))
        a.part(f"{name}_hub", ball(0.05, 14), (fill(self.palette.accent),), axle, at)
        width, tip = g.uniform(0.03, 0.06), lighter(self.palette.accent, 0.4)
        coat = (fill(self.palette.dark), slope(tip, (0, 0.8 * radius, 0), (0, 0.82 * radius, 0)))
        for k in range(count):
            way = np.roll(line, 1) * np.cos(2 * np.pi * k / count) + np.roll(line, 2) * np.sin(2 * np.pi * k / count)
            side = tuple(np.cross(way, line).tolist())
            blade = sweep(
                [at, at + radius * way], [(0.7 * width, 0.012), (width, 0.008)], side=side, around=12, along=4
            )
            a.part(f"{name}_blade{k}", blade, coat, axle)

    def _helicopter(self) -> None:
        g, a, n, r = self.g, self.a, self.long, self.r
        self.r = r = 1.3 * r
        self._fuselage(g.uniform(0.12, 0.25))
        mast = (0.0, r + 0.12, 0.1 * n)
        a.part(
            "mast",
            sweep([(0, 0.5 * r, 0.1 * n), mast], [0.05, 0.03], around=12, along=4),
            (fill(self.palette.dark),),
            self.hull,
        )
        tilt = a.joint("mast", mast, self.hull, (float(g.uniform(-8, 8)), 0, 0), (float(g.uniform(-8, 8)), 0, 0))
        self._rotor("rotor", mast, 1, g.uniform(0.6, 1.0), tilt)
        self._tail(0.25)
        self._rotor("tail_rotor", (0.06, 0.25, -0.95 * n), 0, g.uniform(0.12, 0.22), self.hull)
        swing = draw_apart(g, 0, 80, 0.5)
        side = int(g.choice([-1, 1]))
        door = a.joint("door", (side * 0.92 * r, 0, 0.5 * n), self.hull, *((0.0, -side * t, 0.0) for t in swing))
        pane = superellipsoid((0.02, 0.55 * r, 0.16 * n), (0.4, 0.4), 20, 10)
        glass = blob(darker(self.palette.pale, 0.5), (0, 0.2 * r, 0), (9, 0.25 * r, 0.1 * n), power=6)
        a.part("door", pane, (fill(self.palette.second), glass), door, (side * 0.98 * r, 0, 0.34 * n))

    def _gear(self) -> None:
        g, a, r = self.g, self.a, self.r
        fold = draw_apart(g, 0, 70, 0.5) if g.random() < 0.5 else (0.0, 0.0)
        tall, size = g.uniform(0.06, 0.15), g.uniform(0.05, 0.09)
        skids = g.random() < 0.3
        for side in (1, -1):
            top, low = (side * 0.5 * r, -0.7 * r, 0.1), (side * 1.1 * r, -r - tall, 0.12)
            leg = a.joint(f"gear{side}", top, self.hull, *((0.0, 0.0, -side * t) for t in fold))
            a.part(f"gear{side}", sweep([top, low], [0.02, 0.02], around=8, along=3), (fill(self.palette.dark),), leg)
            if skids:
                ski = sweep(
                    [(low[0], low[1], -0.3), (low[0], low[1], 0.4), (low[0], low[1] + 0.06, 0.5)],
                    [0.02] * 3,
                    around=8,
                    along=8,
                )
                a.part(f"ski{side}", ski, (fill(self.palette.accent),), leg)
            else:
                tyre = (fill(INK), blob(self.palette.accent, (0, 0, 0), (0.5 * size, 9, 0.5 * size)))
                a.part(f"tyre{side}", disc(size, 0.03, 0.015), tyre, leg, low, (0, 0, 90))
        if not skids:
            a.part("nose_tyre", ball(0.7 * size, 12), (fill(INK),), self.hull, (0, -r, 0.75 * self.long))
