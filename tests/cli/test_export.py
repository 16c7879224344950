"""`tween4d export`, `view`, `info` and `doctor`."""

import json
import webbrowser
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Outcome, Resumed
from tween4d.app.export import losses
from tween4d.io import FORMATS
from tween4d.io.asset import load_asset

Cli = Callable[..., Outcome]


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format(drawn: Path, tmp_path: Path, cli: Cli, suffix: str) -> None:
    """Oracle: the file itself and the table's own words; a second time it is refused."""
    target = tmp_path / f"out{suffix}"
    words = ("export", drawn, target, "--frames", 4, "--size", 32, "--faces", 500)
    done = cli(*words)
    assert done.code == 0 and FORMATS[suffix].label in done.out
    assert all(line.startswith("note: ") and " loses " in line for line in done.err.splitlines())
    assert target.exists()
    again = cli(*words)
    assert again.code == 2 and "--overwrite" in again.sentence
    assert cli(*words, "--overwrite").code == 0


def test_tracked_points_of_a_made_asset(resumed: Resumed, tmp_path: Path, cli: Cli) -> None:
    """Oracle: shapes as documented; the object lies within the world's radius, and at least something moves."""
    done = cli("export", resumed.asset, tmp_path / "p.npz", "--frames", 9, "--points", 500)
    assert done.code == 0, done.err
    with np.load(tmp_path / "p.npz") as archive:
        points, times = archive["points"], archive["times"]
    assert points.shape == (9, 500, 3) and np.allclose(times, np.linspace(0, 1, 9))
    assert np.linalg.norm(points, axis=-1).max() < 0.8
    assert np.linalg.norm(points[-1] - points[0], axis=-1).max() > 0.05


def test_an_unknown_suffix_lists_the_known_ones(drawn: Path, tmp_path: Path, cli: Cli) -> None:
    """Oracle: the table."""
    ended = cli("export", drawn, tmp_path / "a.obj")
    assert ended.code == 2 and all(suffix in ended.sentence for suffix in FORMATS)


@pytest.mark.parametrize(
    ("target", "options", "says"),
    [
        ("a.mp4", ("--background", "transparent"), "cannot be transparent; use .webm, .mov, .webp"),
        ("a.webm", ("--background", "mauve"), "no background"),
        ("a.gif", ("--fps", 0), "frames a second"),
        ("a.mov", ("--size", 100_000), "size must be between"),
        ("a.usdz", ("--frames", 0), "frames must be between"),
        ("a.splats.glb", ("--frames", 5000), "between 1 and 256"),
        ("a.spz", ("--time", 1.5), "time must be between 0 and 1"),
        ("p/", ("--each", "bmp"), "cannot hold files of this kind"),
        ("/proc/tween4d/a.sog", (), "cannot be written"),
    ],
)
def test_what_cannot_be_exported_is_said_in_a_sentence(
    drawn: Path, tmp_path: Path, cli: Cli, target: str, options: tuple[object, ...], says: str
) -> None:
    """Oracle: contract; one sentence, code 2, nothing written."""
    ended = cli("export", drawn, f"{tmp_path}/{target}" if target[0] != "/" else target, *options)
    assert ended.code == 2 and says in ended.sentence and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("a.splat", [".splat loses the motion", "8 bits"]),
        ("a.splats.glb", ["loses the motion; --frames N makes a flip-book"]),
        ("a.glb", [".glb loses translucency"]),
        ("a.html", []),
        ("a.usdc", ["a colour per vertex"]),
        ("a.usdz", []),
    ],
)
def test_what_a_format_loses_is_said_before_it_is_written(
    drawn: Path, tmp_path: Path, cli: Cli, target: str, says: list[str]
) -> None:
    """Oracle: the table of docs/exports.md; told on stderr even when the writing fails afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tween4d.app.export._MAKERS", {})
        ended = cli("export", drawn, tmp_path / target)
    assert ended.code == 1
    notes = [line for line in ended.err.splitlines() if line.startswith("note: ")]
    assert all(any(part in note for note in notes) for part in says) and bool(notes) == bool(says)


def test_harmonics_are_lost_only_where_there_are_any(drawn: Path) -> None:
    """Oracle: the formats' definitions; .splat keeps one colour, .spz keeps harmonics."""
    asset = load_asset(drawn)
    assert not any("depend on the view" in text for text in losses(asset, FORMATS[".splat"]))
    clips = [
        replace(clip, gaussians=replace(clip.gaussians, sh=clip.gaussians.sh.repeat(1, 4, 1))) for clip in asset.clips
    ]
    shaded = replace(asset, clips=tuple(clips))
    assert any("harmonics of degree 1" in text for text in losses(shaded, FORMATS[".splat"]))
    assert not any("depend on the view" in text for text in losses(shaded, FORMATS[".spz"]))


def test_view_writes_a_page_and_opens_it(
    drawn: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Oracle: spy on the browser; without it the path is all there is, and a missing browser is said."""
    opened: list[str] = []
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    quiet = cli("view", drawn, "--no-open")
    assert quiet.code == 0 and opened == []
    page = Path(quiet.out.strip())
    assert page.name == "ball.html" and "<html" in page.read_text()[:200] and tmp_path in page.parents
    done = cli("view", drawn)
    assert opened == [Path(done.out.strip()).as_uri()] and done.err == ""
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert "no browser could be opened" in cli("view", drawn).err


def test_info_for_people_and_for_programs(resumed: Resumed, cli: Cli) -> None:
    """Oracle: the account of the run that made the asset."""
    told = json.loads(cli("info", resumed.asset, "--json").out)
    account = json.loads(resumed.second.out)
    assert (told["frames"], told["gaussians"]) == (account["frames"], account["gaussians"])
    assert told["provenance"]["preset"] == "draft" and told["provenance"]["inputs"]["start"]["file"] == "start.png"
    text = cli("info", resumed.asset).out
    assert "preset     draft, seed 0" in text and "Apache-2.0" in text and "start.png" in text


def test_doctor(cli: Cli) -> None:
    """Oracle: this very installation."""
    done = cli("doctor")
    assert (done.code, done.err) == (0, "") and "numba: ok" in done.out
    found = json.loads(cli("doctor", "--json").out)
    assert found["backends"]["numba"] == "ok" and found["priors"]
