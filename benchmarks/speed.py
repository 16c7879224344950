"""Times the rasteriser: `python benchmarks/speed.py`. Writes results/<version>/speed.json and the plots beside it.

All contenders run in turn within each round, so what else the machine does hits them alike; minimum, quartiles and
median over the rounds are kept. Times are wall-clock milliseconds.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

# Not this folder itself: its profile.py would hide the standard library's.
HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE / "parts")
# As the command line sets it: threads that spin while they wait would hurt every contender on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
import machine  # noqa: E402
import plots  # noqa: E402
import torch  # noqa: E402
import tyro  # noqa: E402
from contenders import Render, find  # noqa: E402
from scene import Scene, make_scene  # noqa: E402

SIZES = ((20_000, 256), (20_000, 512), (100_000, 256), (100_000, 512))
SLOW_SECONDS = 2.0
"""A contender slower than this is timed in the first rounds only."""
INSTALLATIONS = 3
"""Fresh ones, in which the first call is timed."""
COLD = """
import time, sys
sys.path[0] = {parts!r}
import torch
from scene import make_scene
torch.set_num_threads({threads})
scene = make_scene(500, 64, 64)
# The first backward pass of a process imports sympy into torch, whatever it differentiates.
torch.ones(1, requires_grad=True).square().backward(torch.ones(1))
began, cpu = time.perf_counter(), time.process_time()
from tween4d.splatting import rasterize
image = rasterize(*scene.arrays, scene.viewmats, scene.Ks, 64, 64)[0]
image.backward(scene.v_image)
print(time.perf_counter() - began, time.process_time() - cpu)
"""


@dataclass(frozen=True)
class Options:
    """Time the rasteriser and write the results."""

    rounds: int = 30
    """Rounds per scene; contenders take turns within each."""
    threads: int = min(2, os.cpu_count() or 1)
    extra: tuple[str, ...] = ()
    """Further renderers, name=module:function."""
    only: tuple[str, ...] = ("scenes", "scaling", "million", "start")
    """Parts to measure; others are kept from the file that exists."""
    out: Path | None = None
    """Where to write; default results/<version>."""


def main(options: Options) -> None:
    torch.set_num_threads(options.threads)
    where = machine.describe()
    folder = options.out or HERE / "results" / where["versions"]["tween4d"]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "speed.json"
    result: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    parts = {
        "scenes": lambda: _scenes(options),
        "scaling": lambda: _scaling(options),
        "million": lambda: _in_own_process("million", options.threads),
        "start": lambda: _start(options.threads),
    }
    for name in options.only:
        result[name] = parts[name]() | {"machine": where}
        path.write_text(json.dumps(result, indent=1) + "\n")
        print(f"{name}: done", file=sys.stderr)
    if "scaling" in result:
        plots.write(result["scaling"], folder)


def _scenes(options: Options) -> dict[str, Any]:
    """Every contender on the scenes of the design note."""
    found, absent = find(options.extra)
    rows = []
    for count, size in SIZES:
        scene = make_scene(count, size, size)
        rows.append({"gaussians": count, "size": size, "times": _take_turns(scene, found, options.rounds)})
    return {"rows": rows, "absent": absent}


def _take_turns(scene: Scene, found: dict[str, tuple[Render, str]], rounds: int) -> dict[str, Any]:
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in found}
    scenes = {name: scene.to(device) for name, (_, device) in found.items()}
    for render, device in found.values():
        # Compilation belongs to `_start`.
        _forward_backward(render, make_scene(100, 32, 32).to(device))
    for k in range(rounds + 1):
        for name, (render, _) in found.items():
            slow = samples[name] and sum(samples[name][0]) > SLOW_SECONDS
            if slow and k > 1:
                continue
            took = _forward_backward(render, scenes[name])
            # The first round warms up, unless one round is all that a slow contender gets.
            if k > 0 or sum(took) > SLOW_SECONDS:
                samples[name].append(took)
    return {name: _summary(taken) for name, taken in samples.items()}


def _forward_backward(render: Render, scene: Scene) -> tuple[float, float]:
    """Seconds of a forward pass without a graph, and of forward and backward."""
    with torch.no_grad():
        began = time.perf_counter()
        render(scene)
        forward = time.perf_counter() - began
    for array in scene.arrays:
        array.grad = None
    began = time.perf_counter()
    render(scene).backward(scene.v_image)
    if scene.v_image.is_cuda:
        torch.cuda.synchronize()
    return forward, time.perf_counter() - began


def _summary(samples: list[tuple[float, float]]) -> dict[str, Any]:
    return {"forward": _spread([s[0] for s in samples]), "both": _spread([s[1] for s in samples])}


def _spread(seconds: list[float]) -> dict[str, Any]:
    ms = sorted(1e3 * s for s in seconds)
    quarters = quantiles(ms, n=4) if len(ms) > 1 else [ms[0]] * 3
    named = {"min": ms[0], "lower_quartile": quarters[0], "median": quarters[1], "upper_quartile": quarters[2]}
    return {k: round(v, 3) for k, v in named.items()} | {"rounds": len(ms)}


def _scaling(options: Options) -> dict[str, Any]:
    """Cost against the number of Gaussians, and against the pixels that they cover."""
    found = {"tween4d": find(())[0]["tween4d"]}
    faint = (0.05, 0.1)
    by_count, by_area = [], []
    for count in (2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000):
        scene = make_scene(count, 512, 512, scales=(0.003, 0.006), opacities=faint)
        by_count.append({"gaussians": count} | _cost(scene, found, options.rounds))
    for factor in (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0):
        scene = make_scene(10_000, 512, 512, scales=(0.01 * factor, 0.02 * factor), opacities=faint)
        by_area.append({"scale": factor} | _cost(scene, found, options.rounds))
    return {"by_gaussians": by_count, "by_pixels": by_area, "opacities": faint}


def _cost(scene: Scene, found: dict[str, tuple[Render, str]], rounds: int) -> dict[str, Any]:
    from tween4d.splatting import rasterize

    _, _, meta = rasterize(*scene.arrays, scene.viewmats, scene.Ks, scene.width, scene.height)
    covered = float((meta["radii"].double().prod(-1) * torch.pi).sum())
    return {"covered_pixels": round(covered), **_take_turns(scene, found, rounds)["tween4d"]}


def _million(threads: int) -> dict[str, Any]:
    """One million Gaussians at 1080p: milliseconds, and the peak memory of the whole process."""
    torch.set_num_threads(threads)
    from tween4d.splatting import rasterize

    rows = []
    for name, scales in (("small", (0.002, 0.004)), ("as in the other scenes", (0.01, 0.02))):
        scene = make_scene(1_000_000, 1920, 1080, scales=scales)
        taken = []
        for _ in range(6):
            with torch.no_grad():
                began = time.perf_counter()
                rasterize(*scene.arrays, scene.viewmats, scene.Ks, scene.width, scene.height)
                taken.append(time.perf_counter() - began)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows.append({"scales": scales, "name": name, "forward": _spread(taken[1:]), "peak_mib": round(peak)})
    return {"rows": rows}


def _in_own_process(what: str, threads: int) -> dict[str, Any]:
    """Peak memory only means something in a process that does nothing else."""
    code = f"import json, runpy; speed = runpy.run_path({str(HERE / 'speed.py')!r}); "
    code += f"print(json.dumps(speed['_{what}']({threads})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _start(threads: int) -> dict[str, Any]:
    """Seconds of the first call after installation, and of the first call of a later process; medians."""
    code = COLD.format(parts=str(HERE / "parts"), threads=threads)
    first, later = [], []
    for _ in range(INSTALLATIONS):
        with tempfile.TemporaryDirectory() as cache:
            environment = os.environ | {"NUMBA_CACHE_DIR": cache}
            for taken in (first, later, later, later):
                done = subprocess.run(
                    [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
                )
                taken.append([round(float(x), 3) for x in done.stdout.split()])
    return {"first": _seconds(first), "later": _seconds(later)}


def _seconds(samples: list[list[float]]) -> dict[str, Any]:
    """Medians of wall clock and of CPU time, with all samples of the wall clock."""
    wall, cpu = zip(*samples, strict=True)
    return {"wall_s": median(wall), "cpu_s": median(cpu), "wall_samples": sorted(wall)}


if __name__ == "__main__":
    main(tyro.cli(Options))
