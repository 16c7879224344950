"""A multi-view diffusion model as a prior: crops, cameras, matting; the model only sees square pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.cameras import Camera
from tween4d.data.images import Image
from tween4d.data.video import Guide
from tween4d.data.views import KeyframeViews
from tween4d.errors import BackendError, ObjectNotFoundError
from tween4d.geometry.compositing import unmix_background
from tween4d.priors.pretrained.crosstime_attention import CrossTimeConfig, Moments
from tween4d.priors.pretrained.loading import Weights
from tween4d.priors.pretrained.memory import free_device
from tween4d.priors.pretrained.placement import (
    Rig,
    crop_about,
    cut_out,
    placement_from_outlines,
    rig_cameras,
)
from tween4d.priors.pretrained.settings import PretrainedSettings
from tween4d.priors.protocols import Matter


@dataclass(frozen=True)
class MultiViewConfig:
    """How a multi-view model is asked."""

    size: int = 320
    """Side of a picture, pixels."""
    steps: int = 40
    """Denoising steps."""
    guidance: float = 4.0
    """Weight of the input picture."""
    background: float = 1.0
    """Grey level behind the input."""
    occupancy: float = 0.8
    """Share of the input's side that the object takes."""
    elevation: float = 0.0
    """How far the input camera looks down on the object, degrees."""
    trust: float = 0.3
    """Weight of an imagined view against the real frame's 1."""
    precision: str = "auto"
    """As in `PretrainedSettings`: what was imagined in another one is not reused."""
    across_time: CrossTimeConfig = CrossTimeConfig()
    """How the moments agree."""


class ViewsModel(Protocol):
    """A loaded model."""

    def __call__(self, pictures: Float[Tensor, "t s s 3"], moments: Moments, seed: int) -> Float[Tensor, "t v s s 3"]:
        """The rig's views of every moment, in [0, 1]."""
        ...


class DiffusionViews:
    """Answers with the views that a pretrained model imagines of all keyframes at once.

    All keyframes are cropped by one square, so that motion stays motion. Views in which no object can be told from
    the background are left out. There is no surface: the fit begins in the visual hull of the views.
    """

    def __init__(
        self,
        weights: Weights,
        load: Callable[[], ViewsModel],
        rig: Rig,
        config: MultiViewConfig,
        settings: PretrainedSettings,
        matter: Matter,
    ) -> None:
        self.config, self.rig, self.info = config, rig, weights.info
        self._load, self._settings, self._matter = load, settings, matter
        self._model: ViewsModel | None = None

    def imagine(
        self, guide: Guide, anchors: tuple[int, ...], cameras: tuple[Camera, ...], *, seed: int
    ) -> tuple[KeyframeViews, ...]:
        """One KeyframeViews per anchor with the model's own cameras in place of those asked for, after the first.

        Raises:
            BackendError: when the model runs out of memory or answers with something else than was asked.
        """
        config = self.config
        frames = [guide.video.frame(index) for index in anchors]
        crop = crop_about(guide.video.alpha[list(anchors)], config.occupancy)
        pictures = torch.stack([cut_out(frame, crop, config.size, config.background) for frame in frames])
        made = self._asked(pictures, _moments(anchors), seed)
        matted = [[self._matted(view) for view in moment] for moment in made]
        lost = sum(view is None for moment in matted for view in moment)
        if lost:
            self._settings.report(
                f"{self.info.name}: {lost} of {made.shape[0] * made.shape[1]} imagined views show no object that "
                "stands out from the background, and are left out",
                warning=True,
            )
        outlines = [view.alpha for moment in matted for view in moment if view is not None and view.alpha is not None]
        seen = [frame.alpha for frame in frames if frame.alpha is not None]
        placement = placement_from_outlines(seen, outlines, cameras[0], self.rig, config.elevation)
        placed = rig_cameras(self.rig, config.size, placement)
        return tuple(
            _joined(index, frame, cameras[0], [(v, c) for v, c in zip(views, placed, strict=True) if v], config.trust)
            for index, frame, views in zip(anchors, frames, matted, strict=True)
        )

    def release(self) -> None:
        """Give the model's memory back; a later question loads it again."""
        self._model = None
        free_device()

    def _asked(self, pictures: Float[Tensor, "t s s 3"], moments: Moments, seed: int) -> Float[Tensor, "t v s s 3"]:
        try:
            if self._model is None:
                self._model = self._load()
            made = self._model(pictures, moments, seed)
        except torch.OutOfMemoryError as error:
            raise BackendError(
                f"{self.info.name} needs more memory than the device has", "", "use --precision fp8 or fewer fragments"
            ) from error
        if not bool(made.isfinite().all()):
            raise BackendError(f"{self.info.name} answered with values that are no numbers", "", "use float32")
        return made.clamp(0, 1)

    def _matted(self, view: Float[Tensor, "s s 3"]) -> Image | None:
        try:
            alpha = self._matter.matte(Image(view))
        except ObjectNotFoundError:
            return None
        return Image(unmix_background(view, alpha), alpha)


def _moments(anchors: tuple[int, ...]) -> Moments:
    span = max(1, max(anchors) - min(anchors))
    order = sorted(range(len(anchors)), key=anchors.__getitem__)
    ranks = tuple(order.index(row) for row in range(len(anchors)))
    return Moments(ranks, tuple((index - min(anchors)) / span for index in anchors))


def _joined(index: int, frame: Image, camera: Camera, views: list[tuple[Image, Camera]], trust: float) -> KeyframeViews:
    """The guiding frame and the imagined views, at the guiding frame's size; pixels may stop being square."""
    height, width = frame.height, frame.width
    alpha = torch.ones_like(frame.rgb[..., 0]) if frame.alpha is None else frame.alpha
    rgbs, alphas, cameras = [frame.rgb], [alpha], [camera]
    for view, own in views:
        assert view.alpha is not None
        planes = torch.cat([view.rgb * view.alpha[..., None], view.alpha[..., None]], -1).permute(2, 0, 1)[None]
        sized = torch.nn.functional.interpolate(planes, (height, width), mode="bilinear", antialias=True)[0]
        cover = sized[3].clamp(0, 1)
        rgbs.append((sized[:3] / cover.clamp(min=1e-3)).clamp(0, 1).permute(1, 2, 0))
        alphas.append(cover)
        cameras.append(own.resized(width, height))
    weights = torch.tensor([1.0] + [trust] * len(views))
    return KeyframeViews(index, torch.stack(rgbs), torch.stack(alphas), tuple(cameras), weights)
