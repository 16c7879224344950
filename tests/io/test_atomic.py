"""Whole files and folders, or none."""

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tween4d.errors import OutputError
from tween4d.io import atomic
from tween4d.io.atomic import check_target, whole_file
from tween4d.io.folders import check_folder, filled_folder


class Trouble(Exception):
    """Something that happens while a file is written."""


def listing(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*")}


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    """Oracle: listing of the folder before, during and after."""
    target = tmp_path / "new" / "a.txt"
    with whole_file(target) as part:
        part.write_text("whole")
        assert not target.exists() and part.parent == target.parent and part.suffix == ".txt"
    assert target.read_text() == "whole"
    assert listing(tmp_path) == {"new", "new/a.txt"}


@pytest.mark.parametrize("error", [Trouble, KeyboardInterrupt, SystemExit])
def test_a_broken_off_file_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    """Oracle: the target keeps its former content, and no other file is left."""
    target = tmp_path / "a.txt"
    target.write_text("before")
    with pytest.raises(error), whole_file(target) as part:
        part.write_text("half")
        raise error
    assert target.read_text() == "before" and listing(tmp_path) == {"a.txt"}


@pytest.mark.parametrize(
    ("code", "says"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "permission"), (errno.EIO, "cannot be written")]
)
def test_what_the_system_refuses_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, says: str) -> None:
    """Oracle: contract; the last moment at which writing can fail."""

    def refuse(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(atomic.os, "fsync", refuse)
    with pytest.raises(OutputError, match=says), whole_file(tmp_path / "a.txt") as part:
        part.write_text("half")
    assert listing(tmp_path) == set()


def test_a_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    """Oracle: a file that `open` makes."""
    (tmp_path / "plain").write_text("")
    with whole_file(tmp_path / "whole") as part:
        part.write_text("")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "whole")}
    assert len(modes) == 1


def test_an_existing_output_is_refused(tmp_path: Path) -> None:
    """Oracle: contract; the remedy names the option, and --overwrite allows a file but never a folder in its place."""
    target = tmp_path / "a.t4d"
    target.write_text("before")
    with pytest.raises(OutputError, match="exists already.*--overwrite"):
        check_target(target, overwrite=False)
    check_target(target, overwrite=True)
    with pytest.raises(OutputError, match="folder of this name is in the way"):
        check_target(tmp_path, overwrite=True)


@pytest.mark.parametrize("place", ["/proc/tween4d/a.t4d", "{tmp}/file/a.t4d"])
@pytest.mark.parametrize("check", [check_target, check_folder])
def test_an_unwritable_place_is_refused_before_work(tmp_path: Path, place: str, check: Callable[..., None]) -> None:
    """Oracle: the operating system; /proc takes no files, and a file holds none."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        check(Path(place.format(tmp=tmp_path)), overwrite=False)


def test_checking_makes_nothing(tmp_path: Path) -> None:
    """Oracle: listing of the folder."""
    check_target(tmp_path / "deep" / "er" / "a.t4d", overwrite=False)
    check_folder(tmp_path / "deep" / "er", overwrite=False)
    assert listing(tmp_path) == set()


def test_a_folder_appears_when_it_is_complete(tmp_path: Path) -> None:
    """Oracle: listing of the folder during and after; permissions are those of any new folder."""
    target = tmp_path / "views"
    with filled_folder(target) as part:
        (part / "sub").mkdir()
        (part / "sub" / "a.png").write_text("a")
        assert not target.exists()
    (tmp_path / "plain").mkdir()
    assert listing(tmp_path) == {"plain", "views", "views/sub", "views/sub/a.png"}
    assert target.stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize("error", [Trouble, KeyboardInterrupt])
def test_a_broken_off_folder_leaves_nothing(tmp_path: Path, existing: bool, error: type[BaseException]) -> None:
    """Oracle: listing before and after."""
    target = tmp_path / "views"
    if existing:
        target.mkdir()
        (target / "mine.txt").write_text("mine")
    before = listing(tmp_path)
    with pytest.raises(error), filled_folder(target) as part:
        (part / "a.png").write_text("half")
        raise error
    assert listing(tmp_path) == before


def test_a_folder_that_exists_keeps_what_is_not_replaced(tmp_path: Path) -> None:
    """Oracle: contents after."""
    target = tmp_path / "views"
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    (target / "a.png").write_text("old")
    with pytest.raises(OutputError, match="not empty.*--overwrite"):
        check_folder(target, overwrite=False)
    check_folder(target, overwrite=True)
    with filled_folder(target) as part:
        (part / "a.png").write_text("new")
    assert {p.name: p.read_text() for p in target.iterdir()} == {"mine.txt": "mine", "a.png": "new"}


def test_what_a_killed_process_left_is_removed_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    """Oracle: a process that kills itself while it writes, against one that is still writing."""
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from tween4d.io.atomic import whole_file; from tween4d.io.folders import filled_folder\n"
        "folder = Path(sys.argv[1])\n"
        "with whole_file(folder / 'a.txt') as part, filled_folder(folder / 'views') as views:\n"
        "    part.write_text('half'); (views / 'b').write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    with whole_file(tmp_path / "a.txt") as first, filled_folder(tmp_path / "views") as views:
        first.write_text("first")
        assert {path.name for path in tmp_path.iterdir()} == {first.name, views.name}
        with whole_file(tmp_path / "a.txt") as second:
            second.write_text("second")
        assert first.read_text() == "first"
    assert listing(tmp_path) == {"a.txt", "views"} and (tmp_path / "a.txt").read_text() == "first"
