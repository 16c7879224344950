"""People, from dolls to giants: clothes, hair or a hat, something in the hand; they walk, wave, bow and sit."""

from dataclasses import dataclass

import numpy as np

from tween4d.synthetic.assembly import Assembly, Vector
from tween4d.synthetic.palettes import Palette, contrast, darker, draw_color, draw_palette, draw_pattern
from tween4d.synthetic.pieces import WHITE, Flesh, eyes, limb
from tween4d.synthetic.scene import Scene
from tween4d.synthetic.shapes import ball, plate, rounded_box, superellipsoid, sweep
from tween4d.synthetic.textures import Color, Texture, belt, blob, fill, slope

Pair = tuple[float, float]


@dataclass(frozen=True)
class PersonPose:
    """Degrees; rest is standing with hanging arms, facing +z. Pairs are left (+x), right."""

    lean: Vector
    chest: Vector
    head: Vector
    arms: Pair
    """Forward swing of the upper arms."""
    spread: Pair
    """Sideways lift of the upper arms."""
    elbows: Pair
    legs: Pair
    """Forward swing of the thighs."""
    knees: Pair


POSES = ("stand", "walk", "wave", "bow", "raise", "sit", "reach", "kick", "dance")


def draw_pose(g: np.random.Generator, kind: str) -> PersonPose:
    """A pose of a kind, with its own amplitudes; sides are swapped at random."""
    u = g.uniform
    chest, look = (u(-6, 8), u(-10, 10), u(-5, 5)), (u(-15, 20), u(-30, 30), u(-10, 10))
    lean, spread = (0.0, u(-6, 6), 0.0), [u(4, 18), u(4, 18)]
    arms, elbows, legs, knees = [u(-10, 10), u(-10, 10)], [u(5, 30), u(5, 30)], [u(-4, 8), u(-4, 8)], [u(0, 8)] * 2
    if kind == "walk":
        stride, pump = u(18, 42), u(15, 50)
        legs, knees = [stride, -0.7 * stride], [u(5, 20), u(20, 60)]
        arms, elbows = [-pump, pump], [u(10, 40), u(20, 70)]
    elif kind == "wave":
        spread[0], elbows[0], arms[0] = u(90, 160), u(10, 70), u(-10, 30)
    elif kind == "bow":
        lean, chest = (u(15, 45), 0.0, 0.0), (u(10, 40), 0.0, 0.0)
        legs = [lean[0] + u(-3, 3)] * 2
        arms = [u(0, 60)] * 2
    elif kind == "raise":
        arms, spread = [u(120, 175), u(100, 175)], [u(5, 30), u(5, 30)]
    elif kind == "sit":
        thigh = u(70, 95)
        legs, knees, arms, elbows = [thigh] * 2, [u(60, 95)] * 2, [u(15, 45)] * 2, [u(10, 70)] * 2
    elif kind == "reach":
        arms[0], elbows[0], chest = u(60, 110), u(0, 25), (u(0, 20), u(-30, 0), 0.0)
    elif kind == "kick":
        legs, knees, spread = [u(35, 80), u(-8, 0)], [u(0, 40), u(0, 15)], [u(20, 70), u(20, 70)]
    elif kind == "dance":
        spread, arms, elbows = [u(20, 130), u(20, 130)], [u(-30, 60), u(-30, 60)], [u(0, 100), u(0, 100)]
        legs, knees = [u(-20, 60), u(-20, 20)], [u(0, 70), u(0, 30)]
    pairs = [(float(p[0]), float(p[1])) for p in (arms, spread, elbows, legs, knees)]
    if g.random() < 0.5:
        pairs = [p[::-1] for p in pairs]
    return PersonPose(lean, chest, look, *pairs)


def person(generator: np.random.Generator) -> Scene:
    """A person of random build and dress, between two poses of different kinds."""
    first, last = generator.choice(POSES, 2, replace=False)
    if {first, last} == {"stand", "walk"}:
        last = "wave"
    return _Person(generator, draw_pose(generator, first), draw_pose(generator, last)).build()


