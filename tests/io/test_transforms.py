"""Camera lists."""

import json
import math
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import torch

from tween4d.data.cameras import orbit_camera, project
from tween4d.errors import InputError
from tween4d.io.transforms import Shot, load_cameras, save_cameras

AHEAD = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 2], [0, 0, 0, 1]]


def listing(folder: Path, *frames: dict[str, Any], **more: Any) -> Path:
    path = folder / "transforms.json"
    whole = {"w": 200, "h": 100, "fl_x": 300.0, **more}
    filled = [{"file_path": f"a/{i}.png", "transform_matrix": AHEAD, **frame} for i, frame in enumerate(frames)]
    path.write_text(json.dumps({**{k: v for k, v in whole.items() if v is not None}, "frames": filled}))
    return path


def test_the_form_of_the_benchmark(tmp_path: Path) -> None:
    """Oracle: the benchmark's formula, u = cx + fl x / -z, v = cy - fl y / -z in OpenGL camera axes."""
    turn = math.radians(40)
    c, s = math.cos(turn), math.sin(turn)
    pose = [[c, 0, s, 2 * s], [0, 1, 0, 0.3], [-s, 0, c, 2 * c], [0, 0, 0, 1]]
    path = listing(tmp_path, {"transform_matrix": pose, "time": 0.25}, cx=90.0, cy=55.0, fl_y=280.0)
    (shot,) = load_cameras(path)
    point = torch.tensor([0.1, -0.2, 0.3])
    local = torch.linalg.inv(torch.tensor(pose, dtype=torch.float64)) @ torch.tensor([0.1, -0.2, 0.3, 1.0]).double()
    x, y, z = local[:3].tolist()
    pixel, depth = project(point, shot.camera)
    assert pixel.tolist() == pytest.approx([90 + 300 * x / -z, 55 - 280 * y / -z], abs=1e-3)
    assert float(depth) == pytest.approx(-z, abs=1e-5)
    assert (shot.camera.width, shot.camera.height, shot.time, str(shot.file)) == (200, 100, 0.25, "a/0.png")


def test_the_form_of_nerf_synthetic(tmp_path: Path) -> None:
    """Oracle: its definition; focal length from the horizontal angle, names without suffix, no size, no time."""
    path = listing(
        tmp_path,
        {"file_path": "./train/r_0"},
        {"file_path": "./train/r_1"},
        w=None,
        h=None,
        fl_x=None,
        camera_angle_x=0.8,
    )
    with pytest.raises(InputError, match="no picture size.*--size"):
        load_cameras(path)
    shots = load_cameras(path, size=80, time=0.5)
    assert [str(shot.file) for shot in shots] == ["train/r_0.png", "train/r_1.png"]
    assert {shot.time for shot in shots} == {0.5}
    camera = shots[0].camera
    assert (camera.width, camera.height) == (80, 80)
    assert float(camera.intrinsics[0, 0]) == pytest.approx(40 / math.tan(0.4))
    assert camera.intrinsics[:2, 2].tolist() == [40, 40]


def test_another_size_is_the_same_view(tmp_path: Path) -> None:
    """Oracle: invariant; pixels scale with the picture."""
    path = listing(tmp_path, {})
    (large,), (small,) = load_cameras(path), load_cameras(path, size=50)
    assert (small.camera.width, small.camera.height) == (50, 25)
    point = torch.tensor([0.2, 0.1, -0.1])
    assert torch.allclose(project(point, small.camera)[0] * 4, project(point, large.camera)[0], atol=1e-4)


def test_a_frame_may_have_its_own_values(tmp_path: Path) -> None:
    """Oracle: definition; what a frame says counts before what the list says."""
    path = listing(tmp_path, {}, {"w": 64, "h": 64, "fl_x": 50, "time": 1})
    first, second = load_cameras(path)
    assert (first.camera.width, second.camera.width) == (200, 64)
    assert float(second.camera.intrinsics[0, 0]) == 50 and second.time == 1.0


@pytest.mark.parametrize(
    "name",
    [
        "../up.png",
        "a/../../up.png",
        "/etc/passwd",
        "..",
        "a/..",
        "..\\up.png",
        "C:\\windows\\a.png",
        "\\\\server\\share\\a.png",
        "//server/a.png",
        "",
        ".",
        "a\0b.png",
        7,
        None,
    ],
)
def test_a_name_never_leaves_the_output_folder(tmp_path: Path, name: Any) -> None:
    """Oracle: contract; refused, not repaired."""
    with pytest.raises(InputError, match="file_path"):
        load_cameras(listing(tmp_path, {"file_path": name}))


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ({"time": 1.5}, "time.*between 0 and 1"),
        ({"time": -0.1}, "time.*between 0 and 1"),
        ({"time": "0.5"}, "time is not a number"),
        ({"time": True}, "time is not a number"),
        ({"w": 0}, "picture size"),
        ({"w": 100_000}, "picture size"),
        ({"fl_x": 0}, "focal length"),
        ({"fl_x": -5}, "focal length"),
        ({"cx": "middle"}, "cx is not a number"),
        ({"transform_matrix": [[1, 0], [0, 1]]}, "transform_matrix"),
        ({"transform_matrix": "identity"}, "transform_matrix"),
        ({"transform_matrix": None}, "transform_matrix"),
        ({"transform_matrix": [[2, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}, "not a rotation"),
        ({"transform_matrix": [[-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}, "not a rotation"),
        ({"transform_matrix": [[0, 0, 0, 0]] * 4}, "not a rotation"),
        ({"transform_matrix": [[1e400, 0, 0, 0]] * 4}, "transform_matrix"),
    ],
)
def test_senseless_values_are_refused(tmp_path: Path, frame: dict[str, Any], says: str) -> None:
    """Oracle: contract; the sentence names the frame."""
    with pytest.raises(InputError, match=says) as caught:
        load_cameras(listing(tmp_path, {}, frame))
    assert "frame 1 of" in str(caught.value)


def test_two_frames_of_one_name_are_refused(tmp_path: Path) -> None:
    """Oracle: contract; one would be lost."""
    with pytest.raises(InputError, match="same file_path"):
        load_cameras(listing(tmp_path, {"file_path": "a"}, {"file_path": "./a.png"}))


@pytest.mark.parametrize("text", ["", "hello", "[1, 2]", "{}", '{"frames": []}', '{"frames": 3}', '{"frames": [1]}'])
def test_what_is_no_list_is_refused(tmp_path: Path, text: str) -> None:
    """Oracle: contract."""
    path = tmp_path / "transforms.json"
    path.write_text(text)
    with pytest.raises(InputError, match="camera list"):
        load_cameras(path)
    with pytest.raises(InputError, match="no such camera list"):
        load_cameras(tmp_path / "none.json")


def test_round_trip(tmp_path: Path) -> None:
    """Oracle: round trip; the cameras of an orbit come back."""
    cameras = [orbit_camera(azimuth, 20, 64, 48, 40.0) for azimuth in (0, 75, 200)]
    shots = tuple(Shot(PurePosixPath(f"views/{i}.png"), camera, i / 2) for i, camera in enumerate(cameras))
    again = load_cameras(save_cameras(shots, tmp_path / "t.json"))
    for a, b in zip(shots, again, strict=True):
        assert (a.file, a.time, a.camera.width, a.camera.height) == (b.file, b.time, b.camera.width, b.camera.height)
        assert torch.allclose(a.camera.world_to_camera, b.camera.world_to_camera, atol=1e-6)
        assert torch.allclose(a.camera.intrinsics, b.camera.intrinsics)
