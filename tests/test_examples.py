"""The examples that need no other program than Python."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.app.export import ExportOptions, export_asset

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def run(name: str, *words: object) -> str:
    command = [sys.executable, str(EXAMPLES / name), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_compositing_by_depth(tmp_path: Path) -> None:
    """Oracle: closed form; the front half of the object stays, and a corner has the plane's colour."""
    asset = moving_ellipsoid(count=300, nodes=6, frames=5, size=64)
    export_asset(asset, tmp_path / "p", ExportOptions(frames=3, size=48, camera="fixed", each="png"))
    told = run("composite_depth.py", tmp_path / "p", tmp_path / "out.png")
    assert "frame_0001.png at time 0.50" in told
    with Pillow.open(tmp_path / "out.png") as picture:
        pixels = np.asarray(picture).astype(int)
    assert pixels[0, 0].tolist() == [51, 115, 153]
    with Pillow.open(tmp_path / "p" / "frame_0001.png") as picture:
        alone = np.asarray(picture).astype(int)
    same = np.abs(pixels - alone[..., :3]).max(-1) <= 1
    assert (same & (alone[..., 3] == 255)).sum() > 0.5 * (alone[..., 3] == 255).sum() > 0


def test_reading_a_stage(tmp_path: Path) -> None:
    """Oracle: the asset; two clips of which the second is hidden at the start."""
    pytest.importorskip("pxr", reason="usd-core is not installed; the example was not run")
    export_asset(moving_ellipsoid(count=30, nodes=4, frames=9, size=32), tmp_path / "a.usdz")
    told = run("usd_stage.py", tmp_path / "a.usdz", 0)
    assert "0.50 s, up axis Y" in told and "/tween4d/clip_0: 30 Gaussians, visible at frame 0" in told
    assert "/tween4d/clip_1: 30 Gaussians, hidden" in told
