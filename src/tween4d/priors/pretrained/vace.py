"""Wan 2.1 VACE 1.3B: the frames between are a hole in a video whose ends are known. The small choice."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.priors.pretrained.loading import Weights, load_pipeline
from tween4d.priors.pretrained.memory import MemoryPolicy, apply_policy
from tween4d.priors.pretrained.settings import PretrainedSettings
from tween4d.priors.pretrained.video import AVOID, Request, VideoConfig, VideoInbetweener, as_pillow
from tween4d.priors.pretrained.wan import make_video

GREY = 0.5


class VaceModel:
    """A `WanVACEPipeline` that is shown both ends and grey between them."""

    def __init__(self, pipeline: Any, config: VideoConfig) -> None:
        self.pipeline, self.config = pipeline, config

    def __call__(self, request: Request) -> Float[Tensor, "t h w 3"]:
        """Frames; the same seed gives the same ones."""
        height, width = request.first.shape[:2]
        video, mask = conditions(request)
        frames = self.pipeline(
            video=[as_pillow(frame) for frame in video],
            mask=[as_pillow(frame) for frame in mask],
            prompt=request.prompt,
            negative_prompt=AVOID,
            height=height,
            width=width,
            num_frames=request.frames,
            num_inference_steps=self.config.steps,
            guidance_scale=self.config.guidance,
            generator=torch.Generator().manual_seed(request.seed),
            output_type="pt",
        ).frames
        return frames[0].permute(0, 2, 3, 1).float().cpu()


def conditions(request: Request) -> tuple[Float[Tensor, "t h w 3"], Float[Tensor, "t h w 3"]]:
    """The video with its hole, and the mask that is white where frames are to be made."""
    shape = (request.frames, *request.first.shape)
    video, mask = torch.full(shape, GREY), torch.ones(shape)
    video[0], video[-1] = request.first, request.last
    mask[0], mask[-1] = 0, 0
    return video, mask


def make_vace(settings: PretrainedSettings) -> VideoInbetweener:
    """Wan 2.1 VACE 1.3B."""
    return make_video("wan-vace", settings, VideoConfig(area=480 * 480, guidance=5.0), _load)


def _load(weights: Weights, policy: MemoryPolicy, config: VideoConfig) -> VaceModel:
    from diffusers import AutoencoderKLWan, WanVACEPipeline

    vae = AutoencoderKLWan.from_pretrained(
        weights.folder, subfolder="vae", dtype=torch.float32, local_files_only=True, use_safetensors=True
    )
    pipeline = load_pipeline(weights, WanVACEPipeline, policy.dtype, vae=vae)
    apply_policy(pipeline, policy)
    return VaceModel(pipeline, config)
