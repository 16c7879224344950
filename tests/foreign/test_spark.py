"""Splat files in Spark, a viewer of others, in a headless browser: what it shows is what we render."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from tests.foreign.conftest import viewer_page
from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.app.export import ExportOptions, export_asset
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import input_camera
from tween4d.stages.render import render_view

HERE = Path(__file__).parent
SIZE, TIME = 256, 0.8


@pytest.fixture(scope="module")
def asset() -> Asset4D:
    return moving_ellipsoid(count=1000, nodes=6, frames=9, size=SIZE)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A page with the viewer in it and no network."""
    with viewer_page(HERE / "spark.mjs", tmp_path_factory.mktemp("spark")) as opened:
        yield opened


@pytest.mark.parametrize("suffix", [".ply", ".compressed.ply", ".splat", ".spz", ".sog"])
def test_spark_shows_the_file(suffix: str, asset: Asset4D, page: Any, tmp_path: Path) -> None:
    """Oracle: our own render from the input camera, against the picture of a foreign viewer, 40 dB and better.

    SPZ files stand upright; the others are turned over as viewers do with files of that family.
    """
    path = export_asset(asset, tmp_path / f"a{suffix}", ExportOptions(time=TIME))
    shown = page.evaluate(
        "options => show(options)",
        {
            "content": base64.b64encode(path.read_bytes()).decode(),
            "name": path.name,
            "upsideDown": suffix != ".spz",
            "size": SIZE,
            "fov": asset.fov_degrees,
        },
    )
    picture = Pillow.open(io.BytesIO(base64.b64decode(shown["picture"].partition(",")[2]))).convert("RGB")
    ours = render_view(asset, input_camera(SIZE, SIZE, asset.fov_degrees), TIME).on(1.0)
    theirs = torch.from_numpy(np.asarray(picture).astype(np.float32) / 255)
    assert shown["count"] == sum(len(clip.gaussians) for clip in asset.clips if clip.presence(TIME) > 0)
    assert _psnr(theirs, ours) >= 40
    # The comparison would see a file that stands on its head, or is mirrored.
    assert _psnr(theirs.flip(0), ours) < 20 and _psnr(theirs.flip(1), ours) < 20


def _psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(-10 * torch.log10((a - b).square().mean()))
