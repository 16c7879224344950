"""`tween4d batch`: thousands of pairs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from tween4d.cli.console import complain, counting, say
from tween4d.cli.options import Flag, Preset
from tween4d.errors import BackendError, InputError


@dataclass(frozen=True)
class Batch:
    """Make an asset of every pair of a list, on Ray.

    $ tween4d batch pairs.csv -o assets
    $ tween4d batch pairs.jsonl -o /shared/assets --ray ray://head:10001

    The list has a column (or key) for start and end, and if you like name, preset,
    seed and other options of a run. The same command goes on where an earlier one
    was interrupted. summary.csv tells time, cost and quality of each.
    """

    list: Annotated[Positional[Path], arg(metavar="LIST")]
    """A .csv with a header, or a .jsonl with an object a line."""
    out: Annotated[Path, arg(aliases=["-o"], metavar="DIR")]
    """Folder for the assets; on a cluster, one that every node sees."""
    ray: Annotated[str, arg(metavar="ADDRESS")] = "local"
    """A running cluster, or local."""
    gpus: Annotated[float, arg(metavar="N")] = 0.0
    """GPUs that this machine gives."""
    workers: Annotated[int | None, arg(metavar="N", help_behavior_hint="(default: all processors)")] = None
    """Stages at the same time on this machine."""
    preset: Preset = "standard"
    """Of lines that name none."""
    price: Annotated[float, arg(metavar="P")] = 0.0
    """Of a processor for an hour, for the column cost."""
    keep_work: Flag = False
    """Keep finished stages."""

    def execute(self) -> None:
        """Make what is missing and say how many there are."""
        from tween4d.app.batchlist import read_list

        pairs = read_list(self.list, self.preset)
        try:
            from tween4d.app.batch import BatchSettings, run_batch
        except ModuleNotFoundError as error:
            if error.name != "ray":
                raise
            raise BackendError("batches need Ray, which is not installed", "", "pip install 'tween4d[ray]'") from error
        if self.workers is not None and self.workers < 1:
            raise InputError("the number of workers must be at least 1", str(self.workers))
        settings = BatchSettings(self.ray, self.gpus, self.workers, price=self.price, keep_work=self.keep_work)
        with counting("pairs") as tell:
            lines = run_batch(pairs, self.out, settings, tell)
        failed = [line for line in lines if line.state == "failed"]
        for line in failed[:10]:
            complain(f"warning: {line.pair.name}: {line.reason}")
        say(f"{self.out}: {len(lines) - len(failed)} of {len(lines)} assets; {self.out / 'summary.csv'} tells of each")
        if failed:
            raise InputError(f"{len(failed)} pairs could not be made", "", "see summary.csv")
