"""Machines of no known purpose: solids in a random tree, joined by hinges, axles and slides."""

from dataclasses import dataclass

import numpy as np

from tween4d.synthetic.assembly import ORIGIN, Assembly, Vector, turn_about
from tween4d.synthetic.meshes import Mesh
from tween4d.synthetic.palettes import INK, Palette, draw_palette, draw_pattern, lighter
from tween4d.synthetic.pieces import Wheels, draw_apart
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import ball, disc, plate, rounded_box, superellipsoid, sweep, tray
from tween4d.synthetic.textures import Texture, bands, belt, blob, grid

UP = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True)
class _Node:
    """A solid in place, on which others may be put."""

    joint: int
    centre: np.ndarray
    half: np.ndarray


def contraption(generator: np.random.Generator) -> Scene:
    """A machine of random build between two of its settings; half of them are the same left and right."""
    return _Contraption(generator).build()


class _Contraption:
    def __init__(self, generator: np.random.Generator) -> None:
        self.g, self.a = generator, Assembly("contraption")
        self.palettes = [draw_palette(generator) for _ in range(generator.integers(1, 4))]
        self.symmetric = generator.random() < 0.5

    def build(self) -> Scene:
        """A base, then solids on the faces of those before."""
        g, a = self.g, self.a
        half = g.uniform(0.2, 0.6, 3) * [1, g.uniform(0.3, 1.2), 1]
        base = a.joint("base", ORIGIN, -1, ORIGIN, (0.0, float(g.uniform(-12, 12)), 0.0))
        self.nodes = [self._solid("base", g.choice(["box", "drum", "tray", "pill"]), base, np.zeros(3), half, 1)]
        if g.random() < 0.4:
            self._wheels(base, half)
        count = int(g.integers(3, 9))
        # The first ones move far, so that every machine visibly does.
        for k in range(count):
            self._grow(f"part{k}", "far" if k < 2 else g.choice(["far", "fixed", "near"], p=[0.45, 0.25, 0.3]))
        return a.scene()

    def _grow(self, name: str, motion: str) -> None:
        g = self.g
        parent = self.nodes[min(int(g.exponential(1.6)), len(self.nodes) - 1)]
        axis = int(g.choice([1, 1, 2, 0]))
        sign = 1 if axis == 1 and g.random() < 0.8 else int(g.choice([-1, 1]))
        kind = g.choice(["box", "drum", "rod", "plank", "disc", "ball", "pill", "cone", "tray", "wheel"])
        half = self._size(kind, axis)
        direction = np.zeros(3)
        direction[axis] = sign
        across = (1 - abs(direction)) * parent.half * g.uniform(-0.7, 0.7, 3)
        place = parent.centre + across + direction * parent.half
        twin = self.symmetric and (axis == 0 or g.random() < 0.3)
        if self.symmetric and not twin:
            place[0], across[0] = parent.centre[0], 0.0
        joint_kind = g.choice(["hinge", "spin", "slide"], p=[0.6, 0.2, 0.2])
        if kind in ("ball", "disc", "cone") and joint_kind == "spin":
            joint_kind = "hinge"
        tilt = np.array(g.uniform(-25, 25, 3) if g.random() < 0.3 else np.zeros(3))
        range_ = draw_apart(g, *((-80, 80) if motion == "far" else (-20, 20)), 0.4) if motion != "fixed" else (0, 0)
        lines = np.flatnonzero(direction == 0)
        line = np.eye(3)[lines[g.integers(2)]] if joint_kind == "hinge" else direction
        seed = int(g.integers(1 << 30))
        for side in (1, -1) if twin else (1,):
            flip = np.array([side, 1.0, 1.0])
            at, way = parent.centre + (place - parent.centre) * flip, direction * flip
            # Under a mirror a turn's axis keeps its x and turns round the rest.
            pole = line * [1, side, side]
            turns = (turn_about(tuple(pole), range_[0]), turn_about(tuple(pole), range_[1]))
            slides = (ORIGIN, ORIGIN)
            if joint_kind == "slide":
                # Out from within the parent, so that nothing floats.
                reach = 1.4 * half[axis] / 160
                turns, slides = (ORIGIN, ORIGIN), tuple(tuple(((t - 80) * reach * way).tolist()) for t in range_)
            joint = self.a.joint(f"{name}_{side}", tuple(at.tolist()), parent.joint, *turns, slide=slides)
            centre = at + way * (half[axis] * 0.92)
            node = self._solid(f"{name}_{side}", kind, joint, centre, half, axis, tilt * [1, side, side], seed)
            if side == 1:
                self.nodes.insert(int(self.g.integers(len(self.nodes) + 1)), node)

    def _size(self, kind: str, axis: int) -> np.ndarray:
        g = self.g
        long, thick = g.uniform(0.15, 0.5), g.uniform(0.025, 0.09)
        half = {
            "rod": np.full(3, thick),
            "plank": g.uniform(0.1, 0.4, 3),
            "disc": np.full(3, g.uniform(0.1, 0.4)),
            "wheel": np.full(3, g.uniform(0.1, 0.3)),
        }.get(kind, g.uniform(0.08, 0.32, 3))
        if kind == "rod":
            half[axis] = long
        elif kind == "plank":
            half[(axis + int(g.integers(1, 3))) % 3] = 0.5 * thick
        elif kind in ("disc", "wheel"):
            half[axis] = thick
        elif kind in ("drum", "cone", "tray"):
            half[[k for k in range(3) if k != axis]] = g.uniform(0.08, 0.28)
        elif kind == "ball":
            half[:] = half[0]
        return half

    def _solid(
        self, name: str, kind: str, joint: int, centre: np.ndarray, half: np.ndarray, axis: int,
        tilt: np.ndarray | None = None, seed: int | None = None,
    ) -> _Node:  # fmt: skip
        """Put a solid in place; solids with an axis have it on the given one."""
        g = np.random.default_rng(seed) if seed is not None else self.g
        palette = self.palettes[g.integers(len(self.palettes))]
        # Solids are made upright, then laid on their axis: half sizes are told in their own frame.
        own = half[[[1, 0, 2], [0, 1, 2], [0, 2, 1]][axis]]
        lie: Vector = ((0.0, 0.0, -90.0), ORIGIN, (90.0, 0.0, 0.0))[axis]
        turn = tuple(np.add(lie, ORIGIN if tilt is None else tilt).tolist())
        place = tuple(centre.tolist())
        if kind == "wheel":
            wheels = Wheels(g, own[0], own[1], palette)
            wheels.add(self.a, name, joint, place, turn)
        else:
            self.a.part(name, _mesh(g, kind, own), _coat(g, own, palette), joint, place, turn)
        return _Node(joint, centre, half)

    def _wheels(self, base: int, half: np.ndarray) -> None:
        g = self.g
        radius = g.uniform(0.12, 0.3)
        wheels = Wheels(g, radius, g.uniform(0.03, 0.1), self.palettes[0])
        roll = g.uniform(30, 150)
        for k, z in enumerate(np.linspace(-0.8, 0.8, g.integers(2, 4)) * half[2]):
            for side in (1, -1):
                centre = (side * (half[0] + 0.02), -half[1], float(z))
                axle = self.a.joint(f"axle{k}{side}", centre, base, ORIGIN, (float(roll), 0.0, 0.0))
                wheels.add(self.a, f"wheel{k}{side}", axle, centre)


