"""Geometry from one picture: what an outline alone says, and what a network knows of objects."""

from tween4d.priors.embedded.geometry.inflation import InflationConfig, InflationPrior

__all__ = ["InflationConfig", "InflationPrior"]
