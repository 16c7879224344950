"""Triangle sheets in the plane: covering a mask, as-rigid-as-possible fitting, and rotation-aware interpolation.

A sheet is `vertices` [v, 2] in pixels (x, y) and `triangles` [f, 3]. J is a triangle's deformation gradient (rest to
posed, 2 x 2), R the rotation nearest to it, A its rest area.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import ndimage, sparse
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree
from scipy.sparse.linalg import splu
from scipy.spatial import Delaunay
from skimage.measure import find_contours


def cover_mask(
    mask: Bool[np.ndarray, "h w"], spacing: float, margin: float = 1.0
) -> tuple[Float[np.ndarray, "v 2"], Int[np.ndarray, "f 3"]]:
    """Triangulate the area of a mask: vertices along its outline and on a hexagonal grid inside.

    Args:
        mask: not empty; pixel i covers [i, i + 1).
        spacing: wanted edge length, pixels.
        margin: how far the outline lies outside the mask, pixels.
    Returns:
        Vertices and triangles (counter-clockwise in x-right, y-up reading of the arrays' order is not promised; all
        have one orientation and positive area). Every vertex belongs to a triangle; parts may be disconnected.
    """
    pad = int(np.ceil(margin + spacing)) + 2
    padded = np.pad(mask, pad)
    signed = ndimage.distance_transform_edt(padded) - ndimage.distance_transform_edt(~padded)
    signed = np.where(signed > 0, signed - 0.5, signed + 0.5)
    points = [_resampled(contour[:, ::-1], spacing) for contour in find_contours(signed, -margin)]
    h, w = padded.shape
    ys = np.arange(spacing / 2, h, spacing * np.sqrt(3) / 2)
    grid = [(np.arange(spacing / 2 * (row % 2), w, spacing), y) for row, y in enumerate(ys)]
    inner = np.concatenate([np.stack([xs, np.full_like(xs, y)], -1) for xs, y in grid])
    depth = _sample(signed, inner)
    points.append(inner[depth > 0.55 * spacing - margin])
    vertices = np.concatenate(points)
    triangles = Delaunay(vertices).simplices
    corners = vertices[triangles]
    # A triangle belongs to the area when its middle and the middles of its edges do.
    inside = _sample(signed, corners.mean(1)) > -margin
    for i in range(3):
        inside &= _sample(signed, (corners[:, i] + corners[:, i - 1]) / 2) > -margin - 0.25 * spacing
    area = _areas(corners)
    triangles = triangles[inside & (np.abs(area) > 0.02 * spacing**2)]
    flip = _areas(vertices[triangles]) < 0
    triangles[flip] = triangles[flip][:, ::-1]
    used, inverse = np.unique(triangles, return_inverse=True)
    return vertices[used] + 0.5 - pad, inverse.reshape(-1, 3)


def _resampled(contour: Float[np.ndarray, "n 2"], spacing: float) -> Float[np.ndarray, "m 2"]:
    """A closed contour at even steps of about `spacing`."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(contour, axis=0), axis=1))])
    at = np.linspace(0, length[-1], max(4, round(length[-1] / spacing)), endpoint=False)
    return np.stack([np.interp(at, length, contour[:, i]) for i in range(2)], -1)


def _sample(field: Float[np.ndarray, "h w"], points: Float[np.ndarray, "p 2"]) -> Float[np.ndarray, "p"]:
    return ndimage.map_coordinates(field, [points[:, 1], points[:, 0]], order=1, mode="nearest")


def _areas(corners: Float[np.ndarray, "f 3 2"]) -> Float[np.ndarray, "f"]:
    ab, ac = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return 0.5 * (ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0])


@dataclass(frozen=True)
class Sheet:
    """A sheet at rest with what its energies need; build it with `make_sheet`."""

    rest: Float[np.ndarray, "v 2"]
    triangles: Int[np.ndarray, "f 3"]
    gradient: sparse.csr_matrix
    """[2 f, v]: times vertex positions gives the stacked rows of J^T."""
    area: Float[np.ndarray, "f"]
    component: Int[np.ndarray, "v"]
    """Label of the connected piece that a vertex belongs to."""

    def jacobians(self, posed: Float[np.ndarray, "v 2"]) -> Float[np.ndarray, "f 2 2"]:
        """J per triangle."""
        return (self.gradient @ posed).reshape(-1, 2, 2).transpose(0, 2, 1)


