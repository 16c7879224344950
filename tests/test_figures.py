"""Figures in README.md and docs/ are those of the committed results."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("script", ["table", "quality", "pages", "batch", "studio"])
def test_pages_show_the_committed_results(script: str, tmp_path: Path) -> None:
    """Oracle: the script that writes them changes nothing."""
    shutil.copytree(ROOT / "benchmarks", tmp_path / "benchmarks")
    (tmp_path / "docs").mkdir()
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    copies = {page: tmp_path / page.relative_to(ROOT) for page in pages}
    for page, copy in copies.items():
        shutil.copy(page, copy)
    command = [sys.executable, tmp_path / "benchmarks" / f"{script}.py", "--write"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    changed = [page.name for page, copy in copies.items() if copy.read_bytes() != page.read_bytes()]
    assert not changed


def test_the_profile_finds_what_it_times() -> None:
    """Oracle: the fit's own module; a function that was renamed would stop the measurement."""
    code = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='part')['Steps']().watch()"
    done = subprocess.run(
        [sys.executable, "-c", code, ROOT / "benchmarks" / "profile.py"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
