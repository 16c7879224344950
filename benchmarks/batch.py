"""How many assets a batch makes with one worker and with two: `python benchmarks/batch.py > FILE.json`.

`python benchmarks/batch.py --write` derives the page's part on a million pairs from the committed result. Needs Ray.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from parts.machine import describe
from parts.page import newest_results, put

from tween4d.synthetic import example_pair_paths

WORKERS = (1, 2)
MILLION = 1_000_000
PROCESSORS = 1000
"""Of the farm that the page takes as its example."""


def main() -> None:
    """Measure, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=4)
    parser.add_argument("--preset", default="draft")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if arguments.write:
        put("batch.md", "batch", page(json.loads((newest_results() / "batch.json").read_text(encoding="utf-8"))))
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made(folder, "warm-up", 2, 2, arguments.preset, frames=5)
        rows = [made(folder, f"{n}-workers", arguments.pairs, n, arguments.preset) for n in WORKERS]
    print(json.dumps({"machine": describe(), "preset": arguments.preset, "rows": rows}, indent=1))


def made(folder: Path, name: str, pairs: int, workers: int, preset: str, frames: int | None = None) -> dict[str, Any]:
    """Make so many pairs with so many workers; the example's pictures with a seed for each."""
    start, end = example_pair_paths()
    path, out = folder / f"{name}.csv", folder / name
    lines = [f"{start},{end},{seed},{frames or ''}" for seed in range(pairs)]
    path.write_text("\n".join(["start,end,seed,frames", *lines]) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "tween4d.cli", "batch", path, "-o", out, "--preset", preset]
    load = os.getloadavg()[0]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--workers", str(workers)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    most = {"work": 0}
    watch = threading.Thread(target=watched, args=(process, out, most), daemon=True)
    watch.start()
    if process.wait():
        sys.exit(f"the batch with {workers} workers failed")
    seconds = time.perf_counter() - began
    watch.join(timeout=30)
    with (out / "summary.csv").open(encoding="utf-8") as stream:
        told = list(csv.DictReader(stream))
    return {
        "workers": workers,
        "pairs": pairs,
        "seconds": round(seconds, 1),
        "load": round(load, 2),
        "seconds_of_each": [float(row["seconds"]) for row in told],
        "processor_seconds_of_each": [float(row["processor_seconds"]) for row in told],
        "asset_bytes": [int(row["bytes"]) for row in told],
        "peak_memory": max(int(row["peak_memory"]) for row in told),
        "working_bytes": most["work"],
        "files": len(list(out.iterdir())),
    }


def watched(process: subprocess.Popen, out: Path, most: dict[str, Any]) -> None:
    """Note the largest working folder while the batch runs."""
    while process.poll() is None:
        for work in out.glob("*.work"):
            most["work"] = max(most["work"], size(work))
        time.sleep(1)


def size(folder: Path) -> int:
    """Bytes of a folder whose files come and go."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


def used(row: dict[str, Any]) -> float:
    """Processors that a stage uses while it runs."""
    return sum(row["processor_seconds_of_each"]) / sum(row["seconds_of_each"])


def page(result: dict[str, Any]) -> str:
    """Scaling, and what a million pairs take."""
    one, two = result["rows"]
    rates = [3600 * row["pairs"] / row["seconds"] for row in (one, two)]
    lines = [
        "| workers | pairs | seconds | assets an hour | processor seconds an asset |",
        "|---:|---:|---:|---:|---:|",
    ]
    for row, rate in zip((one, two), rates, strict=True):
        each = row["processor_seconds_of_each"]
        lines.append(
            f"| {row['workers']} | {row['pairs']} | {row['seconds']:.0f} | {rate:.0f} | {sum(each) / len(each):.1f} |"
        )
    machine = result["machine"]
    # A farm's processors all have a neighbour at work, so the figure with two workers is the one to multiply.
    held = sum(two["seconds_of_each"]) / two["pairs"]
    hours = held * MILLION / 3600
    size_mb = sum(two["asset_bytes"]) / two["pairs"] / 1e6
    work_mb = max(one["working_bytes"], two["working_bytes"]) / 1e6
    rate = PROCESSORS / held
    tasks = 7 * rate
    return "\n".join(
        [
            *lines,
            "",
            f"Preset {result['preset']}, the example's pictures; {machine['cpu']}, {machine['cores']} cores; load "
            f"average before each {one['load']} and {two['load']}; Ray's start included (`benchmarks/batch.py`). Two "
            f"workers make {rates[1] / rates[0]:.2f} times what one makes. One worker alone uses "
            f"{used(one):.2f} processors, with two each uses {used(two):.2f}. A process needs at most "
            f"{max(one['peak_memory'], two['peak_memory']) / 1e9:.1f} GB.",
            "",
            f"**A CPU farm.** With a neighbour at work an asset holds a processor for {held:.0f} s. A million pairs "
            f"hold {hours:,.0f} processor hours: {hours / PROCESSORS / 24:.1f} days on {PROCESSORS:,} processors. "
            f"Times the price of a processor hour this is the bill; at 0.04 it is {0.04 * hours:,.0f}. The assets have "
            f"{size_mb:.1f} MB each, {size_mb * MILLION / 1e6:.1f} TB together. Working folders of pairs under way, "
            f"two for each processor, take up to {2 * PROCESSORS * work_mb / 1e3:.0f} GB ({work_mb:.0f} MB each). "
            f"The farm ends {rate:.0f} assets and {tasks:.0f} stages a second.",
            "",
            f"**A GPU farm.** Not measured. What the figures say: a GPU that costs *k* times a processor has to make "
            f"an asset in less than {held:.0f}/*k* s to be cheaper, so with *k* = 30 in {held / 30:.1f} s. Embedded "
            "priors ask for no GPU. With pretrained priors a stage asks for the share in the table of "
            "`app/stagewise.py`: a whole one to imagine motion and views, half of one to reconstruct and deform.",
        ]
    )


if __name__ == "__main__":
    main()