def make_sheet(rest: Float[np.ndarray, "v 2"], triangles: Int[np.ndarray, "f 3"]) -> Sheet:
    """Prepare a sheet; triangles must have positive area."""
    corners = rest[triangles].astype(np.float64)
    edges = np.stack([corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]], -1)
    # d(barycentric)/d(position): posed edges = J @ rest edges.
    slopes = np.linalg.inv(edges)
    local = np.stack([-slopes.sum(1), slopes[:, 0], slopes[:, 1]], 1)
    f = len(triangles)
    rows = (2 * np.arange(f)[:, None, None] + np.arange(2)[None, None, :]).repeat(3, 1)
    columns = triangles[:, :, None].repeat(2, 2)
    gradient = sparse.csr_matrix((local.ravel(), (rows.ravel(), columns.ravel())), shape=(2 * f, len(rest)))
    _, component = connected_components(_adjacency(triangles, len(rest)), directed=False)
    return Sheet(rest.astype(np.float64), triangles, gradient, np.abs(_areas(corners)), component)


def _adjacency(triangles: Int[np.ndarray, "f 3"], count: int) -> sparse.csr_matrix:
    a = triangles.ravel()
    b = np.roll(triangles, 1, axis=1).ravel()
    ones = np.ones(2 * len(a), dtype=np.float64)
    return sparse.csr_matrix((ones, (np.concatenate([a, b]), np.concatenate([b, a]))), shape=(count, count))


def nearest_rotations(jacobians: Float[np.ndarray, "*f 2 2"]) -> Float[np.ndarray, "*f 2 2"]:
    """The proper rotation nearest to each J (polar decomposition); the identity for a J without direction."""
    angle = rotation_angles(jacobians)
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([np.stack([c, -s], -1), np.stack([s, c], -1)], -2)


def rotation_angles(jacobians: Float[np.ndarray, "*f 2 2"]) -> Float[np.ndarray, "*f"]:
    """Angle of the rotation nearest to each J, radians in (-pi, pi]."""
    sine, cosine = jacobians[..., 1, 0] - jacobians[..., 0, 1], jacobians[..., 0, 0] + jacobians[..., 1, 1]
    return np.asarray(np.arctan2(sine, cosine + 1e-12))


def arap_energy(sheet: Sheet, posed: Float[np.ndarray, "v 2"]) -> float:
    """Area-weighted mean of |J - R|^2 (Frobenius): 0 for rigid motion, 2 (s - 1)^2 for scaling by s > 0."""
    jacobians = sheet.jacobians(posed)
    deviation = np.square(jacobians - nearest_rotations(jacobians)).sum((1, 2))
    return float((sheet.area * deviation).sum() / sheet.area.sum())


def fit_sheet(
    sheet: Sheet,
    targets: Float[np.ndarray, "v 2"],
    weights: Float[np.ndarray, "v"],
    *,
    stiffness: Float[np.ndarray, "f"] | None = None,
    start: Float[np.ndarray, "v 2"] | None = None,
    iterations: int = 12,
) -> Float[np.ndarray, "v 2"]:
    """Pose that balances targets against rigidity: min sum w_i |x_i - y_i|^2 + sum k_f A_f |J_f - R_f|^2.

    Source: local/global steps of Sorkine & Alexa 2007 on triangles (Liu et al. 2008).

    Args:
        targets: y, pixels; values of vertices with weight 0 do not matter.
        weights: w >= 0 in square pixels. Pieces without any weight keep the place of `start`.
        stiffness: k >= 0 per triangle, default 1; lower it where the sheet may tear or bend.
        start: pose whose rotations the first step takes; default the rigid motion nearest to the targets, per piece.
        iterations: local/global rounds.
    """
    stiff = sheet.area if stiffness is None else sheet.area * stiffness
    posed = _rigid_guess(sheet, targets, weights) if start is None else start
    diagonal = sparse.diags(np.repeat(stiff, 2))
    anchored = weights + 1e-6
    system = splu((sheet.gradient.T @ diagonal @ sheet.gradient + sparse.diags(anchored)).tocsc())
    pull = weights[:, None] * np.where(weights[:, None] > 0, targets, 0.0) + 1e-6 * posed
    for _ in range(iterations):
        rotations = nearest_rotations(sheet.jacobians(posed))
        wanted = rotations.transpose(0, 2, 1).reshape(-1, 2)
        posed = system.solve(sheet.gradient.T @ (diagonal @ wanted) + pull)
    return posed


def _rigid_guess(
    sheet: Sheet, targets: Float[np.ndarray, "v 2"], weights: Float[np.ndarray, "v"]
) -> Float[np.ndarray, "v 2"]:
    posed = sheet.rest.copy()
    for label in range(sheet.component.max() + 1):
        rows = np.flatnonzero((sheet.component == label) & (weights > 0))
        if len(rows):
            w = weights[rows, None] / weights[rows].sum()
            c0, c1 = (w * sheet.rest[rows]).sum(0), (w * targets[rows]).sum(0)
            moment = (w * (targets[rows] - c1)).T @ (sheet.rest[rows] - c0)
            members = sheet.component == label
            posed[members] = (sheet.rest[members] - c0) @ nearest_rotations(moment).T + c1
    return posed


