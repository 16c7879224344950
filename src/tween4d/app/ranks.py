"""What people's ranks say: means with confidence intervals."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from tween4d.errors import InputError

COLUMNS = ("participant", "case", "criterion", "method", "rank")
LEVEL = 0.95


@dataclass(frozen=True)
class Rank:
    """One person's rank of one method on one case by one criterion; 1 is best."""

    participant: str
    case: str
    criterion: str
    method: str
    rank: int


@dataclass(frozen=True)
class MeanRank:
    """A method's mean rank by one criterion."""

    criterion: str
    method: str
    mean: float
    interval: tuple[float, float] | None
    """95 % confidence interval; None when one person answered."""
    participants: int


def read_ranks(paths: Sequence[Path]) -> list[Rank]:
    """Ranks from the page's CSV files; each ballot (person, case, criterion) must rank its methods 1, 2, ...

    Raises:
        InputError: when a file cannot be read or a ballot is not complete.
    """
    ranks: list[Rank] = []
    for path in paths:
        try:
            with path.open(encoding="utf-8-sig", newline="") as stream:
                rows = list(csv.DictReader(stream))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise InputError("the ranks cannot be read", f"{path}: {error}", "name CSV files from the page") from error
        if not rows or any(name not in rows[0] for name in COLUMNS):
            raise InputError("these are no ranks", str(path), f"the columns are {', '.join(COLUMNS)}")
        for number, row in enumerate(rows, 2):
            if not (row["rank"] or "").isdecimal() or any(not row[name] for name in COLUMNS):
                raise InputError("a line of the ranks is not complete", f"{path}, line {number}", "download it again")
            ranks.append(Rank(*(row[name] for name in COLUMNS[:4]), int(row["rank"])))
    ballots: dict[tuple[str, str, str], list[Rank]] = {}
    for rank in ranks:
        ballots.setdefault((rank.participant, rank.case, rank.criterion), []).append(rank)
    methods = {rank.method for rank in ranks}
    for (person, case, criterion), ballot in ballots.items():
        if {r.method for r in ballot} != methods or sorted(r.rank for r in ballot) != list(range(1, len(ballot) + 1)):
            raise InputError(
                "a ballot does not rank every method once",
                f"{person}, {case}, {criterion}: {', '.join(f'{r.method} {r.rank}' for r in ballot)}",
                "leave a file out that was named twice, or that belongs to another study",
            )
    return ranks


def mean_ranks(ranks: Sequence[Rank]) -> list[MeanRank]:
    """Mean rank of each method by each criterion, best first within a criterion.

    Every person counts once, with the mean over their cases. The interval is Student's over persons: it says how far
    other people of the same kind may differ, and not how far other cases would.
    """
    out = []
    for criterion in dict.fromkeys(rank.criterion for rank in ranks):
        own = [rank for rank in ranks if rank.criterion == criterion]
        found = []
        for method in dict.fromkeys(rank.method for rank in own):
            people: dict[str, list[int]] = {}
            for rank in own:
                if rank.method == method:
                    people.setdefault(rank.participant, []).append(rank.rank)
            means = np.array([np.mean(values) for values in people.values()])
            found.append(MeanRank(criterion, method, float(means.mean()), _interval(means), len(means)))
        out += sorted(found, key=lambda mean: mean.mean)
    return out


def _interval(values: np.ndarray) -> tuple[float, float] | None:
    if len(values) < 2:
        return None
    half = stats.t.ppf(0.5 + LEVEL / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def ranks_table(means: Sequence[MeanRank]) -> str:
    """The means as Markdown."""
    lines = ["| criterion | method | mean rank | 95 % interval | people |", "|---|---|---:|---:|---:|"]
    for mean in means:
        interval = "-" if mean.interval is None else f"{mean.interval[0]:.2f} to {mean.interval[1]:.2f}"
        lines.append(f"| {mean.criterion} | {mean.method} | {mean.mean:.2f} | {interval} | {mean.participants} |")
    return "\n".join(lines)
