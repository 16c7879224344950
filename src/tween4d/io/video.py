"""Video files: the user's guide in, turntables out. The encoder is the ffmpeg program that imageio-ffmpeg brings."""

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import imageio_ffmpeg
import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image as Pillow
from torch import Tensor

from tween4d.data.images import Image
from tween4d.errors import InputError, OutputError
from tween4d.events import Listener, Note, silent
from tween4d.io.atomic import whole_file
from tween4d.io.images import MIN_SIDE

MAX_FRAMES = 256


def read_video(path: Path, size: int, listener: Listener = silent) -> Float[Tensor, "t h w 3"]:
    """Decode a video, evenly thinned to at most 256 frames and scaled to a working size.

    Args:
        size: longer side of the returned frames at most, pixels.
        listener: told when frames are left out.
    Returns:
        sRGB in [0, 1], at least two frames.
    Raises:
        InputError: when there is no such file, or it is no video, is damaged, or holds fewer than two frames.
    """
    if not path.is_file():
        raise InputError("there is no such video", str(path), "check the path given with --guide")
    fit = f"scale='min(iw,{size})':'min(ih,{size})':force_original_aspect_ratio=decrease:flags=area"
    # Only this file: a playlist could otherwise make the decoder open others, or the network.
    source = ["-protocol_whitelist", "file,pipe", "-i", f"file:{path}"]
    command = [*source, "-map", "0:v:0", "-vf", fit, "-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "-"]
    unreadable = InputError("the file is not a video that ffmpeg can read", str(path), "use an MP4 or GIF file")
    with _ffmpeg(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            frames, step = _thinned(_portable_pixmaps(process.stdout))
        except ValueError as error:
            raise unreadable from error
        if process.wait() != 0:
            raise unreadable
    if len(frames) < 2:
        raise InputError("the video holds fewer than two frames", str(path), "give at least start and end")
    height, width = frames[0].shape[:2]
    if min(width, height) < MIN_SIDE:
        raise InputError("the video is too small", f"{width}x{height} pixels: {path}", f"use {MIN_SIDE} pixels a side")
    if step > 1:
        listener(Note(f"of the guide {path.name} every {step}th frame is used"))
    return torch.from_numpy(np.stack(frames)).float() / 255


def write_video(frames: Iterable[Image], target: Path, fps: float, background: float = 1.0) -> Path:
    """Encode an MP4 (H.264) from pictures of one size; odd sizes lose a row or a column.

    Raises:
        OutputError: when it cannot be written.
    """
    failed = OutputError("the video could not be encoded", str(target), "check the space on the disk")
    pictures = (_even(_bytes(image, background)) for image in frames)
    first = next(pictures)
    height, width = first.shape[:2]
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{fps:g}", "-i", "-"]
    encoder = ["-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
    with (
        whole_file(target) as part,
        _ffmpeg(["-y", *source, *encoder, f"file:{part}"], stdin=subprocess.PIPE) as process,
    ):
        assert process.stdin is not None
        try:
            process.stdin.write(first)
            for picture in pictures:
                process.stdin.write(picture)
            process.stdin.close()
        except BrokenPipeError as error:
            raise failed from error
        if process.wait() != 0:
            raise failed
    return target


def write_gif(frames: Iterable[Image], target: Path, fps: float, background: float = 1.0) -> Path:
    """Encode an endless GIF with one palette per frame.

    Raises:
        OutputError: when it cannot be written.
    """
    pictures = [
        Pillow.fromarray(_bytes(image, background)).convert("P", palette=Pillow.Palette.ADAPTIVE) for image in frames
    ]
    with whole_file(target) as part:
        # GIF counts in hundredths of a second.
        duration = max(20, round(100 / fps) * 10)
        pictures[0].save(part, "GIF", save_all=True, append_images=pictures[1:], duration=duration, loop=0)
    return target


@contextmanager
def _ffmpeg(arguments: list[str], **pipes: int) -> Iterator[subprocess.Popen[bytes]]:
    """The running program; it is gone when the block ends, however it ends."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "quiet"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    # In a session of its own it does not get the user's Ctrl-C, which we answer by ending it.
    process = subprocess.Popen([*command, *arguments], **(quiet | pipes), start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def _bytes(image: Image, background: float) -> UInt8[np.ndarray, "h w 3"]:
    return (image.on(background).clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()


def _even(picture: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "a b 3"]:
    """Without a last odd row or column, which the colour format does not allow."""
    return np.ascontiguousarray(picture[: picture.shape[0] & ~1, : picture.shape[1] & ~1])


def _portable_pixmaps(stream: IO[bytes]) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
    """The pictures of a stream of binary PPM files as ffmpeg writes them.

    Raises:
        ValueError: when the stream ends within a picture, or is none.
    """
    while header := stream.readline():
        width, height = (int(word) for word in stream.readline().split())
        depth = stream.readline()
        content = stream.read(width * height * 3)
        if header != b"P6\n" or depth != b"255\n" or len(content) != width * height * 3:
            raise ValueError("the stream is cut off")
        yield np.frombuffer(content, np.uint8).reshape(height, width, 3)


def _thinned(pictures: Iterable[np.ndarray]) -> tuple[list[np.ndarray], int]:
    """Every `step`th picture, where the step doubles whenever the limit is reached; the last one always stays."""
    frames: list[np.ndarray] = []
    step, last = 1, None
    for index, picture in enumerate(pictures):
        if index % step:
            last = picture
            continue
        last = None
        frames.append(picture)
        if len(frames) > MAX_FRAMES:
            frames, step = frames[::2], step * 2
    if last is not None:
        frames.append(last)
    return frames, step
