"""Splat files in the PlayCanvas engine, a viewer of others, in a headless browser: what it shows is what we render."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from tests.foreign.conftest import HERE, viewer_page
from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.app.export import ExportOptions, export_asset
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import input_camera
from tween4d.stages.render import render_view

SIZE, TIME = 256, 0.8


@pytest.fixture(scope="module")
def asset() -> Asset4D:
    return moving_ellipsoid(count=1000, nodes=6, frames=9, size=SIZE)


@pytest.fixture(scope="module")
def page(foreign_packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    script, folder = HERE / "playcanvas.mjs", tmp_path_factory.mktemp("playcanvas")
    with viewer_page(script, folder, foreign_packages / "node_modules") as opened:
        yield opened


@pytest.mark.parametrize("suffix", [".ply", ".compressed.ply", ".sog", ".splats.glb"])
def test_playcanvas_shows_the_file(suffix: str, asset: Asset4D, page: Any, tmp_path: Path) -> None:
    """Oracle: our own render from the input camera, against the picture of a foreign viewer, 36 dB and better.

    A GLB stands upright; the others are turned over as viewers do with files of that family.
    """
    path = export_asset(asset, tmp_path / f"a{suffix}", ExportOptions(time=TIME))
    content = base64.b64encode(path.read_bytes()).decode()
    options = {"content": content, "name": path.name, "upsideDown": suffix != ".splats.glb"}
    shown = page.evaluate("options => show(options)", {**options, "size": SIZE, "fov": asset.fov_degrees})
    picture = Pillow.open(io.BytesIO(base64.b64decode(shown["picture"].partition(",")[2]))).convert("RGB")
    ours = render_view(asset, input_camera(SIZE, SIZE, asset.fov_degrees), TIME).on(1.0)
    theirs = torch.from_numpy(np.asarray(picture).astype(np.float32) / 255)
    assert shown["count"] == sum(len(clip.gaussians) for clip in asset.clips if clip.presence(TIME) > 0)
    assert _psnr(theirs, ours) >= 36
    # The comparison would see a file that stands on its head, or is mirrored.
    assert _psnr(theirs.flip(0), ours) < 20 and _psnr(theirs.flip(1), ours) < 20


def _psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(-10 * torch.log10((a - b).square().mean()))
