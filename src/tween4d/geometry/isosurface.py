"""Depth pictures to a closed surface, and a closed surface to a texture's plane. Arrays in, arrays out."""

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn.functional import grid_sample

SMALLEST_PART = 0.01
"""Components with a smaller share of the largest one's triangles are dropped: floaters."""
OUTLINE = 0.3
"""Coverage at an outline. Less than a half: a surface cut by 32 outlines, each with its noise, is too small."""
OUTWARD = 0.15
"""Truncations by which the surface lies before the expected depth, which is that of the middle of a soft shell."""


def sample_pictures(
    points: Float[Tensor, "p 3"], pose: Float[Tensor, "4 4"], intrinsics: Float[Tensor, "3 3"], planes: Tensor
) -> tuple[Tensor, Float[Tensor, "p"]]:
    """Values of planes [h, w, c] where points are seen by a camera, between pixels linearly, and the points' depths."""
    height, width = planes.shape[:2]
    local = points @ pose[:3, :3].T + pose[:3, 3]
    depth = local[:, 2]
    x = (intrinsics[0, 0] * local[:, 0] / depth + intrinsics[0, 2]) * 2 / width - 1
    y = (intrinsics[1, 1] * local[:, 1] / depth + intrinsics[1, 2]) * 2 / height - 1
    grid = torch.stack([x, y], -1)[None, None]
    found = grid_sample(planes.permute(2, 0, 1)[None], grid, align_corners=False)
    return found[0, :, 0].T, depth


def fuse_depths(
    origin: Float[np.ndarray, "3"],
    step: float,
    counts: tuple[int, int, int],
    poses: Float[np.ndarray, "v 4 4"],
    intrinsics: Float[np.ndarray, "3 3"],
    depths: Float[np.ndarray, "v h w"],
    alphas: Float[np.ndarray, "v h w"],
    truncation: float,
) -> Float[np.ndarray, "x y z"]:
    """A field that is below 0 inside: mean truncated distance along the rays, cut by every outline.

    Source: Curless and Levoy 1996 (truncated signed distances); Laurentini 1994 (visual hull).

    Args:
        origin, step, counts: the grid, world units.
        poses: world to camera.
        depths: expected depth along the viewing axis; meaningless where alphas are small.
        truncation: world units; deeper behind a seen surface a picture says nothing.
    Returns:
        Within [-1.15, 1]; -1 where nothing was seen.
    """
    from tween4d.geometry.kernels import fuse

    lens = (*(float(intrinsics[i, j]) for i, j in ((0, 0), (1, 1), (0, 2), (1, 2))),)
    grid = origin.astype(np.float64), step, counts, poses.astype(np.float64), lens
    field, outside = fuse(*grid, depths, alphas, truncation, OUTLINE)
    return np.maximum(np.where(np.isnan(field), -1, field - OUTWARD), outside).astype(np.float32)


def close_surface(
    field: Float[np.ndarray, "x y z"], origin: Float[np.ndarray, "3"], step: float, faces: int, smoothing: float = 0.7
) -> tuple[Float[np.ndarray, "n 3"], Int[np.ndarray, "f 3"]]:
    """The zero surface of a field as a closed mesh without floaters, decimated.

    Args:
        field: below 0 inside; its border counts as outside.
        faces: triangles at most; more are kept where fewer would not be closed.
        smoothing: of the field, in steps of the grid.
    Returns:
        Vertices in the world and triangles, counter-clockwise from outside; every edge has two triangles.
    Raises:
        ValueError: the field has no inside.
    """
    from skimage.measure import marching_cubes

    padded = np.pad(gaussian_filter(field, smoothing), 1, constant_values=1.0)
    if padded.min() >= 0:
        raise ValueError("the field has no inside")
    vertices, triangles, _, _ = marching_cubes(padded, 0.0, allow_degenerate=False)
    vertices, triangles = _largest_parts(vertices, triangles.astype(np.int32))
    corners = vertices[triangles].astype(np.float64)
    volume = np.einsum("fc,fc->f", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum()
    triangles = np.ascontiguousarray(triangles[:, ::-1] if volume < 0 else triangles)
    vertices, triangles = reduce_triangles(vertices, triangles, faces)
    return (origin + (vertices - 1) * step).astype(np.float32), triangles


def reduce_triangles(
    vertices: Float[np.ndarray, "n 3"], triangles: Int[np.ndarray, "f 3"], faces: int
) -> tuple[Float[np.ndarray, "k 3"], Int[np.ndarray, "g 3"]]:
    """Decimate a closed surface; it stays closed and keeps its holes and parts, see `decimate` in `kernels.py`.

    Args:
        faces: triangles at most, if the topology lets it.
    Raises:
        ValueError: the surface is not closed.
    """
    twins = _twins(triangles)
    if twins is None:
        raise ValueError("the surface is not closed")
    if len(triangles) <= faces:
        return vertices, triangles
    from tween4d.geometry.kernels import decimate

    places, kept = vertices.astype(np.float64), triangles.astype(np.int32)
    alive = decimate(places, kept, twins, faces)
    used, renamed = np.unique(kept[alive], return_inverse=True)
    return places[used].astype(vertices.dtype), renamed.reshape(-1, 3).astype(np.int32)


def is_closed(triangles: Int[np.ndarray, "f 3"]) -> bool:
    """Whether every edge belongs to exactly two triangles that run along it in opposite directions."""
    return _twins(triangles) is not None


def vertex_normals(vertices: Float[np.ndarray, "n 3"], triangles: Int[np.ndarray, "f 3"]) -> Float[np.ndarray, "n 3"]:
    """Unit normals, each triangle counted by its area."""
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    faces = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices)
    for i in range(3):
        np.add.at(normals, triangles[:, i], faces)
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    up = np.array([0.0, 1.0, 0.0], vertices.dtype)
    return np.where(length > 1e-20, normals / np.maximum(length, 1e-20), up).astype(np.float32)


