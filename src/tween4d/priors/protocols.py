"""The seams: what a prior must do. Embedded, pretrained and user-supplied priors are interchangeable behind these."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from tween4d.data.cameras import Camera
from tween4d.data.drags import Drag
from tween4d.data.facing import Facing
from tween4d.data.images import Image
from tween4d.data.video import Guide
from tween4d.data.views import KeyframeViews


@runtime_checkable
class Matter(Protocol):
    """Separates the object from its background."""

    def matte(self, image: Image) -> Float[Tensor, "h w"]:
        """Alpha in [0, 1]; raises ObjectNotFoundError when there is no object."""
        ...


@runtime_checkable
class Inbetweener(Protocol):
    """Imagines the motion between two matted pictures of one object."""

    def inbetween(self, start: Image, end: Image, frames: int, *, prompt: str, seed: int) -> Guide:
        """A guide of exactly `frames` frames at times linspace(0, 1); the first and last are the inputs."""
        ...


@runtime_checkable
class Steerable(Protocol):
    """An inbetweener that can be led by the user's hand."""

    def steered(
        self, start: Image, end: Image, frames: int, drags: tuple[Drag, ...], *, prompt: str, seed: int
    ) -> Guide:
        """As `inbetween`, bent so that the dragged places arrive.

        Args:
            drags: places of `start`; their times are counted in frames, and each is that of a frame between the ends.
        """
        ...


@runtime_checkable
class MultiViewPrior(Protocol):
    """Imagines how keyframes look from other cameras, in agreement with one another over time."""

    def imagine(
        self, guide: Guide, anchors: tuple[int, ...], cameras: tuple[Camera, ...], *, seed: int
    ) -> tuple[KeyframeViews, ...]:
        """One KeyframeViews per anchor frame; cameras[0] is the input camera and view 0 is the guiding frame itself.

        Args:
            guide: the guiding video, with lattices if its prior knew them.
            anchors: frame indices of the keyframes.
            cameras: views to imagine, the input camera first.
        """
        ...


@runtime_checkable
class Orientable(Protocol):
    """A multi-view prior that says where it thinks the object's front points, and can be told."""

    def hypotheses(self, *images: Image) -> tuple[Facing, ...]:
        """At least one that fits all matted pictures of one object, likeliest first; it acts on all by their weight."""
        ...

    def told(self, azimuth: float, elevation: float | None = None) -> "MultiViewPrior":
        """The same prior acting on the user's word, degrees."""
        ...


@runtime_checkable
class Releasable(Protocol):
    """A prior that holds memory which it can give back, and take again when it is asked anew."""

    def release(self) -> None:
        """Give back what a question needed."""
        ...


@runtime_checkable
class Features(Protocol):
    """Dense descriptors for matching and for keyframe scores."""

    def describe(self, image: Image) -> Float[Tensor, "c gh gw"]:
        """Unit-length descriptors on a grid over the square about the picture: its longer side, its own middle."""
        ...


@dataclass(frozen=True)
class PriorInfo:
    """What an asset records about a prior it used."""

    name: str
    kind: str
    """One of "embedded", "pretrained" or "user"."""
    revision: str
    licence: str


@dataclass(frozen=True)
class Priors:
    """The priors of a run."""

    matter: Matter
    inbetweener: Inbetweener
    multiview: MultiViewPrior
    info: tuple[PriorInfo, ...] = ()
    features: Features | None = None
    """What keyframes are scored and matched by; None leaves it to the guide's sheets and to patch statistics."""
