"""The scripts of examples/ that need nothing but this package and its extras."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.app.export import ExportOptions, export_asset
from tween4d.data.asset import Asset4D

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="module")
def asset() -> Asset4D:
    return moving_ellipsoid(count=300, nodes=6, frames=9, size=64)


def test_compositing_keeps_what_is_nearer(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: analytic; the card stands in the plane z = 0 and the camera on +Z at 2, so it hides what is deeper than
    2, and nothing that is nearer."""
    export_asset(asset, tmp_path / "in", ExportOptions(frames=2, each="png", camera="fixed", size=96))
    module = runpy.run_path(str(EXAMPLES / "composite_with_depth.py"))
    module["composite"](tmp_path / "in", tmp_path / "out")
    # The camera looks straight at the card: its columns are those where x = 0.1 to 0.5 at depth 2.
    x = (np.arange(96) + 0.5 - 48) / 96 * 2 * np.tan(np.radians(asset.fov_degrees) / 2) * 2
    card = ((x > 0.12) & (x < 0.48))[None] & np.ones((96, 1), bool)
    hidden = 0
    for name in ("frame_0000.png", "frame_0001.png"):
        given, mixed = (np.asarray(Pillow.open(tmp_path / folder / name)) / 255 for folder in ("in", "out"))
        stored = np.asarray(Pillow.open(tmp_path / "in" / name.replace("frame", "depth")))
        depth = 1 + stored / 65535 * 2
        covered = card & (given[..., 3] > 0.5)
        near, far = covered & (depth < 1.99) & (given[..., 3] > 0.99), covered & (depth > 2.01)
        assert near.sum() > 50
        assert np.allclose(mixed[near], given[near][:, :3], atol=0.01)
        assert np.allclose(mixed[far], [0.2, 0.4, 0.7], atol=0.01)
        hidden += far.sum()
        empty = (card & (given[..., 3] < 0.01))[40:56]
        assert np.allclose(mixed[40:56][empty], [0.2, 0.4, 0.7], atol=0.01)
    assert hidden > 0


def test_a_scene_refers_to_an_exported_stage(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: foreign tool, OpenUSD; the second copy shows half a second later what the first shows, where it was put.

    Positions of both are read through the scene, not from our file.
    """
    pytest.importorskip("pxr", reason="usd-core is not installed; the USD example was not run")
    from pxr import Usd, UsdGeom, UsdVol

    export_asset(asset, tmp_path / "a.usdc", ExportOptions(frames=9, usd="splats"))
    runpy.run_path(str(EXAMPLES / "usd_scene.py"))["make_scene"](tmp_path / "a.usdc", tmp_path / "scene.usda")
    assert (tmp_path / "scene.usda").stat().st_size < 3000
    stage = Usd.Stage.Open(str(tmp_path / "scene.usda"))
    late = stage.GetTimeCodesPerSecond() / 2
    one, two = (stage.GetPrimAtPath(f"/scene/{name}/clip_0") for name in ("first", "second"))
    first, second = (
        np.array(UsdVol.ParticleField3DGaussianSplat(prim).GetPositionsAttr().Get(time))
        for prim, time in ((one, 2), (two, 2 + late))
    )
    assert len(first) == 300 and np.allclose(first, second, atol=1e-6)
    place = UsdGeom.Imageable(two).ComputeLocalToWorldTransform(0).ExtractTranslation()
    assert np.allclose(place, (0.9, 0, -0.6))
