"""A video model as an inbetweener: sizes, frame counts, background, matting and correspondence are handled here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.images import Image
from tween4d.data.video import Guide, Video
from tween4d.errors import BackendError, ObjectNotFoundError
from tween4d.priors.pretrained.canvas import fit_canvas, place, resample, snap_frames, take_back
from tween4d.priors.pretrained.loading import Weights
from tween4d.priors.pretrained.memory import free_device
from tween4d.priors.pretrained.settings import PretrainedSettings
from tween4d.priors.protocols import Inbetweener, Matter

PROMPT = "One object moves smoothly from its first pose to its last. Plain white background. The camera does not move."
AVOID = "moving camera, cut, second object, text, shadow, blurred, distorted, low quality"


@dataclass(frozen=True)
class VideoConfig:
    """How a video model is asked."""

    area: int = 480 * 480
    """Pixels of a frame as the model makes it."""
    steps: int = 30
    """Denoising steps."""
    guidance: float = 5.5
    """Weight of the prompt."""
    most_frames: int = 81
    """More frames than this are not asked for at once; what is missing is blended."""
    frame_step: int = 4
    """The model takes `frame_step` k + 1 frames."""
    multiple: int = 16
    """Sides of a frame are multiples of this."""
    background: float = 1.0
    """Grey level behind the object, 1 is white."""
    precision: str = "auto"
    """As in `PretrainedSettings`: what was imagined in another one is not reused."""


@dataclass(frozen=True)
class Request:
    """What a video model is asked for; pictures are opaque and of the model's own size."""

    first: Float[Tensor, "h w 3"]
    last: Float[Tensor, "h w 3"]
    frames: int
    prompt: str
    seed: int


class VideoModel(Protocol):
    """A loaded model."""

    def __call__(self, request: Request) -> Float[Tensor, "t h w 3"]:
        """Exactly `request.frames` frames in [0, 1], of the size of the request's pictures."""
        ...


class VideoInbetweener:
    """Answers with what a pretrained video model imagines between two pictures.

    The model is loaded at the first question and kept for all that follow, until `release`. Frames are matted one by
    one; correspondence comes from another inbetweener, asked for the pair of ends, as for a user's own video.
    """

    def __init__(
        self,
        weights: Weights,
        load: Callable[[], VideoModel],
        config: VideoConfig,
        settings: PretrainedSettings,
        matter: Matter,
        tracker: Inbetweener | None = None,
    ) -> None:
        self.config, self.info = config, weights.info
        self._load, self._settings, self._matter, self._tracker = load, settings, matter, tracker
        self._model: VideoModel | None = None

    def inbetween(self, start: Image, end: Image, frames: int, *, prompt: str, seed: int) -> Guide:
        """A guide of exactly `frames` frames; the first and last are the inputs.

        Raises:
            BackendError: when the model runs out of memory or answers with something else than was asked.
        """
        config = self.config
        canvas = fit_canvas(start.height, start.width, config.area, config.multiple)
        ends = [place(image.on(config.background), canvas, config.background) for image in (start, end)]
        count = snap_frames(frames, config.frame_step, config.most_frames)
        request = Request(ends[0], ends[1], count, prompt or PROMPT, seed)
        made = self._asked(request)
        pictures = resample(take_back(made, canvas, start.height, start.width), frames)
        rgb, alpha = self._matted(pictures, start, end)
        video = Video(rgb, alpha, torch.linspace(0, 1, frames))
        if self._tracker is None:
            return Guide(video)
        return replace(self._tracker.inbetween(start, end, frames, prompt=prompt, seed=seed), video=video, still=False)

    def release(self) -> None:
        """Give the model's memory back; a later question loads it again."""
        self._model = None
        free_device()

    def _asked(self, request: Request) -> Float[Tensor, "t h w 3"]:
        try:
            if self._model is None:
                self._model = self._load()
            made = self._model(request)
        except torch.OutOfMemoryError as error:
            raise BackendError(
                f"{self.info.name} needs more memory than the device has", "", "use --precision fp8 or a smaller model"
            ) from error
        wanted = (request.frames, *request.first.shape)
        if tuple(made.shape) != wanted or not bool(made.isfinite().all()):
            got = f"{tuple(made.shape)} for {wanted}" if tuple(made.shape) != wanted else "values that are no numbers"
            raise BackendError(f"{self.info.name} did not answer as asked", got, "use --precision float32 or another")
        return made.clamp(0, 1)

    def _matted(
        self, pictures: Float[Tensor, "t h w 3"], start: Image, end: Image
    ) -> tuple[Float[Tensor, "t h w 3"], Float[Tensor, "t h w"]]:
        ends = [torch.ones_like(i.rgb[..., 0]) if i.alpha is None else i.alpha for i in (start, end)]
        rgb, alphas, lost = [start.rgb], [ends[0]], []
        for row in range(1, len(pictures) - 1):
            try:
                alpha = self._matter.matte(Image(pictures[row]))
            except ObjectNotFoundError:
                share = row / (len(pictures) - 1)
                alpha = (1 - share) * ends[0] + share * ends[1]
                lost.append(row)
            rgb.append(pictures[row])
            alphas.append(alpha)
        if lost:
            self._settings.report(
                f"{self.info.name}: in {len(lost)} of {len(pictures)} frames no object stands out from the "
                f"background (first: frame {lost[0]}); a blend of the ends' outlines stands in; look at the preview",
                warning=True,
            )
        return torch.stack([*rgb, end.rgb]), torch.stack([*alphas, ends[1]])


def as_pillow(picture: Float[Tensor, "h w 3"]) -> Any:
    """A picture for pipelines that take Pillow's."""
    from PIL import Image as Pillow

    return Pillow.fromarray((picture.detach().cpu().numpy() * 255).round().astype(np.uint8))
