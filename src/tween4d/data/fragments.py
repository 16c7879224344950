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
    reason: str = ""
    """Why it was not divided further."""


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
    frames: tuple[int, ...] = ()
    """The candidates: indices into the guiding video."""
    appearance: Float[Tensor, "k k"] | None = None
    """Pairwise difference in looks between candidates; 0 is none."""
    fidelity: Float[Tensor, "k"] | None = None
    """Similarity of each candidate to the inputs in [0, 1], after parts were imagined again."""

    @property
    def keyframes(self) -> tuple[int, ...]:
        return tuple(f.keyframe for f in self.fragments)
