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


def ease(fraction: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """Smoothstep: from 0 to 1 with rest at both ends; held beyond them."""
    f = np.clip(fraction, 0.0, 1.0)
    return f * f * (3 - 2 * f)


def joint_transforms(skeleton: Skeleton, times: Float[np.ndarray, "t"]) -> Float[np.ndarray, "t j 4 4"]:
    """Where each joint takes what is bound to it: rest frame of the object to posed frame.

    A joint's rotation runs at eased speed along the great arc from its start to its end.

    Args:
        times: in [0, 1]; times beyond are held.
    """
    joints = skeleton.joints
    start = Rotation.from_euler("xyz", [joint.start for joint in joints], degrees=True)
    arc = (Rotation.from_euler("xyz", [joint.end for joint in joints], degrees=True) * start.inv()).as_rotvec()
    window = np.array([joint.window for joint in joints])
    fraction = ease((times[:, None] - window[:, 0]) / (window[:, 1] - window[:, 0]))[..., None]
    turned = Rotation.from_rotvec((fraction * arc).reshape(-1, 3)).as_matrix().reshape(len(times), -1, 3, 3)
    slide = np.array([joint.slide for joint in joints])
    pivots = np.array([joint.position for joint in joints], float)
    local = np.zeros((len(times), len(joints), 4, 4))
    local[..., :3, :3] = turned @ start.as_matrix()
    local[..., :3, 3] = (
        pivots
        - np.einsum("tjab,jb->tja", local[..., :3, :3], pivots)
        + (1 - fraction) * slide[:, 0]
        + fraction * slide[:, 1]
    )
    local[..., 3, 3] = 1.0
    for k, joint in enumerate(joints):
        if joint.parent >= 0:
            local[:, k] = local[:, joint.parent] @ local[:, k]
    return local
