"""Video files: the user's guide in, films out. The encoder is the ffmpeg program that imageio-ffmpeg brings."""

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

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
Background = tuple[float, float, float] | None
"""sRGB in [0, 1]; None is transparent."""
WHITE = (1.0, 1.0, 1.0)
DESCRIPTION = 0x010E
"""The tag of EXIF that says what a picture is."""


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


def write_video(
    frames: Iterable[Image], target: Path, fps: float, background: Background | float = WHITE, origin: str = ""
) -> Path:
    """Encode a film from pictures of one size, in the codec that the suffix names; odd sizes lose a row or a column.

    Args:
        target: `.mp4` (H.264), `.webm` (VP9) or `.mov` (ProRes 4444).
        background: colour behind the object; None keeps straight alpha, which `.mp4` cannot.
        origin: how it was made, for the file's comment.
    Raises:
        OutputError: when it cannot be written.
    """
    failed = OutputError("the video could not be encoded", str(target), "check the space on the disk")
    pictures = (_even(_bytes(image, background)) for image in frames)
    first = next(pictures)
    height, width, channels = first.shape
    raw = "rgba" if channels == 4 else "rgb24"
    source = ["-f", "rawvideo", "-pix_fmt", raw, "-s", f"{width}x{height}", "-r", f"{fps:g}", "-i", "-"]
    encoder = [*_encoder(target, transparent=channels == 4), *(["-metadata", f"comment={origin}"] if origin else [])]
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


def _encoder(target: Path, *, transparent: bool) -> list[str]:
    """Options of ffmpeg for a suffix."""
    kind = target.suffix.lower()
    if kind == ".webm":
        speed = ["-crf", "24", "-b:v", "0", "-deadline", "good", "-cpu-used", "4", "-row-mt", "1", "-auto-alt-ref", "0"]
        return ["-c:v", "libvpx-vp9", *speed, "-pix_fmt", "yuva420p" if transparent else "yuv420p"]
    if kind == ".mov":
        return ["-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le" if transparent else "yuv444p10le"]
    return ["-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]


def write_gif(
    frames: Iterable[Image], target: Path, fps: float, background: Background | float = WHITE, origin: str = ""
) -> Path:
    """Encode an endless GIF with one palette per frame.

    Args:
        background: colour behind the object; GIF has no partial coverage, so None is taken as white.
        origin: how it was made, for the file's comment.
    Raises:
        OutputError: when it cannot be written.
    """
    behind = WHITE if background is None else background
    pictures = [
        Pillow.fromarray(_bytes(image, behind)).convert("P", palette=Pillow.Palette.ADAPTIVE) for image in frames
    ]
    with whole_file(target) as part:
        # GIF counts in hundredths of a second.
        duration = max(20, round(100 / fps) * 10)
        options = {"duration": duration, "loop": 0} | ({"comment": origin} if origin else {})
        pictures[0].save(part, "GIF", save_all=True, append_images=pictures[1:], **options)
    return target


def write_webp(
    frames: Iterable[Image], target: Path, fps: float, background: Background | float = WHITE, origin: str = ""
) -> Path:
    """Encode an endless animated WebP.

    Args:
        background: colour behind the object; None keeps straight alpha.
        origin: how it was made, for the description of the picture (EXIF).
    Raises:
        OutputError: when it cannot be written.
    """
    pictures = [Pillow.fromarray(_bytes(image, background)) for image in frames]
    options: dict[str, Any] = {"duration": round(1000 / fps), "loop": 0, "quality": 85, "method": 4}
    if origin:
        options["exif"] = Pillow.Exif()
        options["exif"][DESCRIPTION] = origin
    with whole_file(target) as part:
        pictures[0].save(part, "WEBP", save_all=True, append_images=pictures[1:], **options)
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


def _bytes(image: Image, background: Background | float) -> UInt8[np.ndarray, "h w c"]:
    """Three channels on a background, four with straight alpha."""
    alpha = torch.ones_like(image.rgb[..., :1]) if image.alpha is None else image.alpha[..., None]
    if background is None:
        planes = torch.cat([image.rgb, alpha], -1)
    else:
        planes = image.rgb * alpha + torch.as_tensor(background) * (1 - alpha)
    return (planes.clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()


def _even(picture: UInt8[np.ndarray, "h w c"]) -> UInt8[np.ndarray, "a b c"]:
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
