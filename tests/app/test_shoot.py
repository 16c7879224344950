"""Pictures to a folder."""

import math
from pathlib import Path, PurePosixPath

import pytest
import torch

from tween4d.app.shoot import orbit_shots, take_shots
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import input_camera
from tween4d.errors import Tween4dError
from tween4d.io.images import load_image
from tween4d.io.transforms import Shot
from tween4d.stages.render import render_view


def test_an_orbit(asset: Asset4D) -> None:
    """Oracle: closed form; even azimuths from the input camera on, names in order."""
    shots = orbit_shots(asset, 4, time=0.5, size=40)
    places = [shot.camera.position.tolist() for shot in shots]
    wanted = [[2 * math.sin(a), 0, 2 * math.cos(a)] for a in (0, math.pi / 2, math.pi, 1.5 * math.pi)]
    assert torch.allclose(torch.tensor(places), torch.tensor(wanted), atol=1e-5)
    assert [str(shot.file) for shot in shots] == [f"view_{i:03d}.png" for i in range(4)]
    assert {(shot.time, shot.camera.width) for shot in shots} == {(0.5, 40)}


def test_pictures_are_straight_rgba_under_their_names(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: our own render, within half a level of 8 bits."""
    camera = input_camera(48, 48)
    shots = [Shot(PurePosixPath("a/b.png"), camera, 0.0), Shot(PurePosixPath("c.png"), camera, 1.0)]
    ticks: list[tuple[int, int]] = []
    paths = take_shots(asset, shots, tmp_path / "out", lambda done, of: ticks.append((done, of)))
    assert paths == [tmp_path / "out" / "a" / "b.png", tmp_path / "out" / "c.png"]
    assert ticks == [(1, 2), (2, 2)]
    wanted = render_view(asset, camera, 1.0)
    found = load_image(paths[1])
    assert found.alpha is not None and wanted.alpha is not None
    assert torch.allclose(found.alpha, wanted.alpha, atol=0.5 / 255 + 1e-6)
    solid = wanted.alpha > 0.5
    assert torch.allclose(found.rgb[solid], wanted.rgb[solid], atol=0.5 / 255 + 1e-6)


def test_all_pictures_or_none(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: listing; the second picture cannot be made."""
    good = Shot(PurePosixPath("a.png"), input_camera(32, 32), 0.0)
    bad = Shot(PurePosixPath("b.png"), input_camera(0, 32), 0.0)
    with pytest.raises(Tween4dError):
        take_shots(asset, [good, bad], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
