"""`tween4d bench` and `demo`, on objects that stand still, so that no motion has to be imagined."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.disc_case import write_disc_case
from tests.app.test_case import tiny_case
from tests.cli.conftest import Outcome
from tween4d.app import demo as demo_module
from tween4d.app.case import load_case
from tween4d.app.scoring import score_case
from tween4d.io.asset import load_asset
from tween4d.io.images import load_image

Cli = Callable[..., Outcome]


def test_a_benchmark_of_one_case(tmp_path: Path, cli: Cli) -> None:
    """Oracle: our own scoring of the files that it left, and their layout, which the benchmark's script can read."""
    truth, predicted = write_disc_case(tmp_path / "cases")
    shutil.copyfile(truth / "input" / "start.png", truth / "input" / "end.png")
    shutil.rmtree(predicted)
    out = tmp_path / "out"
    done = cli("bench", truth.parent, "-o", out, "--preset", "draft", "--frames", 6)
    assert done.code == 0, done.err
    table = [line for line in done.out.splitlines() if line.startswith("|")]
    assert len(table) == 3 and "discs" in table[2] and "EPE frozen" in table[0]
    assert "stand still" in done.err and "case 1 of 1: discs" in done.err and "peak" in done.err
    assert (out / "bench.md").read_text().splitlines()[:3] == table
    numbers = json.loads((out / "bench.json").read_text())
    found = numbers["cases"]["discs"]
    again = score_case(load_case(truth), out / "discs").as_json()
    assert {name: found[name] for name in again} == again
    assert found["miss"] == 0 and found["points"]["EPE"] == pytest.approx(found["points"]["EPE_frozen"], abs=1e-3)
    assert found["peak_memory"] > 50e6 and found["seconds"] > 0 and found["reused"] == []
    assert min(found["endpoints"]) > 15
    assert load_asset(out / "discs" / "asset.t4d").frame_count == 6
    assert (out / "discs" / "gt" / "az180_el00" / "t08.png").exists() and (out / "discs" / "points.npz").exists()
    assert load_image(out / "discs" / "sheet.png").width > 1000
    repeated = cli("bench", truth.parent, "-o", out, "--preset", "draft", "--frames", 6, "--json")
    assert len(json.loads(repeated.out)["cases"]["discs"]["reused"]) == 7


@pytest.mark.parametrize(
    ("words", "says"), [("none", "no such folder"), (".", "no case"), ("cases/truth --cases fox", "no such case")]
)
def test_what_is_no_benchmark_is_refused(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, words: str, says: str
) -> None:
    """Oracle: contract; nothing is written."""
    monkeypatch.chdir(tmp_path)
    write_disc_case(tmp_path / "cases")
    ended = cli("bench", *words.split(), "-o", tmp_path / "out")
    assert ended.code == 2 and says in ended.sentence and not (tmp_path / "out").exists()


def test_a_case_that_cannot_be_made_says_why(tmp_path: Path, cli: Cli) -> None:
    """Oracle: contract; the child's sentence reaches the user."""
    truth, _ = write_disc_case(tmp_path / "cases")
    (truth / "input" / "start.png").write_text("no picture")
    ended = cli("bench", truth.parent, "-o", tmp_path / "out", "--preset", "draft")
    assert ended.code == 2 and "not an image" in ended.err.splitlines()[-1]


def test_the_demo(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the files it names; run again it reuses every stage and the truth."""
    truth, _ = write_disc_case(tmp_path / "cases")
    rendered: list[object] = []
    monkeypatch.setattr(demo_module, "example_pair_paths", lambda: (truth / "input" / "start.png",) * 2)
    monkeypatch.setattr(demo_module, "render_case", lambda scene: rendered.append(scene) or tiny_case())
    out = tmp_path / "demo"
    done = cli("demo", "-o", out, "--preset", "draft")
    assert done.code == 0, done.err
    for name in ("robot.t4d", "robot.html", "robot.mp4", "renders/sheet.png"):
        assert str(out / name) in done.out and (out / name).stat().st_size > 1000
    assert "measured against the truth" in done.out and done.out.count("dB") >= 4
    again = cli("demo", "-o", out, "--preset", "draft", "--json")
    told = json.loads(again.out)
    assert len(told["reused"]) == 7 and len(rendered) == 1
    assert set(told["scores"]) >= {"input", "near", "far", "points"} and told["film"] == str(out / "robot.mp4")
