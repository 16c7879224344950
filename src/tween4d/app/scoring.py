"""Pictures and points of an asset against a case's truth; the protocol of the 4D benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tween4d.app.case import GROUPS, Case, Group, group_of, load_true_points
from tween4d.data.images import Image
from tween4d.errors import InputError
from tween4d.io.images import from_bytes, resize_image
from tween4d.io.transforms import Shot
from tween4d.metrics.image import ImageScores, compare_images, empty_picture
from tween4d.metrics.motion import chamfer_distance, endpoint_error, frozen_endpoint_error
from tween4d.metrics.temporal import flicker

COLUMNS = {"PSNR": "psnr", "PSNRm": "psnr_masked", "SSIM": "ssim", "IoU": "iou", "FLIP": "flip"}
"""The benchmark's names of the fields of `ImageScores`."""


@dataclass(frozen=True)
class CaseScores:
    """What an asset is worth on one case."""

    groups: dict[Group, ImageScores]
    """Mean over the pictures of each group of cameras; a group without any picture is left out."""
    flicker: float | None
    missing: int
    """Pictures that were not there and count as empty."""
    chamfer: float | None = None
    endpoint: float | None = None
    endpoint_frozen: float | None = None
    """The same error for an object that does not move."""

    def as_json(self) -> dict[str, object]:
        """Plain values under the benchmark's names."""
        out: dict[str, object] = {
            group: {name: getattr(scores, field) for name, field in COLUMNS.items()}
            for group, scores in self.groups.items()
        }
        out |= {"flick": self.flicker, "miss": self.missing}
        if self.endpoint is not None:
            out["points"] = {"CD": self.chamfer, "EPE": self.endpoint, "EPE_frozen": self.endpoint_frozen}
        return out


def score_case(case: Case, predicted: Path) -> CaseScores:
    """Score a folder of renders and its `points.npz`.

    Source: bench4d, score.py. Of the input camera only the times between the given pictures count.

    Args:
        predicted: holds the shots' files under the same names, and may hold `points.npz`.
    Raises:
        InputError: when a true picture is missing, or the trajectories do not fit.
    """
    cameras = case.cameras()
    shown = {
        group_of(shots[0].camera)
        for shots in cameras.values()
        if any((predicted / shot.file).is_file() for shot in shots)
    }
    scores: dict[Group, list[ImageScores]] = {group: [] for group in GROUPS if group in shown}
    flickers, missing = [], 0
    for shots in cameras.values():
        group = group_of(shots[0].camera)
        if group not in shown:
            continue
        truths = [_truth(case, shot) for shot in shots]
        pictures = [_picture(predicted / shot.file, truth) for shot, truth in zip(shots, truths, strict=True)]
        missing += sum(picture is None for picture in pictures)
        found = [
            empty_picture(truth.height, truth.width) if picture is None else picture
            for picture, truth in zip(pictures, truths, strict=True)
        ]
        inner = [not (group == "input" and shot.time in (0.0, 1.0)) for shot in shots]
        scores[group] += [compare_images(t, p) for t, p, ok in zip(truths, found, inner, strict=True) if ok]
        if len(shots) >= 3:
            flickers.append(flicker(_stack(truths), _stack(found)))
    means = {group: mean_scores(each) for group, each in scores.items() if each}
    return CaseScores(means, float(np.mean(flickers)) if flickers else None, missing, *_motion(case, predicted))


def mean_scores(scores: Sequence[ImageScores]) -> ImageScores:
    """The mean of each score."""
    return ImageScores(**{f: float(np.mean([getattr(s, f) for s in scores])) for f in COLUMNS.values()})


def mean_case(cases: Sequence[CaseScores]) -> CaseScores:
    """The mean over cases, each with the same weight; what a case lacks is left out of its mean."""

    def mean(values: list[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return float(np.mean(known)) if known else None

    members = {group: [c.groups[group] for c in cases if group in c.groups] for group in GROUPS}
    return CaseScores(
        groups={group: mean_scores(scores) for group, scores in members.items() if scores},
        flicker=mean([c.flicker for c in cases]),
        missing=sum(c.missing for c in cases),
        chamfer=mean([c.chamfer for c in cases]),
        endpoint=mean([c.endpoint for c in cases]),
        endpoint_frozen=mean([c.endpoint_frozen for c in cases]),
    )


def _motion(case: Case, predicted: Path) -> tuple[float | None, float | None, float | None]:
    path = predicted / "points.npz"
    truth = load_true_points(case)
    if truth is None or not path.is_file():
        return None, None, None
    with np.load(path, allow_pickle=False) as archive:
        points = archive["points"]
    try:
        distance, error = chamfer_distance(truth[0], points), endpoint_error(truth[0], points)
    except ValueError as problem:
        raise InputError("the tracked points do not fit the truth", f"{path}: {problem}") from problem
    return distance, error, frozen_endpoint_error(truth[0])


def _truth(case: Case, shot: Shot) -> Image:
    path = case.folder / shot.file
    if not path.is_file():
        raise InputError("a true picture of the case is missing", str(path))
    return from_bytes(path.read_bytes())


def _picture(path: Path, truth: Image) -> Image | None:
    if not path.is_file():
        return None
    return resize_image(from_bytes(path.read_bytes()), truth.width, truth.height)


def _stack(images: Sequence[Image]) -> torch.Tensor:
    return torch.stack([image.on(1.0) for image in images])
