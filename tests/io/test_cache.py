"""The working folder: what is reused, what is not, and what a killed run leaves."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from tween4d.data.images import Image
from tween4d.errors import OutputError
from tween4d.events import Event, Note, StageFinished, StageStarted
from tween4d.io.cache import KEPT_PER_STAGE, CachedStep, WorkingFolder, code_version

calls: list[str] = []


@dataclass(frozen=True)
class Brightness:
    """A config."""

    factor: float = 0.5


class Prior:
    """Something that is no value."""


def dim_image(image: Image, config: Brightness, *, seed: int) -> Image:
    """A stage."""
    calls.append("dim")
    return Image(image.rgb * config.factor + 0.001 * seed)


def flip_image(image: Image, prior: Prior) -> Image:
    """A stage that asks a prior."""
    calls.append("flip")
    return Image(image.rgb.flip(0))


@pytest.fixture(autouse=True)
def _forget() -> None:
    calls.clear()


@pytest.fixture
def image() -> Image:
    return Image(torch.rand(8, 8, 3, generator=torch.Generator().manual_seed(0)))


class Run:
    """Both stages, as a pipeline would call them."""

    def __init__(self, path: Path | None, version: str = "1", identity: str = "prior 1") -> None:
        self.folder = WorkingFolder(path) if path is not None else None
        self.version, self.identity = version, identity
        self.events: list[Event] = []

    def __call__(self, image: Image, factor: float = 0.5, seed: int = 0) -> tuple[Image, list[str]]:
        prior = Prior()
        step = CachedStep(self.folder, {id(prior): self.identity}, self.events.append, count=2, version=self.version)
        if self.folder is None:
            result = step(flip_image, step(dim_image, image, Brightness(factor), seed=seed), prior)
        else:
            with self.folder.held():
                result = step(flip_image, step(dim_image, image, Brightness(factor), seed=seed), prior)
        return result, [e.stage for e in self.events if isinstance(e, StageFinished) and e.reused]


def test_a_rerun_reuses_every_stage(tmp_path: Path, image: Image) -> None:
    """Oracle: count of calls, and equality of the value with the computed one."""
    first, reused = Run(tmp_path)(image)
    assert calls == ["dim", "flip"] and reused == []
    again, reused = Run(tmp_path)(image)
    assert calls == ["dim", "flip"] and reused == ["dim_image", "flip_image"]
    assert torch.equal(first.rgb, again.rgb)


@pytest.mark.parametrize("change", [{"factor": 0.6}, {"seed": 1}])
def test_a_changed_option_runs_its_stage_and_those_after_it(
    tmp_path: Path, image: Image, change: dict[str, float]
) -> None:
    """Oracle: count of calls."""
    Run(tmp_path)(image)
    _, reused = Run(tmp_path)(image, **change)
    assert calls == ["dim", "flip"] * 2 and reused == []


def test_a_changed_prior_runs_only_its_own_stage(tmp_path: Path, image: Image) -> None:
    """Oracle: count of calls."""
    Run(tmp_path)(image)
    _, reused = Run(tmp_path, identity="prior 2")(image)
    assert calls == ["dim", "flip", "flip"] and reused == ["dim_image"]


def test_a_later_stage_is_reused_when_its_inputs_come_out_the_same(tmp_path: Path, image: Image) -> None:
    """Oracle: count of calls; content decides, not history: a black picture is black under every factor."""
    black = Image(torch.zeros_like(image.rgb))
    Run(tmp_path)(black)
    _, reused = Run(tmp_path)(black, factor=0.9)
    assert calls == ["dim", "flip", "dim"] and reused == ["flip_image"]


@pytest.mark.parametrize("what", ["input", "version"])
def test_other_inputs_or_other_code_reuse_nothing(tmp_path: Path, image: Image, what: str) -> None:
    """Oracle: count of calls."""
    Run(tmp_path)(image)
    if what == "input":
        Run(tmp_path)(Image(image.rgb + 1e-6))
    else:
        Run(tmp_path, version="2")(image)
    assert calls == ["dim", "flip"] * 2


def test_the_last_entries_of_a_stage_are_kept(tmp_path: Path, image: Image) -> None:
    """Oracle: listing; going back to the previous option is still free, and the folder does not grow."""
    for factor in (0.1, 0.2, 0.3):
        Run(tmp_path)(image, factor)
        os.utime(max(tmp_path.glob("dim_image-*"), key=lambda p: p.stat().st_mtime), (factor, factor))
    assert len(list(tmp_path.glob("dim_image-*.stage"))) == KEPT_PER_STAGE
    _, reused = Run(tmp_path)(image, 0.2)
    assert "dim_image" in reused


@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "text"])
def test_a_damaged_entry_is_made_again_and_said(tmp_path: Path, image: Image, damage: str) -> None:
    """Oracle: the value of an undamaged run."""
    good, _ = Run(tmp_path)(image)
    path = next(tmp_path.glob("dim_image-*.stage"))
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes({"cut": content[:-9], "bit": content, "empty": b"", "text": b"hello"}[damage])
    run = Run(tmp_path)
    again, reused = run(image)
    assert torch.equal(good.rgb, again.rgb) and reused == ["flip_image"]
    notes = [e for e in run.events if isinstance(e, Note)]
    assert len(notes) == 1 and notes[0].warning and "made again" in notes[0].message


def test_without_a_folder_everything_runs(image: Image) -> None:
    """Oracle: count of calls; the events are the same."""
    run = Run(None)
    run(image)
    run(image)
    assert calls == ["dim", "flip"] * 2
    assert [(e.index, e.count) for e in run.events if isinstance(e, StageStarted)] == [(0, 2), (1, 2)] * 2


def test_a_second_run_is_kept_out(tmp_path: Path, image: Image) -> None:
    """Oracle: contract; the lock ends with its holder."""
    with WorkingFolder(tmp_path).held():
        with pytest.raises(OutputError, match="another run"), WorkingFolder(tmp_path).held():
            pytest.fail("two runs hold the folder")
    Run(tmp_path)(image)


def test_a_killed_run_leaves_no_lock_and_its_rubbish_is_removed(tmp_path: Path, image: Image) -> None:
    """Oracle: a process that kills itself with the folder held and a file half written."""
    code = (
        "import os, signal, sys; from pathlib import Path; from tween4d.io.cache import WorkingFolder\n"
        "path = Path(sys.argv[1])\n"
        "with WorkingFolder(path).held():\n"
        "    (path / '.dim_image-0.x.part.stage').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -9 and list(tmp_path.glob(".*.part*"))
    Run(tmp_path)(image)
    assert list(tmp_path.glob(".*.part*")) == []


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """Oracle: contract."""
    (tmp_path / "work").write_text("")
    with pytest.raises(OutputError, match="in the way"), WorkingFolder(tmp_path / "work").held():
        pass


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: contract; safetensors reports the operating system's refusal as text."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise __import__("safetensors").SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("tween4d.io.cache.safetensors.torch.save_file", refuse)
    with pytest.raises(OutputError, match="disk is full"):
        Run(tmp_path)(image)
    assert {p.name for p in tmp_path.iterdir()} == {"lock"}


def test_the_version_is_that_of_the_method_only(tmp_path: Path) -> None:
    """Oracle: rule; a change in stages counts, one in the shells does not, and neither does where the package lies."""
    for name in ("stages/a.py", "io/b.py", "cli/c.py", "weights/w.safetensors"):
        path = tmp_path / "one" / name
        path.parent.mkdir(parents=True)
        path.write_text("1")
    before = code_version(tmp_path / "one")
    (tmp_path / "one").rename(tmp_path / "two")
    assert code_version(tmp_path / "two") == before
    (tmp_path / "two" / "io" / "b.py").write_text("2")
    (tmp_path / "two" / "cli" / "c.py").write_text("2")
    assert code_version(tmp_path / "two") == before
    (tmp_path / "two" / "weights" / "w.safetensors").write_text("2")
    changed = code_version(tmp_path / "two")
    assert changed != before
    (tmp_path / "two" / "stages" / "a.py").write_text("2")
    assert code_version(tmp_path / "two") != changed
