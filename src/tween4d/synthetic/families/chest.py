"""Chests: a box of planks and iron with a lid on a hinge, flat or barrelled, and treasure inside."""

from dataclasses import dataclass

import numpy as np

from tween4d.synthetic.assembly import Assembly, Vector
from tween4d.synthetic.palettes import INK, contrast, darker, draw_color, lighter, wood
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import disc, prism, rounded_box, superellipsoid, sweep, tray
from tween4d.synthetic.textures import Color, Texture, blob, fill, grid, patches


@dataclass(frozen=True)
class ChestStyle:
    """Proportions, colours and how far the lid opens."""

    half_width: float
    """Along x; the chest faces +z."""
    half_height: float
    """Of the box without lid."""
    half_depth: float
    barrel: bool
    wall: float
    timber: Color
    iron: Color
    filling: Color
    seed: int
    """Of the heap inside."""
    yaw: float
    tilt: float
    opening: tuple[float, float]
    """Angle of the lid at start and end, degrees."""


def chest(generator: np.random.Generator) -> Scene:
    """A chest of random build that opens or closes."""
    g = generator
    timber = draw_color(g, (0.3, 0.7), (0.45, 0.85))
    closed, opened = g.uniform(0, 20), g.uniform(60, 110)
    return build_chest(
        ChestStyle(
            half_width=g.uniform(0.4, 0.62),
            half_height=g.uniform(0.2, 0.34),
            half_depth=g.uniform(0.28, 0.4),
            barrel=bool(g.random() < 0.6),
            wall=g.uniform(0.035, 0.06),
            timber=timber,
            iron=draw_color(g, (0.0, 0.25), (0.25, 0.6)) if g.random() < 0.7 else contrast(g, timber),
            filling=draw_color(g, (0.4, 0.85), (0.7, 0.98)),
            seed=int(g.integers(1 << 30)),
            yaw=g.choice([-1, 1]) * g.uniform(15, 60),
            tilt=g.uniform(5, 25),
            opening=(closed, opened) if g.random() < 0.7 else (opened, closed),
        )
    )


def build_chest(style: ChestStyle) -> Scene:
    """The chest of a style."""
    a = Assembly("chest")
    x, y, z, wall = style.half_width, style.half_height, style.half_depth, style.wall
    root = a.joint("box", (0, 0, 0), -1, (style.tilt, style.yaw, 0), (style.tilt, style.yaw, 0))
    hinge = a.joint("hinge", (0, y, -z), root, (-style.opening[0], 0, 0), (-style.opening[1], 0, 0))
    iron = (fill(style.iron), patches(darker(style.iron, 0.8), 0.12, 0.5, 0.3))
    a.part("box", tray((x, y, z), wall, 0.03), _planks(style, 0.5 * y), root)
    for k in (-1, 1):
        for front in (1, -1):
            slat = rounded_box((0.055, y, 0.018), 0.008)
            a.part(f"strap{k}{front}", slat, iron, root, (k * 0.62 * x, 0.004, front * z))
    a.part("plinth", rounded_box((x + 0.02, 0.035, z + 0.02), 0.012, 0.03), iron, root, (0, -y, 0))
    _lid(a, style, hinge, iron)
    _treasure(a, style, root)
    return a.scene()


def _planks(style: ChestStyle, height: float) -> Texture:
    """Timber along x with a seam every `height`."""
    timber = wood(style.timber, (1.0, 0.06, 0.1), 0.09)
    return (*timber, grid(darker(style.timber, 0.4), (0, 1 / height, 0), line=0.03))


def _arc(style: ChestStyle, radius: float, along: int = 15) -> list[Vector]:
    """The barrel of the lid from its front edge to its back edge, in the yz plane of the chest."""
    angles = np.linspace(0, np.pi, along)
    return [(0.0, style.half_height + 0.7 * radius * np.sin(t), radius * np.cos(t)) for t in angles]


def _lid(a: Assembly, style: ChestStyle, hinge: int, iron: Texture) -> None:
    x, y, z, wall = style.half_width, style.half_height, style.half_depth, style.wall
    if style.barrel:
        bar = {"squareness": 0.25, "round_ends": False, "along": 30}
        timber = _planks(style, 0.2)
        a.part("lid", sweep(_arc(style, z - 0.5 * wall), [(x, 0.5 * wall)] * 15, **bar), timber, hinge)
        outline = np.array([(c, b - y) for _, b, c in _arc(style, z - 0.02, 24)])
        for k in (-1, 1):
            cheek = prism(outline, 0.4 * wall, 0.008)
            a.part(f"cheek{k}", cheek, _planks(style, 0.12), hinge, (k * (x - 0.42 * wall), y, 0), (0, -90, 0))
            strap = sweep(_arc(style, z + 0.008), [(0.055, 0.018)] * 15, **bar)
            a.part(f"band{k}", strap, iron, hinge, (k * 0.62 * x, 0, 0))
    else:
        high = 0.35 * y
        box = tray((x, high, z), wall, 0.03)
        a.part("lid", box, _planks(style, 0.5 * y), hinge, (0, y + high, 0), (180, 0, 0))
        for k in (-1, 1):
            strap = rounded_box((0.055, 0.018, z + 0.016), 0.008)
            a.part(f"band{k}", strap, iron, hinge, (k * 0.62 * x, y + 2 * high, 0))
    hole = (*iron, blob(INK, (0, 0.01, 0), (0.016, 0.016, 9)), blob(INK, (0, -0.015, 0), (0.008, 0.025, 9), power=6))
    a.part("lock", rounded_box((0.07, 0.075, 0.025), 0.012), hole, hinge, (0, y - 0.01, z + 0.02))


def _treasure(a: Assembly, style: ChestStyle, root: int) -> None:
    g = np.random.default_rng(style.seed)
    x, y, z, wall = style.half_width, style.half_height, style.half_depth, style.wall
    gold = (fill(style.filling), patches(darker(style.filling, 0.75), 0.05, 0.5, 0.25))
    heap = superellipsoid((0.98 * (x - wall), 0.5 * y, 0.98 * (z - wall)), (1.0, 0.45), 40, 14)
    a.part("heap", heap, gold, root, (0, 0.35 * y, 0))
    coin = (fill(lighter(style.filling, 0.2)), blob(darker(style.filling, 0.8), (0, 0, 0), (0.05, 9, 0.05)))
    for k in range(9):
        u, w = g.uniform(-0.65, 0.65, 2)
        at = (u * (x - wall), 0.35 * y + 0.5 * y * (1 - 0.5 * u * u - 0.5 * w * w), w * (z - wall))
        turn = (g.uniform(-40, 40), 0.0, g.uniform(-40, 40))
        if k % 3:
            a.part(f"coin{k}", disc(0.075, 0.014, 0.006), coin, root, at, turn)
        else:
            gem = superellipsoid((0.06, 0.05, 0.06), (1.4, 1.4), 8, 5)
            a.part(f"gem{k}", gem, (fill(draw_color(g, (0.6, 0.9), (0.6, 0.95))),), root, at, turn)
