"""The hand-made matter: the picture's border says what background is, GrabCut finds where it ends."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy import ndimage
from torch import Tensor

from tween4d.data.images import Image
from tween4d.errors import ObjectNotFoundError
from tween4d.geometry.compositing import nearest_colors

BORDER_SHARE = 0.03
REMEDY = "use a plain background, a picture with transparency, or a mask"


@dataclass(frozen=True)
class BorderMatterConfig:
    """How an object is told from the background that surrounds it."""

    clusters: int = 4
    """Background colours that are learnt from the border."""
    distinct: float = 10.0
    """CIELAB distance from every background colour that begins to look like object, at least."""
    rounds: int = 4
    """GrabCut iterations."""
    work_size: int = 320
    """Longer side at which GrabCut runs, pixels."""
    smallest_part: float = 0.04
    """Parts smaller than this share of the largest one are specks."""
    edge: float = 1.5
    """Half width of the soft edge, pixels."""


class BorderMatter:
    """Separates one object from a background that reaches the picture's border.

    A shadow on a plain background stays background when it keeps the background's hue. What it cannot do: objects of
    the background's own colour, and backgrounds whose colours all occur on the object.
    """

    def __init__(self, config: BorderMatterConfig = BorderMatterConfig()) -> None:
        self.config = config

    def matte(self, image: Image) -> Float[Tensor, "h w"]:
        """Alpha in [0, 1] with a soft edge a few pixels wide. Deterministic.

        Raises:
            ObjectNotFoundError: when nothing differs from the border, or everything does.
        """
        rgb = image.rgb.detach().cpu().numpy()
        scale = min(1.0, self.config.work_size / max(rgb.shape[:2]))
        size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
        small = np.clip(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), 0, 1)
        mask = self._segment(small)
        soft = cv2.resize(mask.astype(np.float32), rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        return torch.from_numpy(_soft_edge(rgb, soft > 0.5, self.config.edge)).to(image.rgb)

    def _segment(self, rgb: Float[np.ndarray, "h w 3"]) -> Bool[np.ndarray, "h w"]:
        distance, noise = border_distance(rgb, self.config.clusters)
        threshold = max(self.config.distinct, 4 * noise)
        seed = _tidied(distance > threshold, self.config.smallest_part)
        if seed.mean() < 0.002:
            raise ObjectNotFoundError("no object stands out from the background", "", REMEDY)
        labels = np.full(seed.shape, cv2.GC_PR_BGD, np.uint8)
        reach = ndimage.binary_dilation(seed, iterations=max(2, round(0.02 * max(seed.shape))))
        labels[reach] = cv2.GC_PR_BGD
        labels[seed] = cv2.GC_PR_FGD
        labels[ndimage.binary_erosion(seed, iterations=2) & (distance > 2 * threshold)] = cv2.GC_FGD
        # Background is only certain where it looks like the border and is far from what looks like object.
        labels[~reach & (distance < threshold)] = cv2.GC_BGD
        if not (labels == cv2.GC_BGD).any():
            raise ObjectNotFoundError("no background is left around the object", "", REMEDY)
        picture = (rgb[..., ::-1] * 255).round().astype(np.uint8)
        cv2.setRNGSeed(0)
        cv2.grabCut(
            np.ascontiguousarray(picture),
            labels,
            None,
            np.zeros((1, 65)),
            np.zeros((1, 65)),
            self.config.rounds,
            cv2.GC_INIT_WITH_MASK,
        )
        mask = _tidied((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD), self.config.smallest_part)
        # On a cast shadow or an even object GrabCut may lose the object; what clearly stood out stays.
        if mask.sum() < 0.5 * seed.sum():
            mask = seed
        return mask


def border_distance(rgb: Float[np.ndarray, "h w 3"], clusters: int) -> tuple[Float[np.ndarray, "h w"], float]:
    """How far each pixel's colour is from the border's, in CIELAB, and how noisy the border itself is.

    Lightness counts half, so that soft shadows stay near their background.

    Args:
        rgb: picture in [0, 1].
        clusters: colours learnt from the border; an object that touches the border does not become one of them unless
            it covers more than a sixth of it.
    """
    lab = cv2.cvtColor(rgb.astype(np.float32), cv2.COLOR_RGB2LAB) * np.array([0.5, 1, 1], np.float32)
    width = max(2, round(BORDER_SHARE * max(rgb.shape[:2])))
    ring = np.ones(rgb.shape[:2], bool)
    ring[width:-width, width:-width] = False
    samples = lab[ring]
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.2)
    count = min(clusters, len(samples))
    _, labels, centres = cv2.kmeans(samples, count, None, stop, 2, cv2.KMEANS_PP_CENTERS)
    shares = np.bincount(labels[:, 0], minlength=count) / len(samples)
    kept = centres[shares > min(1 / 6, shares.max() * 0.99)]
    distance = np.linalg.norm(lab[:, :, None] - kept, axis=-1).min(-1)
    return distance, float(np.median(distance[ring]))


def _tidied(mask: Bool[np.ndarray, "h w"], smallest_part: float) -> Bool[np.ndarray, "h w"]:
    """The mask without specks and pinholes."""
    mask = ndimage.binary_opening(mask) if mask.mean() > 0.01 else mask
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    areas = np.bincount(labels.ravel())[1:]
    keep = 1 + np.flatnonzero(areas >= max(4, smallest_part * areas.max()))
    mask = np.isin(labels, keep)
    holes, count = ndimage.label(~mask)
    if count > 1:
        sizes = np.bincount(holes.ravel())
        sizes[0] = 0
        small = np.flatnonzero((sizes > 0) & (sizes < 0.002 * mask.size))
        mask = mask | np.isin(holes, small)
    return mask


def _soft_edge(rgb: Float[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"], edge: float) -> Float[np.ndarray, "h w"]:
    """Coverage along the outline: the place of each colour between its nearest sure object and sure background."""
    signed = ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)
    signed = signed - np.sign(signed) * 0.5
    fallback = np.clip(0.5 + signed / (2 * edge), 0, 1)
    inside, outside = nearest_colors(rgb, signed > edge + 0.5), nearest_colors(rgb, signed < -edge - 0.5)
    across = inside - outside
    length = (across**2).sum(-1)
    unmixed = np.clip(((rgb - outside) * across).sum(-1) / np.maximum(length, 1e-6), 0, 1)
    # Where object and background look alike the colours say nothing about coverage.
    trust = np.clip((length - 0.01) / 0.05, 0, 1) * (np.abs(signed) <= edge + 0.5)
    alpha = trust * unmixed + (1 - trust) * fallback
    alpha[signed > edge + 0.5] = 1
    alpha[signed < -edge - 0.5] = 0
    return np.where(alpha < 0.02, 0, np.where(alpha > 0.98, 1, alpha)).astype(np.float32)
