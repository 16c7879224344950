"""Pace: curves through knots, and the times at which frames are shown."""

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from tween4d.geometry.pacing import EASES, paced, progress_at, through_knots


def test_the_curve_has_the_slopes_of_a_monotone_interpolation() -> None:
    """Oracle: scipy's PCHIP, which has the same slopes at inner knots; between them both are cubics."""
    at, values = np.array([0.0, 0.2, 0.5, 0.6, 1.0]), np.array([0.0, 1.0, 1.5, 1.2, 2.0])
    where = np.linspace(0.2, 0.6, 50)
    np.testing.assert_allclose(through_knots(at, values, where), PchipInterpolator(at, values)(where), atol=1e-12)


def test_the_curve_never_overshoots() -> None:
    """Oracle: stated guarantee, over random knots."""
    draw = np.random.default_rng(0)
    for _ in range(50):
        at, values = np.sort(draw.random(6)) + np.arange(6) * 0.01, draw.random(6)
        for k in range(5):
            inside = through_knots(at, values, np.linspace(at[k], at[k + 1], 30))
            low, high = sorted(values[k : k + 2])
            assert inside.min() >= low - 1e-9 and inside.max() <= high + 1e-9


def test_two_states_give_the_known_curves() -> None:
    """Oracle: closed forms; the cubic 3t^2 - 2t^3, and the natural cubics that are at rest at one end."""
    t = np.linspace(0, 1, 21)
    knots = np.array([0.0, 1.0])
    expected = {
        "linear": t,
        "in-out": 3 * t**2 - 2 * t**3,
        "in": 1.5 * t**2 - 0.5 * t**3,
        "out": 1.5 * t - 0.5 * t**3,
    }
    for ease in EASES:
        np.testing.assert_allclose(progress_at(t, knots, knots, ease), expected[ease], atol=1e-12)  # type: ignore[arg-type]


@pytest.mark.parametrize("ease", EASES)
def test_frames_are_shown_at_the_wanted_pace(ease: str) -> None:
    """Oracle: the pace itself; the way behind at each shown time is the curve's, but for an even share."""
    way = np.linspace(0, 1, 81) ** 2 * 7
    states, knots = [0, 50, 80], np.array([0.0, 0.3, 1.0])
    times = paced(way, states, knots, ease)  # type: ignore[arg-type]
    assert (times[states] == knots).all() and (np.diff(times) > 0).all()
    found = np.interp(np.linspace(0, 1, 41), times, way / way[-1])
    wanted = progress_at(np.linspace(0, 1, 41), knots, (way / way[-1])[states], ease)  # type: ignore[arg-type]
    assert np.abs(found - wanted).max() < 0.04


def test_what_stands_still_is_shown_evenly() -> None:
    """Oracle: construction."""
    np.testing.assert_allclose(paced(np.zeros(11), [0, 10], np.array([0.0, 1.0]), "linear"), np.linspace(0, 1, 11))
