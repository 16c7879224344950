"""The hand-made motion prior: correspondence, registration of two triangle sheets, and rendered in-betweens."""

from tween4d.priors.embedded.motion.inbetweener import LatticeInbetweener, MotionConfig

__all__ = ["LatticeInbetweener", "MotionConfig"]
