"""Where an object's front points."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Facing:
    """One hypothesis of an object's orientation."""

    azimuth: float
    """Degrees about +Y; 0 is into the input camera, 90 is to the right of the picture."""
    elevation: float
    """Degrees upwards."""
    weight: float
    """Probability in [0, 1]; 1 for the user's word."""
