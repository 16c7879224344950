"""Two surfaces over a picture as oriented, coloured points."""

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from tween4d.data.cameras import ORBIT_RADIUS, Camera, backproject
from tween4d.data.views import SurfacePoints

OUTLINE = 7
"""Pixels over which an outline may be soft."""
FAINTEST = 0.15
"""Coverage below which a translucent part of a picture is not lifted."""
STEEPEST = 8.0
"""Depth per length, in pixels per pixel, beyond which neighbours are two surfaces and not one."""
CANDIDATES = 5.0
"""Points tried per point wanted: from the more one can choose, the more evenly they lie."""
INSET = 0.65
"""How far below the surface the points lie, as a multiple of their spacing."""
TRIES = 4
"""Spacings tried to come near the number of points wanted."""


def outline_of(alpha: Float[np.ndarray, "h w"]) -> tuple[Bool[np.ndarray, "h w"], Float[np.ndarray, "h w"]]:
    """What belongs to the object, translucent parts too, and how dense the object is around each pixel."""
    dense = cv2.dilate(alpha, np.ones((OUTLINE, OUTLINE), np.uint8))
    return (alpha > 0.5 * dense) & (alpha > FAINTEST), dense


def pixel_at_centre(camera: Camera) -> float:
    """World units that a pixel spans at the distance of the origin."""
    return ORBIT_RADIUS / float(camera.intrinsics[0, 0])


def sample_surfaces(
    picture: Float[np.ndarray, "h w 4"],
    hidden: Float[np.ndarray, "h w 3"],
    mask: Bool[np.ndarray, "h w"],
    solid: tuple[Float[np.ndarray, "h w"], Float[np.ndarray, "h w"]],
    camera: Camera,
    max_points: int,
) -> SurfacePoints:
    """Points spread evenly over the closed surface of a solid: front, back, and the walls between them.

    Args:
        picture: straight colour, and how dense the object is; its outline counts as dense as what lies within, because
            what makes it soft in a picture is the pixel, not the object.
        hidden: colour of the back.
        mask: where the solid is.
        solid: how much nearer than the origin its middle lies along the viewing axis, and its half thickness >= 0,
            both in pixels at the origin's distance.
        camera: of the picture, which looks at the origin from the orbit radius.
        max_points: upper bound on the samples.
    Returns:
        Points about one spacing apart. Front and back of a thin part are sampled each for itself.
    """
    middle, thickness = solid
    triangles, layer = _close(mask, middle, thickness)
    rows, columns = np.nonzero(mask)
    heights = np.concatenate([(middle + thickness)[mask], (middle - thickness)[mask]])
    places = np.concatenate([np.stack([columns, rows], -1) + 0.5] * 2)
    corners = np.concatenate([places, heights[:, None]], 1)
    dense = picture[mask][:, 3:]
    colors = np.concatenate([np.concatenate([c, dense], 1) for c in (picture[mask][:, :3], hidden[mask])])

    a, b, c = (corners[triangles[:, k]] for k in range(3))
    cross = np.cross(b - a, c - a)
    area = np.linalg.norm(cross, axis=1) / 2
    face, weights = _scatter(area, CANDIDATES * max_points)
    tried = np.einsum("pk,pki->pi", weights, corners[triangles[face]])
    chosen, spacing = _spread(tried, layer[face], float(np.sqrt(area.sum() / max_points)), max_points)
    face, weights, points = face[chosen], weights[chosen], tried[chosen]
    shades = np.einsum("pk,pki->pi", weights, colors[triangles[face]])
    # Pixels count rows downwards and heights towards the camera; the world's y points up.
    normals = cross[face] / np.maximum(2 * area[face, None], 1e-9) * [1, -1, 1]
    outward = np.where(layer[face] == 2, np.sign(_outwardness(points, normals, mask)), 1 - 2.0 * layer[face])
    normals = normals * np.where(layer[face] == 2, outward, np.sign(normals[:, 2]) * outward)[:, None]
    # A Gaussian reaches beyond its centre, so centres lie a little inside, as far as thin parts allow.
    room = np.minimum(thickness, cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3))[mask]
    room = np.einsum("pk,pk->p", weights, np.tile(room, 2)[triangles[face]])
    points = points - normals * [1, -1, 1] * np.minimum(INSET * spacing, room / 2)[:, None]
    pixel = pixel_at_centre(camera)
    uv, z = torch.from_numpy(points[:, :2].copy()), torch.from_numpy(points[:, 2].copy())
    positions = backproject(uv, ORBIT_RADIUS - z * pixel, camera)
    return SurfacePoints(
        positions=positions.float(),
        normals=torch.from_numpy(normals).float(),
        colors=torch.from_numpy(shades[:, :3]).float().clamp(0, 1),
        spacing=torch.full((len(points),), spacing * pixel),
        seen=torch.from_numpy(layer[face] == 0).float(),
        coverage=torch.from_numpy(shades[:, 3]).float().clamp(0, 1),
    )


