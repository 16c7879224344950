"""Every case of a benchmark folder: make, render, track, score."""

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
from tween4d.app.scoring import COLUMNS, CaseScores, mean_case, score_case
from tween4d.app.sheet import write_sheet
from tween4d.data.asset import Asset4D
from tween4d.data.images import Image
from tween4d.events import Listener, Note, silent
from tween4d.io.atomic import check_target, whole_file
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
    priors: str = "embedded"


@dataclass(frozen=True)
class CaseResult:
    """One case, done."""

    name: str
    scores: CaseScores
    endpoints: tuple[float, float]
    """PSNR of the two input pictures, given back at 256 pixels on white, dB."""
    seconds: float
    """What making the asset takes when nothing is reused."""
    peak_memory: int
    """Bytes, of the process that made, rendered and scored the case."""
    gaussians: int
    asset_bytes: int
    reused: tuple[str, ...]
    """Stages whose values lay in the working folder; if there are any, `peak_memory` is less than a whole run's."""

    def as_json(self) -> dict[str, object]:
        """Plain values; scores under the benchmark's names."""
        return self.scores.as_json() | {
            "endpoints": list(self.endpoints),
            "seconds": self.seconds,
            "peak_memory": self.peak_memory,
            "gaussians": self.gaussians,
            "asset_bytes": self.asset_bytes,
            "reused": list(self.reused),
        }


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
            `scores.json`), and `bench.json` and `bench.md`, which grow with every case.
        done: told after every case.
    Raises:
        Tween4dError: when a case cannot be read or made, or something cannot be written.
    """
    check_target(out / "bench.json", overwrite=True)
    results: list[CaseResult] = []
    for number, folder in enumerate(cases, 1):
        listener(Note(f"case {number} of {len(cases)}: {folder.name}"))
        result = call_in_child(bench_case, folder, out / folder.name, settings, listener=listener)
        results.append(result)
        done(result)
        _write_text(out / "bench.json", json.dumps(results_json(results, settings), indent=1))
        _write_text(out / "bench.md", results_table(results, settings) + "\n")
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
        options=RunOptions(frames=settings.frames, priors=settings.priors),
    )
    result = CaseResult(
        name=case.name,
        scores=judge_asset(made.asset, case, out),
        endpoints=made.endpoints,
        seconds=round(sum(made.stage_seconds.values()) if made.reused else made.seconds, 2),
        peak_memory=peak_memory_bytes(),
        gaussians=made.gaussians,
        asset_bytes=made.path.stat().st_size,
        reused=made.reused,
    )
    _write_text(out / "scores.json", json.dumps(result.as_json(), indent=1))
    return result


def judge_asset(asset: Asset4D, case: Case, out: Path) -> CaseScores:
    """Render and track what a case knows the truth of, score it, and draw a contact sheet beside the truth.

    Args:
        out: gets the renders under the names of the truth, `points.npz` if there are true points, and `sheet.png`.
    """
    for shot in case.shots:
        save_png(render_view(asset, shot.camera, shot.time), out / shot.file)
    truth = load_true_points(case)
    if truth is not None:
        times = torch.from_numpy(truth[1])
        write_points(*trace_points(asset, times, POINTS), times, out / "points.npz")
    write_sheet(asset, out / "sheet.png", lambda azimuth, time: true_view(case, azimuth, time))
    return score_case(case, out)


def true_view(case: Case, azimuth: float, time: float) -> Image | None:
    """The case's true picture from a level camera at an azimuth (degrees) and a time, or None."""
    for shot in case.shots:
        at, elevation = camera_angles(shot.camera)
        turned = abs((at - azimuth + 180) % 360 - 180)
        if max(turned, abs(elevation)) < 0.5 and abs(shot.time - time) < 1e-3:
            path = case.folder / shot.file
            return from_bytes(path.read_bytes()) if path.is_file() else None
    return None


def results_json(results: Sequence[CaseResult], settings: BenchSettings) -> dict[str, object]:
    """All results as plain values, under the benchmark's own names."""
    return {
        "tween4d": own_version(),
        "preset": settings.preset,
        "seed": settings.seed,
        "priors": settings.priors,
        "mean": mean_case([result.scores for result in results]).as_json(),
        "cases": {result.name: result.as_json() for result in results},
    }


def results_table(results: Sequence[CaseResult], settings: BenchSettings) -> str:
    """The table that a person reads, as Markdown."""
    head = ["case", *(f"{group} {name}" for group in ("input", "near", "far") for name in SHOWN)]
    head += ["flick", "CD", "EPE", "EPE frozen", "ends dB", "s", "GB", "Gaussians", "MB"]
    rows = [[result.name, *_score_cells(result.scores), *_cost_cells([result])] for result in results]
    if len(results) > 1:
        mean = mean_case([result.scores for result in results])
        rows.append([f"mean of {len(results)}", *_score_cells(mean), *_cost_cells(results)])
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = ["| " + " | ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in [head, *rows]]
    lines.insert(1, "| " + " | ".join(rule) + " |")
    about = f"preset {settings.preset}, {settings.priors} priors, seed {settings.seed}, tween4d {own_version()}"
    if len(results) > 1:
        about += "; ends: the lowest, s and Gaussians and MB: the mean, GB: the highest"
    if any(result.reused for result in results):
        about += "; * finished stages were reused, so GB is less than a whole run's"
    return "\n".join(lines) + f"\n\n{about}"


SHOWN = ("PSNRm", "IoU", "FLIP")


def _score_cells(scores: CaseScores) -> list[str]:
    cells = []
    for group in ("input", "near", "far"):
        known = scores.groups.get(group)
        for name in SHOWN:
            digits = 2 if name == "PSNRm" else 3
            cells.append("-" if known is None else f"{getattr(known, COLUMNS[name]):.{digits}f}")
    motion = (scores.flicker, scores.chamfer, scores.endpoint, scores.endpoint_frozen)
    return cells + ["-" if value is None else f"{value:.2f}" for value in motion]


def _cost_cells(results: Sequence[CaseResult]) -> list[str]:
    def mean(values: list[float]) -> float:
        return sum(values) / len(values)

    start, end = (min(result.endpoints[i] for result in results) for i in (0, 1))
    reused = "*" if any(result.reused for result in results) else ""
    return [
        f"{start:.1f} {end:.1f}",
        f"{mean([result.seconds for result in results]):.0f}",
        f"{max(result.peak_memory for result in results) / 1e9:.2f}{reused}",
        f"{mean([result.gaussians for result in results]):.0f}",
        f"{mean([result.asset_bytes for result in results]) / 1e6:.2f}",
    ]


def _write_text(target: Path, text: str) -> None:
    with whole_file(target) as part:
        part.write_text(text, encoding="utf-8")