class _Person:
    """A person in the making, about 1.7 tall when grown."""

    def __init__(self, generator: np.random.Generator, start: PersonPose, end: PersonPose) -> None:
        g = self.g = generator
        self.a, self.start, self.end = Assembly("person"), start, end
        grown = g.uniform(0, 1)
        self.leg, self.arm = 0.3 + 0.55 * grown * g.uniform(0.8, 1.1), 0.3 + 0.35 * grown * g.uniform(0.8, 1.1)
        self.torso, self.bulk = 0.3 + 0.25 * grown, g.uniform(0.75, 1.5)
        self.skull = g.uniform(0.1, 0.16) + (1 - grown) * g.uniform(0.02, 0.16)
        self.shoulder, self.hip = 0.15 + 0.07 * grown * g.uniform(0.6, 1.4), 0.09 + 0.05 * g.random()
        self.limb = g.uniform(0.035, 0.055) * (0.6 + 0.4 * self.bulk)
        skins = ((0.98, 0.85, 0.74), (0.91, 0.72, 0.56), (0.75, 0.53, 0.38), (0.55, 0.36, 0.25), (0.33, 0.21, 0.15))
        odd = g.random() < 0.2
        self.skin: Color = draw_color(g) if odd else skins[g.integers(len(skins))]
        self.shirt, self.trousers = draw_palette(g), draw_palette(g)
        self.hair: Color = draw_color(g, (0.1, 0.8), (0.05, 0.9))
        self.shirt_coat = draw_pattern(g, self.shirt.base, self.shirt.second, 0.4)
        plain = g.random() < 0.5
        base = self.trousers.base
        self.trouser_coat: Texture = (fill(base),) if plain else draw_pattern(g, base, self.trousers.second, 0.3)
        self.sleeve = self.arm * (g.uniform(0.25, 0.5) if g.random() < 0.5 else 0.97)
        self.skirt, self.shoes = g.random() < 0.25, contrast(g, base)

    def build(self) -> Scene:
        """From the hips outwards."""
        a, s, e, b, w = self.a, self.start, self.end, self.bulk, self.shoulder
        seat = 1.0 if self.g.random() < 0.5 else 0.0
        drops = tuple((0.0, seat * -0.4 * self.leg * (p.legs[0] > 65 and p.legs[1] > 65), 0.0) for p in (s, e))
        hips = a.joint("hips", (0, 0, 0), -1, s.lean, e.lean, slide=drops)
        chest = a.joint("chest", (0, 0.3 * self.torso, 0), hips, s.chest, e.chest)
        deep = 0.085 * b
        curve = [(0, -0.06, 0), (0, 0.35 * self.torso, 0), (0, 0.75 * self.torso, 0), (0, self.torso, 0)]
        waist = self.g.uniform(0.75, 1.3)
        radii = [
            (self.hip + 0.06 * b, deep),
            (waist * 0.115 * b + 0.02, waist * deep),
            (w, 1.1 * deep),
            (0.5 * w, 0.7 * deep),
        ]
        trunk = sweep(curve, radii, squareness=0.85, around=28, along=18)
        seat = slope(self.trousers.base, (0, 0.095, 0), (0, 0.085, 0))
        coat = (*self.shirt_coat, *self._front_marks(deep), seat, belt(self.trousers.dark, (0, 1, 0), 0.1, 0.02))
        a.skin("trunk", trunk, coat, [hips, chest], 0.1)
        self._head(chest)
        for k, side in enumerate((1, -1)):
            self._arm(chest, side, k)
            self._leg(hips, side, k)
        if self.skirt:
            long, wide = self.g.uniform(0.3, 0.75) * self.leg, self.g.uniform(0.05, 0.18)
            flare = (self.hip + 0.08 * b + wide, 1.3 * deep + wide)
            cloth = plate(flare, min(flare), [(wide, 0.06), (wide, 0.0), (0.3 * wide, -0.6 * long), (0.0, -long)])
            hem = belt(self.trousers.second, (0, 1, 0), -long, 0.06)
            a.part("skirt", cloth, (*self.trouser_coat, hem), hips)
        if self.g.random() < 0.25:
            pack = rounded_box((0.7 * w, 0.3 * self.torso, 0.08), 0.04)
            flap = blob(self.shirt.accent, (0, 0.2 * self.torso, 0), (9, 0.12 * self.torso, 9), power=8)
            a.part("pack", pack, (fill(self.shirt.dark), flap), chest, (0, 0.6 * self.torso, -deep - 0.08))
        return a.scene()

    def _front_marks(self, deep: float) -> Texture:
        """Buttons, a badge or a tie on the chest; the front of an upright sweep is at +z."""
        kind, t, color = self.g.integers(4), self.torso, self.shirt.accent
        if kind == 0:
            return tuple(blob(color, (0, f * t, deep), (0.016, 0.016, 0.6 * deep)) for f in (0.35, 0.55, 0.75, 0.95))
        if kind == 1:
            return (blob(color, (0, 0.7 * t, deep), (0.09, 0.09, 0.6 * deep), power=self.g.uniform(1.5, 6)),)
        if kind == 2:
            return (blob(color, (0, 0.65 * t, deep), (0.03, 0.35 * t, 0.6 * deep), power=1.5),)
        return (belt(color, (0, 1, 0), 0.7 * t, self.g.uniform(0.02, 0.08)),)

    def _head(self, chest: int) -> None:
        a, g, r, t = self.a, self.g, self.skull, self.torso
        joint = a.joint("head", (0, t + 0.04, 0), chest, self.start.head, self.end.head)
        y = t + 0.07 + r
        a.part(
            "neck",
            sweep([(0, t - 0.05, 0), (0, y, 0)], [0.4 * r + 0.015] * 2, around=14, along=4),
            (fill(self.skin),),
            joint,
        )
        shape = (r * g.uniform(0.8, 1.0), r * g.uniform(0.95, 1.2), r * g.uniform(0.85, 1.0))
        smile, lip = g.uniform(0.12, 0.4) * r, darker(self.skin, 0.5)
        face = (
            fill(self.skin),
            blob(
                (0.9, 0.45, 0.4),
                (0.5 * r, -0.22 * r, r),
                (0.2 * r, 0.16 * r, 0.7 * r),
                soft=0.3,
                opacity=0.5,
                mirror=True,
            ),
            blob(lip, (0, -0.45 * r, r), (smile, g.uniform(0.05, 0.14) * r, 0.7 * r)),
            blob(self.hair, (0.36 * r, 0.38 * r, r), (0.2 * r, 0.05 * r, 0.7 * r), mirror=True),
        )
        a.part("skull", superellipsoid(shape, (0.9, 0.95), 26, 16), face, joint, (0, y, 0))
        places = [(side * 0.36 * shape[0], y + 0.12 * r, 0.86 * shape[2]) for side in (1, -1)]
        eyes(a, g, joint, places, g.uniform(0.1, 0.2) * r)
        nose = superellipsoid((0.13 * r, g.uniform(0.12, 0.25) * r, g.uniform(0.12, 0.35) * r), around=12, along=7)
        a.part("nose", nose, (fill(darker(self.skin, 0.92)),), joint, (0, y - 0.12 * r, shape[2]))
        for side in (1, -1):
            ear = superellipsoid((0.1 * r, 0.22 * r, 0.15 * r), around=10, along=6)
            a.part(f"ear{side}", ear, (fill(self.skin),), joint, (side * shape[0], y, 0))
        self._hair(joint, y, shape)

    def _hair(self, joint: int, y: float, shape: Vector) -> None:
        a, g, r, (x, h, z) = self.a, self.g, self.skull, shape
        kind = g.choice(["bald", "short", "short", "long", "long", "bun", "hat", "cap", "cone", "hood"])
        coat: Texture = (fill(self.hair), slope(darker(self.hair), (0, h, 0), (0, -h, 0)))
        cloth = draw_pattern(g, self.trousers.second, self.shirt.base, 0.2)
        if kind in ("short", "long", "bun", "hat", "cap"):
            wig = superellipsoid((1.1 * x, 0.95 * h, 1.08 * z), (0.8, 0.9), 24, 14)
            a.part("hair", wig, coat, joint, (0, y + 0.28 * h, -0.24 * z))
        if kind == "long":
            drop = g.uniform(0.8, 2.2) * r
            curve = [(0, y + 0.3 * h, -0.7 * z), (0, y - 0.5 * drop, -1.05 * z), (0, y - drop, -0.95 * z)]
            a.part(
                "mane",
                sweep(curve, [(0.95 * x, 0.35 * z), (0.95 * x, 0.25 * z), (0.6 * x, 0.08 * z)], along=10),
                coat,
                joint,
            )
        if kind == "bun":
            spots = (
                [(0, y + 1.15 * h, -0.5 * z)] if g.random() < 0.5 else [(s * x, y + 0.8 * h, -0.3 * z) for s in (1, -1)]
            )
            for k, at in enumerate(spots):
                a.part(f"bun{k}", ball(0.42 * r, 16), coat, joint, at)
        if kind in ("hat", "cone"):
            brim, tall = g.uniform(1.3, 2.0) * r, (g.uniform(0.5, 1.2) if kind == "hat" else g.uniform(1.2, 2.2)) * r
            top = (brim - 0.85 * r) if kind == "hat" else brim - 0.06 * r
            profile = [
                (0.02, -0.015),
                (0.0, 0.0),
                (0.02, 0.015),
                (brim - 1.0 * r, 0.03),
                (top, tall),
                (top + 0.03, tall + 0.02),
            ]
            band = belt(self.shirt.accent, (0, 1, 0), 0.15 * r, 0.1 * r)
            a.part(
                "hat",
                plate((brim, brim), brim, profile, corner_points=7),
                (*cloth, band),
                joint,
                (0, y + 0.55 * h, -0.1 * z),
                (g.uniform(-12, 4), 0, g.uniform(-8, 8)),
            )
        if kind == "cap":
            a.part(
                "cap",
                superellipsoid((1.14 * x, 0.7 * h, 1.12 * z), (0.8, 1.0), 24, 12),
                cloth,
                joint,
                (0, y + 0.5 * h, -0.1 * z),
            )
            a.part(
                "visor",
                rounded_box((0.7 * x, 0.04 * r, 0.45 * z), 0.03 * r, 0.3 * r),
                cloth,
                joint,
                (0, y + 0.55 * h, 1.15 * z),
            )
        if kind == "hood":
            a.part(
                "hood",
                superellipsoid((1.2 * x, 1.15 * h, 1.1 * z), (0.8, 0.9), 24, 14),
                self.shirt_coat,
                joint,
                (0, y + 0.1 * h, -0.35 * z),
            )
        if g.random() < 0.15:
            drop = g.uniform(0.4, 1.3) * r
            curve = [(0, y - 0.45 * h, 0.75 * z), (0, y - 0.6 * h - drop, 0.75 * z)]
            a.part("beard", sweep(curve, [(0.6 * x, 0.25 * z), (0.15 * x, 0.06 * z)], around=16, along=8), coat, joint)

    def _arm(self, chest: int, side: int, k: int) -> None:
        a, g, r, s, e = self.a, self.g, self.limb, self.start, self.end
        x, y = side * self.shoulder, 0.84 * self.torso
        half, end = 0.5 * self.arm, y - self.arm
        turns = [
            tuple((-p.arms[k], 0, side * p.spread[k]) for p in (s, e)),
            tuple((-p.elbows[k], 0, 0) for p in (s, e)),
        ]
        curve = [(x, y, 0), (x, y - 0.5 * half, 0), (x, y - half, 0), (x, end, 0)]
        sleeve = slope(self.skin, (0, self.sleeve, 0), (0, self.sleeve + 0.01, 0))
        hand = limb(
            a,
            f"arm{side}",
            curve,
            Flesh([1.3 * r, 1.15 * r, r, 0.8 * r], (*self.shirt_coat, sleeve)),
            chest,
            [turns[0], None, turns[1]],
            0.05,
        )
        palm = superellipsoid((0.8 * r, 1.4 * r, 1.1 * r), around=14, along=8)
        a.part(f"hand{side}", palm, (fill(self.skin),), hand, (x, end - r, 0))
        thumb = sweep(
            [(x, end - 0.5 * r, 0.6 * r), (x - side * 0.3 * r, end - 1.6 * r, 1.5 * r)],
            [0.4 * r, 0.3 * r],
            around=8,
            along=4,
        )
        a.part(f"thumb{side}", thumb, (fill(self.skin),), hand)
        if k == 0 and g.random() < 0.4:
            self._prop(hand, (x, end - 1.2 * r, 0))

    def _prop(self, hand: int, at: Vector) -> None:
        a, g, (x, y, z) = self.a, self.g, at
        p: Palette = draw_palette(g)
        kind = g.choice(["staff", "bag", "ball", "sword", "flag"])
        if kind in ("staff", "sword", "flag"):
            long = g.uniform(0.4, 1.1)
            low, high = (-0.3 * long, 0.9 * long) if kind == "sword" else (-long, long)
            flat = (0.035, 0.01) if kind == "sword" else (0.02, 0.02)
            rod = sweep([(x, y, z + low), (x, y, z + high)], [flat, flat], side=(0, 1, 0), around=12, along=6)
            a.part("rod", rod, draw_pattern(g, p.base, p.second, 0.3), hand)
            if kind == "staff":
                a.part("knob", ball(g.uniform(0.04, 0.09), 14), (fill(p.accent),), hand, (x, y, z + high))
            if kind == "flag":
                cloth = rounded_box((0.01, 0.16, 0.2), 0.006)
                a.part("cloth", cloth, draw_pattern(g, p.second, p.base, 0.3), hand, (x, y + 0.17, z + high - 0.22))
        elif kind == "bag":
            a.part(
                "bag",
                rounded_box((0.05, 0.11, 0.14), 0.03),
                draw_pattern(g, p.base, p.second, 0.2),
                hand,
                (x, y - 0.16, z),
            )
        else:
            a.part(
                "ball",
                ball(g.uniform(0.08, 0.14), 18),
                draw_pattern(g, p.base, p.second, 0.2),
                hand,
                (x, y - 0.1, z + 0.04),
            )

    def _leg(self, hips: int, side: int, k: int) -> None:
        a, r, s, e = self.a, 1.25 * self.limb, self.start, self.end
        x, y, knee = side * self.hip, -0.05, -0.05 - 0.5 * self.leg
        end = -0.05 - self.leg
        turns = [
            tuple((-p.legs[k], 0, side * 2) for p in (s, e)),
            tuple((p.knees[k], 0, 0) for p in (s, e)),
        ]
        curve = [(x, y, 0), (x, 0.5 * (y + knee), 0.01), (x, knee, 0), (x, end, -0.01)]
        bare = self.skirt or self.sleeve < 0.4 * self.arm
        coat = (
            (*self.trouser_coat, slope(self.skin, (0, 0.4 * self.leg, 0), (0, 0.41 * self.leg, 0)))
            if bare
            else self.trouser_coat
        )
        shin = limb(
            a, f"leg{side}", curve, Flesh([1.5 * r, 1.3 * r, r, 0.8 * r], coat), hips, [turns[0], None, turns[1]], 0.06
        )
        shoe = superellipsoid((1.15 * r, 0.9 * r, 2.1 * r), (0.6, 0.8), 18, 10)
        sole = belt(WHITE, (0, 1, 0), -0.8 * r, 0.25 * r)
        a.part(f"shoe{side}", shoe, (fill(self.shoes), sole), shin, (x, end - 0.3 * r, 0.9 * r))
