"""How fast the player starts and what a frame costs the page's main thread, in headless Chromium: `player.json`.

`python benchmarks/player.py [ASSET.t4d ...]` measures made-up assets of 20 000 and 200 000 Gaussians, and the given
ones. `frame_ms` is CPU time of the main thread, from the browser's own trace: the median of the animation callbacks
and, on average, style, layout, painting and messages. `timers_ms` is not in it: Spark asks by timers whether the
graphics card is done, and without one Chromium draws in software, in another process, so it asks for long. Sorting is
in a worker.
"""

import functools
import gzip
import http.server
import json
import math
import os
import platform
import shutil
import sys
import tempfile
import threading
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.app.export import ExportOptions, export_asset
from tween4d.data.asset import Asset4D
from tween4d.io.asset import load_asset
from tween4d.io.html import player_script

FLAGS = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-sandbox")
STARTS = 3
WARM, FRAMES = 20, 60
# Small, for software draws it; what the main thread computes does not depend on it.
SIZE = (240, 180)
OTHERS = ("UpdateLayoutTree", "Layout", "PrePaint", "Paint", "Layerize", "HandlePostMessage", "EventDispatch")
PAGE = (
    '<!doctype html><script src="tween4d-player.js"></script><body style="margin:0"><tween4d-player src="asset.t4d" '
    'loading="eager" style="aspect-ratio:auto;width:240px;height:180px"></tween4d-player>'
)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def main() -> None:
    from playwright.sync_api import sync_playwright

    path = next(found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name)))
    cases = {f"{2 * half // 1000}k": made_up(half) for half in (10_000, 100_000)}
    cases |= {word: load_asset(Path(word)) for word in sys.argv[1:]}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        rows = []
        for name, asset in cases.items():
            rows.append(measure(browser, name, asset))
            print(rows[-1], flush=True)
        told = browser.version
        browser.close()
    machine = {"cpu": _cpu(), "cores": os.cpu_count(), "load": os.getloadavg()[0], "chromium": told}
    result = {
        "version": version("tween4d"),
        "machine": machine,
        "canvas": SIZE,
        "frames": FRAMES,
        "script_bytes": script_bytes(),
        "rows": rows,
    }
    target = Path(__file__).parent / "results" / version("tween4d") / "player.json"
    target.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def script_bytes() -> dict[str, int]:
    """What of a page is the player, the element's script, and that as a web server sends it."""
    element = player_script("tween4d-player.js").encode()
    return {
        "page": len(player_script("player.js").encode()),
        "element": len(element),
        "element_gzip": len(gzip.compress(element)),
    }


def made_up(half: int) -> Asset4D:
    """Two clips of equally many Gaussians, as small as that many on one surface are."""
    asset = moving_ellipsoid(half, 160, 64)
    shrink = 0.5 * math.log(half / 1000)
    clips = [
        replace(clip, gaussians=replace(clip.gaussians, log_scales=clip.gaussians.log_scales - shrink))
        for clip in asset.clips
    ]
    return replace(asset, clips=tuple(clips))


def measure(browser: Any, name: str, asset: Asset4D) -> dict[str, Any]:
    """Start of the page, and of the element; CPU time of a frame of it."""
    with tempfile.TemporaryDirectory() as folder:
        page_path = export_asset(replace(asset, provenance={}), Path(folder) / "page.html")
        site = export_asset(asset, Path(folder) / "site", ExportOptions(each="web"))
        (site / "one.html").write_text(PAGE)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        starts = [start(browser, page_path.as_uri()) for _ in range(STARTS)]
        cost = frame_cost(browser, f"http://127.0.0.1:{server.server_port}/one.html")
        sizes = {"page_bytes": page_path.stat().st_size, "asset_bytes": (site / "asset.t4d").stat().st_size}
        server.shutdown()
        server.server_close()
    return {
        "asset": Path(name).parent.name if name.endswith("/asset.t4d") else Path(name).stem,
        "gaussians": sum(len(clip.gaussians) for clip in asset.clips),
        "frames": asset.frame_count,
        **sizes,
        "start_ms": round(median(wall for wall, _ in starts)),
        "start_cpu_ms": round(median(cpu for _, cpu in starts)),
        **cost,
    }


def start(browser: Any, url: str) -> tuple[float, float]:
    """From navigation to the first sorted picture: milliseconds, and those that the main thread computed."""
    context = browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]}, reduced_motion="reduce")
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = _metrics(session)["TaskDuration"]
    page.goto(url)
    taken = page.evaluate("window.tween4d.ready.then(() => performance.now())")
    computed = 1000 * (_metrics(session)["TaskDuration"] - before)
    context.close()
    return taken, computed


def frame_cost(browser: Any, url: str) -> dict[str, float]:
    """Milliseconds of the main thread per drawn frame while the asset plays."""
    context = browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]})
    page = context.new_page()
    page.set_default_timeout(300_000)
    page.goto(url)
    page.evaluate(
        "new Promise((done) => { const p = document.querySelector('tween4d-player');"
        "p.ready ? done() : p.addEventListener('ready', done, {once: true}); })"
    )
    wait = (
        "(count) => new Promise((done) => { const p = document.querySelector('tween4d-player'); let seen = 0;"
        "const note = () => { if (++seen >= count) { p.removeEventListener('timeupdate', note); done(); } };"
        "p.addEventListener('timeupdate', note); p.play(); })"
    )
    page.evaluate(wait, WARM)
    browser.start_tracing(page=page, categories=["devtools.timeline", "-*"])
    page.evaluate(wait, FRAMES)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    context.close()
    threads = {(e["pid"], e["tid"]) for e in events if e.get("args", {}).get("name") == "CrRendererMain"}
    spent: dict[str, list[float]] = {}
    for event in events:
        if (event["pid"], event["tid"]) in threads and event["ph"] == "X":
            spent.setdefault(event["name"], []).append(event.get("tdur", 0) / 1000)
    callbacks = sorted(spent["FireAnimationFrame"])
    others = sum(sum(spent.get(name, [])) for name in OTHERS) / len(callbacks)
    return {
        "frames_measured": len(callbacks),
        "frame_ms": round(median(callbacks) + others, 2),
        "frame_ms_95th": round(callbacks[int(0.95 * len(callbacks))] + others, 2),
        "callback_ms": round(median(callbacks), 2),
        "timers_ms": round(sum(spent.get("TimerFire", [])) / len(callbacks), 2),
    }


def _metrics(session: Any) -> dict[str, float]:
    return {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


if __name__ == "__main__":
    main()
