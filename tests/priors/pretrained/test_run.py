"""`tween4d run` with pretrained priors from files to a file, on tiny models."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome, cli, pair
from tween4d.io.asset import load_asset

__all__ = ["cli", "pair"]


@pytest.fixture(scope="session")
def made(weights: Path, pair: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[object]]:
    """A place for the asset, and the command that makes it."""
    out = tmp_path_factory.mktemp("run") / "robot.t4d"
    words: list[object] = ["run", *pair, "-o", out, "--preset", "draft", "--frames", 5, "--fragments", 1]
    words += ["--weights", weights, "--model-steps", 1, "--model-size", 32, "--json"]
    return out, words


def test_a_run_with_pretrained_priors(made: tuple[Path, list[object]], cli: Callable[..., Outcome]) -> None:
    """Oracle: the register; the asset names model, licence and files, and what could not be matted is said aloud."""
    out, words = made
    outcome = cli(*words, "--priors", "pretrained", "--inbetweener", "wan-vace", "--accept-licence", "zero123pp")
    assert outcome.code == 0, outcome.err
    account = json.loads(outcome.out)
    assert account["frames"] == 5 and account["gaussians"] > 0
    assert any("wan-vace on cpu: float32" in note for note in account["notes"])
    used = {prior["name"]: prior for prior in load_asset(out).provenance["priors"]}
    assert set(used) == {"border-grabcut", "wan-vace", "zero123pp"}
    assert used["zero123pp"]["licence"].startswith("CC-BY-NC-4.0") and "no" in used["zero123pp"]["licence"]
    assert used["wan-vace"]["kind"] == "pretrained" and used["wan-vace"]["revision"].startswith("files-")


@pytest.mark.parametrize(
    "words, sentence",
    [
        (("--priors", "pretrained"), "terms of zero123pp were not accepted"),
        (("--multiview", "zero123pp", "--commercial"), "zero123pp may not be used commercially"),
        (("--inbetweener", "ltx-13b", "--accept-licence", "ltx-13b"), "tween4d models pull ltx-13b"),
        (("--inbetweener", "Wan2.2-TI2V-5B-Diffusers"), "it ignores the end picture"),
        (("--inbetweener", "sora"), "there is no inbetweener prior of this name"),
        (("--accept-licence", "sora"), "no pretrained model of this name"),
        (("--inbetweener", "wan-vace", "--device", "cuda"), "there is no CUDA device"),
        (("--model-steps", "0"), "steps must be between"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(
    made: tuple[Path, list[object]], cli: Callable[..., Outcome], tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    """Oracle: exit code 2, one line, no asset."""
    out = tmp_path / "no.t4d"
    command = [out if word == made[0] else word for word in made[1]]
    outcome = cli(*command, *words)
    assert outcome.code == 2 and sentence in outcome.sentence
    assert not out.exists()
