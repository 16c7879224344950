"""Benchmark cases on disk."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tween4d.app.case import camera_angles, find_cases, group_of, load_case, load_true_points, write_case
from tween4d.data.cameras import input_camera, orbit_camera
from tween4d.data.images import Image
from tween4d.errors import InputError
from tween4d.io.images import load_image
from tween4d.synthetic import CaseView, SyntheticCase


def tiny_case() -> SyntheticCase:
    """Noise from three cameras at three times."""
    generator = torch.Generator().manual_seed(0)

    def noise(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator)

    angles = ((0, 0), (330, 0), (180, 0))
    views = tuple(
        CaseView(f"az{a:03d}_el{e:02d}", orbit_camera(a, e, 24, 24), noise(3, 24, 24, 3), noise(3, 24, 24))
        for a, e in angles
    )
    return SyntheticCase(
        "noise",
        Image(noise(32, 32, 3), noise(32, 32)),
        Image(noise(32, 32, 3), noise(32, 32)),
        input_camera(32, 32),
        views,
        torch.linspace(0, 1, 3),
        noise(3, 20, 3),
        (noise(20, 3) * 255).to(torch.uint8),
    )


def test_a_written_case_reads_back(tmp_path: Path) -> None:
    """Oracle: round trip within half a level of 8 bits; cameras, times and trajectories exactly."""
    source = tiny_case()
    case = write_case(source, tmp_path / "noise")
    assert case.name == "noise" and len(case.shots) == 9
    grouped = case.cameras()
    assert list(grouped) == [view.name for view in source.views]
    for view, shots in zip(source.views, grouped.values(), strict=True):
        for index, shot in enumerate(shots):
            assert shot.time == pytest.approx(index / 2)
            assert torch.allclose(shot.camera.world_to_camera, view.camera.world_to_camera, atol=1e-6)
            image = load_image(case.folder / shot.file)
            assert torch.allclose(image.rgb, view.rgb[index], atol=0.51 / 255)
    truth = load_true_points(case)
    assert truth is not None
    assert np.array_equal(truth[0], source.points) and truth[1].tolist() == [0, 0.5, 1]
    assert json.loads((case.folder / "case.json").read_text())["licence"] == "Apache-2.0"
    assert torch.allclose(load_image(case.end).rgb, source.end.rgb, atol=0.51 / 255)


@pytest.mark.parametrize(
    ("azimuth", "elevation", "group"),
    [(0, 0, "input"), (30, 0, "near"), (330, 0, "near"), (45, 30, "near"), (0, 20, "near"), (90, 0, "far")]
    + [(180, 0, "far"), (270, 0, "far"), (46, 0, "far")],
)
def test_cameras_are_grouped_as_the_benchmark_does(azimuth: float, elevation: float, group: str) -> None:
    """Oracle: the benchmark's table of groups."""
    camera = orbit_camera(azimuth, elevation, 16, 16)
    assert group_of(camera) == group
    found = camera_angles(camera)
    assert found[0] % 360 == pytest.approx(azimuth, abs=1e-3) and found[1] == pytest.approx(elevation, abs=1e-3)


def test_cases_are_found_by_name(tmp_path: Path) -> None:
    """Oracle: the folders themselves; what is no case is passed over."""
    for name in ("b", "a"):
        write_case(tiny_case(), tmp_path / name)
    (tmp_path / "other").mkdir()
    assert [path.name for path in find_cases(tmp_path)] == ["a", "b"]
    assert [path.name for path in find_cases(tmp_path, ["b"])] == ["b"]
    with pytest.raises(InputError, match="no such case.*'c'.*a, b"):
        find_cases(tmp_path, ["a", "c"])
    with pytest.raises(InputError, match="no such folder"):
        find_cases(tmp_path / "none")
    with pytest.raises(InputError, match="holds no case"):
        find_cases(tmp_path / "other")


def test_a_broken_case_is_refused(tmp_path: Path) -> None:
    """Oracle: contract."""
    case = write_case(tiny_case(), tmp_path / "a")
    case.points.write_bytes(b"no archive")
    with pytest.raises(InputError, match="trajectories cannot be read"):
        load_true_points(case)
    case.points.unlink()
    assert load_true_points(case) is None
    case.end.unlink()
    with pytest.raises(InputError, match="lacks a picture"):
        load_case(tmp_path / "a")
