"""How a model is fitted into the memory that is free: precision, offload, tiling; and what it then took."""

from dataclasses import dataclass
from typing import Any

import torch

from tween4d.errors import BackendError, InputError
from tween4d.priors.pretrained.catalogue import ModelCard
from tween4d.priors.pretrained.settings import PretrainedSettings

ACTIVATIONS_GB = 6.0
"""Kept free for what a network computes with, an estimate."""


@dataclass(frozen=True)
class MemoryPolicy:
    """One decision for one model on one machine."""

    device: str
    dtype: torch.dtype
    eight_bit: bool
    """Weights of the large network are stored as fp8 and computed in `dtype` (layerwise casting of diffusers)."""
    offload: bool
    """Only the part that works lies on the device; the rest waits in main memory."""
    tiling: bool
    """Pictures are decoded in tiles, attention in slices."""

    def __str__(self) -> str:
        words = [str(self.dtype).removeprefix("torch.") + (", weights stored as fp8" if self.eight_bit else "")]
        words.append("parts wait in main memory" if self.offload else "all parts stay on the device")
        words += ["decoding in tiles"] if self.tiling else []
        return f"{self.device}: {'; '.join(words)}"


def choose_policy(card: ModelCard, settings: PretrainedSettings, free_gb: float | None = None) -> MemoryPolicy:
    """What fits.

    Args:
        card: says what the weights take.
        settings: the user's device and precision; auto leaves them to this function.
        free_gb: free memory of the device; None asks it.
    Raises:
        BackendError: when a CUDA device is asked for that is not there.
        InputError: for an unknown device or precision.
    """
    if settings.device not in ("auto", "cpu", "cuda"):
        raise InputError("the device must be auto, cpu or cuda", repr(settings.device), "leave --device out")
    if settings.precision not in ("auto", "float32", "bfloat16", "fp8"):
        raise InputError("the precision must be auto, float32, bfloat16 or fp8", repr(settings.precision), "use auto")
    if settings.device == "cuda" and not torch.cuda.is_available() and free_gb is None:
        raise BackendError("there is no CUDA device", "--device cuda", "use --device cpu, or a machine with a GPU")
    on_gpu = settings.device == "cuda" or (settings.device == "auto" and torch.cuda.is_available())
    named = settings.precision
    if not on_gpu:
        dtype = torch.bfloat16 if named in ("bfloat16", "fp8") else torch.float32
        return MemoryPolicy("cpu", dtype, named == "fp8", offload=False, tiling=True)
    if free_gb is None:
        free_gb = torch.cuda.mem_get_info()[0] / 1e9
    dtype = torch.float32 if named == "float32" else torch.bfloat16
    eight = named == "fp8" or (named == "auto" and card.weights_gb + ACTIVATIONS_GB > free_gb)
    all_parts = (card.all_gb / (2 if eight else 1)) + ACTIVATIONS_GB
    return MemoryPolicy("cuda", dtype, eight, offload=all_parts > free_gb, tiling=free_gb < 40)


def apply_policy(pipeline: Any, policy: MemoryPolicy) -> None:
    """Put a loaded pipeline of diffusers under a policy; networks only, the numbers stay those of `dtype`."""
    if policy.eight_bit:
        for name in ("transformer", "transformer_2", "unet"):
            network = getattr(pipeline, name, None)
            if network is not None:
                network.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=policy.dtype)
    if policy.tiling and hasattr(pipeline.vae, "enable_tiling"):
        pipeline.vae.enable_tiling()
    if policy.tiling and getattr(pipeline, "unet", None) is not None and hasattr(pipeline.vae, "enable_slicing"):
        pipeline.vae.enable_slicing()
    if policy.device == "cpu":
        return
    if policy.offload:
        pipeline.enable_model_cpu_offload()
    else:
        pipeline.to(policy.device)


def begin_measuring() -> None:
    """Forget earlier peaks of device memory."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def peak_gb() -> float | None:
    """The most device memory since `begin_measuring`, or None without a GPU."""
    return torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else None


def free_device() -> None:
    """Give what nobody holds any longer back to the device."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
