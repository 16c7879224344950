"""Bending an imagined motion so that dragged places arrive where they were told to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse
from scipy.sparse.linalg import splu

from tween4d.geometry.barycentric import locate, ride
from tween4d.geometry.lattice import make_sheet
from tween4d.geometry.pacing import through_knots

REACH = 0.12
"""How far a drag takes its surroundings along, in object sizes: half of the way is left at 1.3 times this distance."""
GRIP = 0.06
"""Radius about the dragged place that moves as one, in object sizes."""
SAME = 1.5
"""Drags that begin within this many pixels of one another pull at one handle."""


@dataclass(frozen=True)
class Pull:
    """A place of the start picture that has to be somewhere at a moment."""

    source: Float[np.ndarray, "2"]
    """Pixels (x, y) of the start picture."""
    target: Float[np.ndarray, "2"]
    """Pixels at the moment."""
    moment: float
    """In [0, 1] from the first to the last frame, by count of frames."""


def bend(
    sheets: tuple[tuple[Float[np.ndarray, "t _ 2"], Int[np.ndarray, "_ 3"]], ...], pulls: Sequence[Pull]
) -> list[Float[np.ndarray, "t _ 2"]]:
    """Poses of both sheets, displaced so that the pulled places arrive.

    A displacement is smooth over a sheet: least bending energy (squared Laplacian) that holds the handles and costs a
    little everywhere, so that it fades with the distance. Over time it rises from 0 at the start picture and returns
    to 0 at the end picture. What is not connected to the handle in the picture is not taken along.

    Args:
        sheets: poses and triangles of the start's sheet (rest: first pose) and the end's (rest: last pose).
        pulls: at least one; a place may be pulled at several moments.
    """
    (poses, triangles), others = sheets[0], sheets[1:]
    moments = np.linspace(0, 1, len(poses))
    handles = []
    for group in _grouped(pulls):
        triangle, weights, _ = locate(group[0].source[None], poses[0], triangles)
        path = ride(triangle, weights, poses, triangles)[:, 0]
        own = [np.stack([np.interp(p.moment, moments, path[:, i]) for i in (0, 1)]) for p in group]
        at = np.array([0.0, *(p.moment for p in group), 1.0])
        shift = np.stack([np.zeros(2), *(p.target - o for p, o in zip(group, own, strict=True)), np.zeros(2)])
        offsets = np.stack([through_knots(at, shift[:, i], moments) for i in (0, 1)], -1)
        # Where the other sheet has the same material: under the place at the moment it is pulled farthest.
        row = round(group[int(np.linalg.norm(shift[1:-1], axis=-1).argmax())].moment * (len(poses) - 1))
        handles.append((group[0].source, offsets, path[row], row))
    bent = [poses + _displacement(poses[0], triangles, [(source, offsets) for source, offsets, *_ in handles])]
    for poses, triangles in others:
        found = []
        for _, offsets, place, row in handles:
            triangle, weights, _ = locate(place[None], poses[row], triangles)
            found.append((ride(triangle, weights, poses[-1:], triangles)[0, 0], offsets))
        bent.append(poses + _displacement(poses[-1], triangles, found))
    return bent


def _grouped(pulls: Sequence[Pull]) -> list[list[Pull]]:
    """Pulls at one place together, in order of time."""
    groups: list[list[Pull]] = []
    for pull in sorted(pulls, key=lambda p: p.moment):
        same = [g for g in groups if np.linalg.norm(g[0].source - pull.source) <= SAME]
        (same[0] if same else groups.append([]) or groups[-1]).append(pull)
    return groups


def _displacement(
    rest: Float[np.ndarray, "v 2"],
    triangles: Int[np.ndarray, "f 3"],
    handles: list[tuple[Float[np.ndarray, "2"], Float[np.ndarray, "t 2"]]],
) -> Float[np.ndarray, "t v 2"]:
    """Displacement of every vertex at every moment that has the handles' own at the handles."""
    sheet = make_sheet(rest, triangles)
    size = float(np.hypot(*np.ptp(rest, axis=0)))
    mass = np.maximum(np.bincount(triangles.ravel(), np.repeat(sheet.area / 3, 3), len(rest)), 1e-6)
    laplacian = sheet.gradient.T @ sparse.diags(np.repeat(sheet.area, 2)) @ sheet.gradient
    energy = (laplacian @ sparse.diags(1 / mass) @ laplacian + sparse.diags(mass / (REACH * size) ** 4)).tocsr()
    gaps = np.stack([np.linalg.norm(rest - place, axis=-1) for place, _ in handles], 1)
    nearest = gaps.argmin(1)
    held = gaps.min(1) <= GRIP * size
    for row, (place, _) in enumerate(handles):
        corners = triangles[locate(place[None], rest, triangles)[0][0]]
        held[corners], nearest[corners] = True, row
    values = np.zeros((len(rest), len(handles)))
    values[held] = np.eye(len(handles))[nearest[held]]
    free = np.flatnonzero(~held)
    if len(free):
        right = -(energy[free][:, np.flatnonzero(held)] @ values[held])
        values[free] = splu(energy[free][:, free].tocsc()).solve(np.ascontiguousarray(right))
    return np.einsum("vh,htd->tvd", values, np.stack([offsets for _, offsets in handles]))
