"""Descriptors of a picture from large networks: DIFT from a diffusion network, or a DINO's patches."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.images import Image
from tween4d.priors.pretrained.canvas import fit_canvas, place
from tween4d.priors.pretrained.loading import find_weights, need_packages
from tween4d.priors.pretrained.memory import choose_policy
from tween4d.priors.pretrained.settings import PretrainedSettings

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
        canvas = fit_canvas(image.height, image.width, side * side, side)
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
        canvas = fit_canvas(image.height, image.width, self.size**2, self.size)
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


def make_dino(settings: PretrainedSettings, name: str = "dinov2") -> DinoFeatures:
    """DINOv2 or DINOv3, from a folder.

    Raises:
        Tween4dError: when packages or weights are missing or the terms were not accepted.
    """
    need_packages()
    weights = find_weights(name, settings)
    from transformers import AutoModel

    policy = choose_policy(weights.card, settings)
    options = {"local_files_only": True, "use_safetensors": True, "trust_remote_code": False, "dtype": policy.dtype}
    return DinoFeatures(AutoModel.from_pretrained(weights.folder, **options).to(policy.device).eval())
