"""Weights: refused when damaged, pulled with a record, checked against it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.cli.conftest import Outcome, cli
from tween4d.errors import InputError, WeightsError
from tween4d.events import StageFinished, StageStarted
from tween4d.priors.pretrained.catalogue import CATALOGUE, REFUSED
from tween4d.priors.pretrained.estimates import estimate_all, measured_tflops
from tween4d.priors.pretrained.loading import RECORD, find_weights
from tween4d.priors.pretrained.memory import StagePeaks, choose_policy, confirmed
from tween4d.priors.pretrained.pulling import check, pull
from tween4d.priors.pretrained.settings import PretrainedSettings
from tween4d.priors.pretrained.vace import make_vace
from tween4d.priors.register import REGISTER, members

__all__ = ["cli"]


@pytest.fixture
def copied(weights: Path, tmp_path: Path) -> Path:
    """A folder of one model that may be damaged."""
    shutil.copytree(weights / "wan-vace", tmp_path / "wan-vace")
    return tmp_path


def test_every_model_of_the_catalogue_is_registered_and_none_is_blind() -> None:
    """Oracle: the register, and the list of checkpoints that ignore the end picture."""
    for card in CATALOGUE.values():
        if card.role not in ("features", "base"):
            assert REGISTER[card.name].role == card.role and REGISTER[card.name].info.licence == card.licence
        assert all(needed in CATALOGUE for needed in card.needs)
        assert card.source not in REFUSED
        assert not any(pattern.endswith((".bin", ".ckpt", ".py", "*")) for pattern in card.files)


@pytest.mark.parametrize(
    "free, commercial, motion, sides",
    [
        (None, False, "wan-vace", "zero123pp"),
        (6.0, False, "wan-vace", "zero123pp"),
        (11.0, True, "wan-vace", "mv-adapter"),
        (23.5, False, "wan-flf2v", "zero123pp"),
        (79.0, True, "wan-a14b", "mv-adapter"),
    ],
)
def test_the_large_models_are_those_that_suit_the_card_and_the_use(
    monkeypatch: pytest.MonkeyPatch, free: float | None, commercial: bool, motion: str, sides: str
) -> None:
    """Oracle: the table of docs/priors.md; the choice is told, and nothing is told of what the user named."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: free is not None)
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda: (int((free or 0) * 1e9), 0))
    told: list[str] = []
    settings = PretrainedSettings(commercial=commercial, report=lambda text, warning=False: told.append(text))
    chosen = members("pretrained", settings)
    assert (chosen["inbetweener"], chosen["multiview"]) == (motion, sides)
    assert motion in told[0] and (len(told) == 2) is commercial
    told.clear()
    members("pretrained", settings, ("inbetweener", "multiview"))
    assert not told


def test_a_cut_file_is_refused(copied: Path) -> None:
    """Oracle: truncation; the error names the file and the command."""
    path = next((copied / "wan-vace").rglob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(WeightsError, match=f"damaged.*{path.name}.*models pull wan-vace"):
        find_weights("wan-vace", PretrainedSettings(copied))


def test_a_missing_part_is_refused(copied: Path) -> None:
    """Oracle: the index of a checkpoint of several files names one that is not there."""
    index = copied / "wan-vace" / "transformer" / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "part-2.safetensors"}}))
    with pytest.raises(WeightsError, match="missing.*part-2"):
        find_weights("wan-vace", PretrainedSettings(copied))


def test_pickles_are_not_loaded(tmp_path: Path) -> None:
    """Oracle: rule; a folder with pickles only is refused for what it holds."""
    (tmp_path / "wan-vace").mkdir()
    (tmp_path / "wan-vace" / "model.bin").write_bytes(b"x")
    with pytest.raises(WeightsError, match=r"no \.safetensors.*may hold code"):
        find_weights("wan-vace", PretrainedSettings(tmp_path))


def test_a_pull_records_what_came_and_a_check_finds_a_change(weights: Path, tmp_path: Path) -> None:
    """Oracle: a download that copies; the record holds the acceptance, and one changed byte is found."""
    settings = PretrainedSettings(tmp_path, ("zero123pp",))

    def download(repo_id: str, local_dir: Path, **rest: Any) -> None:
        assert repo_id == CATALOGUE["zero123pp"].source and "*.safetensors" in rest["allow_patterns"]
        shutil.copytree(weights / "zero123pp", local_dir, dirs_exist_ok=True)

    folder = pull("zero123pp", settings, "abc", download)
    record = json.loads((folder / RECORD).read_text())
    assert record["accepted"] and record["licence"] == "CC-BY-NC-4.0"
    # Accepted when it was pulled: a later run need not say it again.
    before = find_weights("zero123pp", PretrainedSettings(tmp_path))
    assert before.revision.startswith("abc files-")
    assert check("zero123pp", settings) == len(record["sha256"]) > 4
    path = next(folder.rglob("*.safetensors"))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(WeightsError, match="altered"):
        check("zero123pp", settings)
    with pytest.raises(WeightsError, match="changed since they were pulled.*models check zero123pp"):
        find_weights("zero123pp", settings)


def test_a_second_pull_keeps_to_the_commit_of_the_first(weights: Path, tmp_path: Path) -> None:
    """Oracle: rule; without a word the first commit is asked for again, other files under its name are refused."""
    asked, changed = [], []

    def download(local_dir: Path, revision: str | None, **_: Any) -> None:
        asked.append(revision)
        shutil.copytree(weights / "wan-vace", local_dir, dirs_exist_ok=True)
        for name in changed:
            (local_dir / name).write_text('{"another": 1}')

    settings = PretrainedSettings(tmp_path)
    folder = pull("wan-vace", settings, "abc", download)
    assert pull("wan-vace", settings, None, download) == folder
    pull("wan-vace", settings, "def", download)
    assert asked == ["abc", "abc", "def"]
    assert find_weights("wan-vace", settings).revision.startswith("def files-")
    changed.append("model_index.json")
    with pytest.raises(WeightsError, match="another model_index.json than before at the same commit"):
        pull("wan-vace", settings, None, download)
    # The record still says what was there before: nothing runs on the files that came.
    with pytest.raises(WeightsError, match="changed since they were pulled"):
        find_weights("wan-vace", settings)


