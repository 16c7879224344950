"""`tween4d render`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image as Pillow

from tests.cli.conftest import Outcome
from tween4d.data.cameras import orbit_camera
from tween4d.io.asset import load_asset
from tween4d.io.images import load_image
from tween4d.io.transforms import opengl_pose
from tween4d.stages.render import render_view

Cli = Callable[..., Outcome]


def camera_list(folder: Path, *frames: dict[str, object], **more: object) -> Path:
    path = folder / "transforms.json"
    path.write_text(json.dumps({"w": 40, "h": 30, "camera_angle_x": 0.59, **more, "frames": list(frames)}))
    return path


def frame(azimuth: float, name: str, **more: object) -> dict[str, object]:
    pose = opengl_pose(orbit_camera(azimuth, 0, 40, 30))
    return {"file_path": name, "transform_matrix": pose.tolist(), **more}


def test_a_camera_list(drawn: Path, tmp_path: Path, cli: Cli) -> None:
    """Oracle: our own render of the same camera and time; names are kept, pictures are RGBA."""
    path = camera_list(tmp_path, frame(0, "gt/a/t00.png", time=0), frame(90, "./b", time=0.75))
    done = cli("render", drawn, "--cameras", path, "-o", tmp_path / "out")
    assert (done.code, done.err) == (0, "") and "2 pictures" in done.out
    names = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.png")}
    assert names == {"gt/a/t00.png", "b.png"}
    with Pillow.open(tmp_path / "out" / "b.png") as picture:
        assert picture.mode == "RGBA" and picture.size == (40, 30)
    found = load_image(tmp_path / "out" / "b.png")
    wanted = render_view(load_asset(drawn), orbit_camera(90, 0, 40, 30, 33.8042), 0.75)
    assert found.alpha is not None and wanted.alpha is not None
    assert float((found.alpha - wanted.alpha).abs().max()) < 0.02


def test_an_orbit(drawn: Path, tmp_path: Path, cli: Cli) -> None:
    """Oracle: our own render from behind at the time asked for."""
    done = cli("render", drawn, "--orbit", 2, "--time", 0.5, "--size", 32, "-o", tmp_path / "out")
    assert done.code == 0, done.err
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["view_000.png", "view_001.png"]
    found = load_image(tmp_path / "out" / "view_001.png")
    wanted = render_view(load_asset(drawn), orbit_camera(180, 0, 32, 32), 0.5)
    assert torch.allclose(found.on(1.0), wanted.on(1.0), atol=0.02)


@pytest.mark.parametrize("name", ["../up.png", "/tmp/up.png", "a/../../up.png"])
def test_a_list_never_writes_outside_its_folder(drawn: Path, tmp_path: Path, cli: Cli, name: str) -> None:
    """Oracle: listing; refused before anything is written."""
    path = camera_list(tmp_path, frame(0, "good.png"), frame(0, name))
    ended = cli("render", drawn, "--cameras", path, "-o", tmp_path / "out" / "deep")
    assert ended.code == 2 and "leads out of the output folder" in ended.sentence
    assert {p.name for p in tmp_path.iterdir()} == {"transforms.json"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "either --cameras or --orbit"),
        ("--orbit 3 --cameras x.json", "either --cameras or --orbit"),
        ("--orbit 0", "views"),
        ("--orbit 2 --time 2", "time"),
        ("--orbit 2 --time nan", "time"),
        ("--orbit 2 --size 0", "size"),
        ("--orbit 2 --size 99999", "size"),
        ("--cameras none.json", "no such camera list"),
    ],
)
def test_senseless_options_are_refused(drawn: Path, tmp_path: Path, cli: Cli, words: str, says: str) -> None:
    """Oracle: contract."""
    ended = cli("render", drawn, "-o", tmp_path / "out", *words.split())
    assert ended.code == 2 and says in ended.sentence and not (tmp_path / "out").exists()


def test_a_folder_that_is_not_empty_is_refused(drawn: Path, tmp_path: Path, cli: Cli) -> None:
    """Oracle: contract; --overwrite replaces pictures of the same name and leaves the rest."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "view_000.png").write_text("old")
    (out / "mine.txt").write_text("mine")
    words = ("render", drawn, "--orbit", 1, "--size", 24, "-o", out)
    ended = cli(*words)
    assert ended.code == 2 and "not empty" in ended.sentence and "--overwrite" in ended.sentence
    assert (out / "view_000.png").read_text() == "old"
    done = cli(*words, "--overwrite")
    assert done.code == 0 and "1 picture" in done.out
    assert load_image(out / "view_000.png").width == 24 and (out / "mine.txt").read_text() == "mine"
