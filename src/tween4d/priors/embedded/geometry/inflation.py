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
from tween4d.priors.embedded.geometry.carrying import carry_maps, fuse_ends, outlines
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
    Thickness and hidden colours are those of both ends of the motion, fused where they show the same places and carried
    along the guide's lattices, so that neighbouring keyframes agree.
    """

    def __init__(self, config: InflationConfig = InflationConfig()) -> None:
        self.config = config

    def imagine(
        self, guide: Guide, anchors: tuple[int, ...], cameras: tuple[Camera, ...], *, seed: int
    ) -> tuple[KeyframeViews, ...]:
        """One KeyframeViews per anchor with the guiding frame as its only picture and the lifted surface beside it."""
        thicknesses = self.thicknesses(guide, anchors, cameras[0])
        hiddens = hidden_colors(guide, anchors, self.config.hidden_detail)
        camera, forward = cameras[0], self.config.forward / pixel_at_centre(cameras[0])
        return tuple(
            lift_solid(
                guide, frame, camera, (np.full_like(thickness, forward), thickness, hidden), self.config.max_points
            )
            for frame, thickness, hidden in zip(anchors, thicknesses, hiddens, strict=True)
        )

    def thicknesses(
        self, guide: Guide, anchors: tuple[int, ...], camera: Camera
    ) -> tuple[Float[np.ndarray, "h w"], ...]:
        """Half thickness of the object at guiding frames, pixels at the origin's distance; 0 beyond its outline.

        Fused over both ends of the motion and carried along the guide's lattices, where it has any.
        """
        # Saturating: slim parts come out round, bulky ones never deeper than the limit.
        limit = self.config.max_thickness / pixel_at_centre(camera)
        first, last = (_own_thickness(guide, frame)[..., None] for frame in (0, len(guide.video) - 1))
        ends = fuse_ends(guide, outlines(guide), (first, last))
        return tuple(
            limit * -np.expm1(-self.config.roundness * _carried_thickness(guide, frame, ends) / limit)
            for frame in anchors
        )


def lift_solid(
    guide: Guide,
    frame: int,
    camera: Camera,
    solid: tuple[Float[np.ndarray, "h w"], Float[np.ndarray, "h w"], Float[np.ndarray, "h w 3"]],
    max_points: int,
) -> KeyframeViews:
    """A guiding frame and the surface of a solid over it: its middle, its half thickness and the colours behind."""
    image = guide.video.frame(frame)
    mask, dense = outline_of(image.alpha.cpu().numpy())
    picture = np.concatenate([image.rgb.cpu().numpy(), dense[..., None]], -1)
    middle, thickness, hidden = solid
    surface = sample_surfaces(picture, hidden, mask, (middle, thickness), camera, max_points)
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


def hidden_colors(guide: Guide, anchors: tuple[int, ...], detail: float) -> tuple[Float[np.ndarray, "h w 3"], ...]:
    """Colours of the unseen side at guiding frames, fused over both ends and carried along the guide's lattices."""
    masks = outlines(guide)
    ends = tuple(
        _behind(guide, frame, mask, detail) for frame, mask in zip((0, len(guide.video) - 1), masks, strict=True)
    )
    fused = fuse_ends(guide, masks, (ends[0], ends[1]))
    answers = []
    for frame in anchors:
        mask = outline_of(guide.video.alpha[frame].cpu().numpy())[0]
        carried = carry_maps(guide, frame, mask, fused)
        answers.append(_behind(guide, frame, mask, detail) if carried is None else carried)
    return tuple(answers)


def _behind(guide: Guide, frame: int, mask: Bool[np.ndarray, "h w"], detail: float) -> Float[np.ndarray, "h w 3"]:
    """The local average inside the outline, with a share of the visible detail."""
    rgb = guide.video.frame(frame).rgb.cpu().numpy()
    average = low_pass(rgb, mask, max(1.0, 0.15 * float(np.sqrt(mask.sum()))))
    return average + detail * (rgb - average)
