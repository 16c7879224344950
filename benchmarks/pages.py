"""The measured parts of the pages in docs/, from what is committed under benchmarks/results/<version>/.

`python benchmarks/pages.py` prints them; `--write` puts each between its page's markers, `<!-- NAME:begin -->` and
`<!-- NAME:end -->`.
"""

import json
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
Result = dict[str, Any]


def main() -> None:
    """Print or write every part whose result is there."""
    newest = max(p for p in (HERE / "results").iterdir() if p.is_dir())
    for name, (page, render) in PARTS.items():
        found = newest / f"{name}.json"
        if not found.is_file():
            continue
        lines = render(json.loads(found.read_text(encoding="utf-8"))).split("\n")
        text = "\n".join(line if line.startswith("|") else textwrap.fill(line, 120) for line in lines)
        if "--write" not in sys.argv:
            print(f"{page}, {name}:\n\n{text}\n")
            continue
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        old = (DOCS / page).read_text(encoding="utf-8")
        if begin not in old or end not in old:
            sys.exit(f"{page} has no {begin} ... {end}")
        before, after = old.split(begin)[0], old.split(end)[1]
        (DOCS / page).write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def exports(result: Result) -> str:
    """Sizes and times of exported files."""
    lines = [
        f"`{result['asset']}` of the benchmark: {result['frames']} frames, {len(result['gaussians'])} x "
        f"{result['gaussians'][0]:,} Gaussians; the `.t4d` has {mega(result['asset_bytes'])} MB.",
        "",
        "| `tween4d export fox.t4d ...` | files | MB | s |",
        "|---|---:|---:|---:|",
    ]
    for row in result["rows"]:
        words = row["export"].replace("a.", "fox.", 1)
        lines.append(f"| `{words}` | {row['files']} | {mega(row['bytes'])} | {row['seconds']:.1f} |")
    loads = [row["load"] for row in result["rows"]]
    told = f"{result['machine']['cpu']}, {result['machine']['cores']} cores, load average {min(loads)} to {max(loads)}"
    whole = result["set"]
    names = ", ".join(f"`{name.replace('a.', 'fox.', 1)}`" for name in whole["exports"])
    return "\n".join(
        [
            *lines,
            "",
            f"{told}; one run each, the command's start included (`benchmarks/exports.py`). {names} together, two "
            f"commands at a time: {whole['seconds']:.0f} s (load average {whole['load']}).",
        ]
    )


def player(result: Result) -> str:
    """Start and frames of the player."""
    scripts = result["script_bytes"]
    lines = [
        f"The player is {mega(scripts['page'])} MB of every page; the element's script has "
        f"{mega(scripts['element'])} MB ({mega(scripts['element_gzip'])} MB as servers send it, compressed).",
        "",
        "| asset | Gaussians | page, MB | `.t4d`, MB | start, s | a frame, ms |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for row in result["rows"]:
        lines.append(
            f"| {row['asset']} | {row['gaussians']:,} | {mega(row['page_bytes'])} | {mega(row['asset_bytes'])} | "
            f"{row['start_ms'] / 1000:.1f} | {row['frame_ms']:.1f} / {row['frame_ms_95th']:.1f} |"
        )
    machine = result["machine"]
    return "\n".join(
        [
            *lines,
            "",
            f"Chromium {machine['chromium'].split('.')[0]} without a window or a graphics card; {machine['cpu']}, "
            f"{machine['cores']} cores, load average {machine['load']:.1f} (`benchmarks/player.py`). *Start* is from "
            "the page's opening to the first sorted picture. *A frame* is CPU time of the main thread while the asset "
            f"plays, median and 95th percentile of {result['frames']} frames. Gaussians are sorted in a worker, and "
            "skinned and drawn by the graphics card. That was software here, in another process: its work and the "
            "timers that wait for it are not counted, and how many frames a second a real card shows was not measured.",
        ]
    )


def asset_size(result: Result) -> str:
    """Bytes and decibels by precision."""
    names = ("means", "quats", "log_scales", "opacity_logits", "sh", "skin_weights", "node_quats", "node_translations")
    lines = [
        f"| bits of {', '.join(names)} | asset | bytes | PSNR, dB | worst picture |",
        "|---|---|---:|---:|---:|",
    ]
    for row in result["rows"]:
        step = ", ".join(str(row["bits"][name]) for name in names)
        chosen = f"**{step}**" if row["step"] == "default" else step
        lines.append(f"| {chosen} | {row['asset']} | {row['bytes']:,} | {row['psnr']:.1f} | {row['worst']:.1f} |")
    one = result["rows"][0]
    told = (
        f"Against the assets as they were made, with 32-bit numbers: pictures of {result['side']} pixels, "
        f"{len(result['views'])} views at {len(result['times'])} times (`benchmarks/rate_distortion.py`). The assets "
        f"have {one['gaussians']:,} Gaussians and {one['frames']} frames; the bold row is what is written."
    )
    return "\n".join([*lines, "", told])


def mesh(result: Result) -> str:
    """Likeness of the mesh."""
    lines = [
        "| asset | triangles of each fragment | texture | IoU of all | IoU, mean / worst | at least 0.95 | "
        "to the Gaussians, dB | to the photographs, dB | s |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in result["rows"]:
        photographs = ", ".join(f"{value:.1f}" for value in row["psnr_to_photographs"])
        lines.append(
            f"| {row['asset']} | {few_many(row['triangles'])} | {few_many(row['texture'])} | {row['iou_pooled']:.3f} | "
            f"{row['iou_mean']:.3f} / {row['iou_worst']:.3f} | {row['iou_good_share']:.0%} | "
            f"{row['psnr_to_gaussians']:.1f} | {photographs} | {row['seconds']:.0f} |"
        )
    rows = result["rows"]
    surfaces = sum(len(row["closed"]) for row in rows)
    closed = sum(sum(row["closed"]) for row in rows)
    shared = max(max(row["texels_of_two_triangles"]) for row in rows)
    loads = [row["load"] for row in rows]
    told = (
        f"Silhouettes of mesh and Gaussians over each other at {len(result['times'])} times from "
        f"{len(result['views'])} sides, pictures of {result['side']} pixels, `--faces {result['faces']}` "
        "(`benchmarks/mesh.py`). *IoU of all*: shared pixels of all pictures by all pixels of either. Decibels are of "
        f"whole pictures on white. {closed} of {surfaces} surfaces are closed and wound consistently; at most "
        f"{shared:.6f} of the covered texels of a texture belong to two triangles. Load average {min(loads)} to "
        f"{max(loads)}."
    )
    return "\n".join([*lines, "", told])


def few_many(values: list[int]) -> str:
    """A number, or from the least to the most."""
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def mega(count: int) -> str:
    """Bytes in millions, two digits that count."""
    value = count / 1e6
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2g}"


PARTS: dict[str, tuple[str, Callable[[Result], str]]] = {
    "exports": ("exports.md", exports),
    "player": ("player.md", player),
    "asset_size": ("asset-format.md", asset_size),
    "mesh": ("mesh.md", mesh),
}


if __name__ == "__main__":
    main()
