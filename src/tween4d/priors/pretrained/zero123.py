"""Zero123++ v1.2 on the building blocks of diffusers: our own sampling on the published layout, no remote code."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.errors import WeightsError
from tween4d.priors.embedded.matting import BorderMatter
from tween4d.priors.pretrained.crosstime_attention import (
    CrossTimeAttention,
    CrossTimeConfig,
    Moments,
    OrdinaryAttention,
    ReferenceAttention,
)
from tween4d.priors.pretrained.loading import Weights, find_weights, json_of, load_part, need_packages
from tween4d.priors.pretrained.memory import MemoryPolicy, apply_policy, confirmed, plan
from tween4d.priors.pretrained.multiview import DiffusionViews, MultiViewConfig
from tween4d.priors.pretrained.placement import Rig
from tween4d.priors.pretrained.settings import PretrainedSettings
from tween4d.priors.pretrained.video import as_pillow

RIG = Rig((30.0, 90.0, 150.0, 210.0, 270.0, 330.0), (20.0, -10.0, 20.0, -10.0, 20.0, -10.0), 30.0, 2.0)
"""Of v1.2: azimuths are relative to the input, elevations are not; the object fills the unit ball."""
ROWS, COLUMNS = 3, 2
LATENT_SHIFT, LATENT_SCALE, IMAGE_SCALE = 0.22, 0.75, 0.5 / 0.8


@dataclass
class Parts:
    """The networks of a checkpoint."""

    vae: Any
    unet: Any
    text_encoder: Any
    tokenizer: Any
    vision_encoder: Any
    scheduler: Any
    feature_extractor_clip: Any
    feature_extractor_vae: Any
    ramping: list[float]

    def to(self, device: str) -> None:
        """Move the networks."""
        for network in (self.vae, self.unet, self.text_encoder, self.vision_encoder):
            network.to(device)


class Zero123Model:
    """Six views of every moment, sampled together from one noise with attention across moments."""

    def __init__(self, parts: Parts, config: MultiViewConfig, attention_rows: int | None = None) -> None:
        self.parts, self.config, self.attention_rows = parts, config, attention_rows

    @torch.no_grad()
    def __call__(self, pictures: Float[Tensor, "t s s 3"], moments: Moments, seed: int) -> Float[Tensor, "t v s s 3"]:
        """Views in the order of `RIG`; the same seed gives the same ones."""
        parts, count = self.parts, len(pictures)
        install_attention(parts.unet, self.config.across_time, moments, self.attention_rows)
        reference, embeds = self._conditions(pictures, seed)
        scale = 2 ** (len(parts.vae.config.block_out_channels) - 1)
        side = self.config.size
        shape = (1, parts.unet.config.in_channels, ROWS * side // scale, COLUMNS * side // scale)
        # One noise for all moments, here and in every step: what differs between them is only what they show.
        generators = [torch.Generator().manual_seed(seed) for _ in range(count)]
        device, dtype = parts.unet.device, reference.dtype
        noise = torch.cat([torch.randn(shape, generator=g) for g in generators]).to(device, dtype)
        parts.scheduler.set_timesteps(self.config.steps, device=device)
        latents = noise * parts.scheduler.init_noise_sigma
        fresh = torch.Generator().manual_seed(seed + 1)
        for time in parts.scheduler.timesteps:
            disturbance = torch.randn(reference[:1].shape, generator=fresh).to(reference)
            disturbed = parts.scheduler.add_noise(reference, disturbance.expand_as(reference), time[None])
            disturbed = parts.scheduler.scale_model_input(disturbed, time)
            store: dict[str, Tensor] = {}
            told = {"writing": True, "store": store}
            parts.unet(disturbed, time, encoder_hidden_states=embeds, cross_attention_kwargs=told)
            both = parts.scheduler.scale_model_input(torch.cat([latents, latents]), time)
            told = {"writing": False, "store": store}
            without, with_ = parts.unet(both, time, embeds, cross_attention_kwargs=told).sample.chunk(2)
            guided = without + self.config.guidance * (with_ - without)
            latents = parts.scheduler.step(guided, time, latents, generator=generators).prev_sample
        return self._views(latents)

    def _conditions(self, pictures: Float[Tensor, "t s s 3"], seed: int) -> tuple[Tensor, Tensor]:
        """Latents of [nothing, the input] and embeddings of [nothing, the input], each for every moment."""
        parts = self.parts
        device, dtype = parts.vae.device, parts.vae.dtype
        shown = [as_pillow(picture) for picture in pictures]
        pixels = parts.feature_extractor_vae(images=shown, return_tensors="pt").pixel_values.to(device, dtype)
        generators = [torch.Generator().manual_seed(seed) for _ in shown]
        latent = torch.cat(
            [parts.vae.encode(p[None]).latent_dist.sample(generator=g) for p, g in zip(pixels, generators, strict=True)]
        )
        blank = parts.vae.encode(torch.zeros_like(pixels[:1])).latent_dist.mode().expand_as(latent)
        small = parts.feature_extractor_clip(images=shown, return_tensors="pt").pixel_values.to(device, dtype)
        seen = parts.vision_encoder(small).image_embeds[:, None]
        length = parts.tokenizer.model_max_length
        words = parts.tokenizer("", padding="max_length", max_length=length, truncation=True, return_tensors="pt")
        empty = parts.text_encoder(words.input_ids.to(device)).last_hidden_state
        ramp = seen.new_tensor(parts.ramping)[:, None]
        if len(ramp) != empty.shape[1]:
            raise WeightsError("the ramp does not fit the text encoder", f"{len(ramp)} values", "pull the model again")
        none = empty.expand(len(shown), -1, -1)
        return torch.cat([blank, latent]), torch.cat([none, empty + seen * ramp])

    def _views(self, latents: Tensor) -> Float[Tensor, "t v s s 3"]:
        parts, side = self.parts, self.config.size
        plain = (latents / LATENT_SCALE + LATENT_SHIFT) / parts.vae.config.scaling_factor
        sheets = [parts.vae.decode(one[None].to(parts.vae.dtype)).sample[0] for one in plain]
        sheet = torch.stack(sheets).float().cpu() / IMAGE_SCALE / 2 + 0.5
        tiles = sheet.reshape(len(sheet), 3, ROWS, side, COLUMNS, side).permute(0, 2, 4, 3, 5, 1)
        return tiles.reshape(len(sheet), ROWS * COLUMNS, side, side, 3).clamp(0, 1)


def install_attention(unet: Any, config: CrossTimeConfig, moments: Moments, rows: int | None = None) -> None:
    """Give every layer its processor; those of earlier moments are replaced. `rows` is as in `CrossTimeAttention`."""
    from diffusers.models.attention_processor import AttnProcessor2_0

    plain = AttnProcessor2_0()
    across = CrossTimeAttention(config, moments, ROWS / COLUMNS, rows)
    unet.set_attn_processor(
        {
            name: ReferenceAttention(name, plain, across) if "attn1" in name else OrdinaryAttention(plain)
            for name in unet.attn_processors
        }
    )


def make_zero123(settings: PretrainedSettings) -> DiffusionViews:
    """Zero123++ v1.2; its weights may not be used commercially.

    Raises:
        Tween4dError: when packages or weights are missing or the licence forbids it.
    """
    need_packages()
    weights = find_weights("zero123pp", settings)
    config = MultiViewConfig(background=0.5, precision=settings.precision)
    if settings.steps is not None:
        config = replace(config, steps=settings.steps)
    config = replace(config, size=_side(weights))
    planned = plan(weights.card, settings)

    def load() -> Zero123Model:
        return _load(weights, confirmed(planned, weights.card, settings), config)

    return DiffusionViews(weights, load, RIG, config, settings, BorderMatter())


def _side(weights: Weights) -> int:
    """Side of the pictures that the checkpoint's own preprocessing makes."""
    size = json_of(weights.folder / "feature_extractor_vae" / "preprocessor_config.json").get("crop_size", 320)
    return int(size["height"] if isinstance(size, dict) else size)


