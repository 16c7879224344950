"""When things happen: curves through knots that never overshoot, and the times at which a motion is how far."""

from typing import Literal, get_args

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicHermiteSpline

Ease = Literal["linear", "in", "out", "in-out"]
EASES: tuple[str, ...] = get_args(Ease)

LEAST_SHARE = 0.02
"""Share of even progress that is added to a measured one, so that no two frames fall on one moment."""


def through_knots(
    at: Float[np.ndarray, "k"],
    values: Float[np.ndarray, "k"],
    where: Float[np.ndarray, "t"],
    slopes: tuple[float, float] = (0.0, 0.0),
) -> Float[np.ndarray, "t"]:
    """A smooth curve through knots that stays between neighbouring knots' values.

    Source: Fritsch and Butland 1984: inner slopes are harmonic means of the neighbouring secants, 0 at extrema.

    Args:
        at: increasing.
        where: within the knots.
        slopes: at both ends, at most 3 times the first and last secant in absolute value and of their sign, or 0.
    """
    step = np.diff(at)
    secant = np.diff(values) / step
    left, right = secant[:-1], secant[1:]
    inner = np.zeros(len(left))
    same = left * right > 0
    a, b = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
    inner[same] = ((a + b)[same]) / (a[same] / left[same] + b[same] / right[same])
    return CubicHermiteSpline(at, values, np.concatenate([[slopes[0]], inner, [slopes[1]]]))(where)


def progress_at(
    times: Float[np.ndarray, "t"], knots: Float[np.ndarray, "k"], reached: Float[np.ndarray, "k"], ease: Ease
) -> Float[np.ndarray, "t"]:
    """How much of the way is behind at each time, when the states of a motion are reached at the knots.

    Args:
        times: in [0, 1].
        knots: when the states are reached, from 0 to 1.
        reached: how much of the way lies before each state, from 0 to 1.
        ease: linear keeps an even speed between two states; in starts at rest, out ends at rest, in-out does both, and
            all three pass through the states between without a stop.
    """
    if ease == "linear":
        return np.interp(times, knots, reached)
    secant = np.diff(reached) / np.diff(knots)
    # The end that is not at rest is left at the speed of a natural spline.
    begin = 0.0 if ease in ("in", "in-out") else 1.5 * secant[0]
    finish = 0.0 if ease in ("out", "in-out") else 1.5 * secant[-1]
    return through_knots(knots, reached, times, (begin, finish))


def paced(way: Float[np.ndarray, "t"], states: list[int], knots: Float[np.ndarray, "k"], ease: Ease) -> np.ndarray:
    """The times at which the frames of a motion are shown so that it runs at the wanted pace.

    Args:
        way: path length from the first frame to each frame, not decreasing.
        states: frames that have a time of their own, the first and the last one included.
        knots: those times, increasing from 0 to 1.
    Returns:
        Strictly increasing times from 0 to 1; those of the states are the knots exactly.
    """
    frames = len(way)
    total = way[-1] if way[-1] > 0 else 1.0
    even = np.interp(np.arange(frames), states, knots)
    progress = (1 - LEAST_SHARE) * way / total + LEAST_SHARE * even if way[-1] > 0 else even
    dense = np.unique(np.concatenate([np.linspace(0, 1, 4001), knots]))
    curve = progress_at(dense, knots, progress[states], ease)
    times = np.interp(progress, np.maximum.accumulate(curve), dense)
    # Two frames at one moment would be a jump: a little of the even pace keeps them apart.
    times = (1 - LEAST_SHARE) * times + LEAST_SHARE * even
    times[states] = knots
    return times
