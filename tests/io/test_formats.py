"""The table of suffixes."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tween4d.errors import InputError
from tween4d.io import FORMATS, format_of


@pytest.mark.parametrize(
    ("target", "content"),
    [
        ("a.html", "page"),
        ("A.HTML", "page"),
        ("a.b.mp4", "film"),
        ("a.gif", "film"),
        ("a.compressed.PLY", "moment"),
        ("a.splats.glb", "splats"),
        ("splats.glb", "mesh"),
        ("a.usdz", "stage"),
        ("a.json", "cameras"),
        ("dir.x/a.ply", "moment"),
        ("a.npz", "points"),
        ("frames", "sequence"),
        ("frames/", "sequence"),
        ("frames.ply/", "sequence"),
    ],
)
def test_the_suffix_decides(target: str, content: str) -> None:
    """Oracle: the documented table."""
    assert format_of(target).content == content


def test_the_longest_suffix_decides() -> None:
    """Oracle: the documented table; a compound suffix is more than its end."""
    assert format_of("a.compressed.ply").suffix == ".compressed.ply"
    assert format_of("my.splats.glb").suffix == ".splats.glb" and format_of("my.splat.glb").suffix == ".glb"


def test_a_folder_that_exists_is_a_folder(tmp_path: Path) -> None:
    """Oracle: the file system."""
    (tmp_path / "v1.2").mkdir()
    assert format_of(tmp_path / "v1.2").content == "sequence"


def test_an_unknown_suffix_lists_the_known_ones() -> None:
    """Oracle: contract."""
    with pytest.raises(InputError) as caught:
        format_of("a.obj")
    assert all(suffix in str(caught.value) for suffix in FORMATS) and "'.obj'" in str(caught.value)


@pytest.mark.parametrize("entry", FORMATS.values(), ids=lambda entry: entry.suffix or "folder")
def test_every_writer_exists(entry: object) -> None:
    """Oracle: the modules themselves."""
    module, _, name = entry.writer.partition(":")  # type: ignore[attr-defined]
    assert callable(getattr(import_module(module), name))


def test_the_table_imports_nothing_heavy() -> None:
    """Oracle: the modules that a fresh interpreter has loaded."""
    code = "import sys, tween4d.io; print({'torch', 'numpy', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
