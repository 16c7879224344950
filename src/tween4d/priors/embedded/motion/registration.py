"""Laying the sheets of two pictures onto each other: which motion each place follows, agreed on from both sides."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy import ndimage
from scipy.spatial import cKDTree

from tween4d.geometry.lattice import Sheet, fit_sheet
from tween4d.geometry.rigidity import farthest_points
from tween4d.priors.embedded.motion.flow import dense_flow, round_trip_error, sample
from tween4d.priors.embedded.motion.labelling import (
    CEILING,
    Choices,
    LabelWeights,
    appearance_cost,
    choose_candidates,
    label,
)
from tween4d.priors.embedded.motion.likely import LearnedWeights, likely_motions, likeness_cost
from tween4d.priors.embedded.motion.matching import Likeness
from tween4d.priors.embedded.motion.pieces import Motions, features, join, refine, search
from tween4d.priors.embedded.motion.rendering import draw_sheet, warp

T = TypeVar("T")

Likenesses = tuple[Likeness, Likeness]
"""Of the places of the sheet over the start to the end, and of those over the end to the start."""


@dataclass(frozen=True)
class RegisterConfig:
    """How hard correspondence is searched for."""

    seeds: int = 50
    """Pieces per picture and piece size whose counterparts are searched for."""
    radii: tuple[float, float] = (0.05, 0.09)
    """Piece sizes, in object sizes."""
    reach: float = 0.25
    """How far from its own piece a motion may serve, in object sizes."""
    candidates: int = 40
    """Motions that a place chooses from."""
    rounds: int = 3
    """How often both directions are matched in the light of each other."""
    polish: int = 3
    """Flow corrections of the posed sheets."""
    weights: LabelWeights = LabelWeights()
    learned: LearnedWeights = LearnedWeights()
    """What learned likeness counts, where there is one."""


@dataclass(frozen=True)
class Registered:
    """A sheet's pose in the other picture."""

    posed: Float[np.ndarray, "v 2"]
    confidence: Float[np.ndarray, "v"]
    """In [0, 1]: how far the pose was matched rather than inferred."""


@dataclass(frozen=True)
class _Side:
    """One picture with its sheet and what its places may choose."""

    picture: Float[np.ndarray, "h w 4"]
    sheet: Sheet
    edges: Int[np.ndarray, "e 2"]
    strength: Float[np.ndarray, "e"]
    motions: Motions
    choices: Choices
    unary: Float[np.ndarray, "v c"]


def register(
    sheets: tuple[Sheet, Sheet],
    pictures: tuple[Float[np.ndarray, "h w 4"], Float[np.ndarray, "h w 4"]],
    spacing: float,
    config: RegisterConfig,
    likenesses: Likenesses | tuple[None, None] = (None, None),
) -> tuple[Registered, Registered]:
    """Pose each picture's sheet so that it shows the other picture.

    Args:
        sheets: over the start and over the end.
        pictures: premultiplied.
        spacing: edge length of the sheets, pixels.
        likenesses: what a network says of the sheets' vertices, if one was asked.
    """
    size = _size(pictures[0])
    others = pictures[::-1]
    there, back = _both(
        lambda sheet, picture, other, likeness: _pool(sheet, picture, other, size, config, likeness),
        sheets,
        pictures,
        others,
        likenesses,
    )
    pools = (join([there, back.inverse()]), join([back, there.inverse()]))
    sides = _both(
        lambda sheet, picture, other, pool, likeness: _side(
            sheet, picture, other, pool, size, spacing, config, likeness
        ),
        sheets,
        pictures,
        others,
        pools,
        likenesses,
    )
    chosen = _both(lambda side: _labels(side, side.unary, spacing, config), sides)
    for _ in range(config.rounds):
        arrived = _both(_spots, sides, chosen)
        chosen = _both(
            lambda side, other, spots: _labels(
                side, side.unary + _consent(side, other, spots, spacing, config.weights), spacing, config
            ),
            sides,
            sides[::-1],
            arrived[::-1],
        )
    arrived = _both(_spots, sides, chosen)
    registered = _both(
        lambda side, other, columns, spots, back_spots: _posed(
            side, other, columns, spots, back_spots, spacing, config.weights
        ),
        sides,
        sides[::-1],
        chosen,
        arrived,
        arrived[::-1],
    )
    return _both(
        lambda sheet, posed, picture, other: _polished(sheet, posed, picture, other, spacing, config.polish),
        sheets,
        registered,
        pictures,
        others,
    )


def _both(direction: Callable[..., T], *arguments: tuple[Any, Any]) -> tuple[T, T]:
    """What a function of one direction gives for both, side by side: neither waits for the other's arithmetic."""
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(direction, *arguments)
    return first, second


def _size(picture: Float[np.ndarray, "h w 4"]) -> float:
    rows, columns = np.nonzero(picture[..., 3] > 0.5)
    return float(np.hypot(np.ptp(rows) + 1, np.ptp(columns) + 1)) if len(rows) else 1.0


