"""`tween4d bench`: score on cases whose truth is known."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from tween4d.cli.console import complain, progress, say, say_json
from tween4d.cli.options import Flag, Frames, Preset, PriorSet, Seed

if TYPE_CHECKING:
    from tween4d.app.bench import BenchSettings


@dataclass(frozen=True)
class Bench:
    """Make and score every case of a benchmark folder.

    $ tween4d bench bench4d/public -o bench --cases fox_walk,koi_tail

    A case is a folder with input/start.png, input/end.png, transforms.json (the
    true views, named by file_path) and, if known, points.npz (points [T, N, 3]).
    Every case runs in a process of its own, so that its memory can be told.
    """

    folder: Annotated[Positional[Path], arg(metavar="DIR")]
    """Folder of cases."""
    out: Annotated[Path, arg(aliases=["-o"], metavar="OUT")]
    """Folder for assets, renders, contact sheets, bench.md and bench.json; finished stages in it are reused."""
    preset: Preset = "standard"
    """How much work to do."""
    cases: Annotated[str, arg(metavar="A,B", help_behavior_hint="(default: all)")] = ""
    """Cases to run."""
    frames: Frames = None
    """Number of frames."""
    priors: PriorSet = "embedded"
    """What imagines the rest: embedded has learned, classical is made by hand."""
    ablate: Annotated[str, arg(metavar="A,B", help_behavior_hint="")] = ""
    """Also make each case without these parts and compare (docs/evaluation.md): fragments, merge, smoothing,
    rigidity, crosstime, or all."""
    seed: Seed = 0
    """The same seed gives the same asset."""
    json: Flag = False
    """Print the numbers as one JSON object instead of the table."""

    def execute(self) -> None:
        """Run the cases and print the table."""
        from tween4d.app.ablation import parse_ablations
        from tween4d.app.bench import BenchSettings, CaseResult, results_json, results_table, run_bench
        from tween4d.app.case import find_cases

        found = find_cases(self.folder, [name.strip() for name in self.cases.split(",") if name.strip()])
        settings = BenchSettings(self.preset, self.seed, self.frames, self.priors)
        names = parse_ablations(self.ablate)
        if names:
            self._ablate(found, names, settings)
            return

        def done(result: CaseResult) -> None:
            complain(f"{result.name}: {result.seconds:.0f} s, peak {result.peak_memory / 1e9:.2f} GB")

        with progress() as listener:
            results = run_bench(found, self.out, settings, listener=listener, done=done)
        if self.json:
            say_json(results_json(results, settings))
            return
        say(results_table(results, settings))
        say(f"{self.out}: assets, renders, contact sheets (CASE/sheet.png), bench.md, bench.json")

    def _ablate(self, cases: list[Path], names: tuple[str, ...], settings: "BenchSettings") -> None:
        from tween4d.app.ablation import Outcome, ablation_json, ablation_table, run_ablations

        def done(outcome: Outcome) -> None:
            complain(f"{outcome.case}, {outcome.variant}: {outcome.seconds:.0f} s")

        with progress() as listener:
            outcomes = run_ablations(cases, self.out, names, settings, listener=listener, done=done)
        if self.json:
            say_json(ablation_json(outcomes, settings))
            return
        say(ablation_table(outcomes, settings))
        say(f"{self.out}: CASE/VARIANT/sheet.png, ablation.md, ablation.json, ablation.html")
