"""Where the time of one run goes, by stage and by function: `python benchmarks/profile.py START END`.

Writes results/<version>/profile.json and prints a table. Without pictures the bundled example pair is taken. A draft is
made first, so that nothing is compiled in the run that counts: compilation belongs to speed.py.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Not this folder itself: this very file would hide the standard library's.
HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE / "parts")
# As the command line sets it.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
import cProfile  # noqa: E402
import pstats  # noqa: E402

import machine  # noqa: E402
import torch  # noqa: E402
import tyro  # noqa: E402

import tween4d  # noqa: E402
from tween4d.app.run import make_asset  # noqa: E402
from tween4d.events import Event, StageFinished, StageStarted  # noqa: E402

PACKAGE = Path(tween4d.__file__).parent
EXAMPLE = PACKAGE / "synthetic" / "example"


@dataclass(frozen=True)
class Options:
    """Profile a run."""

    start: tyro.conf.Positional[Path] = EXAMPLE / "start.png"
    end: tyro.conf.Positional[Path] = EXAMPLE / "end.png"
    preset: str = "standard"
    threads: int = 2
    warm: bool = True
    """Make a draft first, so that nothing is compiled in the measured run."""


class Stages:
    """Listens to a run: one profile per stage."""

    def __init__(self) -> None:
        self.profiles: dict[str, cProfile.Profile] = {}
        self.seconds: dict[str, float] = {}

    def listen(self, event: Event) -> None:
        if isinstance(event, StageStarted):
            self.profiles[event.stage] = cProfile.Profile()
            self.profiles[event.stage].enable()
        elif isinstance(event, StageFinished) and event.stage in self.profiles:
            self.profiles[event.stage].disable()
            self.seconds[event.stage] = event.seconds


class Steps:
    """Times of the parts of a fitting step of node motions, taken around the functions that the fit calls."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.calls: dict[str, int] = {}
        self.fitting = False

    def watch(self) -> None:
        """Wrap the loop and its parts; what runs outside the loop does not count."""
        from tween4d.fitting import motion
        from tween4d.splatting.numba_engine import operators

        loop = self._timed(motion.minimise, "loop")

        def minimise(*arguments: Any, **named: Any) -> Any:
            self.fitting = True
            try:
                return loop(*arguments, **named)
            finally:
                self.fitting = False

        motion.minimise = minimise
        for name in ("skin_gaussians", "picture_loss", "motion_energy", "draw"):
            setattr(motion, name, self._timed(getattr(motion, name), name))
        operators._Blend.backward = staticmethod(self._timed(operators._Blend.backward, "blend backward"))
        operators._Project.backward = staticmethod(self._timed(operators._Project.backward, "project backward"))

    def _timed(self, plain: Callable[..., Any], label: str) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            if not self.fitting:
                return plain(*arguments, **named)
            began = time.perf_counter()
            try:
                return plain(*arguments, **named)
            finally:
                self.seconds[label] = self.seconds.get(label, 0.0) + time.perf_counter() - began
                self.calls[label] = self.calls.get(label, 0) + 1

        return timed

    def result(self) -> dict[str, Any]:
        """Milliseconds per step, and the share of a step outside the rasteriser."""
        steps = self.calls.get("blend backward", 0)
        if steps == 0:
            return {"steps": 0, "ms": {}, "outside_rasteriser": None}
        ms = {name: round(1e3 * seconds / steps, 3) for name, seconds in self.seconds.items()}
        inside = ms["draw"] + ms["blend backward"] + ms["project backward"]
        return {"steps": steps, "ms": ms, "outside_rasteriser": round(1 - inside / ms["loop"], 3)}


def main(options: Options) -> None:
    torch.set_num_threads(options.threads)
    if options.warm:
        make_asset(options.start, options.end, preset_name="draft")
    stages, steps = Stages(), Steps()
    steps.watch()
    began = time.perf_counter()
    make_asset(options.start, options.end, preset_name=options.preset, listener=stages.listen)
    total = time.perf_counter() - began
    where = machine.describe()
    result = {
        "preset": options.preset,
        "total_s": round(total, 2),
        "stages": [
            {"stage": name, "seconds": round(stages.seconds[name], 2), "functions": _functions(profile)}
            for name, profile in stages.profiles.items()
            if name in stages.seconds
        ],
        "fitting_step": steps.result(),
        "machine": where,
    }
    folder = HERE / "results" / where["versions"]["tween4d"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "profile.json").write_text(json.dumps(result, indent=1) + "\n")
    print(_table(result))


def _functions(profile: cProfile.Profile, most: int = 12) -> list[dict[str, Any]]:
    """The functions of this package in which the stage spends most, with what they call."""
    rows = []
    for (file, line, name), (_, calls, own, cumulative, _) in pstats.Stats(profile).stats.items():
        path = Path(file)
        if PACKAGE in path.parents:
            place = path.relative_to(PACKAGE).as_posix()
            row = {"function": f"{place}:{line} {name}", "calls": calls}
            rows.append(row | {"own_s": round(own, 3), "total_s": round(cumulative, 3)})
    return sorted(rows, key=lambda row: -row["total_s"])[:most]


def _table(result: dict[str, Any]) -> str:
    lines = [f"{result['preset']}: {result['total_s']} s"]
    for stage in result["stages"]:
        lines.append(f"{stage['seconds']:8.2f} s  {stage['stage']}")
        lines += [f"{row['total_s']:12.2f} s  {row['calls']:7d} x {row['function']}" for row in stage["functions"][:6]]
    step = result["fitting_step"]
    lines.append(f"fitting step ({step['steps']} steps), ms: {step['ms']}, outside: {step['outside_rasteriser']}")
    return "\n".join(lines)


if __name__ == "__main__":
    main(tyro.cli(Options))
