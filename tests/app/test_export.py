"""One asset to every format."""

from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from tween4d.app.export import ExportOptions, check_export, export_asset
from tween4d.app.turntable import TurntableConfig, turntable_views
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import input_camera
from tween4d.errors import InputError, OutputError
from tween4d.io import FORMATS
from tween4d.io.ply import read_ply
from tween4d.io.video import read_video
from tween4d.stages.render import pose_asset, render_view

QUICK = ExportOptions(frames=6, size=48, points=40, faces=500)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_is_written_whole(asset: Asset4D, tmp_path: Path, suffix: str) -> None:
    """Oracle: listing; the target alone, and not empty."""
    target = tmp_path / f"out{suffix}"
    assert check_export(target, overwrite=False, options=QUICK).suffix == suffix
    assert export_asset(asset, target, QUICK) == target
    assert [p.name for p in tmp_path.iterdir()] == [target.name]
    assert any(target.iterdir()) if suffix == "" else target.stat().st_size > 500


def test_a_film_begins_with_the_input_view(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: our own render from the input camera at time 0, within what H.264 loses; foreign tool for the count."""
    export_asset(asset, tmp_path / "a.mp4", QUICK)
    assert imageio_ffmpeg.count_frames_and_secs(str(tmp_path / "a.mp4"))[0] == 6
    first = read_video(tmp_path / "a.mp4", 48)[0]
    wanted = render_view(asset, input_camera(48, 48), 0.0).on(1.0)
    assert float((first - wanted).abs().mean()) < 0.03
    assert float((first - 1).abs().mean()) > 0.05


def test_a_gif_has_the_frames_asked_for(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: foreign tool, Pillow."""
    export_asset(asset, tmp_path / "a.gif", QUICK)
    with Pillow.open(tmp_path / "a.gif") as picture:
        assert picture.n_frames == 6 and picture.size == (48, 48)


def test_the_film_turns_twice_and_closes(asset: Asset4D) -> None:
    """Oracle: closed form; even steps of 720/n degrees at the orbit radius, time 0 -> 1 -> 0 without a jump."""
    views = turntable_views(asset, TurntableConfig(size=64, frames=48))
    places = torch.stack([camera.position for camera, _ in views])
    assert torch.allclose(places.norm(dim=-1), torch.full((48,), 2.0), atol=1e-5)
    azimuth = torch.atan2(places[:, 0], places[:, 2]).rad2deg()
    turned = (azimuth - torch.arange(48) * 15 + 180) % 360 - 180
    assert float(turned.abs().max()) < 1e-3
    times = [time for _, time in views]
    for index, time in ((0, 0.0), (24, 1.0)):
        assert torch.allclose(places[index], torch.tensor([0.0, 0.0, 2.0]), atol=1e-4) and times[index] == time
    assert all(abs(a - b) < 0.07 for a, b in zip(times, [*times[1:], times[0]], strict=True))


def test_the_film_takes_as_long_as_the_motion(asset: Asset4D) -> None:
    """Oracle: closed form; 9 frames at 16 per second, forth and back a quarter slower, at 24 per second."""
    assert len(turntable_views(asset)) == round(2 * 1.25 * 9 / 16 * 24)


def test_one_moment(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: the posed Gaussians themselves."""
    export_asset(asset, tmp_path / "a.ply", ExportOptions(time=0.3))
    columns = read_ply(tmp_path / "a.ply")
    posed = pose_asset(asset, 0.3)
    turned = posed.means * torch.tensor([1.0, -1.0, -1.0])
    assert np.allclose(np.stack([columns[k] for k in "xyz"], -1), turned, atol=1e-6)


def test_a_ply_shows_no_gaps_in_other_viewers(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: the formula of docs/asset-format.md for programs that cannot change the added blur, in both formats."""
    export_asset(asset, tmp_path / "a.ply", ExportOptions(time=0.0))
    export_asset(asset, tmp_path / "frames", ExportOptions(frames=1))
    focal = max(asset.image_width, asset.image_height) / 2 / np.tan(np.radians(asset.fov_degrees) / 2)
    wanted = np.sqrt(pose_asset(asset, 0.0).scales.numpy() ** 2 + 0.3 * (2 / focal) ** 2)
    for path in (tmp_path / "a.ply", tmp_path / "frames" / "frame_0000.ply"):
        columns = read_ply(path)
        scales = np.exp(np.stack([columns[f"scale_{k}"] for k in range(3)], -1))
        assert np.allclose(scales, wanted, rtol=1e-5)


def test_a_sequence_replaces_a_longer_one(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: names; frames of the former sequence are gone, files that are not ours stay."""
    target = tmp_path / "frames"
    export_asset(asset, target, ExportOptions(frames=4))
    (target / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        check_export(target, overwrite=False)
    check_export(target, overwrite=True)
    export_asset(asset, target, ExportOptions(frames=2))
    assert sorted(p.name for p in target.iterdir()) == ["frame_0000.ply", "frame_0001.ply", "notes.txt"]
    last = read_ply(target / "frame_0001.ply")
    assert np.allclose(last["x"], pose_asset(asset, 1.0).means[:, 0], atol=1e-6)


def test_tracked_points_are_evenly_spaced_in_time(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: the motion the asset was made with: every node turns about Z, so no point changes its depth."""
    export_asset(asset, tmp_path / "a.npz", QUICK)
    with np.load(tmp_path / "a.npz") as archive:
        points, times, colors = archive["points"], archive["times"], archive["colors"]
    assert points.shape == (6, 40, 3) and colors.shape == (40, 3)
    assert np.allclose(times, np.linspace(0, 1, 6))
    assert np.abs(points[:, :, 2] - points[0, :, 2]).max() < 1e-4
    assert np.abs(points[-1] - points[0]).max() > 0.1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (ExportOptions(time=1.2), "time"),
        (ExportOptions(time=float("nan")), "time"),
        (ExportOptions(frames=0), "frames"),
        (ExportOptions(frames=1_000_000), "frames"),
        (ExportOptions(size=1), "size"),
        (ExportOptions(size=100_000), "size"),
        (ExportOptions(points=0), "points"),
    ],
)
def test_senseless_options_are_refused(tmp_path: Path, options: ExportOptions, says: str) -> None:
    """Oracle: contract."""
    with pytest.raises(InputError, match=says):
        check_export(tmp_path / "a.npz", overwrite=False, options=options)


def test_outputs_are_checked_before_work(tmp_path: Path) -> None:
    """Oracle: contract; an existing file, a file in place of a folder, a folder in place of a file."""
    (tmp_path / "a.mp4").write_text("")
    (tmp_path / "frames").write_text("")
    with pytest.raises(OutputError, match="exists already"):
        check_export(tmp_path / "a.mp4", overwrite=False)
    with pytest.raises(OutputError, match="in the way"):
        check_export(tmp_path / "frames", overwrite=True)
    with pytest.raises(OutputError):
        check_export(tmp_path / "a.mp4" / "b.ply", overwrite=True)
