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

    def __str__(self) -> str:
        if abs(self.azimuth) < 10:
            return f"into the camera ({self.weight:.0%})"
        side = "right" if self.azimuth > 0 else "left"
        return f"{abs(self.azimuth):.0f} degrees to the {side} ({self.weight:.0%})"
