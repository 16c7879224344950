"""The element <tween4d-player> in a page of somebody else, served over HTTP, in a real browser."""

import base64
import functools
import http.server
import io
import math
import shutil
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import axe_findings, swipe
from moving_ellipsoid import moving_ellipsoid
from PIL import Image as Pillow

from tween4d.app.export import ExportOptions, export_asset
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import orbit_camera
from tween4d.io.asset import load_asset
from tween4d.stages.render import render_view

SIDE = 128
PATIENCE = 60
"""Seconds; a machine that does other things draws without a graphics card for long."""
GOLDEN = Path(__file__).parents[1] / "io" / "golden" / "version1.t4d"
EXAMPLE = Path(__file__).parents[2] / "examples" / "embed.html"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@dataclass
class Site:
    """A served export and a page on it."""

    url: str
    folder: Path
    page: Any
    complaints: list[str] = field(default_factory=list)

    def open(self, name: str) -> None:
        self.complaints.clear()
        self.page.goto(self.url + name)

    def put(self, attributes: str) -> None:
        """One element in an otherwise empty page with room to scroll."""
        (self.folder / "one.html").write_text(
            '<!doctype html><script src="tween4d-player.js"></script><body style="margin:0;height:3000px">'
            f'<tween4d-player style="width:320px" {attributes}></tween4d-player>'
        )
        self.open("one.html")

    def ask(self, expression: str) -> Any:
        return self.page.evaluate(f"(() => {{ const p = document.querySelector('tween4d-player'); {expression} }})()")

    def rest(self) -> None:
        """A flicked page rolls on for a while; what it still scrolls is not the next finger's."""
        places = [-1.0, self.ask("return scrollY")]
        while places[-1] != places[-2]:
            self.page.wait_for_timeout(150)
            places.append(self.ask("return scrollY"))

    def wait(self, condition: str) -> None:
        for _ in range(PATIENCE * 40):
            if self.ask(f"return {condition}"):
                return
            self.page.wait_for_timeout(25)
        said = self.ask("return p.shadowRoot.querySelector('.failure').textContent")
        heard = f"the element says {said!r}, the page {self.complaints}"
        pytest.fail(f"{condition} did not become true within {PATIENCE} s; {heard}")

    def picture(self) -> np.ndarray:
        url = self.ask(f"return p.picture({SIDE}, {SIDE})")
        return np.asarray(Pillow.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB")) / 255


@pytest.fixture(scope="module")
def asset() -> Asset4D:
    return moving_ellipsoid(count=300, nodes=6, frames=9, size=SIDE)


@pytest.fixture(scope="module")
def site(asset: Asset4D, browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("web") / "site"
    export_asset(asset, folder, ExportOptions(each="web"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_context(viewport={"width": 700, "height": 500}, reduced_motion="reduce").new_page()
    page.set_default_timeout(1000 * PATIENCE)
    made = Site(f"http://127.0.0.1:{server.server_port}/", folder, page)
    page.on("pageerror", lambda error: made.complaints.append(str(error)))
    page.on("console", lambda m: made.complaints.append(m.text) if m.type in ("error", "warning") else None)
    yield made
    page.context.close()
    server.shutdown()
    server.server_close()


def _psnr(a: np.ndarray, b: np.ndarray) -> float:
    return -10 * math.log10(max(float(((a - b) ** 2).mean()), 1e-12))


def _ours(asset: Asset4D, azimuth: float, time: float) -> np.ndarray:
    return render_view(asset, orbit_camera(azimuth, 0, SIDE, SIDE, asset.fov_degrees), time).on(1.0).numpy()


def test_the_exported_page_shows_the_asset(site: Site, asset: Asset4D) -> None:
    """Oracle: the rasteriser; the exported page as it is. `autoplay` waits where less motion is wished."""
    site.open("index.html")
    site.wait("p.ready")
    assert not site.ask("return p.playing")
    assert not [text for text in site.complaints if "404" not in text]  # a server has no favicon
    for azimuth, time in ((0, 0.0), (130, 0.55)):
        site.ask(f"p.setCamera({azimuth}, 0); p.time = {time}")
        assert _psnr(site.picture(), _ours(asset, azimuth, time)) >= 45


def test_a_viewer_without_pointer_has_all_of_it(site: Site) -> None:
    """Oracle: the documented keys; names of all controls as assistive technology hears them."""
    site.put('src="asset.t4d" alt="A bent ellipsoid" loading="eager"')
    site.wait("p.ready")
    heard = site.page.locator("tween4d-player").aria_snapshot()
    for name in ("A bent ellipsoid. Drag", 'button "Play"', 'slider "Time"', 'button "Back to the first view"'):
        assert name in heard, heard
    before = site.picture()
    keys = site.page.keyboard
    keys.press("Tab")
    keys.press("End")
    assert site.ask("return p.time") == 1
    keys.press("Home")
    keys.press(".")
    assert site.ask("return p.time") == pytest.approx(1 / 8)
    keys.press("Home")
    keys.press("ArrowRight")
    assert _psnr(before, site.picture()) < 40
    keys.press("r")
    assert _psnr(before, site.picture()) > 50
    keys.press("Space")
    site.wait("p.time > 0.03")
    keys.press("Space")
    assert not site.ask("return p.playing")
    for key in ("Tab", "Tab", "Home", "ArrowRight"):
        keys.press(key)
    assert site.ask("return p.time") == pytest.approx(1 / 8)


def test_the_page_scrolls_under_the_wheel_until_the_object_is_chosen(site: Site) -> None:
    """Oracle: the scroll position, and the picture: the wheel does one or the other."""
    site.put('src="asset.t4d" loading="eager"')
    site.wait("p.ready")
    before = site.picture()
    site.page.mouse.move(160, 100)
    site.page.mouse.wheel(0, 60)
    site.wait("scrollY > 0")
    assert _psnr(before, site.picture()) > 50
    site.page.mouse.wheel(0, -60)
    site.wait("scrollY === 0")
    site.page.mouse.click(160, 100)
    site.page.mouse.wheel(0, 240)
    site.page.wait_for_timeout(150)
    assert site.ask("return scrollY") == 0 and _psnr(before, site.picture()) < 45
    # Removed and put back, it loads again, and nothing of the first is left running.
    site.ask("p.remove(); document.body.append(p)")
    site.wait("!p.ready")
    site.wait("p.ready")
    assert _psnr(before, site.picture()) > 50


def test_a_finger_across_turns_and_one_down_scrolls(site: Site, browser: Any) -> None:
    """Oracle: the picture and the scroll position."""
    context = browser.new_context(viewport={"width": 390, "height": 600}, has_touch=True, reduced_motion="reduce")
    touched = Site(site.url, site.folder, context.new_page())
    touched.put('src="asset.t4d" loading="eager"')
    touched.wait("p.ready")
    before = touched.picture()
    swipe(touched.page, (160, 250), (160, 100))
    touched.wait("scrollY > 50")
    touched.rest()
    assert _psnr(before, touched.picture()) > 50
    touched.ask("scrollTo(0, 0)")
    touched.wait("scrollY === 0")
    swipe(touched.page, (80, 120), (240, 122))
    assert _psnr(before, touched.picture()) < 40 and touched.ask("return scrollY") < 5
    context.close()


def test_axe_finds_nothing_in_the_element(site: Site) -> None:
    """Oracle: foreign tool, axe-core, before and after the object is there; the page around it is not ours."""
    site.put('src="asset.t4d" poster="poster.webp" alt="An ellipsoid" loading="click"')
    site.wait("p.shadowRoot.querySelector('.poster').complete")
    ours = lambda: [found for found in axe_findings(site.page) if "tween4d-player" in found]  # noqa: E731
    assert ours() == []
    site.page.get_by_role("button", name="Load An ellipsoid").click()
    site.wait("p.ready")
    assert ours() == []


def test_poster_and_loading_on_demand(site: Site) -> None:
    """Oracle: the browser; nothing but the poster is asked for until the viewer presses, then the object plays."""
    asked: list[str] = []
    note = lambda request: asked.append(request.url.rpartition("/")[2])  # noqa: E731
    site.page.on("request", note)
    site.put('src="asset.t4d" poster="poster.webp" alt="An ellipsoid" loading="click"')
    site.wait("p.shadowRoot.querySelector('.poster').complete")
    assert "poster.webp" in asked and "asset.t4d" not in asked
    assert site.page.get_by_role("img", name="An ellipsoid", exact=True).is_visible()
    site.page.get_by_role("button", name="Load An ellipsoid").click()
    site.wait("p.ready && p.playing")
    assert asked.count("asset.t4d") == 1
    assert not site.page.get_by_role("img", name="An ellipsoid", exact=True).is_visible()
    site.page.remove_listener("request", note)


def test_an_asset_of_version_1_plays(site: Site) -> None:
    """Oracle: our own reader and rasteriser on the golden file."""
    shutil.copy(GOLDEN, site.folder / "old.t4d")
    site.put('src="old.t4d" loading="eager"')
    site.wait("p.ready")
    site.ask("p.time = 0.25")
    assert _psnr(site.picture(), _ours(load_asset(GOLDEN), 0, 0.25)) >= 45


def test_what_cannot_be_shown_is_said(site: Site) -> None:
    """Oracle: contract; one sentence in the element and in its event, for every way in which a file is wrong."""
    good = (site.folder / "asset.t4d").read_bytes()
    (site.folder / "cut.t4d").write_bytes(good[: len(good) // 2])
    (site.folder / "text.t4d").write_text("hello")
    (site.folder / "changed.t4d").write_bytes(good[:2000] + bytes(200) + good[2200:])
    with zipfile.ZipFile(site.folder / "newer.t4d", "w") as archive:
        archive.writestr("manifest.json", '{"format": "tween4d-asset", "version": 9}')
    site.put('src="none.t4d" loading="eager"')
    said = {}
    for name in ("none", "cut", "text", "changed", "newer"):
        site.ask(
            f"p.said = null; p.onerror = null; p.addEventListener('error', (e) => p.said = e.message, {{once: true}});"
            f"p.removeAttribute('src'); p.setAttribute('src', '{name}.t4d')"
        )
        site.wait("p.said")
        said[name] = site.ask("return p.said")
        assert site.page.get_by_role("alert").text_content() == said[name]
    assert "404" in said["none"] and "version 9" in said["newer"] and "not a .t4d" in said["text"]
    assert "damaged" in said["cut"] and "damaged" in said["changed"]


def test_the_example_asks_for_files_that_the_export_has(site: Site) -> None:
    """Oracle: the browser; the example page in the exported folder loads, and its script steers the first element."""
    shutil.copy(EXAMPLE, site.folder / "embed.html")
    site.open("embed.html")
    site.wait("p.ready")
    site.page.get_by_role("button", name="Play", exact=True).last.click()
    site.wait("document.getElementById('clock').value > 0")
    assert not [text for text in site.complaints if "404" not in text]
