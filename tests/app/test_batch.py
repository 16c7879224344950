"""Batches: the list is checked as a whole, a stage at a time gives what one run gives, and dead nodes lose nothing."""

import csv
import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image as Pillow

from tests.app.disc_case import write_disc_case
from tests.app.test_making import quick  # noqa: F401
from tween4d.app import run as run_module
from tween4d.app.batchlist import Pair, read_list
from tween4d.app.making import make_to_file
from tween4d.app.stagewise import advance, attempt, finished_account
from tween4d.config import Config, preset
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
        ("start,end,fragments\nstart.png,end.png,3\n", "number of fragments"),
        ("case\nnone\n", "line 2"),
    ],
)
def test_a_list_with_a_flaw_is_refused_before_anything_runs(folder: Path, text: str, words: str) -> None:
    """Oracle: the flaw that each list was given, and its line."""
    with pytest.raises(InputError, match=words):
        listed(folder, text)


def test_a_node_and_a_driver_that_die_lose_nothing(folder: Path, tmp_path: Path) -> None:
    """Oracle: the command line's run of each pair with as many threads; equal numbers, bit by bit.

    The first driver is killed at its first stage, and a node while it works. All pairs are complete, a stage was tried
    again, and one more call makes nothing.
    """
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed (extra ray, 70 MB); batches on a cluster were not tested")
    pairs = listed(folder, "name,start,end,frames\na,start.png,start.png,5\nb,end.png,end.png,5\n")
    out, single = tmp_path / "out", tmp_path / "a.t4d"
    done = subprocess.run(
        [sys.executable, "-m", "tests.app.two_nodes", folder / "list.csv", out],
        cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True, timeout=240, check=True,
    )  # fmt: skip
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["states"], told["again"]) == (["done"] * 2, ["done before"] * 2)
    assert told["kept_by_first"] >= 1 and told["retried"]
    assert "matte_images" in told["reused"]["a"] + told["reused"]["b"]
    with (out / "summary.csv").open() as stream:
        assert [row["name"] for row in csv.DictReader(stream)] == ["a", "b"]
    assert list(out.glob("*.work")) == []
    words = ["run", pairs[0].start, pairs[0].end, "-o", single, "--preset", "draft", "--frames", "5"]
    subprocess.run([sys.executable, "-m", "tween4d.cli", *words], env=os.environ | ONE_THREAD, check=True)
    assert same(load_asset(single), load_asset(out / "a.t4d"))
    assert not same(load_asset(single), load_asset(out / "b.t4d"))


@pytest.fixture
def slight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Presets with little work in every stage."""

    def made(name: str) -> Config:
        whole = preset(name)
        return replace(
            whole,
            views=replace(whole.views, size=64),
            reconstruct=replace(whole.reconstruct, max_gaussians=400, steps=6),
            deform=replace(whole.deform, nodes=12, steps=3),
            merge=replace(whole.merge, steps=2),
        )

    monkeypatch.setattr(run_module, "preset", made)


@pytest.mark.usefixtures("quick", "slight")
def test_stages_and_fragments_one_at_a_time_are_one_run(tmp_path: Path) -> None:
    """Oracle: the run of the command line, number for number; each call leaves one more stage in the folder.

    Two fragments are made apart, the second first; one whose result is lost is made with the whole.
    """
    write_disc_case(tmp_path)
    (pair,) = listed(tmp_path, "name,case,frames,fragments,priors\na,truth/discs,9,2,classical\n")
    out = tmp_path / "a.t4d"
    kept = []
    for stage in range(7):
        assert finished_account(pair, out) is None
        ready = advance(pair, out, stage, divide=True)
        assert (ready is not None) == (stage in (3, 4))
        # Ray sends what has less than 100 KiB with the message: nothing of it reaches the object store.
        assert len(json.dumps([pair.as_json(), str(out), ready.key if ready else None])) < 4096
        for part in reversed(range(ready.parts if ready else 0)):
            assert attempt(pair.as_json(), str(out), stage + 1, part=(part, ready.key)).keys() == {
                "seconds", "processor_seconds",
            }  # fmt: skip
        if stage == 4:
            next((tmp_path / "a.work" / "parts").glob("part0-*")).unlink()
        kept.append(len(list((tmp_path / "a.work").glob("*.stage"))))
    assert kept == [1, 2, 3, 4, 5, 6, 7]
    account = finished_account(pair, out)
    assert account is not None and (account["frames"], account["clips"], len(account["reused"])) == (9, 2, 6)
    assert account["scores"]["near"]["PSNR"] > 0
    assert finished_account(replace(pair, seed=1), out) is None
    make_to_file(Path(pair.start), Path(pair.end), tmp_path / "whole.t4d", preset_name="draft", options=pair.options)
    assert same(load_asset(tmp_path / "whole.t4d"), load_asset(out))
