"""Contact sheets and previews."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tween4d.app.fidelity import endpoint_psnr
from tween4d.app.preview import TILE, write_preview
from tween4d.app.sheet import GAP, MARGIN, write_sheet
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import input_camera, orbit_camera
from tween4d.data.images import Image, Keyframes
from tween4d.io.images import load_image
from tween4d.stages.render import render_view


def red(azimuth: float, time: float) -> Image | None:
    return None if time == 1.0 else Image(torch.tensor([1.0, 0.0, 0.0]).expand(32, 32, 3).clone())


def test_a_sheet_shows_sides_by_moments(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: our own renders in the tiles, the truth beside them, grey where it is not known."""
    write_sheet(asset, tmp_path / "a.png", red, azimuths=(0.0, 90.0), times=(0.0, 1.0))
    sheet = load_image(tmp_path / "a.png").rgb
    assert sheet.shape == (MARGIN + 2 * TILE, MARGIN + 4 * TILE + GAP, 3)
    tile = sheet[MARGIN + TILE :, MARGIN + TILE : MARGIN + 2 * TILE]
    wanted = render_view(asset, orbit_camera(90, 0, TILE, TILE), 1.0).on(1.0)
    assert torch.allclose(tile, wanted, atol=0.51 / 255)
    right = sheet[MARGIN:, MARGIN + 2 * TILE + GAP :]
    assert right[40, 40].tolist() == [1, 0, 0]
    assert right[40, TILE + 40].tolist() == pytest.approx([0.94] * 3, abs=0.01)


def test_a_sheet_without_truth_has_one_block(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: size."""
    write_sheet(asset, tmp_path / "a.png", azimuths=(0.0,), times=(0.0, 0.5, 1.0))
    assert load_image(tmp_path / "a.png").rgb.shape == (MARGIN + TILE, MARGIN + 3 * TILE, 3)


def test_previews_of_what_can_be_shown(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: number of tiles; values without a picture leave the file alone."""
    picture = Image(torch.rand(20, 30, 3), torch.ones(20, 30))
    shown: dict[str, tuple[Any, tuple[int, int]]] = {
        "pair": (Keyframes(picture, picture), (1, 2)),
        "gaussians": (tuple(clip.gaussians for clip in asset.clips), (2, 2)),
        "clips": (asset.clips, (2, 4)),
        "asset": (asset, (3, 6)),
    }
    for name, (value, (rows, columns)) in shown.items():
        path = tmp_path / f"{name}.png"
        assert write_preview(value, path)
        assert load_image(path).rgb.shape == (rows * TILE, columns * TILE, 3)
    for value in (None, (), 3, (1, 2)):
        assert not write_preview(value, tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()


def test_endpoint_fidelity(asset: Asset4D) -> None:
    """Oracle: the asset's own renders are given back perfectly; swapped, they are not."""
    camera = input_camera(64, 64)
    start, end = render_view(asset, camera, 0.0), render_view(asset, camera, 1.0)
    assert min(endpoint_psnr(asset, start, end)) > 55
    assert max(endpoint_psnr(asset, end, start)) < 25
