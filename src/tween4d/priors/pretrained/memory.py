"""How a model is fitted into the memory that is free: precision, offload, tiling; and what it then took."""

from dataclasses import dataclass
from typing import Any

import torch

from tween4d.errors import BackendError, InputError
from tween4d.events import Event, Listener, Note, StageFinished, StageStarted
from tween4d.priors.pretrained.catalogue import ModelCard
from tween4d.priors.pretrained.settings import PretrainedSettings

ACTIVATIONS_GB = 6.0
"""Kept free for what a network computes with, an estimate."""
TILING_BELOW_GB, SLICES_BELOW_GB = 40, 16
"""Free memory below which pictures are decoded in tiles, and attention is computed in slices."""
SLICE = 1024
"""Queries of such a slice."""


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
    """Pictures are decoded in tiles."""
    attention_rows: int | None = None
    """Queries of a multi-view model's attention that are worked on at once; None takes all."""

    def __str__(self) -> str:
        words = [str(self.dtype).removeprefix("torch.") + (", weights stored as fp8" if self.eight_bit else "")]
        words.append("parts wait in main memory" if self.offload else "all parts stay on the device")
        words += ["decoding in tiles"] if self.tiling else []
        words += [f"attention in slices of {self.attention_rows}"] if self.attention_rows else []
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
    # The pipelines of video models have no slices; the attention of multi-view models is our own.
    rows = SLICE if card.role == "multiview" else None
    on_gpu = settings.device == "cuda" or (settings.device == "auto" and torch.cuda.is_available())
    named = settings.precision
    if not on_gpu:
        dtype = torch.bfloat16 if named in ("bfloat16", "fp8") else torch.float32
        return MemoryPolicy("cpu", dtype, named == "fp8", offload=False, tiling=True, attention_rows=rows)
    if free_gb is None:
        free_gb = torch.cuda.mem_get_info()[0] / 1e9
    dtype = torch.float32 if named == "float32" else torch.bfloat16
    eight = named == "fp8" or (named == "auto" and card.weights_gb + ACTIVATIONS_GB > free_gb)
    all_parts = (card.all_gb / (2 if eight else 1)) + ACTIVATIONS_GB
    return MemoryPolicy(
        "cuda",
        dtype,
        eight,
        # Our own multi-view pipelines use their networks by turns within a step.
        offload=all_parts > free_gb and card.role == "inbetweener",
        tiling=free_gb < TILING_BELOW_GB,
        attention_rows=rows if free_gb < SLICES_BELOW_GB else None,
    )


def plan(card: ModelCard, settings: PretrainedSettings) -> MemoryPolicy:
    """What fits now, told to the user before anything is loaded.

    Raises:
        Tween4dError: as `choose_policy`.
    """
    policy = choose_policy(card, settings)
    settings.report(f"{card.name} on {policy}")
    return policy


def confirmed(planned: MemoryPolicy, card: ModelCard, settings: PretrainedSettings) -> MemoryPolicy:
    """What fits when the model is loaded; the user hears of it if it is something else than was planned."""
    policy = choose_policy(card, settings)
    if policy != planned:
        settings.report(f"{card.name} now on {policy}: the free memory has changed")
    return policy


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
    if policy.offload:
        pipeline.enable_model_cpu_offload(device=policy.device)
    else:
        pipeline.to(policy.device)


class StagePeaks:
    """The most device memory that each stage of a run took; empty without a GPU."""

    def __init__(self, listener: Listener) -> None:
        self.gb: dict[str, float] = {}
        self._listener = listener

    def hear(self, event: Event) -> None:
        """Take note of a stage that begins or ends; what was reused took nothing."""
        if not torch.cuda.is_available():
            return
        if isinstance(event, StageStarted):
            torch.cuda.reset_peak_memory_stats()
        elif isinstance(event, StageFinished) and not event.reused:
            peak = torch.cuda.max_memory_allocated() / 1e9
            if peak > 0:
                self.gb[event.stage] = round(peak, 3)
                self._listener(Note(f"{event.stage}: at most {peak:.1f} GB of the device's memory"))


def free_device() -> None:
    """Give what nobody holds any longer back to the device."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
