"""Road vehicles: cars, lorries, tractors and carts, with wheels that turn, and doors, bonnets and beds that open."""

import numpy as np

from tween4d.synthetic.assembly import ORIGIN, Assembly
from tween4d.synthetic.meshes import Mesh
from tween4d.synthetic.palettes import INK, darker, draw_color, draw_palette, draw_pattern, lighter
from tween4d.synthetic.pieces import Wheels, draw_apart
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import ball, disc, prism, rounded_box, sweep, tray
from tween4d.synthetic.textures import Texture, belt, blob, fill

ALONG = (0.0, -90.0, 0.0)
"""Turns a profile drawn with x towards the front into place."""


def vehicle(generator: np.random.Generator) -> Scene:
    """A vehicle of random make, its front towards +z, between two states of its wheels, doors and bed."""
    return _Vehicle(generator).build()


class _Vehicle:
    """Lengths in the vehicle's frame: the ground at y = 0, about 1.6 long."""

    def __init__(self, generator: np.random.Generator) -> None:
        g = self.g = generator
        self.a, self.palette = Assembly("vehicle"), draw_palette(generator)
        self.paint: Texture = (fill(self.palette.base),)
        if g.random() < 0.4:
            self.paint = draw_pattern(g, self.palette.base, self.palette.second, 0.7)
        self.long, self.wide = g.uniform(0.55, 1.0), g.uniform(0.26, 0.42)
        self.wheel = g.uniform(0.12, 0.24)
        self.floor = self.wheel * g.uniform(0.7, 1.2)
        self.glass = darker(draw_color(g, (0.1, 0.5), (0.4, 0.9)), 0.8)

    def build(self) -> Scene:
        """Body, cabin, what opens, wheels."""
        g, a = self.g, self.a
        turn, nod = g.uniform(-12, 12), g.uniform(-6, 6)
        self.body = a.joint("body", (0, self.floor, 0), -1, ORIGIN, (float(nod), float(turn), 0.0))
        kind = g.choice(["car", "lorry", "cart", "tractor"], p=[0.45, 0.25, 0.15, 0.15])
        getattr(self, f"_{kind}")()
        return a.scene()

    def _car(self) -> None:
        g, a, n, w = self.g, self.a, self.long, self.wide
        low, waist = self.floor, self.floor + g.uniform(0.2, 0.34)
        roof = waist + g.uniform(0.16, 0.36)
        nose, hood = g.uniform(0.5, 1.0), g.uniform(0.15, 0.6)
        # Windscreen and rear window, from upright to flat.
        front, back = n - hood, -n + g.uniform(0.0, 0.5)
        slant = g.uniform(0.05, 0.3)
        hull = [(-n, low), (n, low), (n + 0.03, low + nose * (waist - low) * 0.6)]
        hull += [(n - 0.04, waist - 0.03), (front, waist), (-n + 0.03, waist)]
        stripe = belt(self.palette.accent, (0, 1, 0), low + 0.3 * (waist - low), 0.02)
        a.part("hull", self._prism(hull, w), (*self.paint, stripe), self.body, ORIGIN, ALONG)
        cabin = [(back, waist - 0.04), (front, waist - 0.04), (front - slant, roof), (back + 0.4 * slant, roof)]
        middle, half = 0.5 * (front + back), 0.5 * (front - back)
        mid, tall = 0.5 * (waist + roof), 0.5 * (roof - waist)
        panes = tuple(
            blob(self.glass, (middle + k * 0.45 * half - 0.2 * slant, mid, 0), (0.36 * half, 0.62 * tall, 9), power=6)
            for k in (-1, 1)
        )
        screens = (
            blob(self.glass, (front, mid, 0), (0.25 * half + 0.5 * slant, 0.72 * tall, 0.72 * w), power=8),
            blob(self.glass, (back, mid, 0), (0.25 * half, 0.6 * tall, 0.65 * w), power=8),
        )
        a.part("cabin", self._prism(cabin, 0.88 * w), (*self.paint, *panes, *screens), self.body, ORIGIN, ALONG)
        self._lights(n + 0.02, low + 0.45 * (waist - low))
        self._doors(front - 0.1 * half, low + 0.04, waist - 0.02, max(0.9 * half, 0.2))
        if hood > 0.25 and g.random() < 0.6:
            self._flap("bonnet", (front + 0.02, waist + 0.008), hood - 0.06, -1)
        if g.random() < 0.5:
            self._flap("boot", (back - 0.02, waist + 0.008), max(back + n - 0.05, 0.12), 1)
        self._roof(roof, middle)
        self._axles((0.62 * n, -0.62 * n))

    def _lorry(self) -> None:
        g, a, n, w = self.g, self.a, self.long, self.wide
        y = self.floor
        a.part(
            "frame",
            rounded_box((0.7 * w, 0.04, n), 0.02),
            (fill(darker(self.palette.dark, 0.6)),),
            self.body,
            (0, y + 0.02, 0),
        )
        deep, tall = g.uniform(0.18, 0.3), g.uniform(0.2, 0.34)
        z = n - deep
        lean = g.uniform(0.0, 0.12)
        cab = [
            (z - deep, y),
            (z + deep, y),
            (z + deep, y + tall),
            (z + deep - lean, y + 2 * tall),
            (z - deep, y + 2 * tall),
        ]
        pane = (
            blob(self.glass, (z + deep, y + 1.45 * tall, 0), (0.1 + lean, 0.38 * tall, 0.8 * w), power=8),
            blob(self.glass, (z, y + 1.45 * tall, 0), (0.65 * deep, 0.35 * tall, 9), power=6),
        )
        a.part("cab", self._prism(cab, w), (*self.paint, *pane), self.body, ORIGIN, ALONG)
        self._lights(n, y + 0.35 * tall)
        self._doors(z + 0.75 * deep, y + 0.05, y + 1.9 * tall, 1.4 * deep)
        rear, half = -n, n - deep - 0.03
        low, high = draw_apart(g, 0, 55, 0.6)
        bed = a.joint("bed", (0, y + 0.08, rear + 0.1), self.body, (-low, 0, 0), (-high, 0, 0))
        load, at = draw_pattern(g, self.palette.second, self.palette.accent, 0.6), (0, y + 0.1, rear + half)
        if g.random() < 0.5:
            up = g.uniform(0.08, 0.2)
            a.part("bed", tray((w, up, half), 0.03, 0.04), load, bed, (at[0], at[1] + up, at[2]))
            for k in range(g.integers(0, 4)):
                r = g.uniform(0.08, 0.15)
                spot = (g.uniform(-0.4, 0.4) * w, at[1] + r + 0.05, at[2] + g.uniform(-0.6, 0.6) * half)
                a.part(f"load{k}", ball(r, 14), draw_pattern(g, draw_color(g), draw_color(g), 0.2), bed, spot)
        elif g.random() < 0.5:
            up = g.uniform(0.2, 0.4)
            a.part("box", rounded_box((w, up, half), 0.03), load, bed, (at[0], at[1] + up, at[2]))
        else:
            r = 0.9 * w
            tank = sweep(
                [(0, at[1] + r, rear + 0.1), (0, at[1] + r, rear + 2 * half - 0.1)], [r, r], around=26, along=8
            )
            a.part("tank", tank, load, bed)
        self._axles((0.7 * n, -0.2 * n, -0.75 * n) if g.random() < 0.5 else (0.7 * n, -0.65 * n))

    def _cart(self) -> None:
        g, a, n, w = self.g, self.a, 0.6 * self.long, self.wide
        up = g.uniform(0.1, 0.25)
        y = self.floor + 0.5 * self.wheel
        tilt = draw_apart(g, -30, 15, 0.6)
        bed = a.joint("bed", (0, y, 0), self.body, (tilt[0], 0, 0), (tilt[1], 0, 0))
        wood = draw_pattern(g, self.palette.base, self.palette.dark, 0.5)
        a.part("bed", tray((w, up, n), 0.03, 0.05), wood, bed, (0, y + up, 0))
        for side in (1, -1):
            shaft = sweep(
                [(side * 0.7 * w, y, 0.5 * n), (side * 0.6 * w, y + 0.05, n + 0.5)], [0.03, 0.02], around=10, along=4
            )
            a.part(f"shaft{side}", shaft, (fill(self.palette.dark),), bed)
        for k in range(g.integers(1, 4)):
            half = g.uniform(0.08, 0.16, 3)
            spot = (g.uniform(-0.4, 0.4) * w, y + 0.06 + half[1], g.uniform(-0.5, 0.5) * n)
            a.part(
                f"load{k}",
                rounded_box(tuple(half), 0.03),
                draw_pattern(g, draw_color(g), draw_color(g), 0.2),
                bed,
                spot,
            )
        gate = a.joint("gate", (0, y + 0.02, -n), bed, ORIGIN, (-g.uniform(60, 130), 0, 0))
        a.part(
            "gate", rounded_box((0.9 * w, up, 0.02), 0.012), (fill(self.palette.second),), gate, (0, y + up, -n - 0.02)
        )
        self.wheel *= 1.5
        self._axles((0.0,) if g.random() < 0.5 else (0.7 * n, -0.7 * n))

    def _tractor(self) -> None:
        g, a, n, w = self.g, self.a, 0.8 * self.long, 0.6 * self.wide
        y, r = self.floor + 0.1, self.wheel
        deep, up = g.uniform(0.25, 0.45) * n, g.uniform(0.12, 0.2)
        a.part("engine", rounded_box((w, up, n - deep), 0.05), self.paint, self.body, (0, y + up, deep))
        grille = (fill(INK), *(belt(self.palette.accent, (0, 1, 0), k * 0.5 * up, 0.06 * up) for k in (-1, 0, 1)))
        a.part("grille", rounded_box((0.75 * w, 0.7 * up, 0.02), 0.01), grille, self.body, (0, y + up, n + 0.01))
        self._lights(n, y + 1.6 * up, -n)
        seat = (0, y + 2 * up, -n + deep)
        a.part("seat", rounded_box((0.8 * w, 0.03, 0.12), 0.02), (fill(self.palette.second),), self.body, seat)
        for side in (1, -1):
            for z in (-n + 0.05, -n + 2 * deep):
                post = sweep([(side * w, y, z), (side * w, y + 0.6, z)], [0.02, 0.02], around=8, along=3)
                a.part(f"post{side}{z:.2f}", post, (fill(self.palette.dark),), self.body)
        a.part(
            "roof", rounded_box((1.15 * w, 0.025, deep + 0.05), 0.02), self.paint, self.body, (0, y + 0.62, -n + deep)
        )
        pipe = sweep(
            [(0.4 * w, y + up, 0.7 * n), (0.4 * w, y + 2 * up + 0.25, 0.7 * n)], [0.03, 0.03], around=10, along=4
        )
        a.part("pipe", pipe, (fill(self.palette.accent),), self.body)
        lift = draw_apart(g, -10, 55, 0.5)
        arm = a.joint("arm", (0, y + up, 0.3 * n), self.body, (-lift[0], 0, 0), (-lift[1], 0, 0))
        for side in (1, -1):
            x = side * (w + 0.05)
            beam = sweep([(x, y + up, 0.3 * n), (x, y + 0.5 * up, n + 0.3)], [0.03, 0.03], around=10, along=4)
            a.part(f"beam{side}", beam, (fill(self.palette.second),), arm)
        shovel = tray((w + 0.14, 0.12, 0.12), 0.02, 0.03)
        a.part(
            "shovel",
            shovel,
            (fill(self.palette.accent),),
            arm,
            (0, y + 0.5 * up, n + 0.38),
            (float(g.uniform(30, 80)), 0, 0),
        )
        self.wide = w + 0.08
        self._axles((0.8 * n,), steer=False)
        self.wheel = r * g.uniform(1.3, 1.9)
        self._axles((-0.7 * n,), steer=False)

    @staticmethod
    def _prism(outline: list[tuple[float, float]], half: float) -> Mesh:
        return prism(np.array(outline), half, 0.04)

    def _lights(self, z: float, y: float, rear: float | None = None) -> None:
        r = self.g.uniform(0.03, 0.07)
        lamp = (fill((1.0, 0.95, 0.75)), belt(self.palette.dark, (0, 1, 0), -0.02, 0.02))
        for side in (1, -1):
            x = side * (self.wide - r - 0.05)
            self.a.part(f"lamp{side}", disc(r, 0.03, 0.015), lamp, self.body, (x * 0.9, y, z), (90, 0, 0))
            tail = rounded_box((r, 0.6 * r, 0.02), 0.01)
            self.a.part(
                f"tail{side}",
                tail,
                (fill((0.85, 0.1, 0.1)),),
                self.body,
                (x, y, (-self.long if rear is None else rear) - 0.01),
            )
        bumper = rounded_box((0.95 * self.wide, 0.03, 0.04), 0.02)
        self.a.part("bumper", bumper, (fill(lighter(self.palette.dark, 0.3)),), self.body, (0, self.floor + 0.03, z))

    def _doors(self, hinge: float, low: float, high: float, long: float) -> None:
        g = self.g
        swing = draw_apart(g, 0, 75, 0.6)
        which = ((1, -1), (1,), (-1,), ())[g.integers(4)]
        for side in (1, -1):
            x = side * (self.wide + 0.012)
            turns = tuple((0, -side * t if side in which else 0, 0) for t in swing)
            door = self.a.joint(f"door{side}", (x, low, hinge), self.body, *turns)
            middle = (x, 0.5 * (low + high), hinge - 0.5 * long)
            knob = blob(self.palette.dark, (0, 0.3 * (high - low), -0.36 * long), (9, 0.02, 0.06), power=6)
            rim = blob(self.palette.pale, (0, 0, 0), (9, 0.4 * (high - low), 0.42 * long), power=8)
            paint = (fill(self.palette.dark), rim, knob)
            self.a.part(
                f"door{side}", rounded_box((0.018, 0.5 * (high - low), 0.5 * long), 0.012, 0.016), paint, door, middle
            )

    def _flap(self, name: str, hinge: tuple[float, float], long: float, way: int) -> None:
        """A lid that is hinged across; it reaches forwards with way -1, backwards with 1."""
        swing = draw_apart(self.g, 0, 65, 0.6)
        z, y = hinge
        joint = self.a.joint(name, (0, y, z), self.body, *(tuple((way * t, 0, 0) for t in swing)))
        mark = belt(self.palette.accent, (1, 0, 0), 0, self.g.uniform(0.02, 0.1))
        plate = rounded_box((0.86 * self.wide, 0.016, 0.5 * long), 0.01)
        self.a.part(name, plate, (*self.paint, mark), joint, (0, y, z - way * 0.5 * long))

    def _roof(self, y: float, z: float) -> None:
        g, kind = self.g, self.g.integers(4)
        if kind == 0:
            self.a.part(
                "sign", rounded_box((0.12, 0.05, 0.05), 0.02), (fill(self.palette.accent),), self.body, (0, y + 0.05, z)
            )
        elif kind == 1:
            trunk = rounded_box((0.6 * self.wide, 0.08, 0.2), 0.03)
            self.a.part(
                "trunk",
                trunk,
                draw_pattern(g, self.palette.second, self.palette.dark, 0.3),
                self.body,
                (0, y + 0.08, z),
            )

    def _axles(self, places: tuple[float, ...], steer: bool = True) -> None:
        g, r = self.g, self.wheel
        wheels = Wheels(g, r, g.uniform(0.03, 0.08), self.palette)
        roll, angle = g.uniform(40, 170), draw_apart(g, -30, 30, 0.3)
        for k, z in enumerate(places):
            for side in (1, -1):
                centre = (side * (self.wide + 0.02), r, z)
                hub = self.body
                if steer and k == 0 and z > 0:
                    hub = self.a.joint(f"steer{side}", centre, hub, (0, angle[0], 0), (0, angle[1], 0))
                axle = self.a.joint(f"axle{k}{side}{r:.2f}", centre, hub, ORIGIN, (float(roll), 0.0, 0.0))
                wheels.add(self.a, f"wheel{k}{side}{r:.2f}", axle, centre)
