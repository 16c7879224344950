"""Video files: the user's guide in, turntables out."""

from collections.abc import Iterable
from pathlib import Path

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
from tween4d.io.images import MAX_PIXELS, MIN_SIDE

MAX_FRAMES = 256


def read_video(path: Path, size: int, listener: Listener = silent) -> Float[Tensor, "t h w 3"]:
    """Decode a video, evenly thinned to at most 256 frames and scaled to a working size.

    Args:
        size: longer side of the returned frames at most, pixels.
        listener: told when frames are left out.
    Returns:
        sRGB in [0, 1], at least two frames.
    Raises:
        InputError: when there is no such file, or it is no video, or holds fewer than two frames.
    """
    if not path.is_file():
        raise InputError("there is no such video", str(path), "check the path given with --guide")
    try:
        reader = imageio_ffmpeg.read_frames(str(path), pix_fmt="rgb24")
        info = next(reader)
        width, height = info["size"]
        if min(width, height) < MIN_SIDE or width * height > MAX_PIXELS:
            raise InputError("the video's size is out of bounds", f"{width}x{height} pixels: {path}", "scale it")
        frames, step = _thinned(reader, width, height, size)
    except (OSError, RuntimeError, StopIteration, KeyError, ValueError, IndexError) as error:
        raise InputError("the file is not a video that ffmpeg can read", str(path), "use an MP4 or GIF file") from error
    if len(frames) < 2:
        raise InputError("the video holds fewer than two frames", str(path), "give at least start and end")
    if step > 1:
        listener(Note(f"of the guide {path.name} every {step}th frame is used"))
    return torch.stack(frames)


def write_video(frames: Iterable[Image], target: Path, fps: float, background: float = 1.0) -> Path:
    """Encode an MP4 (H.264) from pictures of one size; odd sizes lose a row or a column.

    Raises:
        OutputError: when it cannot be written.
    """
    with whole_file(target) as part:
        writer, count = None, 0
        try:
            for image in frames:
                picture = _bytes(image, background)
                even = np.ascontiguousarray(picture[: picture.shape[0] & ~1, : picture.shape[1] & ~1])
                if writer is None:
                    size = (even.shape[1], even.shape[0])
                    writer = imageio_ffmpeg.write_frames(
                        str(part), size, fps=fps, codec="libx264", quality=None, macro_block_size=2,
                        output_params=["-crf", "18", "-movflags", "+faststart"], ffmpeg_log_level="error",
                    )  # fmt: skip
                    writer.send(None)
                writer.send(even)
                count += 1
        except OSError as error:
            raise OutputError("the video could not be encoded", str(target), "check the space on the disk") from error
        finally:
            if writer is not None:
                writer.close()
        # The encoder does not say when it could not finish the file.
        if _frame_count(part) != count:
            raise OutputError("the video could not be encoded", str(target), "check the space on the disk")
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


def _frame_count(path: Path) -> int:
    try:
        return int(imageio_ffmpeg.count_frames_and_secs(str(path))[0])
    except (OSError, RuntimeError, ValueError):
        return 0


def _bytes(image: Image, background: float) -> UInt8[np.ndarray, "h w 3"]:
    return (image.on(background).clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()


def _thinned(reader: Iterable[bytes], width: int, height: int, size: int) -> tuple[list[Tensor], int]:
    """Every `step`th frame, where the step doubles whenever the limit is reached; the last frame always stays."""
    scale = min(1.0, size / max(width, height))
    small = (max(1, round(width * scale)), max(1, round(height * scale)))
    frames: list[Tensor] = []
    step, last = 1, None
    for index, content in enumerate(reader):
        if index % step:
            last = content
            continue
        last = None
        frames.append(_frame(content, width, height, small))
        if len(frames) > MAX_FRAMES:
            frames, step = frames[::2], step * 2
    if last is not None:
        frames.append(_frame(last, width, height, small))
    return frames, step


def _frame(content: bytes, width: int, height: int, small: tuple[int, int]) -> Float[Tensor, "h w 3"]:
    array = np.frombuffer(content, np.uint8).reshape(height, width, 3)
    picture = Pillow.fromarray(array).resize(small, Pillow.Resampling.BOX)
    return torch.from_numpy(np.asarray(picture, dtype=np.float32) / 255)
