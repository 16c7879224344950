"""MV-Adapter (image to views, on Stable Diffusion 2.1) on the building blocks of diffusers: for commercial use."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from safetensors.torch import load_file
from torch import Tensor

from tween4d.errors import WeightsError
from tween4d.priors.embedded.matting import BorderMatter
from tween4d.priors.pretrained.crosstime_attention import CrossTimeAttention, Moments, OrdinaryAttention
from tween4d.priors.pretrained.loading import Weights, find_weights, json_of, load_part, need_packages
from tween4d.priors.pretrained.memory import MemoryPolicy, apply_policy, confirmed, plan
from tween4d.priors.pretrained.multiview import DiffusionViews, MultiViewConfig
from tween4d.priors.pretrained.placement import orthographic_rig
from tween4d.priors.pretrained.rowwise_attention import AdapterAttention
from tween4d.priors.pretrained.settings import PretrainedSettings

ADAPTER, BASE = "mv-adapter", "sd21"
FILE = "mvadapter_i2mv_sd21.safetensors"
AZIMUTHS = (0.0, 45.0, 90.0, 180.0, 270.0, 315.0)
"""Of the views that are sampled together; parallel cameras at the object's height, the first is the input's."""
RIG = orthographic_rig(AZIMUTHS[1:], width=1.1)
"""Of the views that are kept: from the input's own camera the real frame is better."""
PROMPT, AVOID = "high quality", "watermark, noise, blur, low contrast, deformed"
SNR_SHIFT = 8.0
"""How much noisier the last step is than the base's; the first is as it was (Sec. 4.3)."""


@dataclass
class Parts:
    """The base's networks and the adapter's encoder of cameras."""

    vae: Any
    unet: Any
    text_encoder: Any
    tokenizer: Any
    scheduler: Any
    cond_encoder: Any

    def to(self, device: str) -> None:
        """Move the networks."""
        for network in (self.vae, self.unet, self.text_encoder, self.cond_encoder):
            network.to(device)


