"""A headless Chromium, and pages that remember what they asked for and complained about."""

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from moving_ellipsoid import moving_ellipsoid

from tween4d.data.asset import Asset4D
from tween4d.io.html import write_html

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--no-sandbox",
    "--disable-background-networking",
)


PATIENCE = 60
"""Seconds; a machine that does other things draws without a graphics card for long."""


def _missing(what: str) -> None:
    """Skip, or fail where the browser tests are required."""
    if os.environ.get("TWEEN4D_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{what}, and TWEEN4D_REQUIRE_BROWSER=1")
    pytest.skip(f"{what}; the player was not tested in a browser")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        _missing("no chromium on this machine")
    return str(path)


# Not for the session: while it is open, this thread can run no other event loop.
@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("the package playwright is not installed")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="session")
def asset() -> Asset4D:
    return moving_ellipsoid()


@pytest.fixture(scope="session")
def page_path(asset: Asset4D, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_html(asset, tmp_path_factory.mktemp("player") / "bending ellipsoid.html")


def axe_findings(page: Any) -> list[str]:
    """What axe-core finds serious or critical, in the element's shadow too."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("the package axe-playwright-python is not installed; accessibility was not tested")
    page.evaluate((Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8"))
    report = page.evaluate("axe.run()")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in report["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def swipe(page: Any, start: tuple[float, float], end: tuple[float, float], steps: int = 8) -> None:
    """A finger that goes over the glass, as Chromium's own protocol lets one play it."""
    session = page.context.new_cdp_session(page)
    for index in range(steps + 1):
        x, y = (a + (b - a) * index / steps for a, b in zip(start, end, strict=True))
        kind = "touchMove" if index else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        page.wait_for_timeout(20)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@dataclass
class OpenPage:
    """A loaded player and what it did on the way."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def call(self, expression: str) -> Any:
        return self.page.evaluate(f"window.tween4d.{expression}")

    def wait_until(self, expression: str) -> None:
        """Poll a condition; Playwright's own wait would need `eval`, which the page's policy forbids."""
        for _ in range(PATIENCE * 40):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(25)
        pytest.fail(f"{expression} did not become true within {PATIENCE} s")


@pytest.fixture
def open_player(browser: Any) -> Iterator[Callable[..., OpenPage]]:
    """Opens a page from disk and waits until the player is ready; keywords go to the browser context."""
    players = []

    def opened(path: Path, **options: Any) -> OpenPage:
        players.append(_open(browser, path, **options))
        return players[-1]

    yield opened
    for player in players:
        player.page.context.close()


@pytest.fixture(scope="module")
def still_player(browser: Any, page_path: Path) -> Iterator[OpenPage]:
    """One open page for all tests that only ask for pictures at a time and view."""
    player = _open(browser, page_path)
    yield player
    player.page.context.close()


def _open(browser: Any, path: Path, **options: Any) -> OpenPage:
    options = {"viewport": {"width": 1000, "height": 700}, "reduced_motion": "reduce"} | options
    player = OpenPage(browser.new_context(**options).new_page())
    player.page.set_default_timeout(1000 * PATIENCE)
    player.page.on("request", lambda request: player.requests.append(request.url))
    player.page.on("websocket", lambda socket: player.requests.append(socket.url))
    player.page.on("pageerror", lambda error: player.complaints.append(str(error)))
    player.page.on(
        "console",
        lambda message: player.complaints.append(message.text) if message.type in ("error", "warning") else None,
    )
    player.page.goto(path.as_uri())
    player.call("ready")
    return player
