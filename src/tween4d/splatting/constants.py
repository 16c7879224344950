"""Numbers that define the image: they must agree between backends, or parity tests fail."""

MAX_ALPHA = 0.999
"""Cap on one Gaussian's opacity at a pixel (gsplat 1.5.3; 1.6.0 uses 0.99)."""
MIN_ALPHA = 1 / 255
"""Contributions below this are skipped."""
MIN_TRANSMITTANCE = 1e-4
"""A pixel is finished when the next Gaussian would bring its transmittance to this or below."""
MAX_EXTENT = 3.33
"""Upper bound of a Gaussian's reach in standard deviations; sqrt(2 ln 255) = 3.3290 is just below it."""
FRUSTUM_MARGIN = 0.15
"""The projection is linearised within the image widened by this share of its size on each side."""
TILE = 16
"""Side of a tile in pixels."""
