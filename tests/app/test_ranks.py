"""Mean ranks and their intervals."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tween4d.app.ranks import Rank, mean_ranks, ranks_table, read_ranks
from tween4d.errors import InputError


def ballots(ranks: np.ndarray) -> list[Rank]:
    """ranks[person, case, method] for one criterion."""
    return [Rank(f"p{p}", f"c{c}", "motion", f"m{m}", int(ranks[p, c, m])) for p, c, m in np.ndindex(ranks.shape)]


def test_means_and_intervals_are_students() -> None:
    """Oracle: scipy's own interval of the persons' means."""
    draw = np.random.default_rng(0)
    ranks = np.stack([[draw.permutation(3) + 1 for _ in range(4)] for _ in range(7)])
    found = mean_ranks(ballots(ranks))
    assert [m.mean for m in found] == sorted(m.mean for m in found)
    for mean in found:
        people = ranks[:, :, int(mean.method[1])].mean(1)
        assert mean.mean == pytest.approx(people.mean())
        assert mean.interval == pytest.approx(
            stats.t.interval(0.95, len(people) - 1, people.mean(), stats.sem(people)), rel=1e-9
        )


def test_a_small_study_by_hand() -> None:
    """Oracle: by hand; two persons with means 1 and 2: mean 1.5, and 12.706 standard errors of 0.5 about it."""
    found = mean_ranks(ballots(np.array([[[1, 2]], [[2, 1]]])))
    assert [m.mean for m in found] == [1.5, 1.5]
    assert found[0].interval == pytest.approx((1.5 - 6.353, 1.5 + 6.353), abs=1e-3)
    alone = mean_ranks(ballots(np.array([[[1, 2], [1, 2]]])))
    assert [(m.method, m.mean, m.interval, m.participants) for m in alone] == [("m0", 1, None, 1), ("m1", 2, None, 1)]
    assert ranks_table(alone).splitlines()[2] == "| motion | m0 | 1.00 | - | 1 |"


HEAD = "participant,case,criterion,method,rank,place\n"
BAD = {
    "empty": ("", "no ranks"),
    "other columns": ("a,b\n1,2\n", "no ranks"),
    "no number": (HEAD + "p,c,motion,x,first,1\n", "line 2"),
    "one rank twice": (HEAD + "p,c,motion,x,1,1\np,c,motion,y,1,2\n", "does not rank every method once"),
    "a method left out": (HEAD + "p,c,motion,x,1,1\np,c,motion,y,2,2\np,d,motion,x,1,1\n", "p, d, motion"),
    "the same file twice": (HEAD + "p,c,motion,x,1,1\np,c,motion,x,1,1\n", "does not rank every method once"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_ballot_is_refused(tmp_path: Path, name: str) -> None:
    """Oracle: contract."""
    text, says = BAD[name]
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(InputError, match=says):
        read_ranks([tmp_path / "r.csv"])


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """Oracle: contract."""
    with pytest.raises(InputError, match="cannot be read"):
        read_ranks([tmp_path / "none.csv"])
