"""`tween4d run` as a whole: made, killed, interrupted, repeated, out of space."""

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome, Resumed, finish, start, wait_for
from tween4d.io.asset import load_asset

STAGES = {
    "matte_images",
    "imagine_motion",
    "select_fragments",
    "imagine_views",
    "reconstruct_keyframes",
    "fit_motion",
    "merge_clips",
}


def listing(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_killed_run_leaves_no_asset_and_the_same_command_goes_on(resumed: Resumed) -> None:
    """Oracle: SIGKILL; the stages that were finished are named as reused, the rest is made."""
    assert resumed.killed == -signal.SIGKILL
    assert resumed.left_by_kill == {"robot.work"}
    assert resumed.second.code == 0, resumed.second.err
    assert "reused" in resumed.second.err and "matte, motion" in resumed.second.err
    account = json.loads(resumed.second.out)
    assert account["reused"][:2] == ["matte_images", "imagine_motion"] and len(account["reused"]) < 7


def test_the_account_is_one_json_object(resumed: Resumed) -> None:
    """Oracle: the written file, and the list of stages."""
    account = json.loads(resumed.second.out)
    asset = load_asset(resumed.asset)
    assert account["asset"] == str(resumed.asset) and account["bytes"] == resumed.asset.stat().st_size
    assert (account["frames"], account["clips"]) == (6, len(asset.clips))
    assert account["gaussians"] == sum(len(clip.gaussians) for clip in asset.clips)
    assert set(account["seconds"]["stages"]) == STAGES
    assert account["peak_memory"] > 50e6
    assert min(account["endpoint_psnr"].values()) > 10
    assert Path(account["preview"]).stat().st_size > 500
    assert listing(resumed.asset.parent) == {"robot.t4d", "robot.work"}


def test_the_same_run_again_is_all_reused(
    resumed: Resumed, pair: tuple[Path, Path], cli: Callable[..., Outcome]
) -> None:
    """Oracle: contract; without --overwrite the output is refused, with it nothing is made anew."""
    words = ("run", *pair, "-o", resumed.asset, "--preset", "draft", "--frames", 6)
    before = resumed.asset.read_bytes()
    refused = cli(*words)
    assert refused.code == 2 and "exists already" in refused.sentence and "--overwrite" in refused.sentence
    assert resumed.asset.read_bytes() == before
    again = cli(*words, "--overwrite")
    assert again.code == 0
    assert again.sentence.startswith("note: reused from") and again.sentence.endswith("deform, merge")
    assert str(resumed.asset) in again.out and "dB" in again.out


def test_ctrl_c_in_the_middle(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Oracle: SIGINT as the shell sends it; code 130, one sentence, no asset and nothing half-written."""
    process = start("run", *pair, "-o", tmp_path / "a.t4d", "--preset", "draft", "--frames", 6)
    wait_for(tmp_path / "a.work", "matte_images-*.stage", process)
    process.send_signal(signal.SIGINT)
    ended = finish(process)
    assert ended.code == 130
    assert ended.sentence == "interrupted; run the same command again to go on"
    assert listing(tmp_path) == {"a.work"} and not list((tmp_path / "a.work").glob(".*"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGTERM")
def test_termination_cleans_up(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Oracle: SIGTERM as a job scheduler sends it; code 143 and nothing half-written."""
    process = start("run", *pair, "-o", tmp_path / "a.t4d", "--preset", "draft", "--frames", 6)
    wait_for(tmp_path / "a.work", "matte_images-*.stage", process)
    process.terminate()
    assert finish(process).code == 143
    assert listing(tmp_path) == {"a.work"} and not list((tmp_path / "a.work").glob(".*"))


@pytest.mark.usefixtures("resumed")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on file sizes")
def test_a_full_disk(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Oracle: the operating system's own limit on file sizes, below what a stage needs; one sentence, code 2."""
    import resource

    limit = 40_000
    process = start(
        "run",
        *(pair[0], pair[0]),
        "-o",
        tmp_path / "a.t4d",
        "--preset",
        "draft",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    ended = finish(process)
    assert ended.code == 2, ended.err
    assert "the disk is full" in ended.err and "Traceback" not in ended.err
    assert listing(tmp_path) == {"a.work"} and not list((tmp_path / "a.work").glob(".*"))


def test_identical_images_are_said(pair: tuple[Path, Path], tmp_path: Path, cli: Callable[..., Outcome]) -> None:
    """Oracle: contract; a still asset, a warning, and a sensible account."""
    done = cli("run", pair[0], pair[0], "-o", tmp_path / "a.t4d", "--preset", "draft", "--frames", 6)
    assert done.code == 0 and "stand still" in done.sentence
    assert load_asset(tmp_path / "a.t4d").frame_count == 6
