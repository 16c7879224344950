"""Makes ever new subjects of a model: its shape, colours, coat, light and motion are drawn anew each time.

Few authors made the models, so what they have in common (proportions, palettes, flat colours) must not be learned.
"""

import colorsys
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from training.data.rigged import LEAST, MOST, Model, compose
from training.data.subject import Subject
from tween4d.synthetic import kernels
from tween4d.synthetic.palettes import contrast, darker, draw_color, draw_pattern, lighter
from tween4d.synthetic.scene import EVERYWHERE, PosedSurface, Surface
from tween4d.synthetic.textures import Color, Texture, fill, pack_textures, patches, slope

TRIES = 6
STEP = 1e-4
"""Length of the tangents that carry normals through a warp."""
IDENTITY = np.eye(4)


@dataclass(frozen=True)
class Warp:
    """A smooth change of shape about the origin: scaled, tapered along y, twisted about y, bent about x or y."""

    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    taper: float = 0.0
    """By how much the object is wider at y = 1/2 than at y = 0, as a share."""
    twist: float = 0.0
    """Radians per unit of y."""
    sway: float = 0.0
    """Radians by which what lies at z = 1 is turned about y ..."""
    arch: float = 0.0
    """... and what lies at y = 1 about x."""

    def move(self, points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
        """Where points go."""
        x, y, z = (points * self.scale).T
        if self.taper:
            wide = 1 + 2 * self.taper * np.clip(y, -0.7, 0.7)
            x, z = x * wide, z * wide
        if self.twist:
            c, s = np.cos(self.twist * y), np.sin(self.twist * y)
            x, z = c * x + s * z, c * z - s * x
        if self.sway:
            z, x = _bend(z, x, self.sway)
        if self.arch:
            y, z = _bend(y, z, self.arch)
        return np.stack([x, y, z], -1)

    def carry(
        self, points: Float[np.ndarray, "n 3"], normals: Float[np.ndarray, "n 3"]
    ) -> tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 3"]]:
        """Where points go, and their unit normals."""
        # Two tangents across each normal, without a case distinction (Duff et al. 2017).
        sign = np.where(normals[:, 2] >= 0, 1.0, -1.0)
        a = -1.0 / (sign + normals[:, 2])
        b = normals[:, 0] * normals[:, 1] * a
        first = np.stack([1 + sign * normals[:, 0] ** 2 * a, sign * b, -sign * normals[:, 0]], -1)
        second = np.stack([b, sign + normals[:, 1] ** 2 * a, -normals[:, 1]], -1)
        n = len(points)
        moved = self.move(np.concatenate([points, points + STEP * first, points + STEP * second]))
        u, v = moved[n : 2 * n] - moved[:n], moved[2 * n :] - moved[:n]
        turned = np.stack([u[:, k - 2] * v[:, k - 1] - u[:, k - 1] * v[:, k - 2] for k in range(3)], -1)
        turned /= np.maximum(np.sqrt((turned * turned).sum(1, keepdims=True)), 1e-30)
        return moved[:n], turned


def _bend(along: np.ndarray, across: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Bend a rod that lies on across = 0 into an arc of `angle` radians per unit length."""
    turn, radius = angle * along, 1 / angle
    return (radius - across) * np.sin(turn), radius - (radius - across) * np.cos(turn)


def model_subject(model: Model, generator: np.random.Generator) -> Subject:
    """A model in two states of motion, varied."""
    warp = draw_shape(generator)
    vertices, normals = warp.carry(model.vertices, model.normals)
    start, end, late = draw_motion(model, warp, generator)
    skin = (vertices, normals, model.joints, model.weights)
    states = [PosedSurface(*kernels.skin(*skin, transforms)) for transforms in (start, end)]
    if late is not None:
        states[1] = PosedSurface(*late.carry(states[1].vertices, states[1].normals))
    if generator.random() < 0.5:
        states.reverse()
    surface = Surface(
        vertices,
        normals,
        model.vertices,
        model.triangles,
        model.parts,
        model.joints,
        model.weights,
        pack_textures(draw_coats(model.colors, generator)),
        draw_lamps(generator),
    )
    return Subject(f"{model.name}-{generator.integers(1 << 30)}", model.family, surface, *states)


def draw_shape(generator: np.random.Generator) -> Warp:
    """Other proportions: each axis longer or shorter by up to a quarter, sometimes a little tapered or bent."""
    sometimes = [generator.random() < share for share in (0.4, 0.2, 0.3, 0.3)]
    amounts = [generator.uniform(-most, most) for most in (0.3, 0.35, 0.5, 0.4)]
    scale = np.exp(generator.uniform(np.log(0.8), np.log(1.25), 3))
    return Warp(tuple(scale), *(amount if chosen else 0.0 for chosen, amount in zip(sometimes, amounts, strict=True)))


def draw_motion(model: Model, warp: Warp, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, Warp | None]:
    """Transforms of the joints at the start and at the end, and what bends the object at the end besides.

    Of some tries the first is taken whose mean displacement is neither too small nor too large, else the last.
    """
    probes = model.probes
    points, normals = warp.carry(model.vertices[probes], model.normals[probes])
    skin = (points, normals, model.joints[probes], model.weights[probes])
    pivots = warp.move(model.pivots)
    for _ in range(TRIES):
        late = None
        if model.clips:
            clip = model.clips[generator.integers(len(model.clips))]
            start, end = clip.moves[clip.pairs[generator.integers(len(clip.pairs))]]
            whole = 0.15
        elif model.rigged:
            common = draw_pose(model, generator, 0.5, 16.0)
            start, end = common, common @ draw_pose(model, generator, 0.5, 24.0)
            start, end = _about(model.pivots, start), _about(model.pivots, end)
            whole = 0.15
        else:
            start = np.tile(IDENTITY, (len(model.parents), 1, 1))
            end = _about(model.pivots, draw_turns(model, generator))
            if generator.random() < 0.35:
                late = Warp(twist=generator.uniform(-1, 1), sway=generator.uniform(-0.9, 0.9))
            if generator.random() < 0.25:
                late = Warp(arch=generator.uniform(-0.9, 0.9))
            whole = 0.7
        first = compose(_shift(start, model.pivots, pivots, warp.scale), model.parents)
        last = compose(_shift(end, model.pivots, pivots, warp.scale), model.parents)
        if generator.random() < whole:
            turn = np.eye(4)
            axis = (0, 1, 0) if generator.random() < 0.6 else generator.normal(size=3)
            turn[:3, :3] = _rotations(np.array([axis], float), np.radians(generator.uniform(8, 40, 1)))[0]
            turn[:3, 3] = generator.normal(0, 0.04, 3)
            last = turn @ last
        before, after = kernels.skin(*skin, first)[0], kernels.skin(*skin, last)[0]
        if late is not None:
            after = late.move(after)
        if LEAST < np.linalg.norm(after - before, axis=1).mean() < MOST:
            break
    return first, last, late


def draw_pose(model: Model, generator: np.random.Generator, share: float, degrees: float) -> np.ndarray:
    """Rotations [j, 4, 4] of some joints about random axes; those that carry nearly all stay."""
    count = len(model.parents)
    angles = np.clip(generator.normal(0, degrees, count), -2 * degrees, 2 * degrees)
    angles *= (generator.random(count) < share) & (model.shares < 0.85)
    result = np.tile(IDENTITY, (count, 1, 1))
    result[:, :3, :3] = _rotations(generator.normal(size=(count, 3)), np.radians(angles))
    return result


def draw_turns(model: Model, generator: np.random.Generator) -> np.ndarray:
    """Rotations [j, 4, 4] of one or two loose pieces with what hangs on them, about an axis of the object mostly."""
    result = np.tile(IDENTITY, (len(model.parents), 1, 1))
    able = np.flatnonzero((model.shares > 0.02) & (model.shares < 0.6) & (model.parents >= 0))
    if len(able) and generator.random() < 0.75:
        for joint in generator.choice(able, min(len(able), generator.integers(1, 3)), replace=False):
            axis = np.eye(3)[generator.integers(3)] if generator.random() < 0.8 else generator.normal(size=3)
            angle = generator.uniform(15, 60) * generator.choice([-1, 1])
            result[joint, :3, :3] = _rotations(axis[None], np.radians([angle]))[0]
    return result


def draw_coats(colors: Float[np.ndarray, "p 3"], generator: np.random.Generator) -> list[Texture]:
    """A texture for each colour of a model: another hue, sometimes another colour, often painted."""
    turn = generator.uniform(0, 1) if generator.random() < 0.5 else generator.normal(0, 0.04)
    vivid, bright, gamma = generator.uniform(0.6, 1.4), generator.uniform(0.8, 1.25), generator.uniform(0.5, 1.1)
    dressed = generator.choice([0.0, 0.25, 0.6, 0.9])
    other, swapped = draw_color(generator), generator.choice([0.05, 0.3, 0.8])
    coats: list[Texture] = []
    for color in colors:
        hue, saturation, value = colorsys.rgb_to_hsv(*np.clip(color, 0, 1))
        hue = (hue + turn + generator.normal(0, 0.03)) % 1
        saturation = min(saturation * vivid * generator.uniform(0.8, 1.2) + generator.uniform(0, 0.08), 0.95)
        value = min(max(value**gamma * bright * generator.uniform(0.85, 1.15), generator.uniform(0.06, 0.2)), 0.97)
        base: Color = colorsys.hsv_to_rgb(hue, saturation, value)
        if generator.random() < swapped:
            base = draw_color(generator, (0.1, 0.9), (0.2, 0.95))
        coats.append(_paint(base, other, generator) if generator.random() < dressed else (fill(base),))
    return coats


def draw_lamps(generator: np.random.Generator) -> Float[np.ndarray, "k 7"]:
    """Light from everywhere, a sky, a key and sometimes a fill and a rim lamp: rows as `Surface.lamps` has them."""
    ambient = generator.uniform(0.12, 0.5)
    key = generator.uniform(0.4, 0.95) * (1.15 - 0.6 * ambient)
    azimuth, height = np.radians(generator.uniform(-110, 110)), np.radians(generator.uniform(5, 75))
    towards = (np.sin(azimuth) * np.cos(height), np.sin(height), np.cos(azimuth) * np.cos(height))
    lamps = [
        (0, 0, 0, EVERYWHERE, *_tint(generator, ambient)),
        (*_unit(generator.normal(0, 0.2, 3) + (0, 1, 0)), 1.0, *_tint(generator, generator.uniform(0.1, 0.35))),
        (*towards, generator.uniform(0, 0.5), *_tint(generator, key)),
    ]
    for chance, most in ((0.7, 0.3), (0.5, 0.4)):
        if generator.random() < chance:
            direction = _unit(generator.normal(size=3))
            lamps.append((*direction, generator.uniform(0, 0.5), *_tint(generator, generator.uniform(0.05, most))))
    return np.array(lamps, np.float64)


def _paint(base: Color, other: Color, generator: np.random.Generator) -> Texture:
    second = generator.choice([0, 1, 2, 3])
    color = [contrast(generator, base), darker(base, 0.65), lighter(base, 0.45), other][second]
    kind = generator.random()
    if kind < 0.2:
        ends = generator.normal(size=(2, 3)) * 0.35
        return (fill(base), slope(color, ends[0], ends[1] + 1e-3, generator.uniform(0.4, 1.0)))
    if kind < 0.4:
        spacing, shift = generator.uniform(0.03, 0.25), generator.uniform(0, 50)
        return (fill(base), patches(color, spacing, 0.5, 0.3, shift, generator.uniform(0.2, 0.7)))
    return draw_pattern(generator, base, color, generator.uniform(0.25, 1.1))


def _tint(generator: np.random.Generator, amount: float) -> tuple[float, ...]:
    warmth, green = generator.normal(0, 0.12), generator.normal(0, 0.03)
    return tuple(amount * np.clip([1 + warmth, 1 + green, 1 - warmth], 0.5, 1.5))


def _unit(direction: np.ndarray) -> np.ndarray:
    return direction / max(np.linalg.norm(direction), 1e-9)


def _about(pivots: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Let each joint's rotation hold its pivot."""
    result = moves.copy()
    result[:, :3, 3] = pivots - np.einsum("jrc,jc->jr", moves[:, :3, :3], pivots)
    return result


def _shift(moves: np.ndarray, pivots: np.ndarray, shifted: np.ndarray, scale: tuple[float, float, float]) -> np.ndarray:
    """The same joint motions about pivots that a warp has moved; by how much a pivot itself moves is scaled along."""
    result = moves.copy()
    linear = moves[:, :3, :3]
    slide = np.einsum("jrc,jc->jr", linear, pivots) + moves[:, :3, 3] - pivots
    result[:, :3, 3] = shifted + slide * scale - np.einsum("jrc,jc->jr", linear, shifted)
    return result


def _rotations(axes: Float[np.ndarray, "n 3"], angles: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n 3 3"]:
    """Rodrigues' formula; axes need not be unit."""
    x, y, z = (axes / np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1e-12)).T
    zero = np.zeros_like(x)
    cross = np.moveaxis(np.array([[zero, -z, y], [z, zero, -x], [-y, x, zero]]), 2, 0)
    sine, cosine = np.sin(angles)[:, None, None], np.cos(angles)[:, None, None]
    return np.eye(3) + sine * cross + (1 - cosine) * cross @ cross