class MvAdapterModel:
    """Five new views of every moment, sampled together from one noise, with attention across views and moments."""

    def __init__(self, parts: Parts, config: MultiViewConfig, attention_rows: int | None = None) -> None:
        self.parts, self.config, self.attention_rows = parts, config, attention_rows

    @torch.no_grad()
    def __call__(self, pictures: Float[Tensor, "t s s 3"], moments: Moments, seed: int) -> Float[Tensor, "t v s s 3"]:
        """Views in the order of `RIG`; the same seed gives the same ones."""
        parts, count, views = self.parts, len(pictures), len(AZIMUTHS)
        across = CrossTimeAttention(self.config.across_time, moments, rows=self.attention_rows)
        for processor in adapter_attentions(parts.unet):
            processor.across, processor.rows = across, self.attention_rows
        store = self._seen(pictures, seed)
        device, dtype = parts.unet.device, parts.unet.dtype
        side = self.config.size // magnification(parts.vae.config.block_out_channels)
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn((views, parts.unet.config.in_channels, side, side), generator=generator)
        # One noise for all moments: what differs between them is only what they show. Rows are [view, moment].
        latents = noise.repeat_interleave(count, 0).to(device, dtype)
        shown = camera_pictures(self.config.size).to(device, dtype)
        residuals = [state.repeat_interleave(count, 0) for state in parts.cond_encoder(shown)]
        words = {text: self._words(text).expand(len(latents), -1, -1) for text in (AVOID, PROMPT)}
        parts.scheduler.set_timesteps(self.config.steps, device=device)
        latents = latents * parts.scheduler.init_noise_sigma
        for time in parts.scheduler.timesteps:
            entered = parts.scheduler.scale_model_input(latents, time)
            without, with_ = (
                parts.unet(
                    entered,
                    time,
                    words[text],
                    cross_attention_kwargs={"store": store, "blind": text == AVOID},
                    # The network empties the list and adds in place.
                    down_intrablock_additional_residuals=[state.clone() for state in residuals],
                ).sample
                for text in (AVOID, PROMPT)
            )
            guided = without + self.config.guidance * (with_ - without)
            latents = parts.scheduler.step(guided, time, latents).prev_sample
        return self._views(latents[count:], count)

    def _seen(self, pictures: Float[Tensor, "t s s 3"], seed: int) -> dict[str, Tensor]:
        """What each attention layer sees of the input pictures: their clean latents through the network once."""
        parts = self.parts
        pixels = (pictures.permute(0, 3, 1, 2) * 2 - 1).to(parts.vae.device, parts.vae.dtype)
        latent = torch.cat(
            [
                parts.vae.encode(one[None]).latent_dist.sample(generator=torch.Generator().manual_seed(seed))
                for one in pixels
            ]
        )
        latent = (latent * parts.vae.config.scaling_factor).to(parts.unet.dtype)
        store: dict[str, Tensor] = {}
        words = self._words(PROMPT).expand(len(latent), -1, -1)
        parts.unet(latent, 0, words, cross_attention_kwargs={"store": store, "writing": True})
        return store

    def _words(self, text: str) -> Float[Tensor, "1 n c"]:
        parts = self.parts
        length = parts.tokenizer.model_max_length
        words = parts.tokenizer(text, padding="max_length", max_length=length, truncation=True, return_tensors="pt")
        return parts.text_encoder(words.input_ids.to(parts.unet.device)).last_hidden_state.to(parts.unet.dtype)

    def _views(self, latents: Tensor, count: int) -> Float[Tensor, "t v s s 3"]:
        vae = self.parts.vae
        plain = latents.to(vae.dtype) / vae.config.scaling_factor
        pictures = torch.cat([vae.decode(one[None]).sample.float().cpu() for one in plain]) / 2 + 0.5
        rows = pictures.permute(0, 2, 3, 1).clamp(0, 1)
        return rows.reshape(-1, count, *rows.shape[1:]).transpose(0, 1)


def adapter_attentions(unet: Any) -> list[AdapterAttention]:
    """The layers that the adapter widens."""
    return [module for module in unet.modules() if isinstance(module, AdapterAttention)]


def camera_pictures(size: int) -> Float[Tensor, "v 6 s s"]:
    """How the model is told its cameras: direction of view and place, constant over a picture, in [0, 1].

    In the makers' world z is up and the input camera is at -y, at azimuth -90 degrees of theirs.
    """
    told = []
    for azimuth in AZIMUTHS:
        turn = math.radians(azimuth - 90)
        place = torch.tensor([math.cos(turn), math.sin(turn), 0.0])
        told.append(torch.cat([-place, place]))
    return ((torch.stack(told) + 1) / 2).clamp(0, 1)[:, :, None, None].expand(-1, -1, size, size)


def shifted_betas(alphas: Float[Tensor, "n"], shift: float) -> list[float]:
    """A noise schedule whose signal-to-noise ratio is lower by up to `shift`, more so the later (Sec. 4.3).

    Args:
        alphas: cumulated, of the base's schedule.
    """
    share = torch.linspace(0, 1, len(alphas), dtype=torch.float64)
    ratio = alphas.double() / (1 - alphas.double()) / shift**share
    kept = ratio / (1 + ratio)
    return (1 - kept / torch.cat([kept.new_ones(1), kept[:-1]])).tolist()


def make_mvadapter(settings: PretrainedSettings) -> DiffusionViews:
    """MV-Adapter on Stable Diffusion 2.1; both may be used commercially, the base within its terms of use.

    Raises:
        Tween4dError: when packages or weights are missing or the licence forbids it.
    """
    need_packages()
    weights = find_weights(ADAPTER, settings)
    config = MultiViewConfig(
        size=512, steps=50, guidance=3.0, background=0.5, occupancy=0.9, precision=settings.precision
    )
    if settings.steps is not None:
        config = replace(config, steps=settings.steps)
    config = replace(config, size=_side(weights))
    planned = plan(weights.card, settings)

    def load() -> MvAdapterModel:
        return _load(weights, confirmed(planned, weights.card, settings), config)

    return DiffusionViews(weights, load, RIG, config, settings, BorderMatter())


