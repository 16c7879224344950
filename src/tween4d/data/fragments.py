"""The plan of a run: which keyframes, which fragments, and why."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from tween4d.data.video import Guide


@dataclass(frozen=True)
class Fragment:
    """A short, smooth piece of the motion with one canonical keyframe."""

    first: int
    """First frame index into the guiding video (inclusive)."""
    last: int
    """Last frame index (inclusive); neighbours share it."""
    keyframe: int
    """Frame at which this fragment's canonical Gaussians live; first <= keyframe <= last."""


@dataclass(frozen=True)
class SplitScore:
    """Why a frame became a keyframe."""

    frame: int
    motion: float
    """Motion distance to the nearer end of the part that was split, in object sizes."""
    fidelity: float
    """Similarity to the inputs in [0, 1]."""
    depth: int
    """Recursion depth of the split (0 = first)."""
    reason: str


@dataclass(frozen=True)
class FragmentPlan:
    """Fragments cover the guide from first to last frame; neighbours share one frame."""

    guide: Guide
    fragments: tuple[Fragment, ...]
    scores: tuple[SplitScore, ...]
    distances: Float[Tensor, "k k"]
    """Pairwise motion distance between the sampled candidate frames, in object sizes."""

    @property
    def keyframes(self) -> tuple[int, ...]:
        return tuple(f.keyframe for f in self.fragments)
