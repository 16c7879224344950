"""Closed triangle meshes whose vertices remember where on their part they lie."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from tween4d.synthetic import kernels

Numbers = Sequence | np.ndarray
"""What numpy takes as an array of numbers."""
CREASE_DEGREES = 40.0
WELD = 4e-6
"""Vertices in one cell of this size are one place; 21 bits a coordinate then reach 4 units about the origin."""


@dataclass(frozen=True)
class Mesh:
    """A closed surface. Vertices are doubled along creases, so that shading breaks there and nowhere else."""

    vertices: Float[np.ndarray, "v 3"]
    """Positions in the frame of the object at rest (or of the part, before it is placed)."""
    normals: Float[np.ndarray, "v 3"]
    """Unit, outward."""
    coordinates: Float[np.ndarray, "v 3"]
    """Where textures are evaluated: the part's own frame, for sweeps with the curve straightened out along y."""
    triangles: Int[np.ndarray, "f 3"]
    """Counter-clockwise seen from outside."""

    def placed(self, rotation: Float[np.ndarray, "3 3"], translation: Float[np.ndarray, "3"]) -> "Mesh":
        """The mesh rotated, then moved; texture coordinates stay."""
        return replace(self, vertices=self.vertices @ rotation.T + translation, normals=self.normals @ rotation.T)


def close_rings(
    rings: Float[np.ndarray, "n m 3"],
    tips: tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]],
    coordinates: tuple[Float[np.ndarray, "n m 3"], Float[np.ndarray, "2 3"]] | None = None,
    crease_degrees: float = CREASE_DEGREES,
) -> Mesh:
    """Skin a stack of rings and close both ends towards a tip.

    Args:
        rings: `n` closed loops of `m` points each, in order along the part.
        tips: the point that closes the first ring, and that of the last.
        coordinates: texture coordinates of rings and tips; positions when left out.
        crease_degrees: faces that meet at a greater angle are shaded apart.
    Returns:
        A closed mesh, oriented outwards whatever the direction of the rings.
    """
    n, m = rings.shape[:2]
    vertices = np.concatenate([tips[0][None], rings.reshape(-1, 3), tips[1][None]])
    own = (
        vertices
        if coordinates is None
        else np.concatenate([coordinates[1][:1], coordinates[0].reshape(-1, 3), coordinates[1][1:]])
    )
    index = 1 + np.arange(n * m).reshape(n, m)
    a, b = index[:-1], np.roll(index[:-1], -1, 1)
    c, d = index[1:], np.roll(index[1:], -1, 1)
    first = np.stack([np.zeros(m, int), np.roll(index[0], -1), index[0]], -1)
    last = np.stack([np.full(m, n * m + 1), index[-1], np.roll(index[-1], -1)], -1)
    triangles = np.concatenate(
        [first, np.stack([a, b, d], -1).reshape(-1, 3), np.stack([a, d, c], -1).reshape(-1, 3), last]
    )
    corners = vertices[triangles]
    if np.einsum("fi,fi->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) < 0:
        triangles = triangles[:, ::-1]
    return shade_creased(vertices, own, triangles, crease_degrees)


def shade_creased(
    vertices: Float[np.ndarray, "v 3"],
    coordinates: Float[np.ndarray, "v 3"],
    triangles: Int[np.ndarray, "f 3"],
    crease_degrees: float = CREASE_DEGREES,
) -> Mesh:
    """Give a mesh normals: the mean of the faces about a corner that do not lie across a crease.

    Triangles without area are dropped; vertices at one place count as one.
    """
    places, place = np.unique(_pack(np.round(vertices / WELD), 21), return_inverse=True)
    faces = place[triangles]
    proper = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    triangles, faces = triangles[proper], faces[proper]
    corners = vertices[triangles]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    unit = cross / np.maximum(np.linalg.norm(cross, axis=1, keepdims=True), 1e-30)
    edges = corners[:, [1, 2, 0]] - corners
    edges /= np.linalg.norm(edges, axis=2, keepdims=True)
    angle = np.arccos(np.clip(-np.einsum("fki,fki->fk", edges, np.roll(edges, 1, 1)), -1, 1))

    flat = faces.reshape(-1)
    begin = np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=len(places)))])
    around = np.argsort(flat, kind="stable")
    normals = kernels.corner_normals(flat, begin, around, unit, angle.reshape(-1), np.cos(np.radians(crease_degrees)))

    # One vertex for all corners that agree on the original vertex and, to a thousandth, on the normal.
    key = (triangles.reshape(-1).astype(np.int64) << 33) | _pack(np.round(normals * 1000), 11)
    _, chosen, corner = np.unique(key, return_index=True, return_inverse=True)
    source = triangles.reshape(-1)[chosen]
    return Mesh(
        vertices[source].astype(np.float64),
        normals[chosen],
        coordinates[source].astype(np.float64),
        corner.reshape(-1, 3).astype(np.int32),
    )


def _pack(numbers: Float[np.ndarray, "n 3"], bits: int) -> Int[np.ndarray, "n"]:
    """Three whole numbers in one, each in [-2^(bits - 1), 2^(bits - 1))."""
    x, y, z = (numbers.astype(np.int64) + (1 << (bits - 1))).T
    return (x << (2 * bits)) | (y << bits) | z
