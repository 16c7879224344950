"""Stage 2: the motion between the pictures, imagined as a video."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.drags import Drag
from tween4d.data.images import Image, Keyframes
from tween4d.data.video import Guide, Video, carry_pixels
from tween4d.errors import InputError
from tween4d.geometry.pacing import Ease, paced
from tween4d.priors.protocols import Inbetweener, Steerable

LEAST_GAP = 4
"""Frames between two pictures, at least."""
BESIDE = 3.0
"""Pixels that a drag may begin beside the object."""
SAME = 1.5
"""Drags that begin within this many pixels of one another lead one place."""


@dataclass(frozen=True)
class GuideConfig:
    """What the guiding video is like."""

    frames: int = 64
    """Frames including all inputs, at least 2."""
    size: int = 256
    """Longer side at most, pixels; smaller inputs are not enlarged."""
    prompt: str = ""
    """What happens, for priors that read; the embedded one does not."""
    drags: tuple[Drag, ...] = ()
    """Places of the start picture that have to be somewhere at a time."""
    ease: Ease | None = None
    """Pace of the motion; None leaves it to the prior, and with more than two pictures rests at the first and last."""


def imagine_motion(keyframes: Keyframes, inbetweener: Inbetweener, config: GuideConfig, *, seed: int) -> Guide:
    """Imagine how the object gets from the start to the end, by way of the pictures between and of the drags.

    Source: In-2-4D, Sec. 3.2 (the interpolator psi).

    Args:
        keyframes: all states, matted.
        inbetweener: asked once for each pair of neighbouring pictures, at working size; not asked when all pictures
            are the same and nothing is dragged.
        seed: handed to the prior.
    Returns:
        A guide of `config.frames` frames; those at `pictures` are the inputs at working size, value for value, and are
        shown at the inputs' times. A sheet of one piece rides on the neighbouring pieces' sheets beyond it.
    Raises:
        InputError: when two pictures or a drag and a picture are too near in time, a drag begins beside the object or
            contradicts another one, or the prior cannot be steered.
    """
    images = [fit_working_size(image, config.size) for image in keyframes.images]
    if keyframes.identical and not config.drags:
        return Guide(_constant(images[0], config.frames), still=True, fov_degrees=keyframes.fov_degrees)
    rows = state_frames(keyframes.times, config.frames)
    moments = drag_frames(config.drags, keyframes.times, config.frames, (images[0].width, images[0].height))
    _check_sources(config.drags, images[0])
    pieces: list[Guide] = []
    for k, (start, end) in enumerate(zip(images[:-1], images[1:], strict=True)):
        here = [(drag, row) for drag, row in zip(config.drags, moments, strict=True) if rows[k] < row < rows[k + 1]]
        drags = tuple(_within(drag, row, rows[k], rows[k + 1], pieces, start) for drag, row in here)
        pieces.append(_piece(start, end, rows[k + 1] - rows[k] + 1, drags, inbetweener, config.prompt, seed))
    guide = pieces[0] if len(pieces) == 1 else _chained(pieces, rows)
    rgb, alpha = guide.video.rgb.clone(), guide.video.alpha.clone()
    for row, image in zip(rows, images, strict=True):
        rgb[row], alpha[row] = image.rgb, coverage(image)
    known = dict(zip(rows, keyframes.times, strict=True))
    known |= {row: drag.time for drag, row in zip(config.drags, moments, strict=True)}
    guide = replace(
        guide, video=Video(rgb, alpha, guide.video.times), fov_degrees=keyframes.fov_degrees, given=tuple(rows[1:-1])
    )
    return replace(guide, video=replace(guide.video, times=_paced(guide, known, config.ease)))


def state_frames(times: Sequence[float], frames: int) -> list[int]:
    """The frames that show the pictures.

    Raises:
        InputError: when two pictures are fewer than `LEAST_GAP` frames apart; two pictures alone never are.
    """
    rows = [round(time * (frames - 1)) for time in times]
    if len(rows) > 2 and min(b - a for a, b in zip(rows, rows[1:], strict=False)) < LEAST_GAP:
        raise InputError(
            f"two images are less than {LEAST_GAP} frames apart",
            f"times {', '.join(f'{time:g}' for time in times)} in {frames} frames",
            "move their --times apart, or ask for more --frames",
        )
    return rows


def drag_frames(drags: Sequence[Drag], times: Sequence[float], frames: int, size: tuple[int, int]) -> list[int]:
    """The frames at which the dragged places arrive.

    Args:
        times: of the pictures.
        size: width and height in pixels.
    Raises:
        InputError: when a drag ends at a picture, or two drags take one place to different targets at one frame.
    """
    states, rows = state_frames(times, frames), []
    for number, drag in enumerate(drags):
        row = round(drag.time * (frames - 1))
        if row in states:
            raise InputError(
                "a drag cannot end where an image says how the object is",
                f"@{drag.time:g} is frame {row} of {frames}, and so is an image",
                "choose another time, or more --frames",
            )
        for other, at in zip(drags[:number], rows, strict=True):
            gap = np.hypot(*((np.array(drag.source) - other.source) * size))
            if at == row and (gap <= SAME):
                raise InputError(
                    "two drags pull one place at one moment", f"@{other.time:g} and @{drag.time:g}", "leave one out"
                )
        rows.append(row)
    return rows


def _check_sources(drags: Sequence[Drag], start: Image) -> None:
    rows, columns = (coverage(start) > 0.5).nonzero(as_tuple=True)
    for drag in drags:
        x, y = drag.source[0] * start.width - 0.5, drag.source[1] * start.height - 0.5
        if len(rows) == 0 or float(torch.hypot(columns - x, rows - y).min()) > BESIDE:
            raise InputError(
                "a drag does not begin on the object",
                f"{drag.source[0]:.1%} of the width, {drag.source[1]:.1%} of the height",
                "give a place of the object in pixels of the start image, x from the left and y from the top",
            )


def _within(drag: Drag, row: int, first: int, last: int, before: Sequence[Guide], start: Image) -> Drag:
    """The drag for one piece of the motion: its place in the piece's first picture, its time by count of frames."""
    size = torch.tensor([start.width, start.height], dtype=torch.float64)
    place = torch.tensor([drag.source], dtype=torch.float64) * size
    for piece in before:
        place = carry_pixels(piece, place, 0, [len(piece.video) - 1])[0][0]
    x, y = (place[0] / size).tolist()
    return Drag((x, y), drag.target, (row - first) / (last - first))


