"""The motion priors, hand-made and learned: correspondence, registration of two sheets, and rendered in-betweens."""

from tween4d.priors.embedded.motion.inbetweener import LatticeInbetweener, MatchedInbetweener, MotionConfig

__all__ = ["LatticeInbetweener", "MatchedInbetweener", "MotionConfig"]
