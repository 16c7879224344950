"""Snakes, worms, caterpillars and eels: one long body that bends all along, lying or reared up."""

import numpy as np

from tween4d.synthetic.assembly import Assembly
from tween4d.synthetic.palettes import draw_palette, draw_pattern
from tween4d.synthetic.pieces import Flesh, Turns, draw_turns, head, limb
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import ball, sweep
from tween4d.synthetic.textures import bands, fill, grid, slope

LINKS = 8


def snake(generator: np.random.Generator) -> Scene:
    """A snake of random build, its head at +z, between two moments of a wriggle."""
    g = generator
    a, p = Assembly("snake"), draw_palette(g)
    long, r = g.uniform(1.2, 2.2), g.uniform(0.05, 0.16)
    wave, turns_, rear = g.uniform(0.05, 0.28), g.uniform(0.6, 2.0), g.uniform(0.0, 1.0) ** 2
    phase = g.uniform(0, 2 * np.pi)
    t = np.linspace(0, 1, LINKS + 1)
    # The tail first: the root is at the middle of the body, so that both ends move.
    x = wave * np.sin(2 * np.pi * turns_ * t + phase) * (1 - 0.6 * t)
    climb = np.clip((t - 0.6) / 0.4, 0, 1) * rear
    step = long / LINKS
    z = np.concatenate([[0.0], np.cumsum(step * np.cos(0.5 * np.pi * climb[1:]))])
    y = r + np.concatenate([[0.0], np.cumsum(step * np.sin(0.5 * np.pi * climb[1:]))])
    curve = [tuple(map(float, q)) for q in np.stack([x, y, z - z.mean()], 1)]
    middle = LINKS // 2
    root = a.joint("middle", curve[middle], -1, *draw_turns(g, 0, 10, 0))
    amount, upright = g.uniform(18, 32), g.uniform(0, 8)
    begin, shift = g.uniform(0, 2 * np.pi), g.uniform(2.2, 3.9)

    def bend(k: int) -> Turns:
        angles = [begin + 1.1 * k, begin + 1.1 * k + shift]
        lift = draw_turns(g, upright, 0, 0)
        return tuple((lift[i][0], float(amount * np.sin(angle)), 0.0) for i, angle in enumerate(angles))

    front, back = [root], [root]
    for k in range(middle + 1, LINKS + 1):
        front.append(a.joint(f"front{k}", curve[k], front[-1], *bend(k)))
    for k in range(middle - 1, 0, -1):
        back.append(a.joint(f"back{k}", curve[k], back[-1], *bend(k)))
    fat = 1 + g.uniform(-0.1, 0.5) * np.sin(np.pi * t)
    thick = r * fat * np.clip(0.15 + 3.5 * t, 0, 1)
    flat = g.uniform(0.75, 1.1)
    radii = np.stack([thick, flat * thick], 1)
    scales = (
        bands(p.second, (0, 1, 0), g.uniform(0.08, 0.3), g.uniform(0.2, 0.5)),
        grid(p.dark, (12, 12, 0), (-12, 12, 0), 0.12),
        bands(p.accent, (0, 1, 0), g.uniform(0.1, 0.3), 0.4, warp=0.8),
    )
    coat = (*draw_pattern(g, p.base, p.second, 0.4), scales[g.integers(3)])
    # Two skins that meet in the middle, each bent along its own chain of joints. A sweep backwards has its belly at -z.
    for name, order, chain, way in (
        ("fore", slice(middle, None), front, 1),
        ("hind", slice(middle, None, -1), back, -1),
    ):
        belly = slope(p.pale, (0, 0, 0.3 * way * r), (0, 0, 0.9 * way * r))
        mesh = sweep(curve[order], radii[order], around=20, along=32)
        a.skin(name, mesh, (*coat, belly), chain, 0.35 * step)
    size = r * g.uniform(1.1, 1.9)
    shape = (size, size * g.uniform(0.6, 1.0), size * g.uniform(0.9, 1.5))
    top = curve[-1]
    head(a, g, front[-1], (top[0], top[1] + 0.1 * r, top[2] + 0.5 * shape[2]), shape, p)
    if g.random() < 0.35:
        _feet(a, g, curve, front, back, middle, r, p.accent)
    if g.random() < 0.4:
        tongue = [
            (top[0], top[1] - 0.3 * shape[1], top[2] + shape[2]),
            (top[0], top[1] - 0.4 * shape[1], top[2] + 2.4 * shape[2]),
        ]
        limb(
            a,
            "tongue",
            tongue,
            Flesh([(0.02, 0.008), (0.012, 0.006)], (fill((0.85, 0.15, 0.2)),), along=6),
            front[-1],
            [draw_turns(g, 20, 20, 0)],
            0.1,
        )
    return a.scene()


def _feet(
    a: Assembly,
    g: np.random.Generator,
    curve: list,
    front: list[int],
    back: list[int],
    middle: int,
    r: float,
    color: tuple[float, float, float],
) -> None:
    """Stub feet, as a caterpillar's."""
    foot = ball(g.uniform(0.3, 0.55) * r, 12)
    for k in range(1, LINKS):
        joint = front[k - middle] if k >= middle else back[middle - k]
        x, y, z = curve[k]
        for side in (1, -1):
            a.part(f"foot{k}{side}", foot, (fill(color),), joint, (x + 0.6 * side * r, y - 0.85 * r, z))
