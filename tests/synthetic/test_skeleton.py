"""Joints against closed forms."""

import numpy as np
from scipy.spatial.transform import Rotation

from tween4d.synthetic.skeleton import Joint, Skeleton, joint_transforms

ARM = Skeleton(
    (
        Joint("shoulder", (0.0, 1.0, 0.0), -1, (0, 0, 10), (0, 0, 100)),
        Joint("elbow", (0.0, 0.6, 0.0), 0, (-20, 0, 0), (-70, 30, 0)),
        Joint("drawer", (0.2, 0.2, 0.0), 0, slide=((0, 0, 0), (0.0, 0.0, 0.4)), window=(0.25, 0.75)),
    )
)


def carry(transform: np.ndarray, point: np.ndarray) -> np.ndarray:
    return transform[:3, :3] @ point + transform[:3, 3]


def test_ends_are_the_joints_settings() -> None:
    """Oracle: scipy's Euler angles composed by hand along the chain."""
    first, last = joint_transforms(ARM, np.array([0.0, 1.0]))
    for transforms, shoulder, elbow in ((first, (0, 0, 10), (-20, 0, 0)), (last, (0, 0, 100), (-70, 30, 0))):
        upper = Rotation.from_euler("xyz", shoulder, degrees=True).as_matrix()
        fore = upper @ Rotation.from_euler("xyz", elbow, degrees=True).as_matrix()
        np.testing.assert_allclose(transforms[0, :3, :3], upper, atol=1e-12)
        np.testing.assert_allclose(transforms[1, :3, :3], fore, atol=1e-12)
        np.testing.assert_allclose(carry(transforms[0], np.array([0, 1.0, 0])), [0, 1, 0], atol=1e-12)
        hand = np.array([0, 1.0, 0]) + upper @ [0, -0.4, 0] + fore @ [0, -0.3, 0]
        np.testing.assert_allclose(carry(transforms[1], np.array([0, 0.3, 0])), hand, atol=1e-12)


def test_limbs_swing_along_arcs() -> None:
    """Oracle: analytic; the elbow stays 0.4 from the shoulder, at the smoothstep share of the angle."""
    times = np.linspace(0, 1, 11)
    for time, transforms in zip(times, joint_transforms(ARM, times), strict=True):
        angle = np.radians(10 + 90 * (3 * time**2 - 2 * time**3))
        elbow = np.array([0.4 * np.sin(angle), 1 - 0.4 * np.cos(angle), 0])
        np.testing.assert_allclose(carry(transforms[0], np.array([0, 0.6, 0])), elbow, atol=1e-12)
        turn = transforms[:, :3, :3]
        np.testing.assert_allclose(turn @ turn.transpose(0, 2, 1), np.broadcast_to(np.eye(3), (3, 3, 3)), atol=1e-12)


def test_slides_move_within_their_window() -> None:
    """Oracle: analytic; a drawer rests before and after its window and is half out in the middle."""
    parent, drawer = joint_transforms(ARM, np.array([0.2, 0.5, 0.9]))[:, [0, 2]].transpose(1, 0, 2, 3)
    shift = np.einsum("tab,tb->ta", parent[:, :3, :3].transpose(0, 2, 1), drawer[:, :3, 3] - parent[:, :3, 3])
    np.testing.assert_allclose(shift, [[0, 0, 0], [0, 0, 0.2], [0, 0, 0.4]], atol=1e-12)
