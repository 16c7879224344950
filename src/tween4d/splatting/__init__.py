"""Differentiable rasterisation of 3D Gaussians: one call, three backends."""

from tween4d.splatting.rasterization import rasterize

__all__ = ["rasterize"]
