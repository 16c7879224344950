"""The hand-made multi-view prior: a solid inflated from the outline, carried along the guiding video."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float

from tween4d.data.cameras import Camera
from tween4d.data.images import Image
from tween4d.data.video import Guide
from tween4d.data.views import KeyframeViews, SurfacePoints
from tween4d.geometry.inflation import inflate
from tween4d.priors.embedded.geometry.carrying import carry_maps
from tween4d.priors.embedded.geometry.sampling import low_pass, outline_of, pixel_at_centre, sample_surfaces


@dataclass(frozen=True)
class InflationConfig:
    """How the hidden half of an object is guessed from its outline."""

    roundness: float = 2.0
    """Thickness of slim parts as a multiple of a body of revolution's: an object is seldom seen at its thinnest."""
    max_thickness: float = 0.3
    """Largest half thickness, world units; an object's radius is at most 0.5."""
    max_points: int = 14_000
    """Upper bound on surface samples per keyframe."""
    forward: float = 0.04
    """How far the middle lies in front of the origin, world units: what is near looks large and rules the outline."""
    hidden_detail: float = 0.35
    """Share of the visible texture's detail that the hidden side repeats; the rest is its local average."""


class InflationPrior:
    """Lifts a keyframe to a front and a back surface along each pixel's ray.

    The middle of the object is assumed to lie parallel to the image; the hidden side repeats the visible colours.
    Thickness is carried from both ends of the motion along the guide's lattices, so that neighbouring keyframes agree.
    """

    def __init__(self, config: InflationConfig = InflationConfig()) -> None:
        self.config = config

    def imagine(
        self, guide: Guide, anchors: tuple[int, ...], cameras: tuple[Camera, ...], *, seed: int
    ) -> tuple[KeyframeViews, ...]:
        """One KeyframeViews per anchor with the guiding frame as its only picture and the lifted surface beside it."""
        thicknesses = self.thicknesses(guide, anchors, cameras[0])
        return tuple(
            self._lift(guide, frame, cameras[0], thickness)
            for frame, thickness in zip(anchors, thicknesses, strict=True)
        )

    def thicknesses(
        self, guide: Guide, anchors: tuple[int, ...], camera: Camera
    ) -> tuple[Float[np.ndarray, "h w"], ...]:
        """Half thickness of the object at guiding frames, pixels at the origin's distance; 0 beyond its outline.

        Carried from both ends of the motion along the guide's lattices, where it has any.
        """
        # Saturating: slim parts come out round, bulky ones never deeper than the limit.
        limit = self.config.max_thickness / pixel_at_centre(camera)
        ends = tuple(_own_thickness(guide, frame)[..., None] for frame in (0, len(guide.video) - 1))
        return tuple(
            limit * -np.expm1(-self.config.roundness * _carried_thickness(guide, frame, ends) / limit)
            for frame in anchors
        )

    def _lift(self, guide: Guide, frame: int, camera: Camera, thickness: Float[np.ndarray, "h w"]) -> KeyframeViews:
        image = guide.video.frame(frame)
        mask, dense = outline_of(image.alpha.cpu().numpy())
        rgb = image.rgb.cpu().numpy()
        picture = np.concatenate([rgb, dense[..., None]], -1)
        hidden = hidden_colors(rgb, mask, self.config.hidden_detail)
        solid = (np.full_like(thickness, self.config.forward / pixel_at_centre(camera)), thickness)
        surface = sample_surfaces(picture, hidden, mask, solid, camera, self.config.max_points)
        return seen_from_the_front(image, frame, camera, surface)


def seen_from_the_front(image: Image, frame: int, camera: Camera, surface: SurfacePoints) -> KeyframeViews:
    """A keyframe of which only the guiding frame is known, and a surface from which the other views follow."""
    return KeyframeViews(
        frame=frame,
        rgb=image.rgb[None],
        alpha=image.alpha[None],
        cameras=(camera,),
        weights=torch.ones(1).to(image.rgb),
        surface=surface,
    )


def _own_thickness(guide: Guide, frame: int) -> Float[np.ndarray, "h w"]:
    return inflate(outline_of(guide.video.alpha[frame].cpu().numpy())[0])


def _carried_thickness(
    guide: Guide, frame: int, ends: tuple[Float[np.ndarray, "h w 1"], ...]
) -> Float[np.ndarray, "h w"]:
    mask = outline_of(guide.video.alpha[frame].cpu().numpy())[0]
    own = _own_thickness(guide, frame)
    carried = carry_maps(guide, frame, mask, ends)
    if carried is None:
        return own
    # Its own outline bounds the thickness: a carried value beyond it would bulge over the rim.
    return cv2.GaussianBlur(np.minimum(carried[..., 0], 1.5 * own + 1.0) * mask, (0, 0), 1.0) * mask


def hidden_colors(
    rgb: Float[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"], detail: float
) -> Float[np.ndarray, "h w 3"]:
    """Colours of the unseen side: the local average inside the outline, with a share of the visible detail."""
    average = low_pass(rgb, mask, max(1.0, 0.15 * float(np.sqrt(mask.sum()))))
    return average + detail * (rgb - average)
