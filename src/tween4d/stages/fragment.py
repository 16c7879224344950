"""Stage 3: the motion cut into short pieces at keyframes that are faithful to the inputs and far in motion."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.fragments import Fragment, FragmentPlan, SplitScore
from tween4d.data.video import Guide, Video, carry_pixels
from tween4d.geometry.resemblance import matched_motion, resemblance
from tween4d.priors.protocols import Features, Inbetweener

EPSILON = 1e-6
TRIES = 2
CELLS = 24
"""Descriptors are averaged to a grid of at most so many cells a side before they are compared."""


@dataclass(frozen=True)
class FragmentConfig:
    """How the motion is divided."""

    fragments: int | None = 4
    """Pieces wanted; fewer when the motion is too short or too slight. None divides until all are quasi-static."""
    min_length: int = 4
    """Frames from one end of a piece to the other, at least."""
    candidates: int = 33
    """Frames at most that are considered as keyframes."""
    min_motion: float = 0.004
    """A part that moves less than this, in object sizes, is not divided further."""
    fidelity_weight: float = 1.0
    """Exponent of fidelity against motion in a candidate's score; 0 looks at motion only."""
    redo_below: float = 0.0
    """A part whose mean fidelity lies below this is imagined again by the prior; 0 never asks."""
    quasi_static: float = 0.02
    """With `fragments` None, a part whose path is shorter than this, in object sizes, is not divided further."""
    max_depth: int = 3
    """With `fragments` None, how often a part of a part is divided: at most 2 ** max_depth pieces."""


def select_fragments(
    guide: Guide, inbetweener: Inbetweener, config: FragmentConfig, *, seed: int, features: Features | None = None
) -> FragmentPlan:
    """Divide the guiding video, recursively, until it has the wanted number of quasi-static fragments.

    Source: In-2-4D, Sec. 3.2. Motion between frames is measured on the guide's sheets (on the pictures when it has
    none) in place of DIFT similarity, fidelity by multi-scale patch statistics in place of FID.

    Args:
        guide: at least 2 frames.
        inbetweener: asked for a part again only where `redo_below` says so, and kept only if fidelity rises.
        seed: handed to the prior.
        features: where given, fidelity is how well the descriptors of a frame are found in the two inputs', and motion
            is the larger of the sheets' and of that of descriptors that are each other's nearest.
    Returns:
        Fragments in order that cover the guide and share their end frames. The first fragment's canonical frame is 0,
        the last one's is the last frame, one's with an input picture is that picture's frame, and any other's is the
        frame from which both of its ends are least far.
    """
    last = len(guide.video) - 1
    frames = _candidates(last, config, guide.given)
    pictures = [frames.index(frame) for frame in guide.pictures]
    distances = motion_distances(guide, frames)
    fidelity = input_fidelity(guide.video, frames)
    if features is not None:
        moved, fidelity = described(guide.video, frames, features)
        distances = distances if guide.still else torch.maximum(distances, moved) if guide.lattices else moved
    parts, scores = [(0, len(frames) - 1, 0)], []
    while True:
        # With pictures between the ends, each has a fragment of its own, however few were asked for.
        options = [
            found
            for part in (parts if guide.given else ())
            if (found := _split_between(part, pictures, frames, distances, fidelity, config))
        ]
        if not options and len(parts) >= (config.fragments or 2**config.max_depth):
            break
        options = options or [
            found
            for part in parts
            if not _refusal(part, frames, distances, config)
            and (found := _best_split(part, frames, distances, fidelity, config))
        ]
        if not options:
            break
        _, part, row, score = max(options, key=lambda option: option[0])
        parts.remove(part)
        parts += [(part[0], row, part[2] + 1), (row, part[1], part[2] + 1)]
        scores.append(score)
    parts.sort()
    ends = [(frames[a], frames[b]) for a, b, _ in parts]
    if config.redo_below > 0 and not guide.still:
        guide = _reimagined(guide, ends, inbetweener, config.redo_below, seed)
    fragments = tuple(
        Fragment(
            frames[part[0]],
            frames[part[1]],
            frames[_canonical(part[0], part[1], pictures, distances)],
            _refusal(part, frames, distances, config) or f"{len(parts)} fragments were asked for",
        )
        for part in parts
    )
    return FragmentPlan(
        guide,
        fragments,
        tuple(scores),
        distances,
        tuple(frames),
        appearance_distances(guide.video, frames),
        fidelity if features is not None else input_fidelity(guide.video, frames),
    )


