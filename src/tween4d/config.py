"""The root config only composes the stages' own; presets are named sets of their fields."""

from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from tween4d.errors import InputError
from tween4d.stages.deform import DeformConfig
from tween4d.stages.fragment import FragmentConfig
from tween4d.stages.guide import GuideConfig
from tween4d.stages.matte import MatteConfig
from tween4d.stages.merge import MergeConfig
from tween4d.stages.reconstruct import ReconstructConfig
from tween4d.stages.views import ViewsConfig

PresetName = Literal["draft", "standard", "fine"]


@dataclass(frozen=True)
class Config:
    """Everything that steers a run besides its inputs, priors and seed; the defaults are preset standard."""

    matte: MatteConfig = field(default_factory=MatteConfig)
    guide: GuideConfig = field(default_factory=GuideConfig)
    fragment: FragmentConfig = field(default_factory=FragmentConfig)
    views: ViewsConfig = field(default_factory=ViewsConfig)
    reconstruct: ReconstructConfig = field(default_factory=ReconstructConfig)
    deform: DeformConfig = field(default_factory=DeformConfig)
    merge: MergeConfig = field(default_factory=MergeConfig)


def preset(name: str) -> Config:
    """The config of a preset.

    Args:
        name: draft (seconds, to see whether the motion is right), standard, or fine (larger pictures, more Gaussians).
    Raises:
        InputError: for any other name.
    """
    base = Config()
    if name == "standard":
        return base
    if name == "draft":
        return replace(
            base,
            guide=replace(base.guide, size=192, frames=24),
            fragment=replace(base.fragment, fragments=2),
            views=replace(base.views, size=192),
            reconstruct=replace(base.reconstruct, max_gaussians=9_000, steps=50),
            deform=replace(base.deform, nodes=96, steps=40, overlap=3),
            merge=replace(base.merge, steps=10),
        )
    if name == "fine":
        return replace(
            base,
            guide=replace(base.guide, size=384),
            views=replace(base.views, size=384),
            reconstruct=replace(base.reconstruct, max_gaussians=28_000, steps=300),
            deform=replace(base.deform, nodes=256, steps=300),
            merge=replace(base.merge, steps=80),
        )
    raise InputError("unknown preset", repr(name), f"choose one of {', '.join(get_args(PresetName))}")