def _mesh(g: np.random.Generator, kind: str, half: np.ndarray) -> Mesh:
    x, y, z = half
    least = float(half.min())
    if kind in ("box", "plank"):
        return rounded_box((x, y, z), g.uniform(0.1, 0.6) * least, g.uniform(0.1, 0.95) * min(x, z))
    if kind == "rod":
        curve = [(0, -y, 0), (0, 0, g.choice([0.0, 0.0, 0.25]) * y), (0, y, 0)]
        return sweep(curve, [x, g.uniform(0.6, 1.1) * x, x], squareness=g.uniform(0.4, 1.0), around=14, along=8)
    if kind in ("drum", "disc"):
        return disc(x, y, g.uniform(0.1, 0.6) * min(x, y))
    if kind == "cone":
        taper = g.uniform(0.3, 0.95) * x * g.choice([-1, 1])
        low, high = max(taper, 0), max(-taper, 0)
        return plate((x, x), x, [(low + 0.02 * x, -y), (low, -0.95 * y), (high, 0.95 * y), (high + 0.02 * x, y)])
    if kind == "tray":
        return tray((x, y, z), 0.14 * min(x, z), g.uniform(0.1, 0.95) * min(x, z))
    if kind == "pill":
        return superellipsoid(half, tuple(g.uniform(0.3, 1.0, 2)), 26, 14)
    return ball(x, 22)


def _coat(g: np.random.Generator, half: np.ndarray, palette: Palette) -> Texture:
    """A pattern, and panels, dials, warning stripes or seams on it."""
    x, y, z = half
    base = (palette.base, palette.second, palette.accent, palette.pale)[g.integers(4)]
    coat = draw_pattern(g, base, palette.second if base != palette.second else palette.base, 2 * float(half.max()))
    kind = g.integers(6)
    mark, r = lighter(palette.accent, g.uniform(0, 0.6)), 0.5 * min(x, y)
    if kind == 0:
        window = blob(INK, (0, 0.2 * y, z), (0.65 * x, 0.45 * y, 0.4 * z), power=8)
        return (*coat, window, blob(mark, (0, 0.2 * y, z), (0.55 * x, 0.36 * y, 0.4 * z), power=8))
    if kind == 1:
        return (*coat, blob(INK, (0, 0, z), (r, r, 0.5 * z)), blob(mark, (0.0, 0.0, z), (0.8 * r, 0.8 * r, 0.5 * z)),
                blob(INK, (0.2 * r, 0.3 * r, z), (0.1 * r, 0.5 * r, 0.5 * z)))  # fmt: skip
    if kind == 2:
        return (*coat, belt(mark, (0, 1, 0), 0.5 * y, 0.15 * y), belt(INK, (0, 1, 0), -0.5 * y, 0.1 * y))
    if kind == 3:
        return (*coat, grid(palette.dark, (1.2 / x, 0, 0), (0, 1.2 / y, 0), 0.06))
    if kind == 4:
        return (*coat, bands(mark, (1, 1, 0.5), 0.4 * float(half.max()), 0.5))
    return coat
