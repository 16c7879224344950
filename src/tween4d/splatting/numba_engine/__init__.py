"""The CPU engine: float32 kernels compiled by numba, cached on disk."""

from tween4d.splatting.numba_engine.operators import composite, project

__all__ = ["composite", "project"]