def described(video: Video, frames: list[int], features: Features) -> tuple[Float[Tensor, "k k"], Float[Tensor, "k"]]:
    """Motion between frames in object sizes, and fidelity to the inputs in [0, 1], from descriptors of the object.

    Returns:
        Distances are symmetric and zero on the diagonal; the first and last frame have fidelity 1.
    """
    sets, places = [], []
    for frame in frames:
        image = video.frame(frame)
        found = features.describe(image)
        shape = (min(CELLS, found.shape[1]), min(CELLS, found.shape[2]))
        found = torch.nn.functional.interpolate(found[None], shape, mode="area")[0]
        covered = _on_square(image.alpha if image.alpha is not None else torch.ones_like(image.rgb[..., 0]), shape)
        # An object too thin for the grid still has its best covered cells.
        rows, columns = (covered >= min(0.5, float(covered.max()))).nonzero(as_tuple=True)
        sets.append(torch.nn.functional.normalize(found[:, rows, columns].T, dim=-1))
        spots = torch.stack([columns / shape[1], rows / shape[0]], -1)
        places.append(spots * max(video.alpha.shape[1:]) / max(_object_size(video.alpha[0]), 1.0))
    count = len(frames)
    distances = torch.zeros(count, count)
    for row in range(count):
        for column in range(row):
            there = matched_motion(sets[row], sets[column], places[row], places[column])
            back = matched_motion(sets[column], sets[row], places[column], places[row])
            # Nothing in common is as far as an object is large.
            distances[row, column] = distances[column, row] = 1.0 if there != there else (there + back) / 2
    ends = torch.cat([sets[0], sets[-1]])
    return distances, torch.tensor([max(0.0, resemblance(own, ends)) for own in sets])


def _on_square(alpha: Float[Tensor, "h w"], shape: tuple[int, int]) -> Float[Tensor, "gh gw"]:
    """Coverage of the cells of a grid over the square about a picture."""
    height, width = alpha.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    padded = torch.nn.functional.pad(alpha, (left, side - width - left, top, side - height - top))
    return torch.nn.functional.interpolate(padded[None, None], shape, mode="area")[0, 0]


def motion_distances(guide: Guide, frames: list[int]) -> Float[Tensor, "k k"]:
    """Root mean square displacement between frames, in object sizes: of the sheets, or of blurred pictures.

    Returns:
        Symmetric, zero on the diagonal; all zero for a still guide.
    """
    count = len(frames)
    if guide.still:
        return torch.zeros(count, count)
    if guide.lattices:
        size = max(_object_size(guide.video.alpha[0]), 1.0)
        squares = torch.zeros(count, count)
        for lattice in guide.lattices:
            poses = lattice.vertices[frames].double()
            for row in range(count):
                squares[row] += (poses - poses[row]).square().sum(-1).mean(-1).float() / len(guide.lattices)
        return squares.sqrt() / size
    # Without correspondence, the change of a blurred picture stands for motion.
    planes = _pyramid(guide.video, frames)[-1].flatten(1)
    weight = planes.square().mean().sqrt().clamp_min(EPSILON)
    gaps = [(planes - planes[row]).square().mean(-1).sqrt() / weight for row in range(count)]
    return torch.stack(gaps)


def input_fidelity(video: Video, frames: list[int]) -> Float[Tensor, "k"]:
    """How far each frame's appearance stays within what the first and last frame show, in [0, 1].

    Compares, at three scales, the distribution of local colour and of local contrast over the object with a blend of
    the two inputs' distributions; sorting makes the comparison blind to where things are, as a feature distance
    between sets of patches is.

    Returns:
        1 where a frame's statistics equal the inputs'; the first and last frame score 1.
    """
    levels = _pyramid(video, frames)
    gap = torch.zeros(len(frames))
    times = video.times[frames]
    for planes in levels:
        detail = planes - torch.nn.functional.avg_pool2d(planes, 3, stride=1, padding=1)
        for values in (planes, detail):
            ranked = values.flatten(2).sort(-1).values
            blend = (1 - times)[:, None, None] * ranked[:1] + times[:, None, None] * ranked[-1:]
            spread = ranked[[0, -1]].square().mean().sqrt().clamp_min(EPSILON)
            gap += (ranked - blend).square().mean((1, 2)).sqrt() / spread / (2 * len(levels))
    return torch.exp(-2.0 * gap)


