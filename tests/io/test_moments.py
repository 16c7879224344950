"""Readers of Gaussians that other programs made: .splat, sequences."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.app.export import ExportOptions, export_asset
from tween4d.data.gaussians import Gaussians
from tween4d.errors import InputError
from tween4d.io.compressed_ply import write_compressed_ply
from tween4d.io.moments import load_moment, load_sequence
from tween4d.io.splat import ROW, load_splat, write_splat
from tween4d.stages.render import pose_asset


@pytest.fixture
def given() -> Gaussians:
    return pose_asset(moving_ellipsoid(count=200, nodes=6, frames=5, size=32), 0.2)


def test_a_splat_file_comes_back(given: Gaussians, tmp_path: Path) -> None:
    """Oracle: round trip, to what 32 bytes keep: colour and opacity to half of 1/255, rotations to 1/128."""
    back = load_splat(write_splat(given, tmp_path / "a.splat"))
    order = torch.cdist(back.means.double(), given.means.double()).argmin(1)
    assert len(order.unique()) == len(given)
    same = given.select(order)
    unit = torch.nn.functional.normalize(same.quats, dim=-1)
    assert torch.equal(back.means, same.means) and torch.allclose(back.log_scales, same.log_scales, atol=1e-5)
    assert torch.allclose(back.colors, same.colors.clamp(0, 1), atol=0.501 / 255)
    assert torch.allclose(back.opacities, same.opacities, atol=0.501 / 255)
    assert bool(((back.quats * unit).sum(-1).abs() > 0.9997).all())


def test_a_splat_row_of_another_program(tmp_path: Path) -> None:
    """Oracle: closed form of the layout; y and z turn over, a byte of 255 is one, half a turn stays one."""
    row = np.zeros(1, ROW)
    row["mean"], row["scale"], row["color"], row["quat"] = (
        [1, 2, 3],
        [1, 2, 0.5],
        [255, 0, 51, 255],
        [255, 128, 128, 128],
    )
    (tmp_path / "a.splat").write_bytes(row.tobytes())
    g = load_splat(tmp_path / "a.splat")
    assert g.means.tolist() == [[1, -2, -3]]
    assert torch.allclose(g.colors, torch.tensor([[1.0, 0.0, 0.2]]), atol=1e-6)
    assert torch.allclose(g.scales, torch.tensor([[1.0, 2.0, 0.5]])) and float(g.opacities) > 0.9999
    assert torch.allclose(g.quats.abs(), torch.tensor([[0.0, 1.0, 0.0, 0.0]]))


@pytest.mark.parametrize("content", [b"", b"x" * 33, np.full(8, np.nan, "<f4").tobytes(), bytes(32)])
def test_what_is_no_splat_file_is_refused(content: bytes, tmp_path: Path) -> None:
    """Oracle: contract; no row, half a row, values that are not finite, sizes of zero."""
    (tmp_path / "a.splat").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read") as caught:
        load_splat(tmp_path / "a.splat")
    assert caught.value.remedy
    with pytest.raises(InputError, match="no such"):
        load_splat(tmp_path / "b.splat")


@pytest.mark.parametrize("each", ["ply", "splat"])
def test_an_exported_sequence_comes_back(each: str, tmp_path: Path) -> None:
    """Oracle: the asset posed at the moments that were exported, in order, also past the tenth."""
    asset = moving_ellipsoid(count=30, nodes=6, frames=5, size=32)
    export_asset(asset, tmp_path / "frames", ExportOptions(frames=12, each=each))
    (tmp_path / "frames" / "notes.txt").write_text("not a splat file")
    moments = load_sequence(tmp_path / "frames")
    assert len(moments) == 12
    for moment, time in zip(moments, torch.linspace(0, 1, 12).tolist(), strict=True):
        posed = pose_asset(asset, time)
        assert len(moment) == len(posed)
        assert torch.allclose(moment.means.sort(0).values, posed.means.sort(0).values, atol=1e-6)


def test_files_are_ordered_by_number(given: Gaussians, tmp_path: Path) -> None:
    """Oracle: names of other programs: 9 comes before 10; a folder stands for its first file."""
    for number in (10, 9, 100):
        write_splat(given.select(torch.arange(number)), tmp_path / f"f{number}.splat")
    assert [len(g) for g in load_sequence(tmp_path)] == [9, 10, 100]
    assert len(load_moment(tmp_path)) == 9


def test_other_files_are_refused(given: Gaussians, tmp_path: Path) -> None:
    """Oracle: contract; the sentence says what is read."""
    packed = write_compressed_ply(given, tmp_path / "a.compressed.ply")
    for path, words in (
        (packed, "PLY and .splat"),
        (tmp_path / "a.spz", "PLY and .splat"),
        (tmp_path / "none", "PLY and .splat"),
    ):
        with pytest.raises(InputError, match=words):
            load_moment(path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no splat files"):
        load_moment(tmp_path / "empty")
    with pytest.raises(InputError, match="no such folder"):
        load_sequence(tmp_path / "nowhere")
