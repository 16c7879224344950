"""Wan 2.1 FLF2V 14B and Wan 2.2 I2V A14B: video from the first and the last picture."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.errors import InputError
from tween4d.priors.embedded.matting import BorderMatter
from tween4d.priors.embedded.motion import LatticeInbetweener
from tween4d.priors.pretrained.loading import Weights, find_weights, load_pipeline, need_packages
from tween4d.priors.pretrained.memory import MemoryPolicy, apply_policy, confirmed, plan
from tween4d.priors.pretrained.settings import PretrainedSettings
from tween4d.priors.pretrained.video import AVOID, Request, VideoConfig, VideoInbetweener, VideoModel, as_pillow


class WanModel:
    """A `WanImageToVideoPipeline` with an end picture."""

    def __init__(self, pipeline: Any, config: VideoConfig) -> None:
        refuse_blind(pipeline)
        self.pipeline, self.config = pipeline, config

    def __call__(self, request: Request) -> Float[Tensor, "t h w 3"]:
        """Frames; the same seed gives the same ones."""
        height, width = request.first.shape[:2]
        frames = self.pipeline(
            image=as_pillow(request.first),
            last_image=as_pillow(request.last),
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


def refuse_blind(pipeline: Any) -> None:
    """Refuse checkpoints that would not look at the end picture, or fail on it.

    Raises:
        InputError: with the reason.
    """
    remedy = "use wan-flf2v, wan-a14b or wan-vace"
    if pipeline.config.expand_timesteps:
        raise InputError("this checkpoint ignores the end picture", "Wan 2.2 TI2V", remedy)
    network = pipeline.transformer or pipeline.transformer_2
    if network.config.image_dim is not None and network.config.pos_embed_seq_len is None:
        raise InputError("this checkpoint was not trained for an end picture and fails on one", "Wan 2.1 I2V", remedy)
    if network.config.in_channels != network.config.out_channels + pipeline.vae.config.z_dim + 4:
        raise InputError("this checkpoint takes no pictures", f"{network.config.in_channels} channels", remedy)


def make_flf2v(settings: PretrainedSettings) -> VideoInbetweener:
    """Wan 2.1 FLF2V 14B, the only one of these that was trained for first and last pictures."""
    return make_video("wan-flf2v", settings, VideoConfig(area=640 * 640), _load)


def make_a14b(settings: PretrainedSettings) -> VideoInbetweener:
    """Wan 2.2 I2V A14B: two experts; end pictures work though it was not trained for them."""
    return make_video("wan-a14b", settings, VideoConfig(area=640 * 640, guidance=3.5, steps=40), _load)


def make_video(
    name: str,
    settings: PretrainedSettings,
    config: VideoConfig,
    load: Callable[[Weights, MemoryPolicy, VideoConfig], VideoModel],
) -> VideoInbetweener:
    """An inbetweener whose weights are checked now and loaded when they are needed.

    Raises:
        Tween4dError: when packages or weights are missing or the licence forbids it.
    """
    need_packages()
    weights = find_weights(name, settings)
    config = replace(config, precision=settings.precision)
    if settings.steps is not None:
        config = replace(config, steps=settings.steps)
    if settings.size is not None:
        config = replace(config, area=settings.size**2)
    # Fails now and not after the first stage, where a device or precision is not there.
    planned = plan(weights.card, settings)
    return VideoInbetweener(
        weights,
        lambda: load(weights, confirmed(planned, weights.card, settings), config),
        config,
        settings,
        BorderMatter(),
        LatticeInbetweener(),
    )


def _load(weights: Weights, policy: MemoryPolicy, config: VideoConfig) -> WanModel:
    from diffusers import AutoencoderKLWan, WanImageToVideoPipeline

    # Its makers keep the decoder in full precision; the picture encoder follows the pipeline's.
    vae = AutoencoderKLWan.from_pretrained(
        weights.folder, subfolder="vae", dtype=torch.float32, local_files_only=True, use_safetensors=True
    )
    pipeline = load_pipeline(weights, WanImageToVideoPipeline, policy.dtype, vae=vae)
    model = WanModel(pipeline, config)
    apply_policy(pipeline, policy)
    return model
