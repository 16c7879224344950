"""Orientation on the command line: hypotheses as a picture, and the user's word."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from tests.cli.conftest import Outcome
from tween4d.synthetic import example_pair_paths

START = example_pair_paths()[0]


def test_the_hypotheses_are_drawn_and_listed(tmp_path: Path, cli: Callable[..., Outcome]) -> None:
    """Oracle: the contract; likeliest first, one tile each beside the picture, no tile empty, no two tiles alike."""
    out = tmp_path / "facing.png"
    told = cli("facing", START, "-o", out, "--json")
    assert told.code == 0 and told.err == ""
    facings = json.loads(told.out)["facings"]
    weights = [facing["weight"] for facing in facings]
    assert weights == sorted(weights, reverse=True) and 0 < sum(weights) <= 1 + 1e-6
    assert all(-180 <= facing["azimuth"] <= 180 for facing in facings)
    picture = np.asarray(Pillow.open(out).convert("RGB")).astype(float)
    width = picture.shape[1] // (len(facings) + 1)
    tiles = [picture[24:, k * width : (k + 1) * width] for k in range(len(facings) + 1)]
    assert all((tile < 250).any(-1).mean() > 0.05 for tile in tiles)
    assert all(np.abs(a - b).mean() > 1 for a, b in zip(tiles, tiles[1:], strict=False))
    again = cli("facing", START, "-o", out)
    assert again.code == 2 and "--overwrite" in again.sentence


@pytest.mark.parametrize("words", [("--facing", "north"), ("--facing", "1,2,3"), ("--facing", "500")])
def test_a_facing_that_is_none_is_refused(words: tuple[str, str], tmp_path: Path, cli: Callable[..., Outcome]) -> None:
    """Oracle: the contract; one sentence with what was got, exit code 2, nothing written."""
    told = cli("run", *example_pair_paths(), "-o", tmp_path / "a.t4d", *words)
    assert told.code == 2 and words[1].split(",")[0] in told.sentence
    assert not (tmp_path / "a.t4d").exists()


def test_classical_priors_cannot_be_told(tmp_path: Path, cli: Callable[..., Outcome]) -> None:
    """Oracle: the contract; a word that would be ignored is refused."""
    pair = example_pair_paths()
    told = cli("run", *pair, "-o", tmp_path / "a.t4d", "--priors", "classical", "--facing", "30")
    assert told.code == 2 and "embedded" in told.sentence
