"""`tween4d export`, `view`, `info` and `doctor`."""

import json
import webbrowser
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Outcome, Resumed
from tween4d.io import FORMATS

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
