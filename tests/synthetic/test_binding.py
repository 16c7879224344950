"""Weights of skinned parts."""

import numpy as np

from tween4d.synthetic.binding import bind_chain
from tween4d.synthetic.shapes import sweep
from tween4d.synthetic.skeleton import Joint, Skeleton


def test_chain_weights_hand_over_from_joint_to_joint() -> None:
    """Oracle: analytic; away from pivots one joint rules, at a pivot two share equally, and rows sum to one."""
    heights = (0.0, 0.4, 0.7, 1.0, 1.3)
    skeleton = Skeleton(tuple(Joint(f"j{k}", (0.0, y, 0.0), k - 1) for k, y in enumerate(heights)))
    mesh = sweep([(0, 0, 0), (0, 1.6, 0)], [0.1, 0.1], along=81)
    joints, weights = bind_chain(mesh, skeleton, range(5), 0.05)
    assert joints.shape == weights.shape == (len(mesh.vertices), 4)
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-12)
    dense = np.zeros((len(mesh.vertices), 5))
    np.put_along_axis(dense, joints, weights, 1)
    y = mesh.vertices[:, 1]
    for k, (low, high) in enumerate(zip(heights, (*heights[1:], 9.0), strict=True)):
        inside = (y > low + 0.051) & (y < high - 0.051)
        assert inside.any()
        np.testing.assert_allclose(dense[inside, k], 1, atol=1e-9)
    at_pivot = np.abs(y - 0.4) < 1e-9
    assert at_pivot.any()
    np.testing.assert_allclose(dense[at_pivot, :2], 0.5, atol=1e-9)
