"""A folder of tiny models, as `tween4d models pull` would leave them, and pictures to ask about."""

from pathlib import Path

import pytest
import torch

from tests.priors.pretrained import tiny
from tween4d.data.images import Image
from tween4d.priors.pretrained.settings import PretrainedSettings


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All tiny models under the catalogue's names; made once."""
    folder = tmp_path_factory.mktemp("weights")
    tiny.flf2v().save_pretrained(folder / "wan-flf2v")
    tiny.a14b().save_pretrained(folder / "wan-a14b")
    tiny.vace().save_pretrained(folder / "wan-vace")
    tiny.ltx().save_pretrained(folder / "ltx-2b")
    tiny.save_zero123(folder / "zero123pp")
    tiny.save_mvadapter(folder / "mv-adapter")
    tiny.save_base(folder / "sd21")
    return folder


@pytest.fixture(scope="session")
def settings(weights: Path) -> PretrainedSettings:
    """Quick: two steps at 32 pixels."""
    return PretrainedSettings(weights, ("zero123pp", "ltx-2b", "sd21"), steps=2, size=32)


def disc(x: float, height: int = 24, width: int = 32) -> Image:
    """A red disc on nothing."""
    rows, columns = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    alpha = ((rows - height / 2) ** 2 + (columns - x) ** 2 < 36).float()
    return Image(torch.tensor([0.8, 0.2, 0.1]).expand(height, width, 3).clone(), alpha)
