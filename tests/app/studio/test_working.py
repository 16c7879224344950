"""Workers: a killed one loses nothing, a stopped job frees what it held, and the page shows it all."""

import importlib.util
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.studio.conftest import SMALL, Served, picture_bytes, until
from tween4d.app.client import RemoteEvent, StudioError
from tween4d.io.asset import load_asset

FLAGS = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-sandbox")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture
def still(pair: tuple[Path, Path]) -> tuple[Path, Path]:
    """The same picture twice: all stages run, and the one that searches for motion has nothing to find."""
    return pair[0], pair[0]


def run_worker(working: Served) -> int:
    """Process number of the one worker that makes assets."""
    until(lambda: any(lane == "run" for lane, _ in working.studio.supervisor.processes()))
    return next(pid for lane, pid in working.studio.supervisor.processes() if lane == "run")


def test_a_killed_worker_loses_nothing(working: Served, still: tuple[Path, Path], tmp_path: Path) -> None:
    """Oracle: the events; after SIGKILL another process finishes the job, and stages done before are only reused."""
    job = working.client.make(*still, SMALL, name="killed")
    seen: list[RemoteEvent] = []
    began, spent = time.monotonic(), time.process_time()
    for event in working.client.events(job.id):
        seen.append(event)
        if event.kind == "stage_finished" and event.data["stage"] == "imagine_motion" and not event.data["reused"]:
            os.kill(run_worker(working), signal.SIGKILL)
    # The server itself computes nothing, so that it has time to answer.
    assert time.process_time() - spent < 0.5 * (time.monotonic() - began)
    kinds = [event.kind for event in seen]
    assert kinds.count("resumed") == 1 and kinds[-1] == "done"
    after = [e.data for e in seen[kinds.index("resumed") :] if e.kind == "stage_finished"]
    assert [data["reused"] for data in after[:2]] == [True, True]
    done = working.client.wait(job.id)
    assert done.result is not None and str(working.studio.places.data) not in json.dumps(done.result)
    asset = load_asset(working.client.download(job.id, tmp_path / "got.t4d"))
    assert asset.frame_count == SMALL["frames"]


def test_cancelling_frees_memory_and_disk(working: Served, pair: tuple[Path, Path]) -> None:
    """Oracle: the operating system; the worker's process is gone, and only the pictures of the job are left."""
    job = working.client.make(*pair, {"preset": "fine"})
    until(lambda: working.client.job(job.id).stage == "imagine_motion")
    pid = run_worker(working)
    working.client.cancel(job.id)
    until(lambda: working.client.job(job.id).state == "cancelled", 10)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    left = {path.name for path in working.studio.places.job(job.id).rglob("*") if path.is_file()}
    until(lambda: {p.name for p in working.studio.places.job(job.id).rglob("*.stage")} == set(), 10)
    assert left >= {"start.png", "end.png"}
    with pytest.raises(StudioError, match="cancelled"):
        working.client.wait(job.id)


@pytest.fixture(scope="module")
def page(working: Served) -> Iterator[Any]:
    """A page of a headless browser that is closed with this file: the player's tests start one of their own."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None or importlib.util.find_spec("playwright") is None:
        if os.environ.get("TWEEN4D_REQUIRE_BROWSER") == "1":
            pytest.fail("no browser, and TWEEN4D_REQUIRE_BROWSER=1")
        pytest.skip("no chromium or no playwright on this machine; the studio's page was not tested in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        opened = running.new_page(viewport={"width": 1200, "height": 900})
        opened.set_default_timeout(90_000)
        yield opened
        running.close()


def axe_findings(page: Any) -> list[str]:
    """Serious and critical findings of axe-core."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("the package axe-playwright-python is not installed; accessibility was not tested")
    page.evaluate((Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8"))
    told = page.evaluate("axe.run(document, {iframes: false})")
    return [
        f"{v['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for v in told["violations"]
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    ]


def overflow(page: Any) -> int:
    """How far the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_from_two_pictures_to_the_player(working: Served, page: Any) -> None:
    """Oracle: the browser and axe-core; the whole flow by file, brush and button, in both schemes and at phone width.

    A name with markup in it stays text; the mask that was painted is what the job was made with.
    """
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(working.url)
    for index in range(2):
        content = {"name": "x.png", "mimeType": "image/png", "buffer": picture_bytes()}
        page.locator(".slot").nth(index).locator("input[type=file]").set_input_files(content)
        page.locator(".slot").nth(index).locator("canvas").wait_for()
    for index in range(2):
        page.locator(".well canvas").nth(index).focus()
        page.keyboard.press("Space")
    page.locator(".choice", has_text="Draft").click()
    page.get_by_text("More options").click()
    page.get_by_label("Frames").fill("5")
    page.locator(".choice", has_text="Classical").click()
    name = "<img src=x onerror=alert(1)>"
    page.get_by_label("Name").fill(name)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert axe_findings(page) == []
    page.get_by_role("button", name="Make it move").click()
    page.get_by_role("heading", name=name).wait_for()
    page.locator(".play iframe").wait_for()
    frame = page.frame_locator(".play iframe")
    frame.locator("canvas").wait_for()
    page.get_by_role("button", name="Write ply").click()
    page.get_by_role("link", name="Download ply").wait_for()
    assert page.locator(".stages .done").count() == 7
    assert page.locator(".film .key").count() >= 1
    assert axe_findings(page) == []
    page.set_viewport_size({"width": 375, "height": 800})
    assert overflow(page) == 0 and axe_findings(page) == []
    page.goto(f"{working.url}/#/")
    page.get_by_role("link", name=name).wait_for()
    assert overflow(page) == 0
    assert page.locator("img[src=x]").count() == 0 and complaints == []
    (job,) = [found for found in working.client.jobs() if found.name == name]
    assert working.studio.places.source(job.id, "mask_start").is_file()
