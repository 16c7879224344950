"""LTX-Video with conditions at both ends: fast, under a licence with a revenue limit."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.priors.pretrained.loading import Weights, load_pipeline
from tween4d.priors.pretrained.memory import MemoryPolicy, apply_policy
from tween4d.priors.pretrained.settings import PretrainedSettings
from tween4d.priors.pretrained.video import AVOID, Request, VideoConfig, VideoInbetweener, as_pillow
from tween4d.priors.pretrained.wan import make_video

CONFIG = VideoConfig(area=512 * 512, steps=30, guidance=3.0, most_frames=121, frame_step=8, multiple=32)


class LtxModel:
    """An `LTXConditionPipeline` with the first and the last frame given."""

    def __init__(self, pipeline: Any, config: VideoConfig) -> None:
        self.pipeline, self.config = pipeline, config

    def __call__(self, request: Request) -> Float[Tensor, "t h w 3"]:
        """Frames; the same seed gives the same ones."""
        from diffusers.pipelines.ltx.pipeline_ltx_condition import LTXVideoCondition

        height, width = request.first.shape[:2]
        conditions = [
            LTXVideoCondition(image=as_pillow(request.first), frame_index=0),
            LTXVideoCondition(image=as_pillow(request.last), frame_index=request.frames - 1),
        ]
        frames = self.pipeline(
            conditions=conditions,
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


def make_ltx(settings: PretrainedSettings) -> VideoInbetweener:
    """LTX-Video 2B."""
    return make_video("ltx-2b", settings, CONFIG, _load)


def make_ltx_13b(settings: PretrainedSettings) -> VideoInbetweener:
    """LTX-Video 13B, distilled: few steps, no guidance."""
    from dataclasses import replace

    return make_video("ltx-13b", settings, replace(CONFIG, steps=10, guidance=1.0), _load)


def _load(weights: Weights, policy: MemoryPolicy, config: VideoConfig) -> LtxModel:
    from diffusers import LTXConditionPipeline

    pipeline = load_pipeline(weights, LTXConditionPipeline, policy.dtype)
    apply_policy(pipeline, policy)
    return LtxModel(pipeline, config)
