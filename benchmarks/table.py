"""Writes the speed tables into README.md between <!-- speed:begin --> and <!-- speed:end -->.

`python benchmarks/table.py` prints the tables; `--write` replaces what is between the markers.
"""

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
BEGIN, END = "<!-- speed:begin -->", "<!-- speed:end -->"


def main() -> None:
    text = render(HERE / "results" / sorted(p.name for p in (HERE / "results").iterdir() if p.is_dir())[-1])
    if "--write" not in sys.argv:
        print(text)
        return
    readme = README.read_text(encoding="utf-8")
    if BEGIN not in readme or END not in readme:
        sys.exit(f"{README.name} has no {BEGIN} ... {END}")
    before, after = readme.split(BEGIN)[0], readme.split(END)[1]
    README.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def render(folder: Path) -> str:
    """All tables of one version as Markdown."""
    result = json.loads((folder / "speed.json").read_text())
    parts = [_scenes(result["scenes"])]
    where = result["scenes"]["machine"]
    load = f", load average {where['load'][0]}" if where["load"] else ""
    flags = ", ".join(where["flags"])
    parts.append(
        f"{where['cpu']}, {where['threads']} threads of {where['cores']} cores ({flags}), "
        f"torch {where['versions']['torch']}, numba {where['versions']['numba']}, commit {where['commit']}{load}."
    )
    parts += [f"{name}: not measured, {reason}." for name, reason in result["scenes"]["absent"].items()]
    if "million" in result:
        rows = result["million"]["rows"]
        told = (
            f"scales {r['scales'][0]} to {r['scales'][1]}: {r['forward']['min'] / 1e3:.2f} s, "
            f"{r['peak_mib'] / 1024:.1f} GiB"
            for r in rows
        )
        parts.append(f"One million Gaussians at 1920 x 1080, forward, whole process: {'; '.join(told)}.")
    if "start" in result:
        first, later = result["start"]["first"], result["start"]["later"]
        parts.append(
            f"First call after installation {first['wall_s']:.1f} s ({first['cpu_s']:.1f} s of CPU), "
            f"of a later process {later['wall_s']:.2f} s ({later['cpu_s']:.2f} s of CPU)."
        )
    counts = folder / "instructions.json"
    if counts.is_file():
        rows = json.loads(counts.read_text())["rows"]
        told = (f"{_scene(r)}: {r['forward_M']:,.0f} / {r['both_M']:,.0f}" for r in rows)
        parts.append(f"Instructions (AVX2, millions, forward / forward + backward): {'; '.join(told)}.")
    return "\n\n".join(parts)


def _scenes(scenes: dict[str, Any]) -> str:
    names = list(scenes["rows"][0]["times"])
    lines = [f"| Gaussians, image | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for row in scenes["rows"]:
        cells = []
        for name in names:
            times = row["times"][name]
            cells.append(
                f"{times['forward']['min']:.1f} / **{times['both']['min']:.1f}** "
                f"({times['forward']['median']:.1f} / {times['both']['median']:.1f})"
            )
        lines.append(f"| {_scene(row)} | {' | '.join(cells)} |")
    head = "Milliseconds, forward / **forward + backward**, minimum (median), all in one interleaved run:"
    return head + "\n\n" + "\n".join(lines)


def _scene(row: dict[str, Any]) -> str:
    return f"{row['gaussians'] // 1000}k, {row['size']}²"


if __name__ == "__main__":
    main()