def unfold(
    vertices: Float[np.ndarray, "n 3"], triangles: Int[np.ndarray, "f 3"]
) -> tuple[Int[np.ndarray, "k"], Int[np.ndarray, "f 3"], Float[np.ndarray, "k 2"]]:
    """Places in the texture without overlap: old rows of the new vertices, triangles, coordinates."""
    import xatlas

    atlas = xatlas.Atlas()
    atlas.add_mesh(vertices, triangles.astype(np.uint32))
    pack = xatlas.PackOptions()
    pack.padding, pack.bilinear = 3, True
    # One pass of growing charts: more give fewer seams, and take ten times as long.
    chart = xatlas.ChartOptions()
    chart.max_iterations = 1
    atlas.generate(chart, pack)
    rows, indices, coordinates = atlas[0]
    return rows.astype(np.int64), indices.astype(np.int32), coordinates.astype(np.float32)


def texels(
    coordinates: Float[np.ndarray, "n 2"], triangles: Int[np.ndarray, "f 3"], size: int
) -> tuple[Int[np.ndarray, "p 2"], Int[np.ndarray, "p"], Float[np.ndarray, "p 3"]]:
    """Pixels of a texture whose centres lie in triangles: (row, column), triangle, and weights of its corners."""
    corners = coordinates[triangles].astype(np.float64) * size - 0.5
    low = np.ceil(corners.min(1)).astype(int).clip(0, size - 1)
    high = np.floor(corners.max(1)).astype(int).clip(0, size - 1)
    span = np.maximum(high - low + 1, 0)
    number = span[:, 0] * span[:, 1]
    face = np.repeat(np.arange(len(triangles)), number)
    place = np.arange(len(face)) - np.repeat(np.cumsum(number) - number, number)
    x, y = low[face, 0] + place % span[face, 0], low[face, 1] + place // span[face, 0]
    a, b, c = corners[face, 0], corners[face, 1], corners[face, 2]
    p = np.stack([x, y], -1)
    area = _cross(b - a, c - a)
    safe = np.where(np.abs(area) < 1e-12, 1.0, area)
    weights = np.stack([_cross(b - p, c - p), _cross(c - p, a - p), _cross(a - p, b - p)], -1) / safe[:, None]
    inside = (weights >= -1e-6).all(-1) & (np.abs(area) >= 1e-12)
    return np.stack([y, x], -1)[inside], face[inside], weights[inside].astype(np.float32)


def _cross(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]


def _twins(triangles: Int[np.ndarray, "f 3"]) -> Int[np.ndarray, "h"] | None:
    """For every edge, by its first corner, that of the other triangle; None of a surface that is not closed."""
    begin, end = triangles.ravel().astype(np.int64), triangles[:, [1, 2, 0]].ravel().astype(np.int64)
    size = int(triangles.max()) + 1
    edges, turned = begin * size + end, end * size + begin
    forth, back = np.argsort(edges), np.argsort(turned)
    once = edges[forth]
    if (once[1:] == once[:-1]).any() or not np.array_equal(once, turned[back]):
        return None
    twins = np.empty(len(begin), np.int64)
    twins[forth] = back
    return twins


def _largest_parts(vertices: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]]])
    graph = coo_matrix((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(len(vertices),) * 2)
    labels = connected_components(graph, directed=False)[1][triangles[:, 0]]
    sizes = np.bincount(labels)
    corners = vertices[triangles].astype(np.float64)
    volumes = np.bincount(labels, np.einsum("fc,fc->f", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])))
    # A part turned the other way bounds a hole within another one, which nobody sees.
    solid = np.sign(volumes) == np.sign(volumes[sizes.argmax()])
    kept = triangles[((sizes >= SMALLEST_PART * sizes.max()) & solid)[labels]]
    used, renamed = np.unique(kept, return_inverse=True)
    return vertices[used], renamed.reshape(-1, 3).astype(np.int32)