def appearance_distances(video: Video, frames: list[int]) -> Float[Tensor, "k k"]:
    """How different two frames look wherever things are: 0 for equal statistics of local colour and contrast.

    The statistics are those of `input_fidelity`; 1 is a difference as large as the inputs' own spread.

    Returns:
        Symmetric, zero on the diagonal.
    """
    total = torch.zeros(len(frames), len(frames))
    levels = _pyramid(video, frames)
    for planes in levels:
        detail = planes - torch.nn.functional.avg_pool2d(planes, 3, stride=1, padding=1)
        for values in (planes, detail):
            ranked = values.flatten(2).sort(-1).values
            spread = ranked[[0, -1]].square().mean().sqrt().clamp_min(EPSILON)
            gaps = [(ranked - ranked[row]).square().mean((1, 2)).sqrt() for row in range(len(frames))]
            total += torch.stack(gaps) / spread / (2 * len(levels))
    return total


def _pyramid(video: Video, frames: list[int]) -> list[Float[Tensor, "k 4 gh gw"]]:
    """Premultiplied frames averaged over blocks of 2, 4 and 8 pixels, cropped to where the object ever is."""
    alpha = video.alpha[frames]
    rows, columns = (alpha.amax(0) > 0.05).nonzero(as_tuple=True)
    if len(rows) == 0:
        window = (slice(None), slice(None))
    else:
        window = (slice(int(rows.min()), int(rows.max()) + 1), slice(int(columns.min()), int(columns.max()) + 1))
    planes = torch.cat([video.rgb[frames] * alpha[..., None], alpha[..., None]], -1)[:, window[0], window[1]]
    # A rim of the coarsest block: an object at the window's edge has the same surroundings as one in its middle.
    planes = torch.nn.functional.pad(planes.permute(0, 3, 1, 2), (8, 8, 8, 8))
    shapes = [(max(1, planes.shape[2] // block), max(1, planes.shape[3] // block)) for block in (2, 4, 8)]
    return [torch.nn.functional.interpolate(planes, shape, mode="area") for shape in shapes]


def _object_size(alpha: Float[Tensor, "h w"]) -> float:
    """Diagonal of the object's bounding box, pixels."""
    rows, columns = (alpha > 0.5).nonzero(as_tuple=True)
    if len(rows) == 0:
        return 0.0
    return float(torch.hypot((rows.max() - rows.min() + 1).float(), (columns.max() - columns.min() + 1).float()))


def _candidates(last: int, config: FragmentConfig, given: tuple[int, ...]) -> list[int]:
    count = min(last + 1, max(2, config.candidates))
    frames = torch.linspace(0, last, count).round().long().tolist()
    if not given:
        return frames
    pictures = (0, *given, last)
    middles = [(a + b) // 2 for a, b in zip(pictures, pictures[1:], strict=False)]
    return sorted({*frames, *given, *middles})


def _refusal(
    part: tuple[int, int, int], frames: list[int], distances: Float[Tensor, "k k"], config: FragmentConfig
) -> str:
    """Why a part (rows a to b, depth) may not be divided; empty when it may."""
    a, b, depth = part
    path = float(distances.diagonal(1)[a:b].sum())
    least = config.min_motion if config.fragments else max(config.min_motion, config.quasi_static)
    if path < least:
        return f"quasi-static: its path is {path:.1%} of the object's size, less than {least:.1%}"
    if not _inner(part, frames, config):
        return f"too short: {frames[b] - frames[a]} frames leave no keyframe {config.min_length} from both ends"
    if not config.fragments and depth >= config.max_depth:
        return f"depth cap: divided {depth} times; its path is still {path:.1%} of the object's size"
    return ""


def _inner(part: tuple[int, int, int], frames: list[int], config: FragmentConfig) -> list[int]:
    """Rows of a part that are far enough from both its ends to divide it."""
    a, b, _ = part
    return [
        row for row in range(a + 1, b) if min(frames[row] - frames[a], frames[b] - frames[row]) >= config.min_length
    ]


def _split_between(
    part: tuple[int, int, int],
    pictures: list[int],
    frames: list[int],
    distances: Float[Tensor, "k k"],
    fidelity: Float[Tensor, "k"],
    config: FragmentConfig,
) -> tuple[float, tuple[int, int, int], int, SplitScore] | None:
    """The best keyframe between the first two pictures of a part; None where it holds at most one."""
    inside = [row for row in pictures if part[0] <= row <= part[1]]
    if len(inside) < 2:
        return None
    between = (inside[0], inside[1], part[2])
    nearer = replace(config, min_length=min(config.min_length, (frames[between[1]] - frames[between[0]]) // 2))
    found = _best_split(between, frames, distances, fidelity, nearer)
    if found is None:
        return None
    path, _, row, score = found
    return path, part, row, replace(score, reason=f"{score.reason}; each image has a fragment")


def _best_split(
    part: tuple[int, int, int],
    frames: list[int],
    distances: Float[Tensor, "k k"],
    fidelity: Float[Tensor, "k"],
    config: FragmentConfig,
) -> tuple[float, tuple[int, int, int], int, SplitScore] | None:
    """The best keyframe of a part (rows a to b of the candidates), with the urgency of splitting it there."""
    a, b, depth = part
    # The length of the path, so that a motion that returns to where it began is divided too.
    path = distances.diagonal(1)[a:b].sum()
    allowed = _inner(part, frames, config)
    if not allowed:
        return None
    rows = torch.tensor(allowed)
    nearer = torch.minimum(distances[rows, a], distances[rows, b])
    score = nearer * fidelity[rows].clamp_min(EPSILON) ** config.fidelity_weight
    row = allowed[int(score.argmax())]
    motion, faithful = float(nearer[score.argmax()]), float(fidelity[row])
    reason = (
        f"frame {frames[row]}: {motion:.1%} of the object's size from the nearer end of frames "
        f"{frames[a]}-{frames[b]}, fidelity {faithful:.2f}: the best of {len(allowed)} candidates"
    )
    return float(path), part, row, SplitScore(frames[row], motion, faithful, depth, reason)


def _canonical(first: int, last: int, pictures: list[int], distances: Float[Tensor, "k k"]) -> int:
    """The candidate of a part (rows) that lives as its canonical state: an input, or what is nearest to both ends."""
    inside = [row for row in pictures if first <= row <= last]
    if inside:
        return inside[0]
    reach = torch.maximum(distances[first : last + 1, first], distances[first : last + 1, last])
    return first + int(reach.argmin())


def _reimagined(guide: Guide, parts: list[tuple[int, int]], inbetweener: Inbetweener, bar: float, seed: int) -> Guide:
    """The guide with its poor parts imagined again between their own ends, where that raises their fidelity.

    A part that stays poor is asked for with other seeds, then in two smaller steps about its most faithful frame.
    """
    for first, last in parts:
        guide = _improved(guide, first, last, inbetweener, bar, seed)
        values = _inner_fidelity(guide, first, last)
        if len(values) >= 3 and float(values.mean()) < bar:
            middle = first + 2 + int(values[1:-1].argmax())
            guide = _improved(guide, first, middle, inbetweener, bar, seed)
            guide = _improved(guide, middle, last, inbetweener, bar, seed)
    return guide


def _improved(guide: Guide, first: int, last: int, inbetweener: Inbetweener, bar: float, seed: int) -> Guide:
    """The guide with the best of several answers between two frames, or as it was."""
    for attempt in range(TRIES):
        values = _inner_fidelity(guide, first, last)
        if len(values) == 0 or float(values.mean()) >= bar:
            break
        made = inbetweener.inbetween(
            guide.video.frame(first), guide.video.frame(last), last - first + 1, prompt="", seed=seed + attempt
        )
        trial = _replaced(guide, made, first, last)
        if _inner_fidelity(trial, first, last).mean() > values.mean():
            guide = trial
    return guide


def _inner_fidelity(guide: Guide, first: int, last: int) -> Float[Tensor, "k"]:
    """Fidelity to the inputs of the frames strictly between two."""
    return input_fidelity(guide.video, [0, *range(first + 1, last), len(guide.video) - 1])[1:-1]


def _replaced(guide: Guide, made: Guide, first: int, last: int) -> Guide:
    """The guide with frames first..last taken from `made`; the sheets ride on the new part's own sheets."""
    rgb, alpha = guide.video.rgb.clone(), guide.video.alpha.clone()
    rgb[first + 1 : last], alpha[first + 1 : last] = made.video.rgb[1:-1], made.video.alpha[1:-1]
    inner = list(range(1, last - first))
    lattices = []
    for lattice in guide.lattices:
        vertices = lattice.vertices.clone()
        if made.lattices:
            moved, _ = carry_pixels(made, vertices[first], 0, inner)
            arrived, _ = carry_pixels(made, vertices[first], 0, [last - first])
            # What the new part leaves open at its end is spread over it: the sheet is continuous at both seams.
            rest = (vertices[last] - arrived[0])[None] * made.video.times[inner][:, None, None].to(moved)
            vertices[first + 1 : last] = moved + rest
        lattices.append(replace(lattice, vertices=vertices))
    return replace(guide, video=Video(rgb, alpha, guide.video.times), lattices=tuple(lattices))
