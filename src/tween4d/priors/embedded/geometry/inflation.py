"""The hand-made multi-view prior: a solid inflated from the outline, carried along the guiding video."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float

from tween4d.data.cameras import ORBIT_RADIUS, Camera, backproject
from tween4d.data.video import Guide, carry_pixels
from tween4d.data.views import KeyframeViews, SurfacePoints
from tween4d.geometry.inflation import inflate

OUTLINE = 7
"""Pixels over which an outline may be soft."""
FAINTEST = 0.15
"""Coverage below which a translucent part of a picture is not lifted."""
LAYERS = 6
"""Samples along a ray at most, where the surface is steep."""


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
        ends = tuple(self._own_thickness(guide, frame) for frame in (0, len(guide.video) - 1))
        return tuple(self._lift(guide, frame, cameras[0], ends) for frame in anchors)

    def _own_thickness(self, guide: Guide, frame: int) -> Float[np.ndarray, "h w"]:
        return inflate(_outline(guide.video.alpha[frame].cpu().numpy())[0])

    def _lift(
        self, guide: Guide, frame: int, camera: Camera, ends: tuple[Float[np.ndarray, "h w"], ...]
    ) -> KeyframeViews:
        image = guide.video.frame(frame)
        alpha = image.alpha.cpu().numpy() if image.alpha is not None else np.ones(image.rgb.shape[:2], np.float32)
        mask, dense = _outline(alpha)
        thickness = self._carried_thickness(guide, frame, mask, ends)
        pixel = ORBIT_RADIUS / float(camera.intrinsics[0, 0])
        # Saturating: slim parts come out round, bulky ones never deeper than the limit.
        limit = self.config.max_thickness / pixel
        thickness = limit * -np.expm1(-self.config.roundness * thickness / limit)
        picture = np.concatenate([image.rgb.cpu().numpy(), dense[..., None]], -1)
        surface = _sample_surface(picture, mask, thickness, camera, self.config)
        return KeyframeViews(
            frame=frame,
            rgb=image.rgb[None],
            alpha=torch.from_numpy(alpha)[None].to(image.rgb),
            cameras=(camera,),
            weights=torch.ones(1).to(image.rgb),
            surface=surface,
        )

    def _carried_thickness(
        self,
        guide: Guide,
        frame: int,
        mask: Bool[np.ndarray, "h w"],
        ends: tuple[Float[np.ndarray, "h w"], ...],
    ) -> Float[np.ndarray, "h w"]:
        own = self._own_thickness(guide, frame)
        last = len(guide.video) - 1
        if frame in (0, last) or not guide.lattices:
            return own
        rows, columns = np.nonzero(mask)
        pixels = torch.from_numpy(np.stack([columns, rows], -1) + 0.5)
        carried, _ = carry_pixels(guide, pixels, frame, (0, last))
        time = float(guide.video.times[frame])
        places = carried.numpy().astype(np.float32) - 0.5
        sampled = [
            cv2.remap(end, place[None, :, 0], place[None, :, 1], cv2.INTER_LINEAR)[0]
            for end, place in zip(ends, places, strict=True)
        ]
        mixed = (1 - time) * sampled[0] + time * sampled[1]
        out = np.zeros_like(own)
        # Its own outline bounds the thickness: a carried value beyond it would bulge over the rim.
        out[rows, columns] = np.minimum(mixed, 1.5 * own[rows, columns] + 1.0)
        return cv2.GaussianBlur(out, (0, 0), 1.0) * mask


def _outline(alpha: Float[np.ndarray, "h w"]) -> tuple[Bool[np.ndarray, "h w"], Float[np.ndarray, "h w"]]:
    """What belongs to the object, translucent parts too, and how dense the object is around each pixel."""
    dense = cv2.dilate(alpha, np.ones((OUTLINE, OUTLINE), np.uint8))
    return (alpha > 0.5 * dense) & (alpha > FAINTEST), dense


def _sample_surface(
    picture: Float[np.ndarray, "h w 4"],
    mask: Bool[np.ndarray, "h w"],
    thickness: Float[np.ndarray, "h w"],
    camera: Camera,
    config: InflationConfig,
) -> SurfacePoints:
    """Points on the front and back of the solid; steep flanks get extra samples along the ray.

    Args:
        picture: straight colour, and how dense the object is; its outline counts as dense as what lies within, because
            what makes it soft in a picture is the pixel, not the object.
    """
    rgb, dense = picture[..., :3], picture[..., 3]
    gy, gx = np.gradient(thickness)
    slope = np.minimum(np.hypot(gx, gy), 6.0)
    # The outline itself closes the solid: its samples run from the middle to the full height.
    rim = mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) == 0)
    copies = np.where(mask, np.ceil(np.where(rim, thickness, slope) / 1.5).clip(1, LAYERS), 0)
    stride = max(1.0, float(np.sqrt(2.0 * copies.sum() / config.max_points)))
    rows, columns = _grid(mask, stride)
    hidden = _hidden_colors(rgb, mask, config.hidden_detail)
    parts = []
    for side, colors in ((1.0, rgb), (-1.0, hidden)):
        for shift in range(LAYERS):
            keep = copies[rows, columns] > shift
            r, c = rows[keep], columns[keep]
            count = copies[r, c]
            # Samples of one ray spread over the height that its pixel spans.
            part = (shift + 0.5) / count
            spread = np.where(rim[r, c], (part - 1) * thickness[r, c], (part - 0.5) * slope[r, c] * stride)
            height = np.clip(thickness[r, c] + spread, 0.0, None)
            # Samples further apart than the grid are as much wider, so that the flank is closed.
            step = np.where(rim[r, c], thickness[r, c], slope[r, c] * stride) / count
            normal = np.stack([-gx[r, c], gy[r, c], np.ones_like(height)], -1)
            normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
            normal[:, 2] *= side
            pixels = np.stack([c + 0.5, r + 0.5], -1)
            width = np.maximum(stride, step)
            parts.append((pixels, side * height, normal, colors[r, c], shift == 0, width, dense[r, c]))
    pixel = ORBIT_RADIUS / float(camera.intrinsics[0, 0])
    uv = np.concatenate([p[0] for p in parts])
    z = np.concatenate([p[1] for p in parts]) * pixel
    seen = np.concatenate([np.full(len(p[0]), float(p[4] and p[1].sum() > 0)) for p in parts])
    positions = backproject(torch.from_numpy(uv), torch.from_numpy(ORBIT_RADIUS - config.forward - z), camera)
    as_float = {"dtype": torch.float32}
    return SurfacePoints(
        positions=positions.to(**as_float),
        normals=torch.from_numpy(np.concatenate([p[2] for p in parts])).to(**as_float),
        colors=torch.from_numpy(np.concatenate([p[3] for p in parts])).to(**as_float).clamp(0, 1),
        spacing=torch.from_numpy(np.concatenate([p[5] for p in parts]) * pixel).to(**as_float),
        seen=torch.from_numpy(seen).to(**as_float),
        coverage=torch.from_numpy(np.concatenate([p[6] for p in parts])).to(**as_float).clamp(0, 1),
    )


def _grid(mask: Bool[np.ndarray, "h w"], stride: float) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of the mask on a grid of fractional stride."""
    h, w = mask.shape
    ys = np.unique(np.arange(0, h, stride).astype(int))
    xs = np.unique(np.arange(0, w, stride).astype(int))
    chosen = np.zeros_like(mask)
    chosen[np.ix_(ys, xs)] = True
    return np.nonzero(mask & chosen)


def _hidden_colors(
    rgb: Float[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"], detail: float
) -> Float[np.ndarray, "h w 3"]:
    """Colours of the unseen side: the local average inside the outline, with a share of the visible detail."""
    sigma = max(1.0, 0.15 * float(np.sqrt(mask.sum())))
    weight = mask.astype(np.float32)
    average = cv2.GaussianBlur(rgb * weight[..., None], (0, 0), sigma)
    average /= np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-4)[..., None]
    return average + detail * (rgb - average)