def _piece(
    start: Image, end: Image, frames: int, drags: tuple[Drag, ...], inbetweener: Inbetweener, prompt: str, seed: int
) -> Guide:
    if not drags:
        return inbetweener.inbetween(start, end, frames, prompt=prompt, seed=seed)
    if not isinstance(inbetweener, Steerable):
        raise InputError(
            "what imagines the motion cannot be steered by drags",
            type(inbetweener).__name__,
            "leave --drag out, or use --priors embedded without --guide and --inbetweener",
        )
    return inbetweener.steered(start, end, frames, drags, prompt=prompt, seed=seed)


def _chained(pieces: Sequence[Guide], rows: Sequence[int]) -> Guide:
    """The pieces one after another; each one's last frame is the next one's first."""
    videos = [piece.video for piece in pieces]
    rgb = torch.cat([videos[0].rgb, *(video.rgb[1:] for video in videos[1:])])
    alpha = torch.cat([videos[0].alpha, *(video.alpha[1:] for video in videos[1:])])
    lattices = []
    for number, piece in enumerate(pieces):
        first, last = rows[number], rows[number + 1]
        for lattice in piece.lattices:
            parts = [lattice.vertices]
            for other in reversed(pieces[:number]):
                end = len(other.video) - 1
                parts.insert(0, carry_pixels(other, parts[0][0], end, range(end))[0].to(lattice.vertices))
            for other in pieces[number + 1 :]:
                parts.append(carry_pixels(other, parts[-1][-1], 0, range(1, len(other.video)))[0].to(lattice.vertices))
            anchor = first if lattice.anchor == 0 else last
            lattices.append(replace(lattice, vertices=torch.cat(parts), anchor=anchor, span=(first, last)))
    return Guide(Video(rgb, alpha, torch.linspace(0, 1, len(rgb))), tuple(lattices))


def _paced(guide: Guide, known: dict[int, float], ease: Ease | None) -> Float[Tensor, "t"]:
    """When the frames are shown; those of `known` have a time of their own."""
    states = sorted(known)
    knots = np.array([known[row] for row in states])
    if ease is None and len(states) == 2:
        return guide.video.times
    if ease is None and not guide.given:
        times = np.interp(np.arange(len(guide.video)), states, knots)
    else:
        times = paced(path_lengths(guide), states, knots, ease or "in-out")
    return torch.from_numpy(times).to(guide.video.times)


def path_lengths(guide: Guide) -> Float[np.ndarray, "t"]:
    """Length of the way from the first frame to each: of the sheets in pixels, or of the pictures' change."""
    if guide.lattices:
        steps = sum(lattice.vertices.double().diff(dim=0).square().sum(-1).mean(-1) for lattice in guide.lattices)
        steps = (steps / len(guide.lattices)).sqrt()
    else:
        planes = torch.cat([guide.video.rgb * guide.video.alpha[..., None], guide.video.alpha[..., None]], -1)
        steps = planes.double().diff(dim=0).square().mean((1, 2, 3)).sqrt()
    return np.concatenate([[0.0], np.cumsum(steps.cpu().numpy())])


def fit_working_size(image: Image, size: int) -> Image:
    """The picture scaled down so that its longer side is at most `size`, averaged as premultiplied colour."""
    scale = size / max(image.width, image.height)
    if scale >= 1:
        return Image(image.rgb, coverage(image))
    height, width = max(1, round(image.height * scale)), max(1, round(image.width * scale))
    alpha = coverage(image)
    planes = torch.cat([image.rgb * alpha[..., None], alpha[..., None], image.rgb], -1).permute(2, 0, 1)
    small = torch.nn.functional.interpolate(planes[None], (height, width), mode="area")[0].permute(1, 2, 0)
    covered = small[..., 3:4]
    # Where there is no object its colour does not matter; the plain average keeps it continuous.
    rgb = torch.where(covered > 1e-4, small[..., :3] / covered.clamp_min(1e-4), small[..., 4:])
    return Image(rgb.clamp(0, 1), covered[..., 0].clamp(0, 1))


def coverage(image: Image) -> Tensor:
    """The picture's alpha, or full coverage if it has none."""
    return torch.ones_like(image.rgb[..., 0]) if image.alpha is None else image.alpha


def _constant(image: Image, frames: int) -> Video:
    rgb, alpha = image.rgb.expand(frames, -1, -1, -1).clone(), coverage(image).expand(frames, -1, -1).clone()
    return Video(rgb, alpha, torch.linspace(0, 1, frames))
