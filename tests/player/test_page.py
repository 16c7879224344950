"""The player in a real browser: offline, the right picture at the right time, and usable."""

import base64
import dataclasses
import io
import math

import numpy as np
import pytest
from conftest import axe_findings, swipe
from PIL import Image as Pillow

from tween4d.data.cameras import input_camera, orbit_camera
from tween4d.io.html import write_html
from tween4d.stages.render import render_view

SIDE = 256
# Quantisation and the GPU's 8-bit blending leave 55 to 59 dB; a wrong blend, blur or sort costs more than 20 dB.
AGREEMENT_DB = 45.0


def _picture(player, width=SIDE, height=SIDE):
    url = player.call(f"picture({width}, {height})")
    image = Pillow.open(io.BytesIO(base64.b64decode(url.split(",")[1])))
    return np.asarray(image.convert("RGB")) / 255


def _psnr(a, b):
    return -10 * math.log10(max(float(((a - b) ** 2).mean()), 1e-12))


def test_opens_from_disk_without_any_request(open_player, page_path):
    """Oracle: the browser's own record: the file itself and nothing that could reach a network."""
    player = open_player(page_path)
    _picture(player)
    assert player.requests[0] == page_path.as_uri()
    assert [url for url in player.requests[1:] if not url.startswith(("blob:", "data:"))] == []
    assert player.complaints == []


def test_the_page_cannot_reach_a_network(open_player, page_path):
    """Oracle: the browser refuses a fetch that the page's script tries, by the page's own policy."""
    player = open_player(page_path)
    refused = player.page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.name)")
    assert refused == "TypeError"
    assert any("Content Security Policy" in text for text in player.complaints)


@pytest.mark.parametrize(
    ("time", "azimuth", "elevation"),
    [(0.0, 0, 0), (0.25, 30, 0), (0.45, 120, 20), (0.5, 0, 0), (0.55, 200, -15), (0.8, -60, -30), (1.0, 0, 0)],
)
def test_agrees_with_our_renderer(still_player, asset, time, azimuth, elevation):
    """Oracle: the rasteriser: at the ends, between keyframes, in the overlap of clips and from the back."""
    still_player.call(f"setTime({time})")
    still_player.call(f"setCamera({azimuth}, {elevation})")
    ours = render_view(asset, orbit_camera(azimuth, elevation, SIDE, SIDE), time).on(1.0).numpy()
    assert _psnr(_picture(still_player), ours) >= AGREEMENT_DB


def test_agrees_when_the_picture_is_not_square(still_player, asset):
    """Oracle: the rasteriser, with the field of view along the longer side, lying and standing."""
    still_player.call("setTime(0)")
    still_player.call("setCamera(0, 0)")
    for width, height in [(240, 120), (120, 240)]:
        ours = render_view(asset, input_camera(width, height), 0.0).on(1.0).numpy()
        assert _psnr(_picture(still_player, width, height), ours) >= AGREEMENT_DB