def _pool(
    sheet: Sheet,
    source: Float[np.ndarray, "h w 4"],
    target: Float[np.ndarray, "h w 4"],
    size: float,
    config: RegisterConfig,
    likeness: Likeness | None,
) -> Motions:
    """Motions that pieces of the source may follow: none, those of the flow, those learned, those found by search."""
    looks = features(source), features(target)
    centres = _seeds(sheet, config.seeds)
    parts = [_rest(sheet), _flowing(sheet, source, target, centres, 0.05 * size)]
    for share in config.radii if likeness is not None else ():
        radius = share * size
        found = likely_motions(sheet.rest, likeness, centres, radius, config.learned.modes)
        parts += [found, refine(*looks, found, radius)]
    for share in config.radii:
        radius = share * size
        found = search(*looks, centres, radius, keep=5)
        parts.append(refine(*looks, found, radius))
    return join(parts)


def _seeds(sheet: Sheet, count: int) -> Float[np.ndarray, "s 2"]:
    return sheet.rest[farthest_points(torch.from_numpy(sheet.rest), count).numpy()]


def _rest(sheet: Sheet) -> Motions:
    zero = np.zeros(1)
    middle = sheet.rest.mean(0, keepdims=True)
    return Motions(middle, zero, zero, middle.copy(), zero)


def _flowing(
    sheet: Sheet,
    source: Float[np.ndarray, "h w 4"],
    target: Float[np.ndarray, "h w 4"],
    centres: Float[np.ndarray, "s 2"],
    radius: float,
) -> Motions:
    """Similarity motions fitted to the dense flow around each centre, where the flow survives the way back."""
    forward, backward = dense_flow(source, target), dense_flow(target, source)
    error = round_trip_error(sheet.rest, forward, backward)
    there = sheet.rest + sample(forward, sheet.rest)
    tree = cKDTree(sheet.rest)
    rows = []
    for centre in centres:
        near = np.array(tree.query_ball_point(centre, 2.0 * radius))
        near = near[error[near] < 2.0] if len(near) else near
        if len(near) < 4:
            continue
        a, b = sheet.rest[near], there[near]
        ca, cb = a.mean(0), b.mean(0)
        x, y = a - ca, b - cb
        turn = np.arctan2((x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0]).sum(), (x * y).sum())
        grow = np.log(np.clip(np.sqrt(np.square(y).sum() / max(np.square(x).sum(), 1e-9)), 0.7, 1.4))
        rows.append((*ca, turn, grow, *cb, 0.0))
    table = np.array(rows).reshape(-1, 7)
    return Motions(table[:, :2], table[:, 2], table[:, 3], table[:, 4:6], table[:, 6])


def _side(
    sheet: Sheet,
    picture: Float[np.ndarray, "h w 4"],
    other: Float[np.ndarray, "h w 4"],
    motions: Motions,
    size: float,
    spacing: float,
    config: RegisterConfig,
    likeness: Likeness | None,
) -> _Side:
    looks = features(picture), features(other)
    gap = np.linalg.norm(sheet.rest[:, None] - motions.centre, axis=-1)
    allowed = gap < config.reach * size
    allowed[:, 0] = True
    w = config.weights
    fine = appearance_cost(*looks, sheet.rest, motions, allowed, 1.1 * spacing)
    wide = appearance_cost(*looks, sheet.rest, motions, allowed, 2.4 * spacing)
    cost = 0.5 * np.minimum(fine, CEILING) + 0.5 * np.minimum(wide, CEILING)
    if likeness is not None:
        cost = cost + w.difference * likeness_cost(likeness, sheet.rest, motions, allowed, config.learned)
    choices = choose_candidates(sheet.rest, motions, cost, spacing, config.candidates)
    travel = np.linalg.norm(choices.spot - sheet.rest[:, None], axis=-1) / size
    turn = np.abs(np.angle(np.exp(1j * motions.angle[choices.motion])))
    unary = choices.cost / w.difference + w.travel * travel + w.turn * turn
    # Rest needs no evidence: it is what remains where nothing better is found. It needs the room, though.
    bare = _bare(picture, other, sheet.rest, spacing)[:, None]
    resting = np.minimum(unary, w.hidden) * (1 - bare) + w.bare * bare
    unary = np.where(choices.motion == 0, resting, unary)
    edges = _edges(sheet)
    colors = sample(looks[0], sheet.rest)
    contrast = np.square(colors[edges[:, 0]] - colors[edges[:, 1]]).sum(-1)
    return _Side(picture, sheet, edges, 0.4 + 0.6 * np.exp(-contrast / 0.05), motions, choices, unary)


def _bare(
    picture: Float[np.ndarray, "h w 4"],
    other: Float[np.ndarray, "h w 4"],
    places: Float[np.ndarray, "v 2"],
    spacing: float,
) -> Float[np.ndarray, "v"]:
    """In [0, 1]: how far places of the object lie where the other picture shows background all about."""
    here, there = (
        sample(ndimage.gaussian_filter(x[..., 3], 0.5 * spacing)[..., None], places)[:, 0] for x in (picture, other)
    )
    return np.clip(2 * here - 0.5, 0, 1) * np.clip(1 - 4 * there, 0, 1)


