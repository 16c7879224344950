"""How large exports are and how long they take: `exports.json`.

`python benchmarks/exports.py ASSET.t4d` runs the command line once for each format, one after the other: the seconds
are those of the whole command, its start and the loading of the compiled engine included. Then it runs the set that
most people want, two commands at a time, as two cores allow.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from tween4d.io.asset import load_asset

CASES: tuple[tuple[str, ...], ...] = (
    ("a.html",),
    ("a.mp4",),
    ("a.webm",),
    ("a.mov",),
    ("a.gif",),
    ("a.webp",),
    ("a.ply",),
    ("a.compressed.ply",),
    ("a.splat",),
    ("a.spz",),
    ("a.sog",),
    ("a.splats.glb",),
    ("a.splats.glb", "--frames", "8"),
    ("a.glb",),
    ("a.glb", "--rig", "reduce:64"),
    ("a.glb", "--rig", "morph"),
    ("a.usdz",),
    ("a.usdz", "--usd", "mesh"),
    ("a.usdc",),
    ("a.usdc", "--usd", "splats"),
    ("a.usda",),
    ("a.usda", "--usd", "splats"),
    ("frames/", "--each", "ply"),
    ("frames/", "--each", "png"),
    ("frames/", "--each", "exr"),
    ("frames/", "--each", "web"),
    ("a.npz",),
    ("a.json",),
)


SET = ("a.glb", "a.mp4", "a.html", "a.ply")
"""Mesh, film, page, and Gaussians of a moment, all by default."""


def main() -> None:
    path = Path(sys.argv[1])
    asset = load_asset(path)
    rows = []
    for words in CASES:
        rows.append(measure(path, words))
        print(rows[-1], flush=True)
    result = {
        "version": version("tween4d"),
        "machine": {"cpu": cpu(), "cores": os.cpu_count()},
        "asset": path.parent.name if path.stem == "asset" else path.stem,
        "asset_bytes": path.stat().st_size,
        "gaussians": [len(clip.gaussians) for clip in asset.clips],
        "frames": asset.frame_count,
        "rows": rows,
        "set": {"exports": SET, **whole_set(path)},
    }
    target = Path(__file__).parent / "results" / version("tween4d") / "exports.json"
    target.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def measure(path: Path, words: tuple[str, ...]) -> dict:
    """One command."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, words[0])
        command = [sys.executable, "-m", "tween4d.cli", "export", str(path), out, *words[1:]]
        load, began = os.getloadavg()[0], time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.perf_counter() - began
        made = [Path(out)] if os.path.isfile(out) else [p for p in Path(out).rglob("*") if p.is_file()]
        size = sum(p.stat().st_size for p in made)
    return {
        "export": " ".join(words),
        "files": len(made),
        "bytes": size,
        "seconds": round(seconds, 2),
        "load": round(load, 2),
    }


def whole_set(path: Path) -> dict:
    """All of the set, two at a time."""
    load, began = os.getloadavg()[0], time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: measure(path, (name,)), SET))
    return {"seconds": round(time.perf_counter() - began, 2), "load": round(load, 2)}


def cpu() -> str:
    """The processor's own name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


if __name__ == "__main__":
    main()