@pytest.mark.parametrize("side", [SIDE // 2, SIDE * 2])
def test_agrees_at_another_size_than_the_inputs(still_player, asset, side):
    """Oracle: the rasteriser, with the blur that keeps its size on the object."""
    still_player.call("setTime(0.5)")
    still_player.call("setCamera(0, 0)")
    ours = render_view(asset, input_camera(side, side), 0.5).on(1.0).numpy()
    assert _psnr(_picture(still_player, side, side), ours) >= AGREEMENT_DB


def test_picture_changes_over_time(still_player):
    """Oracle: the made-up motion: ends differ strongly, the same time gives the same picture again."""
    still_player.call("setCamera(0, 0)")
    pictures = []
    for time in (0.0, 0.5, 1.0, 0.0):
        still_player.call(f"setTime({time})")
        pictures.append(_picture(still_player))
    assert _psnr(pictures[0], pictures[1]) < 25
    assert _psnr(pictures[0], pictures[2]) < 20
    assert _psnr(pictures[0], pictures[3]) > 50


def test_a_jump_to_another_clip_shows_no_empty_picture(open_player, page_path):
    """Oracle: the canvas, read in every turn of the browser's loop: the object covers part of it in all of them."""
    player = open_player(page_path)
    covered = player.page.evaluate("""() => new Promise((resolve) => {
        const small = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        const counts = [];
        const look = () => {
            small.clearRect(0, 0, 64, 64);
            small.drawImage(document.querySelector("canvas"), 0, 0, 64, 64);
            const pixels = small.getImageData(0, 0, 64, 64).data;
            counts.push(pixels.filter((value, i) => i % 4 === 3 && value > 128).length);
            if (counts.length % 5 === 0) window.tween4d.setTime(counts.length % 10 ? 1 : 0);
            if (counts.length < 31) requestAnimationFrame(look);
            else resolve(counts);
        };
        requestAnimationFrame(look);
    })""")
    assert min(covered) > 50


def test_what_swings_out_between_the_ends_stays_on_the_canvas(open_player, asset, tmp_path):
    """Oracle: the canvas itself, tall as a phone's: no column at its edges is covered, in the middle of a motion that
    leaves the frame of the inputs."""
    moved = []
    for clip in asset.clips:
        aside = 0.35 * (math.pi * clip.motion.times).sin()[:, None].expand(-1, clip.motion.rest.shape[0])
        translations = clip.motion.translations.clone()
        translations[..., 0] -= aside
        moved.append(dataclasses.replace(clip, motion=dataclasses.replace(clip.motion, translations=translations)))
    path = write_html(dataclasses.replace(asset, clips=tuple(moved)), tmp_path / "swing.html")
    player = open_player(path, viewport={"width": 300, "height": 500})
    player.call("setTime(0.5)")
    player.page.evaluate("""() => { window.columns = () => {
        const small = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        small.drawImage(document.querySelector("canvas"), 0, 0, 50, 50);
        const pixels = small.getImageData(0, 0, 50, 50).data;
        return Array.from({ length: 50 }, (_, x) =>
            Array.from({ length: 50 }, (_, y) => pixels[4 * (50 * y + x) + 3] > 60).filter(Boolean).length);
    }; }""")
    # It has arrived when the right is empty.
    player.wait_until("window.columns().slice(38).every((count) => count === 0)")
    columns = player.page.evaluate("window.columns()")
    assert sum(columns) > 50 and columns[0] == 0


def test_the_canvas_arrives_at_the_time_that_was_set(open_player, page_path):
    """Oracle: the picture that was waited for. Set from another clip, and left alone, the canvas comes to the same.

    The old picture stays until the new clip is sorted, but no longer: nothing but the loop of the page draws here.
    """
    player = open_player(page_path)
    small = """() => {
        const small = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        small.drawImage(document.querySelector("canvas"), 0, 0, 128, 128);
        return [...small.getImageData(0, 0, 128, 128).data];
    }"""

    def canvas_shows():
        return np.array(player.page.evaluate(small)) / 255

    settled = {}
    for time in (0, 1):
        player.call(f"setTime({time})")
        _picture(player)
        settled[time] = canvas_shows()
    assert _psnr(settled[0], settled[1]) < 25
    for time in (0, 1):
        player.call(f"setTime({time})")
        for _ in range(50):
            if _psnr(canvas_shows(), settled[time]) > 50:
                break
            player.page.wait_for_timeout(100)
        else:
            pytest.fail(f"the canvas never showed time {time}")


def test_plays_by_itself_and_pauses(open_player, page_path):
    """Oracle: the clock: it runs on opening and stands still after a pause."""
    player = open_player(page_path, reduced_motion="no-preference")
    assert player.call("isPlaying()")
    player.wait_until("window.tween4d.getTime() > 0.05")
    player.page.keyboard.press("Space")
    assert not player.call("isPlaying()")
    stopped = player.call("getTime()")
    player.page.wait_for_timeout(200)
    assert player.call("getTime()") == stopped


def test_reduced_motion_waits_for_the_viewer(open_player, page_path):
    """Oracle: the viewer's stated wish: nothing moves until asked."""
    player = open_player(page_path)
    assert not player.call("isPlaying()")
    player.page.get_by_role("button", name="Play").click()
    player.wait_until("window.tween4d.getTime() > 0.02")


@pytest.mark.parametrize(("repeat", "expected"), [("once", "end"), ("loop", "start"), ("pingpong", "end")])
def test_what_happens_at_the_end(open_player, page_path, repeat, expected):
    """Oracle: the meaning of the modes: once stops at 1, loop goes on from 0, ping-pong turns back below 1."""
    player = open_player(page_path)
    for _ in range({"pingpong": 0, "loop": 1, "once": 2}[repeat]):
        player.page.keyboard.press("l")
    player.call("setTime(0.97)")
    player.page.evaluate("""() => {
        window.seen = [];
        const note = () => { window.seen.push(window.tween4d.getTime()); requestAnimationFrame(note); };
        note();
    }""")
    player.page.keyboard.press("Space")
    player.wait_until("window.seen.some((t, i, all) => i && t < all[i - 1]) || window.seen.at(-1) === 1")
    seen = player.page.evaluate("window.seen")
    turned = next((after for before, after in zip(seen, seen[1:], strict=False) if after < before), None)
    if repeat == "once":
        assert seen[-1] == 1 and not player.call("isPlaying()")
    elif expected == "start":
        assert turned < 0.3
    else:
        assert turned > 0.7


def test_keyboard(open_player, page_path, asset):
    """Oracle: the key list of the page: frames, ends, view and comparison by keys alone."""
    player = open_player(page_path)
    frame = 1 / (asset.frame_count - 1)
    keys = player.page.keyboard
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    keys.press("ArrowLeft")
    assert player.call("getTime()") == pytest.approx(frame)
    keys.press("End")
    assert player.call("getTime()") == 1
    keys.press("Home")
    assert player.call("getTime()") == 0
    before = _picture(player)
    keys.press("Shift+ArrowRight")
    turned = _picture(player)
    keys.press("r")
    keys.press("+")
    nearer = _picture(player)
    keys.press("r")
    assert _psnr(before, turned) < 40 and _psnr(before, nearer) < 40
    assert _psnr(before, _picture(player)) > 50
    keys.press("c")
    assert player.page.get_by_role("radio", name="Beside").get_attribute("aria-checked") == "true"


def test_drag_turns_and_wheel_zooms(open_player, page_path):
    """Oracle: the picture: it changes by each gesture and comes back by the reset button."""
    player = open_player(page_path)
    before = _picture(player)
    mouse = player.page.mouse
    mouse.move(500, 300)
    mouse.down()
    mouse.move(620, 330, steps=4)
    mouse.up()
    player.page.wait_for_timeout(100)
    turned = _picture(player)
    assert _psnr(before, turned) < 35
    player.page.get_by_role("button", name="Back to the input view").click()
    mouse.move(500, 300)
    mouse.wheel(0, 400)
    player.page.wait_for_timeout(100)
    assert _psnr(before, _picture(player)) < 40
    player.page.get_by_role("button", name="Back to the input view").click()
    assert _psnr(before, _picture(player)) > 50


def test_input_picture_lies_exactly_over_the_asset(open_player, asset, tmp_path):
    """Oracle: pixels: our own render as the input picture, wiped fully in and fully out, is the same scene."""
    ends = tuple(render_view(asset, input_camera(512, 512), time) for time in (0.0, 1.0))
    page_path = write_html(dataclasses.replace(asset, endpoints=ends), tmp_path / "over.html")
    player = open_player(page_path)
    player.page.get_by_role("radio", name="Over").click()
    shots = []
    for share in (0, 100):
        player.page.locator(".wipe").evaluate(
            f"(wipe) => {{ wipe.value = {share}; wipe.dispatchEvent(new Event('input')); }}"
        )
        player.page.wait_for_timeout(300)
        shots.append(np.asarray(Pillow.open(io.BytesIO(player.page.screenshot())).convert("RGB")) / 255)
    # Above the middle of the sheet lie neither captions nor the wipe's handle; the bend of time 1 is elsewhere.
    asset_shown, picture_shown = (shot[100:330, 260:740] for shot in shots)
    assert asset_shown.min() < 0.3
    assert _psnr(asset_shown, picture_shown) > 27


def test_comparison_only_where_it_holds(open_player, page_path):
    """Oracle: the meaning of the mode: the wipe shows at an end from the input view; one press leads back there."""
    player = open_player(page_path)
    player.page.get_by_role("radio", name="Over").click()
    back = player.page.get_by_role("button", name="Back to the comparison")
    overlay = player.page.locator(".overlay:not(.away)")
    assert overlay.count() == 1 and not back.is_visible()
    for elsewhere in ("setTime(0.4)", "setCamera(30, 0)"):
        player.call(elsewhere)
        assert overlay.count() == 0
        back.click()
        player.wait_until("!document.querySelector('.overlay').classList.contains('away')")
    assert player.call("getTime()") == 0


def test_plays_beside_the_input_picture(open_player, page_path):
    """Oracle: the page: beside stays while playing, and the picture is that of the nearer end."""
    player = open_player(page_path)
    player.page.get_by_role("radio", name="Beside").click()
    player.call("setTime(0.55)")
    player.page.keyboard.press("Space")
    player.wait_until("window.tween4d.getTime() > 0.56")
    assert player.page.locator(".reference").is_visible()
    assert player.page.locator(".reference figcaption").text_content() == "Input, end"


def test_every_control_has_a_name(open_player, page_path):
    """Oracle: the browser's accessibility names: none of the visible controls is without one."""
    player = open_player(page_path)
    nameless = player.page.evaluate("""() => [...document.querySelectorAll("button, input, select, canvas")]
        .filter((e) => e.checkVisibility())
        .filter((e) => !(e.ariaLabel || e.textContent.trim() || e.labels?.[0]?.textContent.trim()))
        .map((e) => e.outerHTML.slice(0, 80))""")
    assert nameless == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_player, page_path, scheme):
    """Oracle: foreign tool, axe-core; names, roles, contrast, of the page and of its dialog."""
    player = open_player(page_path, color_scheme=scheme, viewport={"width": 390, "height": 844})
    assert axe_findings(player.page) == []
    player.page.keyboard.press("?")
    assert player.page.locator("dialog").is_visible() and axe_findings(player.page) == []


def test_a_finger_turns_the_object(open_player, page_path):
    """Oracle: the picture; a finger across it turns it, a double tap on Reset brings the first view back."""
    player = open_player(page_path, has_touch=True, is_mobile=True, viewport={"width": 390, "height": 600})
    before = _picture(player)
    swipe(player.page, (120, 300), (260, 300))
    assert _psnr(before, _picture(player)) < 40
    player.page.locator('[data-action="reset"]').tap()
    assert _psnr(before, _picture(player)) > 50


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 568), (844, 390), (1600, 900)])
def test_fits_the_window(open_player, page_path, width, height):
    """Oracle: layout boxes: nothing scrolls, every control is inside the window and at least 24 px, none overlap."""
    player = open_player(page_path, viewport={"width": width, "height": height})
    boxes = player.page.evaluate("""() => [...document.querySelectorAll("button, .time, select, canvas")]
        .filter((e) => e.checkVisibility() && !e.closest("dialog"))
        .map((e) => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; })""")
    assert player.page.evaluate("document.documentElement.scrollWidth") <= width
    assert len(boxes) >= 12
    for left, top, right, bottom in boxes:
        assert left >= 0 and top >= 0 and right <= width and bottom <= height
        assert right - left >= 24 and bottom - top >= 24
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert min(a[2], b[2]) - max(a[0], b[0]) < 1 or min(a[3], b[3]) - max(a[1], b[1]) < 1


def test_an_asset_without_input_pictures(open_player, asset, tmp_path):
    """Oracle: the page: it plays, and offers no comparison."""
    page_path = write_html(dataclasses.replace(asset, endpoints=None), tmp_path / "bare.html")
    player = open_player(page_path)
    assert player.complaints == []
    assert not player.page.get_by_role("radio", name="Beside").is_visible()


def test_without_webgl_the_page_says_so(browser, page_path):
    """Oracle: a browser without WebGL 2: a sentence says what to do, and `ready` rejects."""
    page = browser.new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(page_path.as_uri())
    assert page.evaluate("window.tween4d.ready.then(() => 'ready', () => 'refused')") == "refused"
    assert "needs WebGL 2" in page.get_by_role("alert").text_content()
    page.close()


def test_a_title_is_text_not_markup(open_player, asset, tmp_path):
    """Oracle: the browser: a file name full of markup is shown as it is and runs nothing."""
    name = "<img src=x onerror=window.broken=1> & {data} <script>window.broken=1<"
    page_path = write_html(asset, tmp_path / f"{name}.html")
    player = open_player(page_path)
    assert player.page.title() == name
    assert player.page.locator("h1").text_content() == name
    assert player.page.evaluate("window.broken") is None
