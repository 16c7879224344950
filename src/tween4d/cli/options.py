"""Kinds of options that several verbs share."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

from tween4d.errors import InputError

if TYPE_CHECKING:
    from tween4d.priors.pretrained.settings import PretrainedSettings

AssetPath = Annotated[Positional[Path], arg(metavar="ASSET")]
Flag = Annotated[bool, arg(help_behavior_hint="")]
Preset = Literal["draft", "standard", "fine"]
Frames = Annotated[int | None, arg(metavar="N", help_behavior_hint="(default: the preset's)")]
Fragments = Annotated[Literal["auto", "1", "2", "4", "8"] | None, arg(help_behavior_hint="(default: the preset's)")]
PriorSet = Literal["embedded", "classical", "pretrained"]
Seed = Annotated[int, arg(metavar="S")]


@dataclass(frozen=True)
class ModelOptions:
    """Large pretrained models: which, from where, and how they run (see docs/priors.md)."""

    inbetweener: Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")] = None
    """What imagines the motion, in place of the set's; names: tween4d models list."""
    multiview: Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")] = None
    """What imagines other sides, in place of the set's."""
    features: Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")] = None
    """What keyframes are scored by: auto, dift, dift-zero123pp, dinov2, dinov3 or embedded; else by what moves."""
    prompt: Annotated[str, arg(metavar="TEXT", help_behavior_hint="(default: a neutral sentence)")] = ""
    """What happens between the images, for models that read."""
    weights: Annotated[Path | None, arg(metavar="DIR", help_behavior_hint="(default: a cache folder)")] = None
    """Holds a folder per model. A run never downloads."""
    accept_licence: Annotated[tuple[str, ...], arg(metavar="NAME", help_behavior_hint="")] = ()
    """Models whose terms you have read and accept."""
    commercial: Flag = False
    """Refuse models that may not be used commercially."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where models run."""
    precision: Literal["auto", "float32", "bfloat16", "fp8"] = "auto"
    """How their weights are kept; auto looks at the free memory."""
    model_steps: Annotated[int | None, arg(metavar="N", help_behavior_hint="(default: each model's)")] = None
    """Denoising steps."""
    model_size: Annotated[int | None, arg(metavar="PIXELS", help_behavior_hint="(default: each model's)")] = None
    """Side of a square as large as the frames that a video model makes."""

    def settings(self) -> "PretrainedSettings":
        """The same for the register.

        Raises:
            InputError: when a number is out of range or a name is not known.
        """
        from tween4d.priors.pretrained.loading import card_of
        from tween4d.priors.pretrained.settings import PretrainedSettings, default_folder

        for name in self.accept_licence:
            card_of(name)
        if self.model_steps is not None and not 1 <= self.model_steps <= 1000:
            raise InputError("the steps must be between 1 and 1000", str(self.model_steps), "leave --model-steps out")
        if self.model_size is not None and not 16 <= self.model_size <= 2048:
            raise InputError("the size must be between 16 and 2048", str(self.model_size), "leave --model-size out")
        return PretrainedSettings(
            self.weights or default_folder(),
            self.accept_licence,
            self.commercial,
            self.device,
            self.precision,
            self.model_steps,
            self.model_size,
        )


def parse_facing(text: str) -> tuple[float, float | None] | None:
    """Azimuth and, if given, elevation from `AZ[,EL]`; None from nothing.

    Raises:
        InputError: when these are not one or two numbers.
    """
    if not text:
        return None
    try:
        azimuth, *rest = (float(word) for word in text.split(","))
        (elevation,) = rest or (None,)
    except ValueError:
        raise InputError(
            "a facing is an azimuth or azimuth,elevation in degrees", repr(text), "for example --facing -40"
        ) from None
    return azimuth, elevation
