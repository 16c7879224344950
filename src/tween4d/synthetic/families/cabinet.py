"""Furniture to keep things in: chests of drawers, cupboards, desks and shelves; drawers slide, doors swing."""

import numpy as np

from tween4d.synthetic.assembly import ORIGIN, Assembly
from tween4d.synthetic.palettes import INK, darker, draw_palette, draw_pattern, lighter, wood
from tween4d.synthetic.pieces import draw_apart
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import ball, disc, rounded_box, superellipsoid, sweep
from tween4d.synthetic.textures import Texture, belt, blob, fill


def cabinet(generator: np.random.Generator) -> Scene:
    """A piece of furniture of random build, its front towards +z, with drawers and doors between two settings."""
    return _Cabinet(generator).build()


class _Cabinet:
    def __init__(self, generator: np.random.Generator) -> None:
        g = self.g = generator
        self.a, p = Assembly("cabinet"), draw_palette(generator)
        self.palette = p
        self.half = np.array([g.uniform(0.25, 0.7), g.uniform(0.2, 0.7), g.uniform(0.16, 0.4)])
        self.wall = g.uniform(0.015, 0.035)
        grain = g.normal(size=3)
        self.body: Texture = wood(p.base, grain, 0.07) if g.random() < 0.5 else draw_pattern(g, p.base, p.pale, 0.5)
        same = g.random() < 0.4
        self.front: Texture = self.body if same else draw_pattern(g, p.second, p.pale, 0.4)
        self.inside: Texture = (fill(darker(p.base, 0.6)),)
        self.knob = g.choice(["ball", "bar", "disc"])
        self.knob_color: Texture = (fill(lighter(p.accent, g.uniform(0, 0.5))),)

    def build(self) -> Scene:
        """Carcass, legs, cells and what fills them."""
        g, a, t = self.g, self.a, self.wall
        x, y, z = self.half
        root = self.root = a.joint("carcass", ORIGIN, -1, ORIGIN, (0.0, float(g.uniform(-10, 10)), 0.0))
        shell = (("left", (t, y, z), (-x, 0, 0)), ("right", (t, y, z), (x, 0, 0)), ("floor", (x, t, z), (0, -y, 0)))
        for name, half, at in shell:
            a.part(name, rounded_box(half, 0.4 * t), self.body, root, at)
        over = g.uniform(0.0, 0.06)
        a.part("top", rounded_box((x + t + over, t, z + over), 0.5 * t), self.body, root, (0, y, 0))
        if g.random() < 0.9:
            a.part("back", rounded_box((x, y, 0.6 * t), 0.3 * t), self.inside, root, (0, 0, -z))
        self._legs()
        columns, rows = (
            int(g.choice([1, 2, 3], p=[0.4, 0.45, 0.15])),
            int(g.choice([1, 2, 3, 4], p=[0.2, 0.3, 0.3, 0.2])),
        )
        xs, ys = self._cuts(columns, x), self._cuts(rows, y)
        for k, cut in enumerate(xs[1:-1]):
            a.part(f"post{k}", rounded_box((0.7 * t, y, z - t), 0.3 * t), self.body, root, (cut, 0, 0))
        cells = [(c, r) for c in range(columns) for r in range(rows)]
        moving = int(g.integers(len(cells)))
        like = g.choice(["drawer", "door", "mixed"], p=[0.35, 0.3, 0.35])
        for k, (c, r) in enumerate(cells):
            if r:
                middle, wide = 0.5 * (xs[c] + xs[c + 1]), 0.5 * (xs[c + 1] - xs[c])
                shelf = rounded_box((wide, 0.6 * t, z - t), 0.3 * t)
                a.part(f"shelf{k}", shelf, self.body, root, (middle, ys[r], 0))
            kind = like if like != "mixed" else g.choice(["drawer", "door", "open"], p=[0.45, 0.4, 0.15])
            if kind == "open" and k == moving:
                kind = "door"
            box = (xs[c] + t, xs[c + 1] - t, ys[r] + t, ys[r + 1] - t)
            getattr(self, f"_{kind}")(f"{kind}{k}", box, k == moving)
        if g.random() < 0.4:
            self._ornament(x, y + t)
        return a.scene()

    def _cuts(self, count: int, half: float) -> np.ndarray:
        shares = self.g.uniform(0.6, 1.4, count) if self.g.random() < 0.4 else np.ones(count)
        return np.concatenate([[0.0], np.cumsum(shares) / shares.sum()]) * 2 * half - half

    def _legs(self) -> None:
        g, a, (x, y, z) = self.g, self.a, self.half
        long, r, splay = g.uniform(0.03, 0.35), g.uniform(0.02, 0.05), g.choice([0.0, 0.0, 0.15])
        square = g.choice([0.3, 1.0])
        if g.random() < 0.2:
            return
        for sx in (1, -1):
            for sz in (1, -1):
                top = (sx * (x - r), -y, sz * (z - r))
                foot = (top[0] + sx * splay * long, -y - long, top[2] + sz * splay * long)
                leg = sweep([top, foot], [r, 0.7 * r], squareness=square, round_ends=False, around=14, along=4)
                a.part(
                    f"leg{sx}{sz}", leg, (*self.body, belt(self.palette.accent, (0, 1, 0), 0.9 * long, 0.02)), self.root
                )

    def _drawer(self, name: str, box: tuple[float, float, float, float], far: bool) -> None:
        g, a, (_, _, z), t = self.g, self.a, self.half, self.wall
        left, right, low, high = box
        wide, tall, deep = 0.5 * (right - left), 0.5 * (high - low), z - t
        middle = (0.5 * (left + right), 0.5 * (low + high))
        pulls = draw_apart(g, 0, 1.5 * deep, 0.6) if far or g.random() < 0.35 else (0.0, 0.0)
        joint = a.joint(name, (0, 0, 0), self.root, slide=((0, 0, pulls[0]), (0, 0, pulls[1])))
        a.part(
            name, rounded_box((wide, tall, 0.7 * t), 0.5 * t), self._panel(wide, tall), joint, (*middle, z - 0.3 * t)
        )
        if max(pulls) > 0:
            up = 0.7 * tall
            for side in (1, -1):
                board = rounded_box((0.4 * t, 0.5 * up, deep - t), 0.15 * t)
                at = (middle[0] + side * (wide - t), low + 0.5 * up + t, -0.5 * t)
                a.part(f"{name}_side{side}", board, self.inside, joint, at)
            a.part(
                f"{name}_floor",
                rounded_box((wide - t, 0.4 * t, deep - t), 0.15 * t),
                self.inside,
                joint,
                (middle[0], low + t, -0.5 * t),
            )
            a.part(f"{name}_back", rounded_box((wide - t, 0.5 * up, 0.4 * t), 0.15 * t), self.inside, joint,
                   (middle[0], low + 0.5 * up + t, -deep + 0.5 * t))  # fmt: skip
            if g.random() < 0.5:
                r = min(0.5 * wide, tall, 0.3 * deep)
                a.part(
                    f"{name}_thing",
                    ball(r, 14),
                    (fill(self.palette.accent),),
                    joint,
                    (middle[0], low + t + r, 0.5 * deep),
                )
        pair = wide > 0.3
        for k, share in enumerate((-0.5, 0.5) if pair else (0.0,)):
            self._handle(f"{name}_handle{k}", joint, (middle[0] + share * wide, middle[1], z + 0.5 * t), 0)

    def _door(self, name: str, box: tuple[float, float, float, float], far: bool) -> None:
        g, a, (_, _, z), t = self.g, self.a, self.half, self.wall
        left, right, low, high = box
        twin = right - left > 0.45 and g.random() < 0.7
        leaves = ((left, 0.5 * (left + right)), (right, 0.5 * (left + right))) if twin else ((left, right),)
        if not twin and g.random() < 0.5:
            leaves = ((right, left),)
        swing = draw_apart(g, 0, 125, 0.5) if far or g.random() < 0.35 else (0.0, 0.0)
        tall = 0.5 * (high - low)
        for k, (hinge, edge) in enumerate(leaves):
            way, wide = np.sign(edge - hinge), 0.5 * abs(edge - hinge)
            turns = tuple((0, float(-way * t_), 0) for t_ in swing)
            joint = a.joint(f"{name}_{k}", (hinge, 0, z), self.root, *turns)
            at = (0.5 * (hinge + edge), 0.5 * (low + high), z)
            a.part(
                f"{name}_{k}", rounded_box((0.98 * wide, tall, 0.7 * t), 0.4 * t), self._panel(wide, tall), joint, at
            )
            self._handle(f"{name}_handle{k}", joint, (edge - way * 0.15 * wide, at[1], z + 0.6 * t), 1)

    def _open(self, name: str, box: tuple[float, float, float, float], _far: bool) -> None:
        g, a, (_, _, z) = self.g, self.a, self.half
        left, right, low, high = box
        x = left + 0.02
        for k in range(int(g.integers(2, 7))):
            thick, tall = g.uniform(0.015, 0.035), g.uniform(0.55, 0.95) * 0.5 * (high - low)
            if x + 2 * thick > right:
                break
            p = draw_palette(g)
            book = rounded_box((thick, tall, 0.6 * z), 0.2 * thick)
            a.part(
                f"{name}_book{k}",
                book,
                (fill(p.base), belt(p.second, (0, 1, 0), 0.4 * tall, 0.1 * tall)),
                self.root,
                (x + thick, low + tall, 0.1 * z),
            )
            x += 2.1 * thick

    def _panel(self, wide: float, tall: float) -> Texture:
        """A front with a framed field."""
        if self.g.random() < 0.4:
            return self.front
        power = 8.0 if self.g.random() < 0.7 else 2.0
        rim = blob(self.palette.dark, (0, 0, 0), (0.82 * wide, 0.8 * tall, 9), power=power)
        field = blob(self.palette.pale, (0, 0, 0), (0.76 * wide, 0.72 * tall, 9), power=power, opacity=0.8)
        return (*self.front, rim, field)

    def _handle(self, name: str, joint: int, at: tuple[float, float, float], upright: int) -> None:
        if self.knob == "ball":
            self.a.part(name, ball(0.028, 12), self.knob_color, joint, (at[0], at[1], at[2] + 0.018))
        elif self.knob == "disc":
            self.a.part(
                name, disc(0.032, 0.015, 0.008), self.knob_color, joint, (at[0], at[1], at[2] + 0.01), (90, 0, 0)
            )
        else:
            x, y, z = at
            along = (0, 0.07, 0) if upright else (0.07, 0, 0)
            ends = [(x - along[0], y - along[1], z), (x, y, z + 0.05), (x + along[0], y + along[1], z)]
            self.a.part(name, sweep(ends, [0.012] * 3, side=(0.3, 0.3, 1), around=10, along=10), self.knob_color, joint)

    def _ornament(self, x: float, y: float) -> None:
        g, p = self.g, draw_palette(self.g)
        at = float(g.uniform(-0.6, 0.6) * x)
        if g.random() < 0.5:
            half = (g.uniform(0.06, 0.12), g.uniform(0.08, 0.2), g.uniform(0.06, 0.12))
            vase = superellipsoid(half, (0.8, 1.0), 20, 12)
            self.a.part("vase", vase, draw_pattern(g, p.base, p.second, 0.2), self.root, (at, y + 0.9 * half[1], 0))
        else:
            half = (g.uniform(0.12, 0.2), g.uniform(0.1, 0.16), 0.03)
            screen = (fill(p.dark), blob(INK, (0, 0, half[2]), (0.85 * half[0], 0.8 * half[1], half[2]), power=8),
                      blob(p.accent, (0, 0, half[2]), (0.7 * half[0], 0.6 * half[1], half[2]), power=8))  # fmt: skip
            self.a.part("frame", rounded_box(half, 0.015), screen, self.root, (at, y + half[1], 0))
