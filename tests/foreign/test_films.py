"""Every kind of film, as FFmpeg's own prober sees it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.app.export import ExportOptions, export_asset
from tween4d.io import FORMATS

FRAMES, SIZE, FPS = 5, 64, 20
FILMS = {
    ".mp4": {"codec_name": "h264", "pix_fmt": "yuv420p"},
    ".webm": {"codec_name": "vp9"},
    ".mov": {"codec_name": "prores", "profile": "4444"},
    ".gif": {"codec_name": "gif"},
}
"""What each is to be. Of animated WebP the prober reads nothing; Pillow does, in tests/io/test_video.py."""


def test_no_kind_of_film_is_left_out() -> None:
    """Oracle: the table of suffixes."""
    assert {*FILMS, ".webp"} == {suffix for suffix, form in FORMATS.items() if form.content == "film"}


@pytest.mark.parametrize("camera", ["turntable", "fixed", "dolly", "stereo"])
@pytest.mark.parametrize("suffix", FILMS)
def test_ffprobe_finds_the_film_that_was_asked_for(
    suffix: str, camera: Any, tmp_path: Path, ffprobe: Callable[[Path], dict[str, Any]]
) -> None:
    """Oracle: foreign tool; codec, size (two eyes are twice as wide), rate, length and number of pictures."""
    asset = moving_ellipsoid(count=30, nodes=4, frames=9, size=48)
    options = ExportOptions(frames=FRAMES, size=SIZE, fps=FPS, camera=camera)
    told = ffprobe(export_asset(asset, tmp_path / f"a{suffix}", options))
    assert {name: told[name] for name in FILMS[suffix]} == FILMS[suffix]
    assert (told["width"], told["height"]) == (SIZE * (2 if camera == "stereo" else 1), SIZE)
    assert int(told["nb_read_frames"]) == FRAMES and told["r_frame_rate"] == f"{FPS}/1"
    assert float(told["duration"]) == pytest.approx(FRAMES / FPS, abs=0.06)


@pytest.mark.parametrize("suffix", [".webm", ".mov"])
def test_ffprobe_finds_alpha(suffix: str, tmp_path: Path, ffprobe: Callable[[Path], dict[str, Any]]) -> None:
    """Oracle: foreign tool; the mark of WebM, and ProRes's pixel format."""
    asset = moving_ellipsoid(count=30, nodes=4, frames=9, size=48)
    options = ExportOptions(frames=2, size=SIZE, background="transparent")
    told = ffprobe(export_asset(asset, tmp_path / f"a{suffix}", options))
    assert told["tags"].get("alpha_mode") == "1" if suffix == ".webm" else "yuva444" in told["pix_fmt"]
