"""Batches: the list is checked as a whole, a stage at a time gives what one run gives, and dead nodes lose nothing."""

import csv
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image as Pillow

from tween4d.app.batchlist import Pair, read_list
from tween4d.app.stagewise import advance, finished_account
from tween4d.data.asset import Asset4D
from tween4d.errors import InputError
from tween4d.io.asset import load_asset
from tween4d.synthetic import example_pair_paths

ONE_THREAD = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's two pictures, small; taken twice, each is a pair that stands still and is quickly made."""
    place = tmp_path_factory.mktemp("batch")
    for name, path in zip(("start", "end"), example_pair_paths(), strict=True):
        with Pillow.open(path) as picture:
            picture.resize((64, 64)).save(place / f"{name}.png")
    return place


def listed(folder: Path, text: str, suffix: str = ".csv") -> tuple[Pair, ...]:
    path = folder / f"list{suffix}"
    path.write_text(text)
    return read_list(path, "draft")


def same(a: Asset4D, b: Asset4D) -> bool:
    """Whether two assets hold the same numbers, bit by bit."""
    if len(a.clips) != len(b.clips):
        return False
    for one, other in zip(a.clips, b.clips, strict=True):
        for part in ("gaussians", "skin", "motion"):
            for name, value in vars(getattr(one, part)).items():
                if isinstance(value, torch.Tensor) and not torch.equal(value, getattr(getattr(other, part), name)):
                    return False
    return True


def test_csv_and_json_lines_say_the_same(folder: Path) -> None:
    """Oracle: two spellings of one list; paths are relative to it and what is left out has its default."""
    table = listed(folder, "name,start,end,seed,frames\na,start.png,end.png,3,\n,end.png,start.png,,7\n")
    lines = listed(
        folder,
        '{"name": "a", "start": "start.png", "end": "end.png", "seed": 3}\n\n'
        '{"name": "0000003", "start": "end.png", "end": "start.png", "frames": 7}\n',
        ".jsonl",
    )
    assert table == lines
    assert table[0].start == str(folder / "start.png") and table[0].preset == "draft" and table[1].frames == 7


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("start,end\nstart.png,none.png\n", "line 2.*no such file"),
        ("start\nstart.png\n", "line 2.*end picture is missing"),
        ("start,end,sed\nstart.png,end.png,1\n", "no such column.*sed"),
        ("start,end,seed\nstart.png,end.png,x\n", "seed is not a number"),
        ("start,end,preset\nstart.png,end.png,x\n", "line 2.*preset"),
        ("name,start,end\n../a,start.png,end.png\n", "other signs"),
        ("name,start,end\na,start.png,end.png\na,start.png,end.png\n", "same name"),
        ("start,end\n", "no pairs"),
    ],
)
def test_a_list_with_a_flaw_is_refused_before_anything_runs(folder: Path, text: str, words: str) -> None:
    """Oracle: the flaw that each list was given, and its line."""
    with pytest.raises(InputError, match=words):
        listed(folder, text)


def cluster_of_two() -> Any:
    """Two nodes of one processor each on this machine, beside a head that does no work."""
    cluster_utils = pytest.importorskip("ray.cluster_utils", reason="Ray is not installed; batches were not tested")
    # A dead node is noticed within seconds instead of half a minute.
    quick = {"health_check_period_ms": 1000, "health_check_timeout_ms": 3000, "health_check_failure_threshold": 5}
    head = {"num_cpus": 0, "include_dashboard": False, "_system_config": quick}
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args=head)
    return cluster, [cluster.add_node(num_cpus=1) for _ in range(2)]


def works(node: Any) -> bool:
    """Whether a worker of the node is at a stage; Ray writes what a worker does into its process title."""
    psutil = pytest.importorskip("psutil")
    (raylet,) = node.all_processes["raylet"]
    try:
        titles = [" ".join(child.cmdline()) for child in psutil.Process(raylet.process.pid).children(recursive=True)]
    except psutil.Error:
        return False
    return any(title.startswith(("ray::a/", "ray::b/")) for title in titles)


@pytest.mark.filterwarnings("default")
def test_a_node_that_dies_loses_nothing(folder: Path, tmp_path: Path) -> None:
    """Oracle: the command line's run of each pair with as many threads; equal numbers, bit by bit.

    A node is killed while it works. All pairs are complete, a stage was tried again, and a second call makes nothing.
    """
    cluster, nodes = cluster_of_two()
    from tween4d.app.batch import BatchSettings, run_batch

    pairs = listed(folder, "name,start,end,frames\na,start.png,start.png,5\nb,end.png,end.png,5\n")
    out = tmp_path / "out"

    def kill() -> None:
        while not list(out.glob("*.work/reconstruct_keyframes-*")) or not any(map(works, nodes)):
            time.sleep(0.02)
        cluster.remove_node(next(filter(works, nodes), nodes[0]), allow_graceful=False)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    try:
        settings = BatchSettings(cluster.address, retries=5, price=3600)
        lines = run_batch(pairs, out, settings)
        killer.join(timeout=10)
        again = run_batch(pairs, out, settings)
    finally:
        cluster.shutdown()
    assert [line.state for line in lines] == ["done"] * 2
    assert [line.state for line in again] == ["done before"] * 2
    assert any(line.retried for line in lines)
    with (out / "summary.csv").open() as stream:
        assert [row["name"] for row in csv.DictReader(stream)] == ["a", "b"]
    assert list(out.glob("*.work")) == []
    single = tmp_path / "a.t4d"
    words = ["run", pairs[0].start, pairs[0].end, "-o", single, "--preset", "draft", "--frames", "5"]
    subprocess.run([sys.executable, "-m", "tween4d.cli", *words], env=os.environ | ONE_THREAD, check=True)
    assert same(load_asset(single), load_asset(out / "a.t4d"))
    assert not same(load_asset(single), load_asset(out / "b.t4d"))


def test_a_stage_at_a_time_is_one_run(folder: Path, tmp_path: Path) -> None:
    """Oracle: the folder; each call leaves one more stage, and the account comes with the last."""
    (pair,) = listed(folder, "name,start,end,frames\na,start.png,start.png,5\n")
    out = tmp_path / "a.t4d"
    kept = []
    for stage in range(7):
        assert finished_account(pair, out) is None
        advance(pair, out, stage)
        kept.append(len(list((tmp_path / "a.work").glob("*.stage"))))
    assert kept == [1, 2, 3, 4, 5, 6, 7]
    account = finished_account(pair, out)
    assert account is not None and account["frames"] == 5 and len(account["reused"]) == 6
    assert finished_account(Pair("a", pair.start, pair.end, seed=1), out) is None
