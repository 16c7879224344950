"""`tween4d bench`: score on cases whose truth is known."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from tween4d.cli.console import complain, progress, say


@dataclass(frozen=True)
class Bench:
    """Make and score every case of a benchmark folder, and print one table.

    Example:  tween4d bench bench4d/public -o bench --cases fox_walk,koi_tail --preset draft

    A case is a folder with input/start.png, input/end.png, transforms.json (true views, named by file_path) and, if
    known, points.npz (points [T, N, 3]). Each is run in a process of its own, so that its memory can be told.
    """

    folder: Annotated[Positional[Path], arg(metavar="DIR")]
    """Folder of cases."""
    out: Annotated[Path, arg(aliases=["-o"], metavar="OUT")]
    """Folder for assets, renders, contact sheets, bench.md and bench.json; finished stages are reused."""
    preset: Literal["draft", "standard", "fine"] = "standard"
    """As in `tween4d run`."""
    cases: Annotated[str, arg(metavar="A,B", help_behavior_hint="(all)")] = ""
    """Names of the cases to run, with commas."""
    frames: Annotated[int | None, arg(metavar="N", help_behavior_hint="(the preset's)")] = None
    """Number of frames."""
    seed: Annotated[int, arg(metavar="S")] = 0
    """As in `tween4d run`."""

    def execute(self) -> None:
        """Run the cases and print the table."""
        from tween4d.app.bench import BenchSettings, CaseResult, markdown, run_bench
        from tween4d.app.case import find_cases

        found = find_cases(self.folder, [name.strip() for name in self.cases.split(",") if name.strip()])
        settings = BenchSettings(self.preset, self.seed, self.frames)

        def done(result: CaseResult) -> None:
            complain(f"{result.name}: {result.seconds:.0f} s, peak {result.peak_memory / 1e9:.2f} GB")

        with progress() as listener:
            results = run_bench(found, self.out, settings, listener=listener, done=done)
        say(markdown(results, settings).rstrip())
        say(f"{self.out}  table, numbers, assets and contact sheets")
