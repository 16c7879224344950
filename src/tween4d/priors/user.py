"""What the user brings in place of a prior: an in-between video, and the Gaussians of the first moment."""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.cameras import Camera
from tween4d.data.gaussians import Gaussians
from tween4d.data.images import Image
from tween4d.data.video import Guide, Video
from tween4d.data.views import KeyframeViews
from tween4d.errors import ObjectNotFoundError
from tween4d.priors.protocols import Inbetweener, Matter, MultiViewPrior, Releasable


class GuideVideo:
    """Answers with frames that the user brought, matted; the two inputs take the place of the first and last frame.

    Correspondence comes from another inbetweener, asked for the pair of ends: a video alone does not say what moves
    where.
    """

    def __init__(self, frames: Float[Tensor, "t h w 3"], matter: Matter, tracker: Inbetweener | None = None) -> None:
        self.frames, self.matter, self.tracker = frames, matter, tracker

    def inbetween(self, start: Image, end: Image, frames: int, *, prompt: str, seed: int) -> Guide:
        """The user's frames, evenly sampled to the number wanted and scaled to the inputs' size.

        Raises:
            ObjectNotFoundError: when a frame shows no object.
        """
        rows = torch.linspace(0, len(self.frames) - 1, frames).round().long()
        pictures = [start] + [self._matted(self.frames[row], start, int(row)) for row in rows[1:-1]] + [end]
        rgb = torch.stack([p.rgb for p in pictures])
        alpha = torch.stack([p.alpha if p.alpha is not None else torch.ones_like(p.rgb[..., 0]) for p in pictures])
        video = Video(rgb, alpha, torch.linspace(0, 1, frames))
        if self.tracker is None:
            return Guide(video)
        imagined = self.tracker.inbetween(start, end, frames, prompt=prompt, seed=seed)
        return replace(imagined, video=video, still=False)

    def _matted(self, frame: Float[Tensor, "h w 3"], like: Image, index: int) -> Image:
        planes = torch.nn.functional.interpolate(
            frame.permute(2, 0, 1)[None], (like.height, like.width), mode="bilinear", antialias=True
        )
        image = Image(planes[0].permute(1, 2, 0).clamp(0, 1))
        try:
            return Image(image.rgb, self.matter.matte(image))
        except ObjectNotFoundError as error:
            raise ObjectNotFoundError(f"frame {index} of the guide: {error.what}", error.got, error.remedy) from error


class GivenFirst:
    """Another prior's views, with Gaussians that the user brought as those of the first moment."""

    def __init__(self, gaussians: Gaussians, others: MultiViewPrior) -> None:
        self.gaussians, self.others = gaussians, others
        self.config = getattr(others, "config", None)

    def imagine(
        self, guide: Guide, anchors: tuple[int, ...], cameras: tuple[Camera, ...], *, seed: int
    ) -> tuple[KeyframeViews, ...]:
        """The other prior's answer; that for frame 0 carries the Gaussians."""
        answers = self.others.imagine(guide, anchors, cameras, seed=seed)
        return tuple(replace(views, given=self.gaussians) if views.frame == 0 else views for views in answers)

    def release(self) -> None:
        """Give back what the other prior holds."""
        if isinstance(self.others, Releasable):
            self.others.release()
