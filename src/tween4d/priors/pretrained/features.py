"""Descriptors of a picture from large networks: DIFT from a diffusion network, or a DINO's patches."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.images import Image
from tween4d.errors import BackendError, WeightsError
from tween4d.priors.pretrained.canvas import place, square_canvas
from tween4d.priors.pretrained.loading import Weights, find_weights, load_part, need_packages
from tween4d.priors.pretrained.memory import confirmed, free_device, plan
from tween4d.priors.pretrained.settings import PretrainedSettings
from tween4d.priors.protocols import Features

MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class DinoFeatures:
    """Patch tokens of DINOv2 or DINOv3, padded to a square."""

    def __init__(self, network: Any, size: int = 448) -> None:
        self.network, self.size = network, size

    @torch.no_grad()
    def describe(self, image: Image) -> Float[Tensor, "c gh gw"]:
        """Unit-length descriptors on a square grid over the picture and its white margin."""
        patch = self.network.config.patch_size
        side = self.size // patch * patch
        canvas = square_canvas(image.height, image.width, side)
        picture = place(image.on(1.0), canvas, 1.0)
        mean, spread = (torch.tensor(v) for v in (MEAN, SPREAD))
        pixels = ((picture - mean) / spread).permute(2, 0, 1)[None].to(self.network.device, self.network.dtype)
        tokens = self.network(pixel_values=pixels).last_hidden_state[0].float().cpu()
        grid = side // patch
        # Class and register tokens come first.
        patches = tokens[-grid * grid :].T.reshape(-1, grid, grid)
        return patches / patches.norm(dim=0, keepdim=True).clamp_min(1e-12)


class DiftFeatures:
    """Features of a denoising network's decoder on a slightly noised picture.

    Source: Tang et al. 2023 (arXiv:2306.03881): step 261 of 1000, second block of the decoder, mean over noises.
    """

    def __init__(
        self, unet: Any, vae: Any, scheduler: Any, words: Float[Tensor, "1 n c"], size: int = 512, block: int = 1
    ) -> None:
        self.unet, self.vae, self.scheduler, self.words = unet, vae, scheduler, words
        self.size, self.block, self.time, self.noises = size, block, 261, 4

    @torch.no_grad()
    def describe(self, image: Image) -> Float[Tensor, "c gh gw"]:
        """Unit-length descriptors on a square grid over the picture and its white margin; deterministic."""
        canvas = square_canvas(image.height, image.width, self.size)
        picture = place(image.on(1.0), canvas, 1.0).permute(2, 0, 1)[None] * 2 - 1
        latent = self.vae.encode(picture.to(self.vae.device, self.vae.dtype)).latent_dist.mode()
        latent = latent * self.vae.config.scaling_factor
        found: list[Tensor] = []
        hook = self.unet.up_blocks[self.block].register_forward_hook(lambda _, __, answer: found.append(answer))
        try:
            for seed in range(self.noises):
                noise = torch.randn(latent.shape, generator=torch.Generator().manual_seed(seed)).to(latent)
                time = torch.tensor([self.time], device=latent.device)
                self.unet(self.scheduler.add_noise(latent, noise, time), time, self.words.to(latent))
        finally:
            hook.remove()
        mean = torch.cat(found).float().mean(0).cpu()
        return mean / mean.norm(dim=0, keepdim=True).clamp_min(1e-12)


class HeldFeatures:
    """Descriptors of a network that is loaded at the first picture and kept until `release`."""

    def __init__(self, weights: Weights, load: Callable[[], Features], settings: PretrainedSettings) -> None:
        self.info, self._load, self._settings = weights.info, load, settings
        self._features: Features | None = None

    def describe(self, image: Image) -> Float[Tensor, "c gh gw"]:
        """As the network does.

        Raises:
            BackendError: when it runs out of memory.
        """
        try:
            if self._features is None:
                self._settings.report(f"keyframes are scored by the features of {self.info.name}")
                self._features = self._load()
            return self._features.describe(image)
        except torch.OutOfMemoryError as error:
            raise BackendError(
                f"{self.info.name} needs more memory than the device has", "", "use --features embedded"
            ) from error

    def release(self) -> None:
        """Give the network's memory back; a later picture loads it again."""
        self._features = None
        free_device()


def make_dino(settings: PretrainedSettings, name: str = "dinov2") -> HeldFeatures:
    """DINOv2 or DINOv3, from a folder.

    Raises:
        Tween4dError: when packages or weights are missing or the terms were not accepted.
    """
    need_packages()
    weights = find_weights(name, settings)
    planned = plan(weights.card, settings)

    def load() -> DinoFeatures:
        policy = confirmed(planned, weights.card, settings)
        from transformers import AutoModel

        options = {"local_files_only": True, "use_safetensors": True, "trust_remote_code": False, "dtype": policy.dtype}
        try:
            network = AutoModel.from_pretrained(weights.folder, **options)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            line = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise WeightsError(f"the files of {name} cannot be read", line, f"tween4d models pull {name}") from error
        return DinoFeatures(network.to(policy.device).eval())

    return HeldFeatures(weights, load, settings)


def make_dinov3(settings: PretrainedSettings) -> HeldFeatures:
    """DINOv3, whose files are given to accounts that accepted its terms."""
    return make_dino(settings, "dinov3")


def make_dift(settings: PretrainedSettings, name: str = "sd21") -> HeldFeatures:
    """DIFT from the diffusion network of a folder: the base of MV-Adapter, or Zero123++.

    Raises:
        Tween4dError: when packages or weights are missing or the terms were not accepted.
    """
    need_packages()
    weights = find_weights(name, settings)
    planned = plan(weights.card, settings)

    def load() -> DiftFeatures:
        policy = confirmed(planned, weights.card, settings)
        from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
        from transformers import CLIPTextModel, CLIPTokenizer

        unet = load_part(weights, "unet", UNet2DConditionModel, policy.dtype).to(policy.device)
        vae = load_part(weights, "vae", AutoencoderKL, policy.dtype).to(policy.device)
        tokenizer = load_part(weights, "tokenizer", CLIPTokenizer)
        words = tokenizer("", padding="max_length", max_length=tokenizer.model_max_length, return_tensors="pt")
        encoder = load_part(weights, "text_encoder", CLIPTextModel, policy.dtype)
        with torch.no_grad():
            empty = encoder(words.input_ids).last_hidden_state
        size = int(unet.config.sample_size) * 2 ** (len(vae.config.block_out_channels) - 1)
        scheduler = load_part(weights, "scheduler", DDPMScheduler)
        return DiftFeatures(unet, vae, scheduler, empty, size, min(1, len(unet.up_blocks) - 1))

    return HeldFeatures(weights, load, settings)


def make_zero123_dift(settings: PretrainedSettings) -> HeldFeatures:
    """DIFT from the network of Zero123++."""
    return make_dift(settings, "zero123pp")
