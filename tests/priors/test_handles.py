"""Bent motions: what is pulled arrives, the ends stay, and what is far off does not follow."""

import numpy as np
import pytest

from tests.scenes import PIVOT, swinging_bar
from tween4d.geometry.barycentric import locate, ride
from tween4d.priors.embedded.motion.handles import Pull, bend

FRAMES, SIDE = 21, 96


@pytest.fixture(scope="module")
def sheets() -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    guide = swinging_bar(40, FRAMES, SIDE)
    return tuple((x.vertices.double().numpy(), x.triangles.numpy()) for x in guide.lattices)


TIP = np.array([PIVOT[0] + 0.4, PIVOT[1]]) * SIDE


def test_every_pull_is_obeyed_and_the_ends_stay(sheets: tuple[tuple[np.ndarray, np.ndarray], ...]) -> None:
    """Oracle: the targets; both sheets carry the place there, at both moments, and the ends are as they were."""
    pulls = [Pull(TIP, np.array([40.0, 20.0]), 0.4), Pull(TIP, np.array([70.0, 70.0]), 0.7)]
    bent = bend(sheets, pulls)
    triangle, weights, _ = locate(TIP[None], sheets[0][0][0], sheets[0][1])
    path = ride(triangle, weights, bent[0], sheets[0][1])[:, 0]
    for pull in pulls:
        np.testing.assert_allclose(path[round(pull.moment * (FRAMES - 1))], pull.target, atol=1e-6)
    # Both sheets of the bar are one, so the material is the same in both.
    np.testing.assert_allclose(ride(triangle, weights, bent[1], sheets[1][1])[8, 0], pulls[0].target, atol=1.0)
    for (poses, _), found in zip(sheets, bent, strict=True):
        np.testing.assert_allclose(found[[0, -1]], poses[[0, -1]], atol=1e-9)


def test_a_pull_fades_with_the_distance(sheets: tuple[tuple[np.ndarray, np.ndarray], ...]) -> None:
    """Oracle: invariant; the pivot, at the other end of the bar, moves by less than a fifth of what the tip does."""
    own = sheets[0][0][10]
    bent = bend(sheets, [Pull(TIP, np.array([60.0, 40.0]), 0.5)])[0][10]
    moved = np.linalg.norm(bent - own, axis=-1)
    assert moved[np.linalg.norm(own - np.array(PIVOT) * SIDE, axis=-1).argmin()] < 0.2 * moved.max()