def _load(weights: Weights, policy: MemoryPolicy, config: MultiViewConfig) -> Zero123Model:
    from diffusers import AutoencoderKL, EulerAncestralDiscreteScheduler, UNet2DConditionModel
    from transformers import CLIPImageProcessor, CLIPTextModel, CLIPTokenizer, CLIPVisionModelWithProjection

    kinds = {
        "vae": AutoencoderKL,
        "unet": UNet2DConditionModel,
        "text_encoder": CLIPTextModel,
        "vision_encoder": CLIPVisionModelWithProjection,
        "tokenizer": CLIPTokenizer,
        "scheduler": EulerAncestralDiscreteScheduler,
        "feature_extractor_clip": CLIPImageProcessor,
        "feature_extractor_vae": CLIPImageProcessor,
    }
    networks = ("vae", "unet", "text_encoder", "vision_encoder")
    parts = {n: load_part(weights, n, kind, policy.dtype if n in networks else None) for n, kind in kinds.items()}
    ramp = json_of(weights.folder / "model_index.json").get("ramping_coefficients")
    if not isinstance(ramp, list):
        raise WeightsError("model_index.json has no ramping_coefficients", str(weights.folder), "pull the model again")
    made = Parts(**parts, ramping=ramp)
    apply_policy(made, policy)
    return Zero123Model(made, config, policy.attention_rows)
