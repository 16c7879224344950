"""The shell's side: help, version, codes, pipes."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from tests.cli.conftest import PROGRAM, Outcome
from tween4d.cli.info import Info
from tween4d.cli.main import VERBS
from tween4d.cli.options import Preset
from tween4d.cli.run import ImageOptions
from tween4d.config import PresetName
from tween4d.data.cameras import DEFAULT_FOV_DEGREES

Cli = Callable[..., Outcome]


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)])
def test_the_overview_lists_every_verb(cli: Cli, words: tuple[str, ...]) -> None:
    """Oracle: the table of verbs; each with the first line of its own help."""
    done = cli(*words)
    assert (done.code, done.err) == (0, "")
    for name, verb in VERBS.items():
        assert re.search(rf"^  {name} +{re.escape(verb.summary)}$", done.out, re.MULTILINE)
        module, _, kind = verb.place.partition(":")
        doc = getattr(import_module(module), kind).__doc__
        assert doc.splitlines()[0] == verb.summary
    assert max(map(len, done.out.splitlines())) <= 80


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_explains_itself(cli: Cli, name: str) -> None:
    """Oracle: rule; summary, an example line that begins as it is typed, every option with a sentence; 80 columns."""
    done = cli(name, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(VERBS[name].summary)
    assert f"$ tween4d {name}" in done.out
    text = done.out.partition("usage:")[0]
    assert max(map(len, text.splitlines())) <= 80
    assert not re.search(r"^│ --[a-z-]+( [A-Z/.]+)? *│\n│ --", done.out, re.MULTILINE)


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_version(cli: Cli, word: str) -> None:
    """Oracle: the package's metadata."""
    from importlib.metadata import version

    assert cli(word).out == f"tween4d {version('tween4d')}\n"


@pytest.mark.parametrize("words", [["--help"], ["--version"], [], ["run", "--help"], ["run", "a.png"], ["rum"]])
def test_nothing_heavy_is_imported_for_a_word_of_help(words: list[str]) -> None:
    """Oracle: the modules that a fresh interpreter has loaded when it ends."""
    code = (
        "import atexit, sys\n"
        "heavy = {'torch', 'numpy', 'numba', 'cv2'}\n"
        "atexit.register(lambda: print(sorted(heavy & set(sys.modules)), file=sys.stderr))\n"
        "from tween4d.cli import main\n"
        f"main({words!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["rum"], "did you mean run"),
        (["frobnicate"], "use one of run, demo"),
        (["run", "a.png"], "Missing"),
        (["run", "a", "b", "-o", "c.t4d", "--preset", "best"], "best"),
        (["run", "a", "b", "-o", "c.t4d", "--frames", "many"], "frames"),
        (["run", "a", "b", "-o", "c.t4d", "--nonsense"], "--nonsense"),
        (["info"], "Missing"),
    ],
)
def test_wrong_usage_ends_with_code_two(cli: Cli, words: list[str], says: str) -> None:
    """Oracle: contract; nothing on stdout."""
    ended = cli(*words)
    assert ended.code == 2 and says in ended.err and ended.out == ""


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "interrupted; run the same command again to go on"),
        (ZeroDivisionError("division\nby zero"), 1, "ZeroDivisionError: division by zero; TWEEN4D_DEBUG=1"),
        (MemoryError(), 2, "memory does not suffice"),
        (PermissionError(13, "Permission denied"), 1, "PermissionError"),
    ],
)
def test_whatever_goes_wrong_is_one_sentence(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: BaseException, code: int, says: str
) -> None:
    """Oracle: contract; with TWEEN4D_DEBUG the traceback comes before it."""

    def execute(self: Info) -> None:
        raise error

    monkeypatch.setattr(Info, "execute", execute)
    monkeypatch.delenv("TWEEN4D_DEBUG", raising=False)
    ended = cli("info", tmp_path)
    assert ended.code == code and says in ended.sentence
    monkeypatch.setenv("TWEEN4D_DEBUG", "1")
    debugged = cli("info", tmp_path)
    assert debugged.code == code and "Traceback" in debugged.err and says in debugged.err


def test_a_reader_that_leaves_is_no_error(drawn: Path) -> None:
    """Oracle: a pipe whose other end is closed, as after `head`."""
    process = subprocess.Popen(
        [*PROGRAM, "info", str(drawn), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    complaints = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0 and complaints == ""


def test_nothing_but_notes_on_a_pipe(drawn: Path, tmp_path: Path) -> None:
    """Oracle: contract; no bar, no colour, no blank line when nobody watches."""
    command = [*PROGRAM, "render", str(drawn), "--orbit", "2", "--size", "24", "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "TERM": "xterm"})
    assert done.stderr == "" and done.stdout == f"{tmp_path / 'out'}: 2 pictures\n"


def test_options_repeat_what_the_library_defines() -> None:
    """Oracle: the library's own values, which the command line may not import before it is needed."""
    assert get_args(Preset) == get_args(PresetName)
    assert ImageOptions().fov == DEFAULT_FOV_DEGREES
