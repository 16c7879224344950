"""Before a camera: subjects brought into the world, and light that varies."""

import math

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from training.data.subject import Subject
from tween4d.synthetic.scene import PosedSurface

RADIUS = 0.5


def states_in_world(subject: Subject) -> tuple[PosedSurface, PosedSurface]:
    """Both states, moved and scaled as one into the sphere of radius 0.5 about the origin."""
    states = (subject.start, subject.end)
    both = np.concatenate([posed.vertices for posed in states])
    centre = (both.min(0) + both.max(0)) / 2
    scale = RADIUS / np.linalg.norm(both - centre, axis=1).max()
    start, end = (PosedSurface((posed.vertices - centre) * scale, posed.normals) for posed in states)
    return start, end


def vary_lamps(lamps: Float[np.ndarray, "k 7"], generator: np.random.Generator) -> Float[np.ndarray, "k 7"]:
    """The lamps turned about the vertical as one, each a little brighter or darker and warmer or cooler."""
    g = generator
    out = lamps.copy()
    out[:, :3] = lamps[:, :3] @ Rotation.from_euler("y", g.uniform(0, 2 * math.pi)).as_matrix().T
    out[:, 4:] *= g.uniform(0.6, 1.35, (len(lamps), 1)) * g.uniform(0.9, 1.1, (len(lamps), 3)) * g.uniform(0.8, 1.1)
    return out
