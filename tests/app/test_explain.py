"""The record of a plan, and the page that shows it."""

import base64
import html.parser
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from tests.player.moving_ellipsoid import moving_ellipsoid
from tests.scenes import swinging_bar
from tween4d.app.explain import plan_record, write_explanation
from tween4d.data.images import Image
from tween4d.data.video import Guide
from tween4d.errors import AssetError
from tween4d.io.asset import save_asset
from tween4d.stages.fragment import FragmentConfig, select_fragments


class Never:
    """An inbetweener that must not be asked."""

    def inbetween(self, start: Image, end: Image, frames: int, *, prompt: str, seed: int) -> Guide:
        raise AssertionError("the plan asked for new frames")


class Reader(html.parser.HTMLParser):
    """Tags of a page, and what they point to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href") and value]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    return plan_record(select_fragments(swinging_bar(100, 17, 64), Never(), FragmentConfig(fragments=2), seed=0))


def test_a_record_holds_every_candidate(record: dict[str, Any]) -> None:
    """Oracle: construction; 17 candidates with a score and a picture each, square tables, a reason per part."""
    assert record["frames"] == list(range(17)) and len(record["film"]) == len(record["fidelity"]) == 17
    for name in ("motion", "appearance"):
        assert [len(line) for line in record[name]] == [17] * 17
        assert all(record[name][i][i] == 0 for i in range(17)) and record[name][0][16] > 0
    assert [part["reason"] for part in record["fragments"]] == ["2 fragments were asked for"] * 2
    with Pillow.open(io.BytesIO(base64.b64decode(record["film"][0]))) as picture:
        assert max(picture.size) == 56


def test_the_page_is_whole_and_offline(record: dict[str, Any], tmp_path: Path) -> None:
    """Oracle: Python's own reader of HTML; all pictures inside, a cell per pair, the reasons word for word, no script
    and a name that is text."""
    made = replace(moving_ellipsoid(count=50, nodes=6, frames=9, size=48), provenance={"plan": record})
    page = write_explanation(save_asset(made, tmp_path / "a<b>.t4d"), tmp_path / "plan.html")
    reader = Reader()
    reader.feed(page.read_text(encoding="utf-8"))
    assert reader.tags.count("img") == 17 and reader.tags.count("rect") == 2 * 17**2
    assert "script" not in reader.tags and "b" in reader.tags and "a<b>.t4d" in reader.words
    assert all(link.startswith("data:image/webp;base64,") for link in reader.links)
    for reason in [*record["scores"], *record["fragments"]]:
        assert reason["reason"] in reader.words


def test_an_asset_without_a_plan_is_refused(tmp_path: Path) -> None:
    """Oracle: stated error; nothing is written."""
    asset = save_asset(moving_ellipsoid(count=50, nodes=6, frames=9, size=48), tmp_path / "a.t4d")
    with pytest.raises(AssetError, match="does not record its plan"):
        write_explanation(asset, tmp_path / "plan.html")
    assert not (tmp_path / "plan.html").exists()


def test_a_plan_that_was_altered_is_refused(record: dict[str, Any], tmp_path: Path) -> None:
    """Oracle: stated error; a picture that is no base64 never reaches the page."""
    spoiled = record | {"film": ['"><script>', *record["film"][1:]]}
    made = replace(moving_ellipsoid(count=50, nodes=6, frames=9, size=48), provenance={"plan": spoiled})
    with pytest.raises(AssetError, match="cannot be understood"):
        write_explanation(save_asset(made, tmp_path / "a.t4d"), tmp_path / "plan.html")