def _side(weights: Weights) -> int:
    """Side of the pictures that the base was trained on: its latents' times what its decoder magnifies."""
    base = weights.part(BASE).folder
    levels = json_of(base / "vae" / "config.json")["block_out_channels"]
    return int(json_of(base / "unet" / "config.json")["sample_size"]) * magnification(levels)


def magnification(levels: Sequence[int]) -> int:
    """How much larger a picture is than its latents: 8 of the published base."""
    return 2 ** (len(levels) - 1)


def _load(weights: Weights, policy: MemoryPolicy, config: MultiViewConfig) -> MvAdapterModel:
    from diffusers import AutoencoderKL, DDIMScheduler, DDPMScheduler, T2IAdapter, UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTokenizer

    base = weights.part(BASE)
    unet = load_part(base, "unet", UNet2DConditionModel, policy.dtype)
    vae = load_part(base, "vae", AutoencoderKL, policy.dtype)
    encoder = T2IAdapter(
        in_channels=6,
        channels=unet.config.block_out_channels,
        num_res_blocks=unet.config.layers_per_block,
        downscale_factor=magnification(vae.config.block_out_channels),
    )
    widen(unet)
    fill(unet, encoder, load_file(weights.folder / FILE))
    # The base's own sampler is a multistep one; this one needs no memory of earlier steps and no noise.
    schedule = load_part(base, "scheduler", DDPMScheduler)
    parts = Parts(
        vae=vae,
        unet=unet.to(policy.dtype),
        text_encoder=load_part(base, "text_encoder", CLIPTextModel, policy.dtype),
        tokenizer=load_part(base, "tokenizer", CLIPTokenizer),
        scheduler=DDIMScheduler.from_config(
            schedule.config, trained_betas=shifted_betas(schedule.alphas_cumprod, SNR_SHIFT), clip_sample=False
        ),
        cond_encoder=encoder.to(policy.dtype).eval(),
    )
    apply_policy(parts, policy)
    return MvAdapterModel(parts, config, policy.attention_rows)


def widen(unet: Any) -> None:
    """Give every self-attention layer the adapter's two others, of random weights; the rest stays as it is."""
    from diffusers.models.attention_processor import AttnProcessor2_0

    plain, layers = AttnProcessor2_0(), dict(unet.named_modules())
    processors = {}
    for name in unet.attn_processors:
        layer = layers[name.removesuffix(".processor")]
        own = AdapterAttention(name, layer.to_q.in_features, len(AZIMUTHS), plain)
        processors[name] = own if "attn1" in name else OrdinaryAttention(plain)
    unet.set_attn_processor(processors)


def fill(unet: Any, encoder: Any, state: dict[str, Tensor]) -> None:
    """Load an adapter's file; every tensor of it must have its place, and every place its tensor.

    Raises:
        WeightsError: naming what does not fit.
    """
    inside = {name for name, _ in unet.named_parameters() if ".attn1.processor." in name}
    wanted = inside | set(encoder.state_dict())
    if odd := wanted ^ set(state):
        name = sorted(odd)[0]
        fault = "lacks" if name in wanted else "holds an unknown"
        raise WeightsError(f"the file of {ADAPTER} {fault} {name}", FILE, f"tween4d models pull {ADAPTER}")
    try:
        unet.load_state_dict({name: state[name] for name in inside}, strict=False)
        encoder.load_state_dict({name: state[name] for name in wanted - inside})
    except RuntimeError as error:
        line = str(error).strip().splitlines()[-1].strip()
        raise WeightsError(
            f"the file of {ADAPTER} does not fit its base", line, f"tween4d models pull {BASE}"
        ) from error
