"""Subjects from the product's own generator of articulated objects."""

import numpy as np

from training.data.subject import Subject
from tween4d.synthetic.families import FAMILIES
from tween4d.synthetic.scene import gather_surface, pose_surface


def procedural_subject(family: str, seed: int, generator: np.random.Generator) -> Subject:
    """An object of a family in two of its states.

    Args:
        family: a name of `FAMILIES`.
        seed: of the object's build, colours and motion.
        generator: draws the two times between which the object is caught; they differ by at least a half.
    """
    scene = FAMILIES[family](np.random.default_rng(seed))
    surface = gather_surface(scene)
    early, late = generator.uniform(0.0, 0.2), generator.uniform(0.7, 1.0)
    times = (early, late) if generator.random() < 0.5 else (late, early)
    start, end = (pose_surface(scene, surface, t) for t in times)
    return Subject(f"{family}-{seed}", family, surface, start, end)
