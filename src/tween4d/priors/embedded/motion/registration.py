"""Laying the sheet of one picture onto the other picture."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from tween4d.geometry.lattice import Sheet, fit_sheet
from tween4d.priors.embedded.motion.flow import dense_flow, round_trip_error, sample


@dataclass(frozen=True)
class Registered:
    """A sheet's pose in the other picture."""

    posed: Float[np.ndarray, "v 2"]
    confidence: Float[np.ndarray, "v"]


def register(
    sheet: Sheet, source: Float[np.ndarray, "h w 4"], target: Float[np.ndarray, "h w 4"], spacing: float
) -> Registered:
    """Pose the source's sheet so that it shows the target."""
    forward, backward = dense_flow(source, target), dense_flow(target, source)
    error = round_trip_error(sheet.rest, forward, backward)
    there = sheet.rest + sample(forward, sheet.rest)
    color = np.abs(sample(source, sheet.rest) - sample(target, there)).sum(-1)
    confidence = np.exp(-np.square(error / 2.0)) * np.exp(-np.square(color / 0.4))
    posed = fit_sheet(sheet, there, spacing**2 * 0.3 * confidence)
    return Registered(posed, confidence)
