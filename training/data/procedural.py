"""Subjects from the product's own generator of articulated objects."""

import numpy as np
from scipy.spatial.transform import Rotation

from training.data.subject import Subject
from tween4d.synthetic.families import FAMILIES
from tween4d.synthetic.scene import PosedSurface, gather_surface, pose_surface
from tween4d.synthetic.skeleton import joint_transforms

FRONT = {"lamp": "swivel"}
"""The joint whose z axis is an object's front, where it is not the first."""


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
    # Families turn their objects to be looked at; a subject's front is +Z.
    joint = scene.skeleton.index(FRONT[family]) if family in FRONT else 0
    fronts = joint_transforms(scene.skeleton, np.array(times))[:, joint, :3, 2].sum(0)
    turn = Rotation.from_euler("y", -np.arctan2(fronts[0], fronts[2])).as_matrix()
    start, end = (PosedSurface(posed.vertices @ turn.T, posed.normals @ turn.T) for posed in (start, end))
    return Subject(f"{family}-{seed}", family, surface, start, end)
