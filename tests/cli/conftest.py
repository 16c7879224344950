"""The command line as a shell runs it, in this process or in one of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image as Pillow

from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.cli import main
from tween4d.io.asset import save_asset
from tween4d.synthetic import example_pair_paths

PROGRAM = [sys.executable, "-m", "tween4d.cli"]
SIDE = 64
PATIENCE = 400.0


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on stderr."""
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Outcome]]:
    """Runs a command in this process."""
    handler = signal.getsignal(signal.SIGTERM)

    def run(*words: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        captured = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return Outcome(code, captured.out, captured.err)

    yield run
    signal.signal(signal.SIGTERM, handler)


def start(*words: object, **options: object) -> subprocess.Popen[str]:
    """Start a command in a process of its own."""
    command = [*PROGRAM, *(str(word) for word in words)]
    pipes: dict[str, object] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    if sys.platform != "win32":
        # As in the foreground of a shell: whoever runs these tests in the background has SIGINT ignored.
        pipes["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(command, text=True, env=dict(os.environ), **(pipes | options))  # type: ignore[call-overload]


def finish(process: subprocess.Popen[str]) -> Outcome:
    """Wait for a command that `start` started."""
    out, err = process.communicate(timeout=PATIENCE)
    return Outcome(process.returncode, out, err)


def wait_for(folder: Path, pattern: str, process: subprocess.Popen[str]) -> None:
    """Wait until a file appears; fails when the process ends first."""
    deadline = time.monotonic() + PATIENCE
    while not list(folder.glob(pattern)):
        assert process.poll() is None, f"the run ended before {pattern} appeared: {process.communicate()}"
        assert time.monotonic() < deadline, f"{pattern} did not appear"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The example pair, small."""
    folder = tmp_path_factory.mktemp("pair")
    paths = []
    for source in example_pair_paths():
        with Pillow.open(source) as picture:
            picture.resize((SIDE, SIDE), Pillow.Resampling.BOX).save(folder / source.name)
        paths.append(folder / source.name)
    return paths[0], paths[1]


@dataclass(frozen=True)
class Resumed:
    """A run that was killed after its second stage, and the same command again."""

    asset: Path
    killed: int
    left_by_kill: frozenset[str]
    second: Outcome


@pytest.fixture(scope="session")
def resumed(pair: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Resumed:
    """The one whole run of the method in these tests."""
    folder = tmp_path_factory.mktemp("made")
    words = ("run", *pair, "-o", folder / "robot.t4d", "--preset", "draft", "--frames", 6, "--json")
    first = start(*words)
    wait_for(folder / "robot.work", "imagine_motion-*.stage", first)
    first.kill()
    first.communicate()
    left = frozenset(path.name for path in folder.iterdir())
    return Resumed(folder / "robot.t4d", first.returncode, left, finish(start(*words)))


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An asset that no run made: quick to have."""
    return save_asset(
        moving_ellipsoid(count=200, nodes=6, frames=9, size=48), tmp_path_factory.mktemp("drawn") / "ball.t4d"
    )