def _edges(sheet: Sheet) -> Int[np.ndarray, "e 2"]:
    pairs = np.concatenate([sheet.triangles[:, [0, 1]], sheet.triangles[:, [1, 2]], sheet.triangles[:, [2, 0]]])
    return np.unique(np.sort(pairs, 1), axis=0)


def _labels(
    side: _Side, unary: Float[np.ndarray, "v c"], spacing: float, config: RegisterConfig
) -> Int[np.ndarray, "v"]:
    return label(side.sheet.rest, side.edges, side.strength, side.motions, side.choices, unary, config.weights, spacing)


def _spots(side: _Side, columns: Int[np.ndarray, "v"]) -> Float[np.ndarray, "v 2"]:
    return side.choices.spot[np.arange(len(columns)), columns]


def _carry(
    sheet: Sheet, posed: Float[np.ndarray, "v 2"], points: Float[np.ndarray, "p 2"]
) -> tuple[Float[np.ndarray, "p 2"], Float[np.ndarray, "p"]]:
    """Where a posed sheet carries points of its own picture (inverse distance over 3 vertices), and their distance."""
    distance, near = cKDTree(sheet.rest).query(points, k=3)
    weight = 1 / (distance + 1e-3)
    weight /= weight.sum(-1, keepdims=True)
    return points + (weight[..., None] * (posed - sheet.rest)[near]).sum(-2), distance[..., 0]


def _consent(
    side: _Side,
    other: _Side,
    back: Float[np.ndarray, "w 2"],
    spacing: float,
    weights: LabelWeights,
) -> Float[np.ndarray, "v c"]:
    """Cost of candidates whose arrival place claims to come from elsewhere."""
    spots = side.choices.spot
    home, away = _carry(other.sheet, back, spots.reshape(-1, 2))
    error = np.linalg.norm(home.reshape(spots.shape) - side.sheet.rest[:, None], axis=-1)
    error = np.maximum(error, away.reshape(spots.shape[:2]) - spacing) / spacing
    return np.minimum(weights.consent * np.square(error), weights.dissent)


def _posed(
    side: _Side,
    other: _Side,
    columns: Int[np.ndarray, "v"],
    spots: Float[np.ndarray, "v 2"],
    back: Float[np.ndarray, "w 2"],
    spacing: float,
    weights: LabelWeights,
) -> Registered:
    home, away = _carry(other.sheet, back, spots)
    error = np.maximum(np.linalg.norm(home - side.sheet.rest, axis=-1), away - spacing)
    cost = side.choices.cost[np.arange(len(columns)), columns]
    confidence = np.exp(-np.square(error / spacing)) * np.exp(-cost / weights.difference)
    stiffness = _tearing(side, columns, spacing)
    posed = fit_sheet(side.sheet, spots, spacing**2 * (0.02 + confidence), stiffness=stiffness)
    return Registered(posed, confidence)


def _tearing(side: _Side, columns: Int[np.ndarray, "v"], spacing: float) -> Float[np.ndarray, "f"]:
    """Stiffness per triangle: low where its corners follow motions that come apart."""
    rows = side.choices.motion[np.arange(len(columns)), columns]
    corners = side.sheet.triangles
    middle = side.sheet.rest[corners].mean(1)
    carried = side.motions.carry(rows[corners], middle[:, None])
    spread = np.linalg.norm(carried - carried.mean(1, keepdims=True), axis=-1).max(1) / spacing
    return 0.02 + 0.98 * np.exp(-np.square(spread))


def _polished(
    sheet: Sheet,
    registered: Registered,
    source: Float[np.ndarray, "h w 4"],
    target: Float[np.ndarray, "h w 4"],
    spacing: float,
    rounds: int,
) -> Registered:
    """The pose corrected by the flow between the carried source and the target, where that makes them more alike."""
    for _ in range(rounds):
        drawn, index = draw_sheet(
            registered.posed, sheet.triangles, sheet.rest, np.zeros(len(sheet.triangles)), source.shape[:2]
        )
        carried = warp(source, drawn, index >= 0)
        forward, backward = dense_flow(carried, target), dense_flow(target, carried)
        shift = sample(forward, registered.posed)
        error = round_trip_error(registered.posed, forward, backward)
        before = np.square(sample(carried, registered.posed) - sample(target, registered.posed)).sum(-1)
        after = np.square(sample(carried, registered.posed) - sample(target, registered.posed + shift)).sum(-1)
        good = (after <= before + 1e-3) & (error < 1.5) & (np.linalg.norm(shift, axis=-1) < 1.5 * spacing)
        trust = np.where(good, np.exp(-after / 0.05), 0.0)
        targets = registered.posed + np.where(good[:, None], shift, 0.0)
        confidence = np.maximum(0.7 * registered.confidence, trust * (0.3 + 0.7 * registered.confidence))
        posed = fit_sheet(sheet, targets, spacing**2 * (0.02 + confidence), start=registered.posed)
        registered = replace(registered, posed=posed, confidence=confidence)
    return registered
