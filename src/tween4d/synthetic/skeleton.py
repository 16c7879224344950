"""Joints that turn and slide from a start pose to an end pose, and what they carry."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation


@dataclass(frozen=True)
class Joint:
    """A pivot: what hangs on it turns about its position, along an arc, and may slide."""

    name: str
    position: tuple[float, float, float]
    """The pivot at rest, frame of the object."""
    parent: int = -1
    """Index of an earlier joint, or -1."""
    start: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Turn relative to the parent at time 0: degrees about x, then y, then z, the axes of the object at rest."""
    end: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """The same at time 1."""
    slide: tuple[tuple[float, float, float], tuple[float, float, float]] = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    """Displacement relative to the parent at time 0 and 1."""
    window: tuple[float, float] = (0.0, 1.0)
    """Span of time in which the joint moves."""


@dataclass(frozen=True)
class Skeleton:
    """Joints in an order where parents come first."""

    joints: tuple[Joint, ...]

    def index(self, name: str) -> int:
        """Position of the joint of that name."""
        return [joint.name for joint in self.joints].index(name)


def ease(fraction: float) -> float:
    """Smoothstep: 0 to 1 with rest at both ends, linear beyond neither."""
    f = min(max(fraction, 0.0), 1.0)
    return f * f * (3 - 2 * f)


def joint_transforms(skeleton: Skeleton, time: float) -> Float[np.ndarray, "j 4 4"]:
    """Where each joint takes what is bound to it: rest frame of the object to posed frame.

    A joint's rotation runs at eased speed along the great arc from its start to its end.

    Args:
        time: in [0, 1]; times beyond are held.
    """
    joints = skeleton.joints
    start = Rotation.from_euler("xyz", [joint.start for joint in joints], degrees=True)
    end = Rotation.from_euler("xyz", [joint.end for joint in joints], degrees=True)
    fraction = np.array([ease((time - a) / (b - a)) for a, b in (joint.window for joint in joints)])
    turn = (Rotation.from_rotvec(fraction[:, None] * (end * start.inv()).as_rotvec()) * start).as_matrix()
    slide = np.array([joint.slide for joint in joints])
    shift = (1 - fraction[:, None]) * slide[:, 0] + fraction[:, None] * slide[:, 1]
    transforms = np.empty((len(joints), 4, 4))
    for k, joint in enumerate(joints):
        pivot = np.array(joint.position)
        local = np.eye(4)
        local[:3, :3] = turn[k]
        local[:3, 3] = pivot - turn[k] @ pivot + shift[k]
        transforms[k] = local if joint.parent < 0 else transforms[joint.parent] @ local
    return transforms
