"""Thickness from an outline against solids of revolution."""

import numpy as np
import pytest

from tween4d.geometry.inflation import inflate


def test_strip_becomes_a_cylinder() -> None:
    """Oracle: analytic; a strip of half width r has height sqrt(r^2 - x^2).

    6 %: the outline of whole pixels is half a pixel off.
    """
    mask = np.zeros((128, 256), bool)
    mask[44:84] = True
    height = inflate(mask, 200)
    x = np.arange(44, 84) + 0.5 - 64
    np.testing.assert_allclose(height[44:84, 128], np.sqrt(20.5**2 - x**2), rtol=0.06)


def test_disc_follows_its_poisson_solution() -> None:
    """Oracle: analytic; laplace(u) = -2 on a disc gives sqrt((r^2 - x^2) / 2)."""
    y, x = np.mgrid[:160, :160] + 0.5 - 80
    height = inflate(x**2 + y**2 < 60**2, 200)
    assert height[80, 80] == pytest.approx(60 / np.sqrt(2), rel=0.05)


def test_outside_is_zero_and_an_empty_mask_stays_empty() -> None:
    """Oracle: invariant."""
    mask = np.zeros((40, 50), bool)
    assert inflate(mask).max() == 0
    mask[10:12, 3:40] = True
    height = inflate(mask)
    assert height[~mask].max() == 0 and height[mask].min() > 0
