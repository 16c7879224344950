"""Every case of a benchmark folder: make, render, track, score, and one table."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from tween4d.app.case import Case, camera_angles, load_case, load_true_points
from tween4d.app.child import call_in_child
from tween4d.app.making import make_to_file
from tween4d.app.memory import peak_memory_bytes
from tween4d.app.run import RunOptions, own_version
from tween4d.app.scoring import CaseScores, mean_case, score_case
from tween4d.app.sheet import write_sheet
from tween4d.data.images import Image
from tween4d.events import Listener, silent
from tween4d.io.atomic import whole_file
from tween4d.io.images import from_bytes, save_png
from tween4d.io.points import write_points
from tween4d.stages.render import render_view, trace_points

POINTS = 4096


@dataclass(frozen=True)
class BenchSettings:
    """How the cases are run."""

    preset: str = "standard"
    seed: int = 0
    frames: int | None = None
    """Frames of the assets; None takes the preset's."""


@dataclass(frozen=True)
class CaseResult:
    """One case, done."""

    name: str
    scores: CaseScores
    endpoints: tuple[float, float]
    """PSNR of the two input pictures, given back at 256 pixels on white, dB."""
    seconds: float
    """What the stages took when they were computed."""
    peak_memory: int
    """Bytes, of the process that made, rendered and scored the case."""
    gaussians: int
    asset_bytes: int
    reused: tuple[str, ...]
    """Stages whose values lay in the working folder; then `peak_memory` says little."""


def run_bench(
    cases: Sequence[Path],
    out: Path,
    settings: BenchSettings,
    *,
    listener: Listener = silent,
    done: Callable[[CaseResult], None] = lambda result: None,
) -> list[CaseResult]:
    """Run the cases one after another, each in a process of its own.

    Args:
        cases: folders, from `find_cases`.
        out: gets a folder per case (`asset.t4d`, renders under the names of the truth, `points.npz`, `sheet.png`,
            `scores.json`), `bench.json` and `bench.md`.
        done: told after every case.
    Raises:
        Tween4dError: when a case cannot be read or made.
    """
    results = []
    for folder in cases:
        result = call_in_child(bench_case, folder, out / folder.name, settings, listener=listener)
        results.append(result)
        done(result)
        _write_text(out / "bench.json", json.dumps(as_json(results, settings), indent=1))
        _write_text(out / "bench.md", markdown(results, settings))
    return results


def bench_case(folder: Path, out: Path, settings: BenchSettings, *, listener: Listener = silent) -> CaseResult:
    """Make one case's asset, render what the truth shows, and score it."""
    case = load_case(folder)
    made = make_to_file(
        case.start,
        case.end,
        out / "asset.t4d",
        preset_name=settings.preset,
        seed=settings.seed,
        listener=listener,
        options=RunOptions(frames=settings.frames),
    )
    asset = made.asset
    for shot in case.shots:
        save_png(render_view(asset, shot.camera, shot.time), out / shot.file)
    truth = load_true_points(case)
    if truth is not None:
        times = torch.from_numpy(truth[1])
        write_points(*trace_points(asset, times, POINTS), times, out / "points.npz")
    result = CaseResult(
        name=case.name,
        scores=score_case(case, out),
        endpoints=made.endpoints,
        seconds=round(sum(made.stage_seconds.values()) if made.reused else made.seconds, 2),
        peak_memory=peak_memory_bytes(),
        gaussians=made.gaussians,
        asset_bytes=made.path.stat().st_size,
        reused=made.reused,
    )
    write_sheet(asset, out / "sheet.png", lambda azimuth, moment: true_view(case, azimuth, moment))
    _write_text(out / "scores.json", json.dumps(result_json(result), indent=1))
    return result


def true_view(case: Case, azimuth: float, time: float) -> Image | None:
    """The case's true picture from a level camera at an azimuth (degrees) and a time, or None."""
    for shot in case.shots:
        at, elevation = camera_angles(shot.camera)
        turned = abs((at - azimuth + 180) % 360 - 180)
        if max(turned, abs(elevation)) < 0.5 and abs(shot.time - time) < 1e-3:
            path = case.folder / shot.file
            return from_bytes(path.read_bytes()) if path.is_file() else None
    return None


def result_json(result: CaseResult) -> dict[str, object]:
    """A case's result as plain values."""
    return result.scores.as_json() | {
        "endpoints": list(result.endpoints),
        "seconds": result.seconds,
        "peak_memory": result.peak_memory,
        "gaussians": result.gaussians,
        "asset_bytes": result.asset_bytes,
        "reused": list(result.reused),
    }


def as_json(results: Sequence[CaseResult], settings: BenchSettings) -> dict[str, object]:
    """All results as plain values, under the benchmark's own names."""
    return {
        "tween4d": own_version(),
        "preset": settings.preset,
        "seed": settings.seed,
        "mean": mean_case([r.scores for r in results]).as_json(),
        "cases": {result.name: result_json(result) for result in results},
    }


def markdown(results: Sequence[CaseResult], settings: BenchSettings) -> str:
    """The table that a person reads."""
    groups = ("input", "near", "far")
    shown = {"PSNRm": "psnr_masked", "IoU": "iou", "FLIP": "flip"}
    head = ["case", *(f"{g} {name}" for g in groups for name in shown), "flick", "CD", "EPE", "EPE frozen"]
    head += ["ends dB", "s", "peak GB", "Gaussians", "MB"]
    rows = [[result.name, *_cells(result.scores), *_costs(result)] for result in results]
    if len(results) > 1:
        rows.append([f"mean ({len(results)})", *_cells(mean_case([r.scores for r in results])), *_mean_costs(results)])
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in lines)
    return f"{text}\n\npreset {settings.preset}, seed {settings.seed}, tween4d {own_version()}\n"


def _cells(scores: CaseScores) -> list[str]:
    cells = []
    for group in ("input", "near", "far"):
        known = scores.groups.get(group)
        cells += ["-"] * 3 if known is None else [f"{known.psnr_masked:.2f}", f"{known.iou:.3f}", f"{known.flip:.3f}"]
    motion = (scores.flicker, scores.chamfer, scores.endpoint, scores.endpoint_frozen)
    return cells + ["-" if value is None else f"{value:.2f}" for value in motion]


def _costs(result: CaseResult) -> list[str]:
    start, end = result.endpoints
    peak = f"{result.peak_memory / 1e9:.2f}" + ("*" if result.reused else "")
    megabytes = f"{result.asset_bytes / 1e6:.2f}"
    return [f"{start:.1f} {end:.1f}", f"{result.seconds:.0f}", peak, str(result.gaussians), megabytes]


def _mean_costs(results: Sequence[CaseResult]) -> list[str]:
    count = len(results)
    lowest = min(min(r.endpoints) for r in results)
    return [
        f"min {lowest:.1f}",
        f"{sum(r.seconds for r in results) / count:.0f}",
        f"max {max(r.peak_memory for r in results) / 1e9:.2f}",
        f"{sum(r.gaussians for r in results) / count:.0f}",
        f"{sum(r.asset_bytes for r in results) / count / 1e6:.2f}",
    ]


def _write_text(target: Path, text: str) -> None:
    with whole_file(target) as part:
        part.write_text(text, encoding="utf-8")