def _close(
    mask: Bool[np.ndarray, "h w"], middle: Float[np.ndarray, "h w"], thickness: Float[np.ndarray, "h w"]
) -> tuple[Int[np.ndarray, "f 3"], Int[np.ndarray, "f"]]:
    """Triangles over the pixel centres of both layers, and the walls that join their rims.

    Returns:
        Corners: the k-th pixel of the mask, plus the number of pixels for the back; and per triangle 0 for the front, 1
        for the back, 2 for a wall.
    """
    count = int(mask.sum())
    index = np.full(mask.shape, -1)
    index[mask] = np.arange(count)
    q = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], -1).reshape(-1, 4)
    halves = np.concatenate([q[:, [0, 1, 2]], q[:, [0, 2, 3]], q[:, [0, 1, 3]], q[:, [1, 2, 3]]])
    corners = (q >= 0).sum(1)
    # A whole square is cut along one diagonal; where one corner is missing, the triangle of the other three remains.
    wanted = np.concatenate([corners >= 3, corners >= 3, corners == 3, corners == 3])
    halves = halves[wanted & (halves >= 0).all(1)]
    layers = []
    for sign in (1.0, -1.0):
        height = (middle + sign * thickness)[mask][halves]
        layers.append(halves[np.ptp(height, axis=1) < STEEPEST])
    # Edges that only one triangle of the front has are its rim.
    edges = np.sort(np.concatenate([layers[0][:, [0, 1]], layers[0][:, [1, 2]], layers[0][:, [2, 0]]]), 1)
    rim, times = np.unique(edges, axis=0, return_counts=True)
    rim = rim[times == 1]
    lonely = np.setdiff1d(np.arange(count), layers[0])
    walls = np.concatenate([np.c_[rim, rim[:, 1] + count], np.c_[rim[:, 0], rim[:, 1] + count, rim[:, 0] + count]])
    # A pixel without neighbours is a thread along its ray.
    threads = np.c_[lonely, lonely, lonely + count]
    triangles = np.concatenate([layers[0], layers[1] + count, walls, threads])
    kinds = np.repeat([0, 1, 2], [len(layers[0]), len(layers[1]), len(walls) + len(threads)])
    return triangles, kinds


def _scatter(area: Float[np.ndarray, "f"], count: float) -> tuple[Int[np.ndarray, "p"], Float[np.ndarray, "p 3"]]:
    """About `count` places on triangles, in proportion to their area and at least one on each: triangle and weights."""
    number = np.maximum(1, np.round(area * count / max(area.sum(), 1e-9))).astype(int)
    face = np.repeat(np.arange(len(area)), number)
    # The R2 sequence (Roberts 2018), folded into the triangle.
    step = np.arange(len(face))[:, None] * np.array([0.7548776662466927, 0.5698402909980532]) % 1.0
    u, v = np.where(step.sum(1) > 1, 1 - step.T, step.T)
    return face, np.stack([1 - u - v, u, v], 1)


def _spread(
    points: Float[np.ndarray, "p 3"], layer: Int[np.ndarray, "p"], spacing: float, most: int
) -> tuple[Int[np.ndarray, "q"], float]:
    """A choice of at most `most` points about one spacing apart: the one nearest the middle of each cell of a grid."""
    for _ in range(TRIES):
        cell = np.floor(points / spacing).astype(np.int64) + 4096
        off = ((points / spacing - cell + 4096 - 0.5) ** 2).sum(1)
        key = ((layer * 8192 + cell[:, 0]) * 8192 + cell[:, 1]) * 8192 + cell[:, 2]
        order = np.lexsort((off, key))
        first = np.ones(len(order), bool)
        first[1:] = key[order][1:] != key[order][:-1]
        chosen = order[first]
        if len(chosen) <= most:
            break
        spacing *= 1.01 * float(np.sqrt(len(chosen) / most))
    return np.sort(chosen[:most]), spacing


def _outwardness(
    points: Float[np.ndarray, "p 3"], normals: Float[np.ndarray, "p 3"], mask: Bool[np.ndarray, "h w"]
) -> Float[np.ndarray, "p"]:
    """Positive where a wall's normal leaves the mask, negative where it enters it."""
    inside = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2.0)
    gy, gx = np.gradient(inside)
    r = np.clip(points[:, 1].astype(int), 0, mask.shape[0] - 1)
    c = np.clip(points[:, 0].astype(int), 0, mask.shape[1] - 1)
    return 1e-9 - (gx[r, c] * normals[:, 0] - gy[r, c] * normals[:, 1])


def low_pass(
    values: Float[np.ndarray, "h w c"], mask: Bool[np.ndarray, "h w"], sigma: float
) -> Float[np.ndarray, "h w c"]:
    """The local average inside the outline, and its continuation beyond."""
    weight = mask.astype(np.float32)
    # OpenCV drops a last axis of one channel.
    average = cv2.GaussianBlur(values * weight[..., None], (0, 0), sigma).reshape(values.shape)
    return average / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-4)[..., None]
