"""How meshes hang on joints."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from tween4d.synthetic.meshes import Mesh
from tween4d.synthetic.skeleton import Skeleton

BOUND_JOINTS = 4


def bind_rigid(mesh: Mesh, joint: int) -> tuple[Int[np.ndarray, "v 4"], Float[np.ndarray, "v 4"]]:
    """Joints and weights that hang a whole mesh on one joint."""
    joints, weights = np.zeros((len(mesh.vertices), BOUND_JOINTS), int), np.zeros((len(mesh.vertices), BOUND_JOINTS))
    joints[:, 0], weights[:, 0] = joint, 1.0
    return joints, weights


def bind_chain(
    mesh: Mesh, skeleton: Skeleton, chain: Sequence[int], blend: float
) -> tuple[Int[np.ndarray, "v 4"], Float[np.ndarray, "v 4"]]:
    """Joints and weights that bend a mesh smoothly along a chain of joints.

    A vertex beyond the k-th pivot, seen along the line from the pivot before to the pivot after, follows joint k;
    within `blend` of a pivot it follows both neighbours.

    Args:
        chain: indices of at least two joints, from the root outwards.
        blend: half-width of the transition, units of the object.
    """
    pivots = np.array([skeleton.joints[j].position for j in chain])
    passed = [np.ones(len(mesh.vertices))]
    for k in range(1, len(chain)):
        along = pivots[min(k + 1, len(chain) - 1)] - pivots[k - 1]
        along = along / np.linalg.norm(along)
        t = np.clip(((mesh.vertices - pivots[k]) @ along) / (2 * blend) + 0.5, 0, 1)
        passed.append(np.minimum(passed[-1], t * t * (3 - 2 * t)))
    share = np.stack([*passed, np.zeros(len(mesh.vertices))])
    share = (share[:-1] - share[1:]).T
    top = np.argsort(-share, axis=1, kind="stable")[:, :BOUND_JOINTS]
    weights = np.take_along_axis(share, top, 1)
    pad = BOUND_JOINTS - top.shape[1]
    joints = np.pad(np.asarray(chain)[top], [(0, 0), (0, max(pad, 0))])
    weights = np.pad(weights / weights.sum(1, keepdims=True), [(0, 0), (0, max(pad, 0))])
    return joints, weights
