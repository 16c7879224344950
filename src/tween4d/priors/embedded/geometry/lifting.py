"""The learned multi-view prior: a network's front and back surface, carried along the guiding video."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float

from tween4d.data.cameras import Camera
from tween4d.data.facing import Facing
from tween4d.data.images import Image
from tween4d.data.video import Guide
from tween4d.data.views import KeyframeViews
from tween4d.geometry.inflation import inflate
from tween4d.priors.embedded.geometry.carrying import carry_maps
from tween4d.priors.embedded.geometry.network import SurfaceNet
from tween4d.priors.embedded.geometry.reading import (
    Relief,
    elevation_for,
    rank_facings,
    read_picture,
    read_relief,
)
from tween4d.priors.embedded.geometry.sampling import low_pass, outline_of, sample_surfaces


@dataclass(frozen=True)
class LiftingConfig:
    """How a network's reading becomes a solid."""

    facing: tuple[float, float | None] | None = None
    """The user's word where the front points: azimuth and, if known, elevation, degrees; None leaves it to the
    network."""
    roundness: float = 3.0
    """Half thickness at an outline grows at most this many times as fast as a body of revolution's."""
    max_points: int = 14_000
    """Upper bound on surface samples per keyframe."""
    hidden_detail: float = 0.35
    """Share of the visible texture's finest detail that the hidden side repeats; the network gives the rest."""


class LiftingPrior:
    """Lifts a keyframe to the front and back surface that a network reads from both ends of the motion.

    Both ends decide together where the object's front points, unless the user said so; the surfaces of both ends are
    carried along the guide's lattices and mixed, so that neighbouring keyframes agree.
    """

    def __init__(self, network: Callable[[], SurfaceNet], config: LiftingConfig = LiftingConfig()) -> None:
        self.config = config
        self._make = network
        self._network: SurfaceNet | None = None

    @property
    def network(self) -> SurfaceNet:
        """Loaded when it is first asked for."""
        if self._network is None:
            self._network = self._make().eval()
        return self._network

    def told(self, azimuth: float, elevation: float | None = None) -> "LiftingPrior":
        """The same prior with the user's word where the front points, in degrees."""
        prior = LiftingPrior(self._make, replace(self.config, facing=(azimuth, elevation)))
        prior._network = self._network
        return prior

    def hypotheses(self, *images: Image) -> tuple[Facing, ...]:
        """Where the front may point in matted pictures of one object, likeliest first; the user's word is the only
        one when there is one."""
        readings = [read_picture(self.network, image) for image in images]
        if self.config.facing is None:
            return rank_facings(self.network, readings)
        azimuth, elevation = self.config.facing
        if elevation is None:
            elevation = elevation_for(self.network, readings, float(np.radians(azimuth)))
        return (Facing(azimuth, elevation, 1.0),)

    def imagine(
        self, guide: Guide, anchors: tuple[int, ...], cameras: tuple[Camera, ...], *, seed: int
    ) -> tuple[KeyframeViews, ...]:
        """One KeyframeViews per anchor with the guiding frame as its only picture and the lifted surface beside it."""
        last = len(guide.video) - 1
        facing = self.hypotheses(guide.video.frame(0), guide.video.frame(last))[0]
        ends = tuple(self.relief(guide.video.frame(frame), facing, cameras[0]) for frame in (0, last))
        return tuple(self._lift(guide, frame, cameras[0], facing, ends) for frame in anchors)

    def relief(self, image: Image, facing: Facing, camera: Camera) -> Relief:
        """Both surfaces of the object in one matted picture."""
        mask = outline_of(image.alpha.cpu().numpy())[0]
        relief = read_relief(
            self.network, read_picture(self.network, image), facing, mask, float(camera.intrinsics[0, 0])
        )
        return replace(relief, half=_closed(relief.half, mask, self.config.roundness))

    def _lift(
        self, guide: Guide, frame: int, camera: Camera, facing: Facing, ends: tuple[Relief, Relief]
    ) -> KeyframeViews:
        image = guide.video.frame(frame)
        alpha = image.alpha.cpu().numpy()
        mask, dense = outline_of(alpha)
        carried = carry_maps(guide, frame, mask, tuple(_stack(end) for end in ends))
        if carried is None:
            last = len(guide.video) - 1
            relief = ends[0] if frame == 0 else ends[1] if frame == last else self.relief(image, facing, camera)
            carried = _stack(relief)
        middle = _smoothed(carried[..., 0], mask)
        half = _closed(_smoothed(carried[..., 1], mask), mask, self.config.roundness)
        rgb = image.rgb.cpu().numpy()
        fine = rgb - low_pass(rgb, mask, max(1.0, 0.02 * float(np.sqrt(mask.sum()))))
        hidden = carried[..., 2:] + self.config.hidden_detail * fine
        picture = np.concatenate([rgb, dense[..., None]], -1)
        surface = sample_surfaces(picture, hidden, mask, (middle, half), camera, self.config.max_points)
        return KeyframeViews(
            frame=frame,
            rgb=image.rgb[None],
            alpha=image.alpha[None],
            cameras=(camera,),
            weights=torch.ones(1).to(image.rgb),
            surface=surface,
        )


def _stack(relief: Relief) -> Float[np.ndarray, "h w 5"]:
    return np.concatenate([relief.middle[..., None], relief.half[..., None], relief.hidden], -1)


def _smoothed(values: Float[np.ndarray, "h w"], mask: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Without the steps of bilinear interpolation, within the outline."""
    return low_pass(values[..., None], mask, 1.5)[..., 0] if mask.any() else values


def _closed(
    half: Float[np.ndarray, "h w"], mask: Bool[np.ndarray, "h w"], roundness: float
) -> Float[np.ndarray, "h w"]:
    """Half thickness that falls to nothing at the outline."""
    return np.minimum(half, roundness * inflate(mask)) * mask
