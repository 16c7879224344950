"""The learned multi-view prior: a solid about the middle surface that a network reads, carried along the video."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from tween4d.data.cameras import Camera
from tween4d.data.facing import Facing
from tween4d.data.images import Image
from tween4d.data.video import Guide
from tween4d.data.views import KeyframeViews
from tween4d.priors.embedded.geometry.carrying import carry_maps, fuse_ends, outlines
from tween4d.priors.embedded.geometry.inflation import (
    InflationConfig,
    InflationPrior,
    hidden_colors,
    lift_solid,
)
from tween4d.priors.embedded.geometry.network import SurfaceNet
from tween4d.priors.embedded.geometry.reading import (
    Reading,
    elevation_for,
    rank_facings,
    read_middle,
    read_picture,
)
from tween4d.priors.embedded.geometry.sampling import low_pass, outline_of


@dataclass(frozen=True)
class LiftingConfig:
    """How a network's reading becomes a solid."""

    facing: tuple[float, float | None] | None = None
    """The user's word where the front points: azimuth and, if known, elevation, degrees; None leaves it to the
    network."""
    roundness: float = 2.25
    """Thickness of slim parts as a multiple of a body of revolution's: an object is seldom seen at its thinnest."""
    max_thickness: float = 0.33
    """Largest half thickness, world units; an object's radius is at most 0.5."""
    max_points: int = 14_000
    """Upper bound on surface samples per keyframe."""
    hidden_detail: float = 0.35
    """Share of the visible texture's detail that the hidden side repeats; the rest is its local average."""


class LiftingPrior:
    """Lifts a keyframe about the middle surface that a network reads from both ends of the motion.

    Both ends decide together where the object's front points, unless the user said so. What the network leaves open is
    not decided by a coin: the middle is the mean over the hypotheses by their weight, flat where they contradict one
    another. Thickness and hidden colours are those of inflation, which on objects of unseen families still do better
    than the network's own. All three are fused where both ends show the same places and carried along the guide's
    lattices, so that neighbouring keyframes agree.
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
        return LiftingPrior(lambda: self.network, replace(self.config, facing=(azimuth, elevation)))

    def hypotheses(self, *images: Image) -> tuple[Facing, ...]:
        """Where the front may point in matted pictures of one object, likeliest first; the user's word is the only
        one when there is one."""
        return self._facings([read_picture(self.network, image) for image in images])

    def _facings(self, readings: Sequence[Reading]) -> tuple[Facing, ...]:
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
        readings = {frame: read_picture(self.network, guide.video.frame(frame)) for frame in (0, last)}
        facings = self._facings(list(readings.values()))
        focal = float(cameras[0].intrinsics[0, 0])

        def middle(frame: int) -> Float[np.ndarray, "h w 1"]:
            reading = readings.get(frame) or read_picture(self.network, guide.video.frame(frame))
            mask = outline_of(guide.video.alpha[frame].cpu().numpy())[0]
            return read_middle(self.network, reading, facings, mask, focal)[..., None]

        ends = fuse_ends(guide, outlines(guide), (middle(0), middle(last)))
        inflation = InflationPrior(InflationConfig(self.config.roundness, self.config.max_thickness))
        thicknesses = inflation.thicknesses(guide, anchors, cameras[0])
        hiddens = hidden_colors(guide, anchors, self.config.hidden_detail)
        answers = []
        for frame, thickness, hidden in zip(anchors, thicknesses, hiddens, strict=True):
            mask = outline_of(guide.video.alpha[frame].cpu().numpy())[0]
            carried = carry_maps(guide, frame, mask, ends)
            if carried is None:
                carried = ends[0] if frame == 0 else ends[1] if frame == last else middle(frame)
            # Without the steps of bilinear interpolation, within the outline.
            smooth = low_pass(carried, mask, 1.5)[..., 0]
            solid = (smooth, thickness, hidden)
            answers.append(lift_solid(guide, frame, cameras[0], solid, self.config.max_points))
        return tuple(answers)