def unwrapped_angles(sheet: Sheet, jacobians: Float[np.ndarray, "f 2 2"]) -> Float[np.ndarray, "f"]:
    """Rotation angles without jumps of a full turn between neighbouring triangles.

    Angles are followed along the smoothest way (a minimum spanning tree over the change of angle), which goes round
    triangles that a sharp bend has turned inside out. Every way begins at rest: what hardly turns is never taken for
    having gone all the way round, whatever lies between it and the next resting place.
    """
    angles = rotation_angles(jacobians)
    f = len(sheet.triangles)
    edges = np.sort(np.stack([sheet.triangles, np.roll(sheet.triangles, -1, axis=1)], -1), -1).reshape(-1, 2)
    key = edges[:, 0] * len(sheet.rest) + edges[:, 1]
    order = np.argsort(key, kind="stable")
    same = key[order][1:] == key[order][:-1]
    a, b = order[:-1][same] // 3, order[1:][same] // 3
    folded = np.linalg.det(jacobians) <= 0
    change = np.abs((angles[a] - angles[b] + np.pi) % (2 * np.pi) - np.pi)
    cost = change + 2 * np.pi * (folded[a] | folded[b]) + 1e-6
    from_rest = np.abs(angles) + 2 * np.pi * folded + 1e-6
    a, b = np.concatenate([a, np.full(f, f)]), np.concatenate([b, np.arange(f)])
    tree = minimum_spanning_tree(sparse.csr_matrix((np.concatenate([cost, from_rest]), (a, b)), shape=(f + 1, f + 1)))
    visited, before = breadth_first_order(tree, f, directed=False)
    for triangle in visited[1:]:
        reference = angles[before[triangle]] if before[triangle] != f else 0.0
        angles[triangle] += 2 * np.pi * np.round((reference - angles[triangle]) / (2 * np.pi))
    return angles


def interpolate_sheet(
    sheet: Sheet, posed: Float[np.ndarray, "v 2"], times: Float[np.ndarray, "t"], still: float = 2.0
) -> Float[np.ndarray, "t v 2"]:
    """Poses between rest (time 0) and `posed` (time 1) in which parts swing along arcs and keep their size.

    Each triangle's J = R S is interpolated as a turn by the growing angle and a straight blend of S; the poses are the
    least-squares fit to those gradients (Alexa et al. 2000). Where the pieces are is settled by the vertices that
    move least: they keep to their straight path.

    Args:
        posed: the pose at time 1.
        times: in [0, 1].
        still: displacement (pixels) below which a vertex counts as resting.
    Returns:
        Poses; exactly rest at 0 and exactly `posed` at 1.
    """
    jacobians = sheet.jacobians(posed)
    rotations = nearest_rotations(jacobians)
    stretch = rotations.transpose(0, 2, 1) @ jacobians
    angles = unwrapped_angles(sheet, jacobians)
    shift = posed - sheet.rest
    moved = np.square(shift).sum(-1)
    # Resting vertices hold the sheet where it is; a piece without any is placed as a whole, by those that move least.
    anchored = 0.05 * still**4 / (still**2 + moved) ** 2 + 1e-7
    least = np.full(sheet.component.max() + 1, np.inf)
    np.minimum.at(least, sheet.component, moved)
    share = (still**2 + least[sheet.component]) ** 2 / (still**2 + moved) ** 2
    share /= np.bincount(sheet.component, share)[sheet.component]
    diagonal = sparse.diags(np.repeat(sheet.area, 2))
    system = splu((sheet.gradient.T @ diagonal @ sheet.gradient + sparse.diags(anchored)).tocsc())
    poses = np.empty((len(times), *sheet.rest.shape))
    for row, time in enumerate(times):
        c, s = np.cos(time * angles), np.sin(time * angles)
        turn = np.stack([np.stack([c, -s], -1), np.stack([s, c], -1)], -2)
        wanted = turn @ ((1 - time) * np.eye(2) + time * stretch)
        straight = sheet.rest + time * shift
        right = sheet.gradient.T @ (diagonal @ wanted.transpose(0, 2, 1).reshape(-1, 2))
        pose = system.solve(right + anchored[:, None] * straight)
        gap = [np.bincount(sheet.component, share * (straight - pose)[:, axis]) for axis in range(2)]
        poses[row] = pose + np.stack(gap, -1)[sheet.component]
    poses[times <= 0] = sheet.rest
    poses[times >= 1] = posed
    return poses
