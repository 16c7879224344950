"""Writes the tables of measured speed between the markers of README.md (speed) and docs/splatting.md (spread).

`python benchmarks/table.py` prints the tables; `--write` replaces what is between <!-- NAME:begin --> and its end.
"""

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent


def main() -> None:
    folder = HERE / "results" / sorted(p.name for p in (HERE / "results").iterdir() if p.is_dir())[-1]
    for path, name, text in (
        (ROOT / "README.md", "speed", render(folder)),
        (ROOT / "docs" / "splatting.md", "spread", spread(folder)),
    ):
        if "--write" in sys.argv:
            _put(path, name, text)
        else:
            print(f"{text}\n")


def _put(path: Path, name: str, text: str) -> None:
    """Replace what lies between the markers."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    page = path.read_text(encoding="utf-8")
    if begin not in page or end not in page:
        sys.exit(f"{path.name} has no {begin} ... {end}")
    before, after = page.split(begin)[0], page.split(end)[1]
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def render(folder: Path) -> str:
    """All tables of one version as Markdown."""
    result = json.loads((folder / "speed.json").read_text())
    parts = [_scenes(result["scenes"]), _place(result["scenes"]["machine"])]
    parts += [f"{name}: not measured, {reason}." for name, reason in result["scenes"]["absent"].items()]
    if "million" in result:
        rows = result["million"]["rows"]
        told = (
            f"scales {r['scales'][0]} to {r['scales'][1]}: {r['forward']['min'] / 1e3:.2f} s, "
            f"{r['peak_mib'] / 1024:.1f} GiB"
            for r in rows
        )
        head = f"One million Gaussians at 1920 x 1080, forward, whole process{_aside(result, 'million')}"
        parts.append(f"{head}: {'; '.join(told)}.")
    if "start" in result:
        parts.append(_start(result))
    counts = folder / "instructions.json"
    if counts.is_file():
        rows = json.loads(counts.read_text())["rows"]
        told = (f"{_scene(r)}: {r['forward_M']:,.0f} / {r['both_M']:,.0f}" for r in rows)
        parts.append(f"Instructions (AVX2, millions, forward / forward + backward): {'; '.join(told)}.")
    return "\n\n".join(parts)


def spread(folder: Path) -> str:
    """How the engine's times vary over the rounds, and where a fitting step goes, as Markdown."""
    result = json.loads((folder / "speed.json").read_text())
    scenes = result["scenes"]
    columns = ("min", "lower_quartile", "median", "upper_quartile")
    lines = [
        "Milliseconds of the engine over all rounds:\n",
        f"| Gaussians, image | pass | {' | '.join(c.replace('_', ' ') for c in columns)} | rounds |",
        f"|---|---|{'---|' * len(columns)}---|",
    ]
    for row in scenes["rows"]:
        for key, name in (("forward", "forward"), ("both", "forward + backward")):
            taken = row["times"]["tween4d"][key]
            cells = " | ".join(f"{taken[c]:.1f}" for c in columns)
            lines.append(f"| {_scene(row)} | {name} | {cells} | {taken['rounds']} |")
    parts = ["\n".join(lines), _place(scenes["machine"])]
    if "start" in result:
        parts.append(_start(result))
    profile = folder / "profile.json"
    if profile.is_file():
        found = json.loads(profile.read_text())
        step = found["fitting_step"]
        named = ", ".join(f"{k} {v:.1f}" for k, v in step["ms"].items() if k != "loop")
        parts.append(
            f"A step of fitting a node motion takes {step['ms']['loop']:.1f} ms ({named}), "
            f"{step['outside_rasteriser']:.0%} of it outside the rasteriser: preset {found['preset']}, "
            f"commit {found['machine']['commit']}."
        )
    return "\n\n".join(parts)


def _place(where: dict[str, Any]) -> str:
    """The machine that a figure is of."""
    load = f", load average {where['load'][0]}" if where["load"] else ""
    flags = ", ".join(where["flags"])
    return (
        f"{where['cpu']}, {where['threads']} threads of {where['cores']} cores ({flags}), "
        f"torch {where['versions']['torch']}, numba {where['versions']['numba']}, commit {where['commit']}{load}."
    )


def _start(result: dict[str, Any]) -> str:
    """What the first call costs."""
    first, later = result["start"]["first"], result["start"]["later"]
    return (
        f"First call after installation {first['wall_s']:.1f} s ({first['cpu_s']:.1f} s of CPU), "
        f"of a later process {later['wall_s']:.2f} s ({later['cpu_s']:.2f} s of CPU){_aside(result, 'start')}."
    )


def _aside(result: dict[str, Any], part: str) -> str:
    """The machine and commit of a part that was not measured with the scenes."""
    usual, where = result["scenes"]["machine"], result[part]["machine"]
    told = [where[key] for key in ("cpu", "commit") if where[key] != usual[key]]
    return f" ({', '.join(told)})" if told else ""


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
