"""The animated mesh in three.js, in a headless browser: what it shows is what we draw of the mesh."""

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
from tests.mesh_picture import draw_meshes
from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.app.meshes import asset_meshes, mesh_poses
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import input_camera
from tween4d.data.mesh import ClipMesh
from tween4d.io.glb import write_glb
from tween4d.stages.rig import RigConfig, reduce_rig

SIZE = 256
TIMES = [0.0, 0.3, 0.5, 0.8, 1.0]


@pytest.fixture(scope="module")
def asset() -> Asset4D:
    return moving_ellipsoid(count=2000, nodes=12, frames=17, size=SIZE)


@pytest.fixture(scope="module")
def meshes(asset: Asset4D) -> list[ClipMesh]:
    return asset_meshes(asset, 1500, 256, "nodes")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with viewer_page(HERE / "mesh.mjs", tmp_path_factory.mktemp("three")) as opened:
        yield opened


@pytest.mark.parametrize("rig", ["nodes", "reduce:4", "morph"])
def test_three_plays_the_file(rig: str, asset: Asset4D, meshes: list[ClipMesh], page: Any, tmp_path: Path) -> None:
    """Oracle: our own picture of the mesh from the input camera at five times, against that of a foreign viewer, whose
    camera is the file's own; 30 dB and better.

    Both fragments are seen, at 0.5 at once.
    """
    drawn = [reduce_rig(mesh, RigConfig(4)) for mesh in meshes] if rig == "reduce:4" else meshes
    path = write_glb(asset, drawn, tmp_path / "a.glb", mesh_poses(drawn, rig))
    seconds = [time * (asset.frame_count - 1) / asset.fps for time in TIMES]
    content = base64.b64encode(path.read_bytes()).decode()
    shown = page.evaluate(
        "options => show(options)", {"content": content, "animation": "whole", "seconds": seconds, "size": SIZE}
    )
    assert shown["animations"] == ["whole", "fragment 1", "fragment 2"]
    assert shown["joints"] == {"nodes": [12, 12], "reduce:4": [4, 4], "morph": []}[rig]
    pictures = [_picture(address) for address in shown["pictures"]]
    ours = [draw_meshes(drawn, input_camera(SIZE, SIZE, asset.fov_degrees), time)[0] for time in TIMES]
    assert min(_psnr(a, b) for a, b in zip(pictures, ours, strict=True)) >= 30
    # The comparison would see a mesh that stands still, or on its head.
    assert _psnr(pictures[0], ours[-1]) < 20 and _psnr(pictures[-1].flip(0), ours[-1]) < 20


def _picture(address: str) -> torch.Tensor:
    content = base64.b64decode(address.partition(",")[2])
    return torch.from_numpy(np.asarray(Pillow.open(io.BytesIO(content)).convert("RGB")).astype(np.float32) / 255)


def _psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(-10 * torch.log10((a - b).square().mean()))
