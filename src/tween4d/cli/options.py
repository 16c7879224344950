"""Kinds of options that several verbs share."""

from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from tween4d.errors import InputError

AssetPath = Annotated[Positional[Path], arg(metavar="ASSET")]
Flag = Annotated[bool, arg(help_behavior_hint="")]
Preset = Literal["draft", "standard", "fine"]
Frames = Annotated[int | None, arg(metavar="N", help_behavior_hint="(default: the preset's)")]
Fragments = Annotated[Literal["auto", "1", "2", "4", "8"] | None, arg(help_behavior_hint="(default: the preset's)")]
PriorSet = Literal["embedded", "classical"]
Seed = Annotated[int, arg(metavar="S")]


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
