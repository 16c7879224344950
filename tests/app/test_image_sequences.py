"""Folders of pictures with alpha, depth and cameras."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from tween4d.app.export import ExportOptions, check_export, export_asset
from tween4d.app.films import render_depth
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import backproject, input_camera
from tween4d.errors import InputError
from tween4d.io.transforms import load_cameras

FIXED = ExportOptions(frames=3, size=32, camera="fixed", each="png")


def test_a_png_sequence_has_alpha_depth_and_cameras(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: foreign tool, Pillow, against our own render; depth in 16 bits between the distances in cameras.json."""
    export_asset(asset, tmp_path / "p", FIXED)
    names = [f"{kind}_{k:04d}.png" for kind in ("depth", "frame") for k in range(3)]
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == ["cameras.json", *names]
    image, depth = render_depth(asset, input_camera(32, 32, asset.fov_degrees), 0.5)
    with Pillow.open(tmp_path / "p" / "frame_0001.png") as picture:
        assert picture.mode == "RGBA"
        assert np.allclose(np.asarray(picture)[..., 3] / 255, image.alpha, atol=0.51 / 255)
    listing = json.loads((tmp_path / "p" / "cameras.json").read_text())
    near, far = listing["depth_near"], listing["depth_far"]
    with Pillow.open(tmp_path / "p" / "depth_0001.png") as picture:
        assert picture.mode.startswith("I;16")
        grey = np.asarray(picture)
    assert np.allclose(near + grey / 65535 * (far - near), depth.clamp(near, far), atol=(far - near) / 65535)
    assert (grey[image.alpha.numpy() == 0] == 65535).all()  # type: ignore[union-attr]


def test_depth_and_cameras_give_the_points_back(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: closed form; every solid pixel's point lies in the ellipsoid of the asset, seen from the side too."""
    export_asset(asset, tmp_path / "p", ExportOptions(frames=1, size=48, camera="fixed", azimuth=70, each="png"))
    (shot,) = load_cameras(tmp_path / "p" / "cameras.json")
    with Pillow.open(tmp_path / "p" / "depth_0000.png") as picture:
        depth = torch.from_numpy(1 + np.asarray(picture).astype(np.float32) / 65535 * 2)
    with Pillow.open(tmp_path / "p" / "frame_0000.png") as picture:
        solid = torch.from_numpy(np.asarray(picture)[..., 3] > 230)
    rows, columns = torch.nonzero(solid, as_tuple=True)
    points = backproject(torch.stack([columns, rows], -1).float() + 0.5, depth[rows, columns], shot.camera)
    # Gaussians stick out by what they are wide, 0.03 at most.
    assert len(points) > 20 and bool((points.abs() < torch.tensor([0.45, 0.19, 0.15])).all())


def test_an_exr_sequence_of_two_eyes(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: listing; the camera list names the files and the eyes stand apart."""
    export_asset(asset, tmp_path / "e", ExportOptions(frames=2, size=16, camera="stereo", each="exr"))
    shots = load_cameras(tmp_path / "e" / "cameras.json")
    assert sorted(str(shot.file).removesuffix(".png") for shot in shots) == sorted(
        path.name for path in (tmp_path / "e").glob("*.exr")
    )
    assert float((shots[0].camera.position - shots[1].camera.position).norm()) > 0.05


def test_a_background_fills_the_pictures(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: closed form; a corner has the colour asked for and is opaque."""
    options = ExportOptions(frames=1, size=16, camera="fixed", each="png", background="#336699")
    export_asset(asset, tmp_path / "p", options)
    with Pillow.open(tmp_path / "p" / "frame_0000.png") as picture:
        assert picture.convert("RGBA").getpixel((0, 0)) == (0x33, 0x66, 0x99, 255)


def test_a_sequence_replaces_a_longer_one_of_another_kind(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: names; nothing of the former sequence stays, files that are not ours do."""
    export_asset(asset, tmp_path / "p", FIXED)
    (tmp_path / "p" / "frame_of_mind.txt").write_text("mine")
    export_asset(asset, tmp_path / "p", ExportOptions(frames=2, each="splat"))
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == [
        "frame_0000.splat",
        "frame_0001.splat",
        "frame_of_mind.txt",
    ]


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("a.mp4", ExportOptions(background="transparent"), "cannot be transparent.*webm"),
        ("a.mp4", ExportOptions(background="pinkish"), "no background"),
        ("a.mp4", ExportOptions(fps=0), "frames a second"),
        ("a.mp4", ExportOptions(fps=float("nan")), "frames a second"),
        ("a.mp4", ExportOptions(elevation=90), "elevation"),
        ("a.mp4", ExportOptions(azimuth=float("inf")), "azimuth"),
        ("a.splats.glb", ExportOptions(frames=1000), "frames must be between 1 and 256"),
        ("p", ExportOptions(each="bmp"), "cannot hold.*png, exr"),
        ("a.usdx", ExportOptions(), "no export format.*.usdz"),
    ],
)
def test_what_a_format_cannot_have_is_refused(tmp_path: Path, name: str, options: ExportOptions, says: str) -> None:
    """Oracle: contract; and nothing is written."""
    with pytest.raises(InputError, match=says):
        check_export(tmp_path / name, overwrite=False, options=options)
    assert not list(tmp_path.iterdir())
