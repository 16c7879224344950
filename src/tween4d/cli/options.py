"""Kinds of options that several verbs share."""

from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

AssetPath = Annotated[Positional[Path], arg(metavar="ASSET")]
Flag = Annotated[bool, arg(help_behavior_hint="")]
Preset = Literal["draft", "standard", "fine"]
Frames = Annotated[int | None, arg(metavar="N", help_behavior_hint="(default: the preset's)")]
Seed = Annotated[int, arg(metavar="S")]
