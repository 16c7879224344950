"""What a machine can run, before anything is loaded: from the catalogue's sizes, not from measurements."""

import time
from dataclasses import dataclass
from functools import cache

import torch

from tween4d.errors import Tween4dError
from tween4d.priors.pretrained.catalogue import CATALOGUE, ModelCard
from tween4d.priors.pretrained.loading import find_weights
from tween4d.priors.pretrained.memory import choose_policy
from tween4d.priors.pretrained.settings import PretrainedSettings

CARD_TFLOPS = 100.0
"""Matrix products of the card that the catalogue's minutes are meant for, in 10^12 operations a second."""
FRAMES, MOMENTS = 81, 4
"""What the catalogue's minutes are meant for: frames of a video, keyframes of a multi-view model."""


@dataclass(frozen=True)
class Estimate:
    """One model on this machine."""

    name: str
    here: bool
    """Its weights are here, whole and allowed."""
    fits: bool
    policy: str
    minutes: dict[str, float]
    """Per preset; an estimate."""
    memory_gb: float
    """Of the device, or of main memory without one; an estimate."""


def estimate_all(
    free_gb: float | None,
    main_gb: float,
    presets: dict[str, tuple[int, int]],
    settings: PretrainedSettings = PretrainedSettings(),
    tflops: float = CARD_TFLOPS,
) -> tuple[Estimate, ...]:
    """Every model of the catalogue.

    Args:
        tflops: what this machine does, from `measured_tflops`: times are scaled by it.
        free_gb: free memory of the CUDA device, or None without one.
        main_gb: free main memory.
        presets: frames and fragments of each preset.
    """
    return tuple(
        _estimate(card, free_gb, main_gb, presets, settings, CARD_TFLOPS / tflops)
        for card in CATALOGUE.values()
        if card.role != "base"
    )


@cache
def measured_tflops(device: str) -> float:
    """What a device does in large matrix products in the precision that models run in; the best of a few."""
    side, dtype = (8192, torch.bfloat16) if device == "cuda" else (1024, torch.float32)
    matrix = torch.ones(side, side, device=device, dtype=dtype)
    taken = []
    for _ in range(4):
        began = time.perf_counter()
        (matrix @ matrix)[0, 0].item()
        taken.append(time.perf_counter() - began)
    return 2 * side**3 / min(taken) / 1e12


def _estimate(
    card: ModelCard,
    free_gb: float | None,
    main_gb: float,
    presets: dict[str, tuple[int, int]],
    settings: PretrainedSettings,
    slower: float,
) -> Estimate:
    device = "cpu" if free_gb is None else "cuda"
    policy = choose_policy(card, PretrainedSettings(device=device), free_gb)
    if free_gb is None:
        # float32 takes twice the space of the published files.
        memory, room = 2 * card.all_gb, main_gb
    else:
        held = card.weights_gb if policy.offload else card.all_gb
        memory, room = held / (2 if policy.eight_bit else 1) + 4, free_gb
    try:
        find_weights(card.name, settings)
        here = True
    except Tween4dError:
        here = False
    shares = {
        preset: frames / FRAMES if card.role == "inbetweener" else fragments / MOMENTS
        for preset, (frames, fragments) in presets.items()
    }
    minutes = {preset: round(card.minutes * share * slower, 1) for preset, share in shares.items()}
    return Estimate(card.name, here, memory <= room, str(policy), minutes, round(memory, 1))
