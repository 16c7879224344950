"""The benchmark's protocol."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.disc_case import GOLDEN, write_disc_case
from tests.metrics.discs import load_script, trajectories
from tween4d.app.case import load_case
from tween4d.app.scoring import CaseScores, mean_case, score_case
from tween4d.errors import InputError
from tween4d.metrics.motion import frozen_endpoint_error

BENCHMARK = Path(__file__).resolve().parents[3] / "shared" / "bench4d"


def assert_same(found: dict[str, Any], golden: dict[str, Any]) -> None:
    for group in ("input", "near", "far"):
        assert (group in found) == (group in golden)
        for name, value in golden.get(group, {}).items():
            assert found[group][name] == pytest.approx(value, abs=2e-4), (group, name)
    assert found["flick"] == pytest.approx(golden["flick"], abs=1e-3)
    assert found["miss"] == golden["miss"]
    for name, value in golden.get("points", {}).items():
        assert found["points"][name] == pytest.approx(value, rel=1e-6)


def test_a_case_scores_as_the_benchmark_scores_it(tmp_path: Path) -> None:
    """Oracle: golden file written by the benchmark's own script, one picture missing."""
    truth, predicted = write_disc_case(tmp_path)
    found = score_case(load_case(truth), predicted)
    assert_same(found.as_json(), json.loads(GOLDEN.read_text()))
    assert found.missing == 1
    assert found.endpoint_frozen == pytest.approx(frozen_endpoint_error(trajectories(predicted=False)))


@pytest.mark.skipif(not BENCHMARK.is_dir(), reason="the benchmark does not lie beside this clone")
def test_the_benchmarks_own_script_agrees(tmp_path: Path) -> None:
    """Oracle: the benchmark's own script on a public case, with another moment of the truth as prediction."""
    script = load_script(BENCHMARK / "score.py")
    case = load_case(BENCHMARK / "public" / "koi_tail")
    predicted = tmp_path / "koi_tail"
    (predicted / "gt" / "az000_el00").mkdir(parents=True)
    for time in range(9):
        other = case.folder / "gt" / "az000_el00" / f"t{(time * 5) % 9:02d}.png"
        shutil.copyfile(other, predicted / "gt" / "az000_el00" / f"t{time:02d}.png")
    with np.load(case.points) as archive:
        np.savez(predicted / "points.npz", points=archive["points"][::-1, ::3])
    golden = script.score_case(str(case.folder), str(predicted))
    assert_same(score_case(case, predicted).as_json(), golden)


def test_the_truth_itself_is_perfect(tmp_path: Path) -> None:
    """Oracle: definition."""
    truth, _ = write_disc_case(tmp_path)
    found = score_case(load_case(truth), truth)
    for scores in found.groups.values():
        assert (scores.psnr, scores.psnr_masked, scores.iou, scores.flip) == (60, 60, 1, 0)
    assert (found.flicker, found.missing, found.chamfer, found.endpoint) == (0, 0, 0, 0)


def test_what_was_not_attempted_is_left_out(tmp_path: Path) -> None:
    """Oracle: the benchmark's rule; a group without any picture, and points that are not there."""
    truth, predicted = write_disc_case(tmp_path)
    for name in ("az090_el00", "az180_el00", "az270_el00"):
        shutil.rmtree(predicted / "gt" / name)
    (predicted / "points.npz").unlink()
    found = score_case(load_case(truth), predicted)
    assert set(found.groups) == {"input", "near"} and found.endpoint is None and found.missing == 0
    assert "points" not in found.as_json()


def test_points_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    """Oracle: contract."""
    truth, predicted = write_disc_case(tmp_path)
    np.savez(predicted / "points.npz", points=trajectories(predicted=True)[:-1])
    with pytest.raises(InputError, match="do not fit the truth.*8 times"):
        score_case(load_case(truth), predicted)


def test_a_missing_true_picture_is_refused(tmp_path: Path) -> None:
    """Oracle: contract."""
    truth, predicted = write_disc_case(tmp_path)
    (truth / "gt" / "az000_el00" / "t03.png").unlink()
    with pytest.raises(InputError, match="true picture.*t03.png"):
        score_case(load_case(truth), predicted)


def test_the_mean_weighs_cases_alike(tmp_path: Path) -> None:
    """Oracle: closed form; what a case lacks is left out of its own mean."""
    truth, predicted = write_disc_case(tmp_path)
    case = load_case(truth)
    bad, good = score_case(case, predicted), score_case(case, truth)
    lacking = CaseScores({"input": good.groups["input"]}, None, 2)
    mean = mean_case([bad, good, lacking])
    assert mean.groups["input"].iou == pytest.approx((bad.groups["input"].iou + 2) / 3)
    assert mean.groups["far"].iou == pytest.approx((bad.groups["far"].iou + 1) / 2)
    assert mean.endpoint == pytest.approx((bad.endpoint or 0) / 2) and mean.missing == 3
    assert mean_case([lacking]).flicker is None