def test_a_pull_without_acceptance_downloads_nothing(tmp_path: Path) -> None:
    """Oracle: the gate comes first."""
    with pytest.raises(InputError, match="not accepted"):
        pull("zero123pp", PretrainedSettings(tmp_path), download=lambda **_: pytest.fail("downloaded"))
    assert not (tmp_path / "zero123pp").exists()


def test_a_pull_that_fails_leaves_no_record(tmp_path: Path) -> None:
    """Oracle: a network that is not there."""

    def download(**_: Any) -> None:
        raise ConnectionError("no route")

    with pytest.raises(WeightsError, match="cannot be downloaded.*no route"):
        pull("wan-vace", PretrainedSettings(tmp_path), download=download)
    assert not (tmp_path / "wan-vace" / RECORD).exists()


@pytest.mark.parametrize(
    "name, free, eight, offload", [("wan-flf2v", 24, True, True), ("wan-flf2v", 80, False, False),
    ("wan-a14b", 80, False, True), ("wan-vace", 12, False, True), ("zero123pp", 12, False, False)],
)  # fmt: skip
def test_the_policy_follows_the_free_memory(name: str, free: float, eight: bool, offload: bool) -> None:
    """Oracle: sums by hand of the catalogue's sizes; what is chosen is less than what is free."""
    card = CATALOGUE[name]
    policy = choose_policy(card, PretrainedSettings(device="cuda"), free)
    assert (policy.eight_bit, policy.offload) == (eight, offload)
    # Slices where memory is short, of the attention that is ours.
    assert (policy.attention_rows is not None) == (card.role == "multiview" and free < 16)
    assert ("attention in slices" in str(policy)) == (policy.attention_rows is not None)
    held = card.weights_gb if policy.offload else card.download_gb
    assert held / (2 if policy.eight_bit else 1) < free


def test_the_policy_is_told_before_anything_is_loaded_and_again_if_it_changes(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: the notes of a card of 24 GB that has 12 left when the model is loaded; nothing is read here."""
    told: list[str] = []
    settings = PretrainedSettings(weights, device="cuda", report=lambda text, warning=False: told.append(text))
    card, free = CATALOGUE["wan-vace"], [24e9, 24e9, 9e9]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (free.pop(0), 24e9))
    prior = make_vace(settings)
    (first,) = told
    assert first.startswith("wan-vace on cuda: bfloat16") and prior._model is None
    planned = choose_policy(card, settings, 24)
    assert confirmed(planned, card, settings) == planned and len(told) == 1
    confirmed(planned, card, settings)
    assert len(told) == 2 and "fp8" in told[1] and "memory has changed" in told[1]


def test_the_peak_of_every_stage_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: a card whose counter is set by hand; a reused stage took nothing, without a card nothing is kept."""
    peak, notes = {"bytes": 0}, []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda: peak.update(bytes=0))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: peak["bytes"])
    peaks = StagePeaks(notes.append)
    for stage, used, reused in (("imagine_motion", 9e9, False), ("imagine_views", 4e9, False), ("merge", 1e9, True)):
        peaks.hear(StageStarted(stage, 0, 3))
        assert peak["bytes"] == 0
        peak["bytes"] = used
        peaks.hear(StageFinished(stage, 1.0, reused))
    assert peaks.gb == {"imagine_motion": 9.0, "imagine_views": 4.0}
    assert [note.message for note in notes][0] == "imagine_motion: at most 9.0 GB of the device's memory"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    peaks.hear(StageFinished("fit", 1.0, False))
    assert "fit" not in peaks.gb


def test_the_verb_lists_and_refuses(cli: Callable[..., Outcome], tmp_path: Path) -> None:
    """Oracle: the catalogue; a name is wanted; a missing model names the command."""
    listed = cli("models", "list", "--weights", tmp_path)
    assert all(name in listed.out for name in CATALOGUE)
    assert "no commercial use" in cli("models", "licence", "zero123pp").out
    assert cli("models", "path", "--weights", tmp_path).code == 2
    assert "models pull wan-vace" in cli("models", "path", "wan-vace", "--weights", tmp_path).sentence


def test_estimates_follow_the_speed_of_the_machine(tmp_path: Path) -> None:
    """Oracle: proportions by hand; half the speed takes twice the time, twice the frames too, memory decides fit."""
    presets, settings = {"short": (27, 2), "long": (54, 4)}, PretrainedSettings(tmp_path)
    fast, slow = (
        {e.name: e for e in estimate_all(24, 64, presets, settings, tflops=tflops)} for tflops in (100.0, 50.0)
    )
    vace = CATALOGUE["wan-vace"]
    assert fast["wan-vace"].minutes == {"short": round(vace.minutes / 3, 1), "long": round(vace.minutes / 1.5, 1)}
    assert slow["wan-flf2v"].minutes["long"] == pytest.approx(2 * fast["wan-flf2v"].minutes["long"], abs=0.1)
    assert fast["wan-vace"].fits and not fast["wan-vace"].here and "sd21" not in fast
    (nothing,) = (e for e in estimate_all(None, 1, presets, settings) if e.name == "wan-flf2v")
    assert not nothing.fits and nothing.memory_gb == 110
    assert 1e-4 < measured_tflops("cpu") < 100
