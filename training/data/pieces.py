"""The loose pieces a mesh is made of: which triangles hang together, which are open, and where pieces touch."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

WELD = 1e-4
"""Vertices of one cell of this size are one place."""
SAMPLES = 4000
TOUCH = 0.02
"""Points this much farther than the nearest still count as the place of contact."""


@dataclass(frozen=True)
class Pieces:
    """The connected pieces of a mesh, by falling area."""

    of_triangle: Int[np.ndarray, "f"]
    of_vertex: Int[np.ndarray, "v"]
    areas: Float[np.ndarray, "p"]
    open: np.ndarray
    """[p] Whether a piece has a border (or is not oriented), so that its inside may be seen."""


@dataclass(frozen=True)
class Contacts:
    """How pieces hang together, larger ones first."""

    parents: Int[np.ndarray, "p"]
    """The larger piece that each touches; -1 for the largest."""
    places: Float[np.ndarray, "p 3"]
    """Where it touches it."""


def find_pieces(vertices: Float[np.ndarray, "v 3"], triangles: Int[np.ndarray, "f 3"]) -> Pieces:
    """Take a mesh apart where no edge or corner connects it."""
    _, place = np.unique(np.round(vertices / WELD).astype(np.int64), axis=0, return_inverse=True)
    place = place.reshape(-1)
    faces = place[triangles]
    count = place.max() + 1
    edges = np.stack([faces, np.roll(faces, -1, 1)], -1).reshape(-1, 2)
    graph = coo_matrix((np.ones(len(edges), np.int8), edges.T), (count, count))
    _, label = connected_components(graph, directed=False)
    of_triangle = label[faces[:, 0]]
    corners = vertices[triangles]
    area = 0.5 * np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    total = np.bincount(of_triangle, area, label.max() + 1)
    order = np.argsort(-total, kind="stable")
    rank = np.argsort(order)

    # Every edge of a closed, oriented piece is run through as often forwards as backwards.
    forwards = edges[:, 0] < edges[:, 1]
    key = edges.min(1) * np.int64(count) + edges.max(1)
    _, edge, inverse = np.unique(key, return_index=True, return_inverse=True)
    balance = np.bincount(inverse, np.where(forwards, 1, -1))
    proper = edges[edge, 0] != edges[edge, 1]
    is_open = np.zeros(len(total), bool)
    is_open[rank[label[edges[edge[(balance != 0) & proper], 0]]]] = True
    return Pieces(rank[of_triangle], rank[label[place]], total[order], is_open)


def find_contacts(
    vertices: Float[np.ndarray, "v 3"], triangles: Int[np.ndarray, "f 3"], pieces: Pieces, most: int
) -> Contacts:
    """Hang each of the `most` largest pieces on the nearest larger one (distances of points on the surfaces)."""
    generator = np.random.default_rng(0)
    count = min(most, len(pieces.areas))
    share = pieces.areas / max(pieces.areas.sum(), 1e-12)
    points = []
    for piece in range(count):
        own = triangles[pieces.of_triangle == piece]
        corners = vertices[own]
        area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) + 1e-12
        number = int(12 + SAMPLES * share[piece])
        chosen = corners[generator.choice(len(own), number, p=area / area.sum())]
        points.append(np.einsum("nk,nkc->nc", generator.dirichlet((1, 1, 1), number), chosen))
    parents, places = np.full(count, -1), np.zeros((count, 3))
    trees: list[cKDTree] = []
    for piece in range(count):
        best = np.inf
        for other, tree in enumerate(trees):
            distance, _ = tree.query(points[piece])
            if distance.min() < best:
                best, parents[piece] = distance.min(), other
                places[piece] = points[piece][distance <= best + TOUCH].mean(0)
        trees.append(cKDTree(points[piece]))
    if count:
        places[0] = points[0].mean(0)
    return Contacts(parents, places)
