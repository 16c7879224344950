"""What a user decides about pretrained priors: where weights lie, what was accepted, what the machine gives."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


def default_folder() -> Path:
    """Where `tween4d models pull` puts weights: `TWEEN4D_MODELS`, or a folder of the user's cache."""
    named = os.environ.get("TWEEN4D_MODELS")
    return Path(named) if named else Path.home() / ".cache" / "tween4d" / "models"


def unheard(message: str, warning: bool = False) -> None:
    """Drop a note: nobody listens."""


@dataclass(frozen=True)
class PretrainedSettings:
    """How pretrained priors of a run are found and run."""

    folder: Path = field(default_factory=default_folder)
    """Holds a folder per model, named as in the catalogue."""
    accepted: tuple[str, ...] = ()
    """Names of models whose terms the user accepts for this run."""
    commercial: bool = False
    """True refuses weights that may not be used commercially."""
    device: str = "auto"
    """auto takes a CUDA card if there is one; else cpu or cuda."""
    precision: str = "auto"
    """auto, float32, bfloat16 or fp8 (weights stored in eight bits)."""
    steps: int | None = None
    """Denoising steps; None takes each model's own."""
    size: int | None = None
    """Side of a square of the area at which videos are made, pixels; None takes each model's own."""
    report: Callable[..., None] = field(default=unheard, compare=False)
    """Told in sentences what was chosen and what it took; `warning=True` for trouble."""
