"""Pictures as OpenEXR."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tween4d.data.images import Image
from tween4d.io.exr import write_exr


@pytest.mark.parametrize(("height", "width"), [(37, 23), (16, 64), (1, 1)])
def test_openexr_reads_every_value(tmp_path: Path, height: int, width: int) -> None:
    """Oracle: foreign tool, the OpenEXR library; in half precision the linear colour times alpha, depth exactly."""
    openexr = pytest.importorskip("OpenEXR", reason="OpenEXR is not installed; no other program read the file")
    generator = torch.Generator().manual_seed(0)
    rgb, alpha = torch.rand(height, width, 3, generator=generator), torch.rand(height, width, generator=generator)
    depth = 1 + torch.rand(height, width, generator=generator)
    depth[0, 0] = 1e10
    write_exr(Image(rgb, alpha), depth, tmp_path / "a.exr")
    with openexr.File(str(tmp_path / "a.exr"), separate_channels=True) as file:
        planes = {name: channel.pixels for name, channel in file.channels().items()}
    assert set(planes) == {"R", "G", "B", "A", "Z"} and planes["Z"].dtype == np.float32
    assert np.array_equal(planes["Z"], depth.numpy())
    assert np.allclose(planes["A"], alpha, atol=2**-12)
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) * alpha[..., None]
    for index, name in enumerate("RGB"):
        assert np.allclose(planes[name], linear[..., index], atol=2**-12)


def test_flat_pictures_become_small(tmp_path: Path) -> None:
    """Oracle: closed form; 12 bytes a pixel without compression."""
    write_exr(Image(torch.full((64, 64, 3), 0.5)), torch.ones(64, 64), tmp_path / "a.exr")
    assert (tmp_path / "a.exr").stat().st_size < 64 * 64 * 12 / 20
