"""The page of a user study in a browser: blinded, complete, offline, and read back."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from moving_ellipsoid import moving_ellipsoid

from tween4d.app import study as study_module
from tween4d.app.ranks import mean_ranks, read_ranks
from tween4d.app.study import write_study
from tween4d.app.turntable import TurntableConfig
from tween4d.data.images import Image
from tween4d.errors import InputError
from tween4d.events import Event, Note
from tween4d.io.asset import save_asset

METHODS = ("secretname", "othersecret")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two methods with two cases in common, in both layouts, and one that only the first has."""
    folder = tmp_path_factory.mktemp("methods")
    picture = Image(torch.rand(32, 32, 3), torch.ones(32, 32))
    asset = replace(moving_ellipsoid(count=60, nodes=5, frames=9, size=32), endpoints=(picture, picture))
    for case in ("fox", "koi", "only"):
        save_asset(asset, folder / METHODS[0] / f"{case}.t4d")
    for case in ("fox", "koi"):
        save_asset(asset, folder / METHODS[1] / case / "asset.t4d")
    return [folder / name for name in METHODS]


@pytest.fixture(scope="module")
def page_file(folders: list[Path]) -> tuple[Path, list[str], list[Event]]:
    heard: list[Event] = []
    out = folders[0].parent / "study.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study_module, "FILM", TurntableConfig(size=48, fps=12.0, frames=4))
        cases = write_study(folders, out, listener=heard.append)
    return out, cases, heard


def test_cases_in_common_are_taken_and_others_are_named(page_file: tuple[Path, list[str], list[Event]]) -> None:
    """Oracle: construction."""
    out, cases, heard = page_file
    assert cases == ["fox", "koi"]
    assert any(isinstance(event, Note) and "only is left out" in event.message for event in heard)
    assert not any(name in out.read_text(encoding="utf-8") for name in METHODS)


def test_a_person_ranks_every_film_and_the_file_is_read_back(
    browser: Any, page_file: tuple[Path, list[str], list[Event]], tmp_path: Path
) -> None:
    """Oracle: the ranks that were chosen, through the downloaded CSV and our own reader; no request left the page."""
    page = browser.new_context(accept_downloads=True).new_page()
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(page_file[0].as_uri())
    # Not the names: what a person sees is letters.
    assert not any(name in page.inner_text("body") for name in METHODS)
    assert page.locator("img").count() == 4
    assert page.evaluate("[...document.images].every((i) => i.complete && i.naturalWidth > 0)")
    page.get_by_role("button").click()
    assert "another rank for geometry" in page.inner_text("#problem")
    for number in range(2):
        for criterion, ranks in (("geometry", ("1", "2")), ("motion", ("2", "1"))):
            for film, rank in zip("AB", ranks, strict=True):
                page.get_by_label(f"Film {film}, {criterion}").select_option(rank)
        assert f"Object {number + 1} of 2" in page.inner_text("h1")
        page.get_by_role("button").click()
    with page.expect_download() as download:
        page.get_by_text("Download ranks").click()
    download.value.save_as(tmp_path / "ranks.csv")
    ranks = read_ranks([tmp_path / "ranks.csv"])
    assert len(ranks) == 8 and {r.method for r in ranks} == set(METHODS) and {r.case for r in ranks} == {"fox", "koi"}
    for rank in ranks:
        other = next(
            r for r in ranks if (r.case, r.method) == (rank.case, rank.method) and r.criterion != rank.criterion
        )
        assert rank.rank + other.rank == 3
    assert len(mean_ranks(ranks)) == 4
    outside = [url for url in requests if not url.startswith(("file:", "data:", "blob:"))]
    assert outside == [] and complaints == []
    page.context.close()


def test_the_order_differs_from_person_to_person(browser: Any, page_file: tuple[Path, list[str], list[Event]]) -> None:
    """Oracle: chance; in 12 visits both orders of the films and of the cases come up, but once in a thousand times."""
    page = browser.new_context().new_page()
    seen = set()
    for _ in range(12):
        page.goto(page_file[0].as_uri())
        seen.add((page.evaluate("trials[0].case"), page.evaluate("trials[0].order[0]")))
    page.context.close()
    assert len({case for case, _ in seen}) == 2 and len({method for _, method in seen}) == 2


def test_what_is_no_study_is_refused(folders: list[Path], tmp_path: Path) -> None:
    """Oracle: contract."""
    (tmp_path / "empty").mkdir()
    out = tmp_path / "s.html"
    for methods, says in (
        (folders[:1], "2 to 8 methods"),
        ([folders[0], folders[0]], "one name"),
        ([folders[0], tmp_path / "empty"], "holds no asset"),
        ([folders[0], tmp_path / "none"], "no such folder"),
    ):
        with pytest.raises(InputError, match=says):
            write_study(methods, out)
    assert not out.exists()
