"""Video files."""

import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from tween4d.data.images import Image
from tween4d.errors import InputError, OutputError
from tween4d.events import Event, Note
from tween4d.io.video import MAX_FRAMES, read_video, write_gif, write_video, write_webp


def film(count: int = 12, width: int = 64, height: int = 48) -> list[Image]:
    """A grey that brightens evenly, with a transparent left half."""
    alpha = torch.ones(height, width)
    alpha[:, : width // 2] = 0
    return [Image(torch.full((height, width, 3), k / max(count - 1, 1)), alpha) for k in range(count)]


@pytest.mark.parametrize("size", [(64, 48), (65, 49)])
def test_mp4_round_trip(tmp_path: Path, size: tuple[int, int]) -> None:
    """Oracle: foreign tool, ffmpeg: count, duration, size; the grey of every frame within what H.264 loses."""
    path = write_video(film(12, *size), tmp_path / "a.mp4", 24.0)
    count, seconds = imageio_ffmpeg.count_frames_and_secs(str(path))
    assert count == 12 and seconds == pytest.approx(0.5, abs=0.05)
    frames = read_video(path, 512)
    assert frames.shape == (12, 48, 64, 3)
    assert torch.allclose(frames[:, 24, 56, 0], torch.linspace(0, 1, 12), atol=0.03)
    assert torch.allclose(frames[:, 24, 8, 0], torch.ones(12), atol=0.03)


def test_gif_round_trip(tmp_path: Path) -> None:
    """Oracle: foreign tool, Pillow; endless, 80 ms a frame, on white."""
    path = write_gif(film(), tmp_path / "a.gif", 12.5)
    with Pillow.open(path) as picture:
        assert picture.n_frames == 12 and picture.info["loop"] == 0 and picture.info["duration"] == 80
        picture.seek(6)
        frame = np.asarray(picture.convert("RGB")) / 255
    assert frame[24, 56, 0] == pytest.approx(6 / 11, abs=0.02) and frame[24, 8, 0] == pytest.approx(1.0, abs=0.01)


def test_a_long_video_is_thinned_evenly_and_said(tmp_path: Path) -> None:
    """Oracle: closed form; the brightness of kept frames stays an even ramp from 0 to 1."""
    count = MAX_FRAMES * 2 + 30
    path = write_video(film(count, 16, 16), tmp_path / "a.mp4", 30.0)
    heard: list[Event] = []
    frames = read_video(path, 16, heard.append)
    assert MAX_FRAMES // 2 <= len(frames) <= MAX_FRAMES + 1
    levels = frames[:, 8, 12, 0]
    assert float(levels[0]) < 0.05 and float(levels[-1]) > 0.95
    assert float((levels[:-1].diff() - 1 / len(frames)).abs().max()) < 0.03
    assert any(isinstance(event, Note) and "frame is used" in event.message for event in heard)


def test_frames_are_scaled_to_the_working_size(tmp_path: Path) -> None:
    """Oracle: the size asked for; smaller videos are not enlarged."""
    path = write_video(film(4, 128, 64), tmp_path / "a.mp4", 24.0)
    assert read_video(path, 32).shape == (4, 16, 32, 3)
    assert read_video(path, 512).shape == (4, 64, 128, 3)


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    """Oracle: contract."""
    with pytest.raises(InputError, match="no such video"):
        read_video(tmp_path / "none.mp4", 64)
    (tmp_path / "text.mp4").write_text("hello")
    with pytest.raises(InputError, match="not a video"):
        read_video(tmp_path / "text.mp4", 64)
    write_video(film(1), tmp_path / "one.mp4", 24.0)
    with pytest.raises(InputError, match="fewer than two"):
        read_video(tmp_path / "one.mp4", 64)
    whole = write_video(film(12), tmp_path / "a.mp4", 24.0).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 3])
    with pytest.raises(InputError, match="not a video|fewer than two"):
        read_video(tmp_path / "cut.mp4", 64)


def test_frames_that_fail_leave_no_file(tmp_path: Path) -> None:
    """Oracle: listing; an interruption between two frames."""

    def broken() -> object:
        yield from film(3)
        raise KeyboardInterrupt

    for write, name in ((write_video, "a.mp4"), (write_gif, "a.gif")):
        with pytest.raises(KeyboardInterrupt):
            write(broken(), tmp_path / name, 24.0)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on file sizes")
@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
def test_a_full_disk_leaves_no_file(tmp_path: Path, name: str) -> None:
    """Oracle: the operating system's own limit on file sizes, lowered below what the film needs."""
    import resource

    generator = torch.Generator().manual_seed(0)
    noise = [Image(torch.rand(64, 64, 3, generator=generator)) for _ in range(40)]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(OutputError, match="disk"):
            (write_gif if name.endswith("gif") else write_video)(noise, tmp_path / name, 24.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def decoded(path: Path, width: int, height: int, decoder: tuple[str, ...] = ()) -> np.ndarray:
    """All frames as RGBA, by the ffmpeg program itself."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", *decoder, "-i", str(path)]
    done = subprocess.run([*command, "-f", "rawvideo", "-pix_fmt", "rgba", "-"], capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 4) / 255


@pytest.mark.parametrize(("name", "decoder"), [("a.webm", ("-c:v", "libvpx-vp9")), ("a.mov", ())])
def test_transparent_films(tmp_path: Path, name: str, decoder: tuple[str, ...]) -> None:
    """Oracle: foreign tool, ffmpeg; alpha 0 on the left and 1 on the right, the grey within what the codec loses."""
    path = write_video(film(6), tmp_path / name, 24.0, None)
    frames = decoded(path, 64, 48, decoder)
    assert frames.shape == (6, 48, 64, 4)
    assert frames[:, :, :28, 3].max() < 0.02 and frames[:, :, 36:, 3].min() > 0.98
    assert np.allclose(frames[:, 24, 56, 0], np.linspace(0, 1, 6), atol=0.03)


@pytest.mark.parametrize("name", ["a.webm", "a.mov", "a.webp"])
def test_a_coloured_background(tmp_path: Path, name: str) -> None:
    """Oracle: foreign tools, ffmpeg and Pillow; the transparent half has the colour asked for."""
    orange = (1.0, 0.5, 0.0)
    if name == "a.webp":
        write_webp(film(4), tmp_path / name, 12.5, orange)
        with Pillow.open(tmp_path / name) as picture:
            corner = np.asarray(picture.convert("RGB"))[24, 8] / 255
    else:
        corner = decoded(write_video(film(4), tmp_path / name, 24.0, orange), 64, 48)[0, 24, 8, :3]
    assert np.allclose(corner, orange, atol=0.04)


def test_webp_keeps_alpha_and_time(tmp_path: Path) -> None:
    """Oracle: foreign tool, Pillow; endless, 80 ms a frame."""
    path = write_webp(film(12), tmp_path / "a.webp", 12.5, None)
    with Pillow.open(path) as picture:
        assert picture.n_frames == 12 and picture.info["loop"] == 0
        picture.seek(6)
        picture.load()
        assert picture.info["duration"] == 80
        frame = np.asarray(picture.convert("RGBA")) / 255
    assert frame[24, 8, 3] == 0 and frame[24, 56, 3] == 1
    assert frame[24, 56, 0] == pytest.approx(6 / 11, abs=0.03)
