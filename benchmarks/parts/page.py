"""Puts a measured part into a page of docs/, between `<!-- NAME:begin -->` and `<!-- NAME:end -->`."""

import sys
import textwrap
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1]


def newest_results() -> Path:
    """Folder of the newest version's results."""
    return max(path for path in (BENCHMARKS / "results").iterdir() if path.is_dir())


def put(page: str, name: str, text: str) -> None:
    """Replace what stands between a page's markers.

    Args:
        page: name of a file in docs/.
        name: of the markers.
        text: Markdown; its lines are filled to 120 columns, those of tables are not.
    """
    path = BENCHMARKS.parent / "docs" / page
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    old = path.read_text(encoding="utf-8")
    if begin not in old or end not in old:
        sys.exit(f"{page} has no {begin} ... {end}")
    lines = (line if line.startswith("|") else textwrap.fill(line, 120) for line in text.split("\n"))
    filled = "\n".join(lines)
    path.write_text(f"{old.split(begin)[0]}{begin}\n{filled}\n{end}{old.split(end)[1]}", encoding="utf-8")
