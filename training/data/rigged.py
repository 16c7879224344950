"""A model as arrays that are posed quickly: a surface, the joints that carry it, and sampled clips."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from training.data import gltf as files
from training.data.gltf import Gltf, UnreadableModel
from training.data.pieces import find_contacts, find_pieces
from tween4d.synthetic import kernels

MAX_TRIANGLES = 60_000
CLIP_SAMPLES = 12
PROBES = 256
"""Vertices at which displacements are measured."""
LEAST, MOST = 0.02, 0.6
"""Mean displacement between the two states of a motion, in sizes of the object."""
MAX_PIECES = 24
CLUSTERS = 24
SAME_COLOR = 0.05
FACING = {"tank_pack": 90.0}
"""Degrees by which the models of a family (by its beginning) are turned about +Y, so that they face +Z."""


@dataclass(frozen=True)
class Clip:
    """A motion sampled at equal steps."""

    name: str
    moves: Float[np.ndarray, "k j 4 4"]
    """What each joint does beyond its parent, in the frame of the object at rest: 1 is rest."""
    pairs: Int[np.ndarray, "n 2"]
    """The samples between which the object moves neither too little nor too much."""


@dataclass(frozen=True)
class Model:
    """An object at rest, the longest side of its box 1 and its middle at 0, +Y up and its front towards +Z."""

    name: str
    family: str
    vertices: Float[np.ndarray, "v 3"]
    normals: Float[np.ndarray, "v 3"]
    triangles: Int[np.ndarray, "f 3"]
    parts: Int[np.ndarray, "f"]
    """Which colour each triangle has."""
    colors: Float[np.ndarray, "p 3"]
    """sRGB; at most 24."""
    joints: Int[np.ndarray, "v 4"]
    weights: Float[np.ndarray, "v 4"]
    parents: Int[np.ndarray, "j"]
    """-1 for roots; a parent comes before its children."""
    pivots: Float[np.ndarray, "j 3"]
    """Where each joint turns."""
    shares: Float[np.ndarray, "j"]
    """How much of the vertices each joint carries, with all that hangs on it."""
    rigged: bool
    """Whether the joints are those of the file; otherwise they are its loose pieces."""
    clips: tuple[Clip, ...]
    probes: Int[np.ndarray, "n"]
    """A few vertices that stand for all."""


@dataclass(frozen=True)
class _Parts:
    """The primitives of a file put together at rest; joints are nodes of the file."""

    vertices: np.ndarray
    normals: np.ndarray
    triangles: np.ndarray
    colors: np.ndarray
    joints: np.ndarray
    weights: np.ndarray


@lru_cache(maxsize=2048)
def load_model(path: Path, name: str, family: str) -> Model:
    """Read a GLB file; each file is read once.

    Args:
        path: of the file.
        name, family: what it is called.
    Raises:
        UnreadableModel: it cannot be read or is too large.
    """
    gltf = files.read_glb(path)
    order, above = _hierarchy(gltf)
    rest = _world(gltf, order, above, {}, 1)[:, 0]
    bind, bases = _bind(gltf, order, above, rest)
    parts = _gather(gltf, bind, bases)
    if len(parts.triangles) > MAX_TRIANGLES:
        raise UnreadableModel(f"{len(parts.triangles)} triangles; at most {MAX_TRIANGLES} are used")

    # The object's own frame: its front towards +Z, its middle at 0, its longest side 1.
    turn = np.radians(next((a for key, a in FACING.items() if family.startswith(key)), 0.0))
    frame = np.eye(4)
    frame[:3, :3] = [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]]
    turned = parts.vertices @ frame[:3, :3].T
    used = turned[np.unique(parts.triangles)]
    low, high = used.min(0), used.max(0)
    size = max((high - low).max(), 1e-9)
    frame[:3] /= size
    frame[:3, 3] = -(low + high) / 2 / size
    vertices, normals = _transform(frame, parts.vertices, parts.normals)

    nodes = np.unique(parts.joints[parts.weights > 0])
    place = {int(n): k for k, n in enumerate(sorted(nodes, key=order.index))}
    animated = bool(gltf.document.get("animations"))
    rigged = animated or bool(gltf.document.get("skins"))
    pieces = find_pieces(vertices, parts.triangles)
    if rigged:
        lookup = np.zeros(len(gltf.nodes()), np.int64)
        lookup[list(place)] = list(place.values())
        joints, weights = lookup[parts.joints], parts.weights
        parents = np.array([_nearest_above(n, above, place) for n in place], np.int64)
        pivots = (frame @ bind[list(place)])[:, :3, 3]
    else:
        contacts = find_contacts(vertices, parts.triangles, pieces, MAX_PIECES)
        parents, pivots = contacts.parents, contacts.places
        joints, weights = np.zeros((len(vertices), 4), np.int64), np.zeros((len(vertices), 4))
        joints[:, 0], weights[:, 0] = np.where(pieces.of_vertex < len(parents), pieces.of_vertex, 0), 1.0

    # The inside of open pieces is seen from behind, as engines draw it when a material says so.
    thin = parts.triangles[pieces.open[pieces.of_triangle]]
    back, corner = np.unique(thin, return_inverse=True)
    triangles = np.concatenate([parts.triangles, corner.reshape(-1, 3)[:, ::-1] + len(vertices)]).astype(np.int32)
    vertices, normals = np.concatenate([vertices, vertices[back]]), np.concatenate([normals, -normals[back]])
    joints, weights = np.concatenate([joints, joints[back]]), np.concatenate([weights, weights[back]])
    colors, part = _cluster(files.srgb(parts.colors), vertices[parts.triangles])
    part = np.concatenate([part, part[pieces.open[pieces.of_triangle]]])

    shares = np.bincount(joints.reshape(-1), weights.reshape(-1), len(parents)) / len(vertices)
    for j in range(len(parents) - 1, -1, -1):
        if parents[j] >= 0:
            shares[parents[j]] += shares[j]
    probes = np.linspace(0, len(vertices) - 1, min(PROBES, len(vertices))).astype(np.int64)
    skin = (vertices[probes], normals[probes], joints[probes], weights[probes])
    clips = []
    for index in range(len(gltf.document.get("animations", []))):
        moves = _sample_clip(gltf, index, (order, above), bind, frame, list(place), parents)
        title = gltf.document["animations"][index].get("name", str(index))
        clips.append(Clip(title, moves, _pairs(moves, parents, skin)))
    clips = tuple(clip for clip in clips if len(clip.pairs))
    return Model(
        name, family, vertices, normals, triangles, part, colors, joints, weights, parents, pivots, shares, rigged,
        clips, probes,
    )  # fmt: skip


def compose(moves: Float[np.ndarray, "*k j 4 4"], parents: Int[np.ndarray, "j"]) -> Float[np.ndarray, "*k j 4 4"]:
    """Transforms of all joints from what each does beyond its parent."""
    result = moves.copy()
    for j, parent in enumerate(parents):
        if parent >= 0:
            result[..., j, :, :] = result[..., parent, :, :] @ moves[..., j, :, :]
    return result


def _hierarchy(gltf: Gltf) -> tuple[list[int], list[int]]:
    """Nodes with parents before children, and the parent of each node (-1 for roots)."""
    above = [-1] * len(gltf.nodes())
    for index, node in enumerate(gltf.nodes()):
        for child in node.get("children", []):
            above[child] = index
    order = [n for n, parent in enumerate(above) if parent < 0]
    for node in order:
        order.extend(gltf.nodes()[node].get("children", []))
    return order, above


def _world(gltf: Gltf, order: list[int], above: list[int], tracks: dict, count: int) -> np.ndarray:
    """World transforms [n, count, 4, 4] of all nodes."""
    result = np.zeros((len(order), count, 4, 4))
    for n in order:
        local = files.local_transforms(gltf.nodes()[n], tracks.get(n, {}), count)
        result[n] = local if above[n] < 0 else result[above[n]] @ local
    return result


def _bind(gltf: Gltf, order: list[int], above: list[int], rest: np.ndarray) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Where each node lies when the object is at rest, and what takes each skin's vertices there.

    At rest joints are as their skin was bound, which need not be how the file leaves its nodes; nodes that no skin
    knows hang on their parents as the file says.
    """
    bound: dict[int, np.ndarray] = {}
    bases: dict[int, np.ndarray] = {}
    for index, skin in enumerate(gltf.document.get("skins", [])):
        inverse = np.linalg.inv(gltf.accessor(skin["inverseBindMatrices"]).astype(float).reshape(-1, 4, 4))
        inverse = dict(zip(skin["joints"], inverse.transpose(0, 2, 1), strict=True))
        known = next((j for j in skin["joints"] if j in bound), None)
        root = min(skin["joints"], key=order.index)
        anchor, place = (root, rest[root]) if known is None else (known, bound[known])
        bases[index] = place @ np.linalg.inv(inverse[anchor])
        for joint, matrix in inverse.items():
            bound.setdefault(joint, bases[index] @ matrix)
    bind = rest.copy()
    for n in order:
        local = files.local_transforms(gltf.nodes()[n], {}, 1)[0]
        bind[n] = bound[n] if n in bound else local if above[n] < 0 else bind[above[n]] @ local
    return bind, bases


def _gather(gltf: Gltf, bind: np.ndarray, bases: dict[int, np.ndarray]) -> _Parts:
    found, offset = [], 0
    for index, node in enumerate(gltf.nodes()):
        if "mesh" not in node:
            continue
        for primitive in files.read_primitives(gltf, node["mesh"]):
            count = len(primitive.vertices)
            if "skin" in node and primitive.joints is not None:
                matrix = bases[node["skin"]]
                joints = np.array(gltf.document["skins"][node["skin"]]["joints"])[primitive.joints]
                weights = primitive.weights
            else:
                matrix = bind[index]
                joints, weights = np.full((count, 4), index), np.tile([1.0, 0, 0, 0], (count, 1))
            vertices, normals = _transform(matrix, primitive.vertices, primitive.normals)
            triangles = primitive.triangles if np.linalg.det(matrix[:3, :3]) > 0 else primitive.triangles[:, ::-1]
            found.append((vertices, normals, triangles + offset, primitive.colors, joints, weights))
            offset += count
    if not found:
        raise UnreadableModel("no triangles")
    return _Parts(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))


def _transform(matrix: np.ndarray, vertices: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    turned = normals @ np.linalg.inv(matrix[:3, :3])
    turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-12)
    return vertices @ matrix[:3, :3].T + matrix[:3, 3], turned


def _nearest_above(node: int, above: list[int], place: dict[int, int]) -> int:
    node = above[node]
    while node >= 0 and node not in place:
        node = above[node]
    return place.get(node, -1)


def _sample_clip(
    gltf: Gltf,
    animation: int,
    hierarchy: tuple[list[int], list[int]],
    bind: np.ndarray,
    frame: np.ndarray,
    nodes: list[int],
    parents: np.ndarray,
) -> np.ndarray:
    begin, end = files.duration(gltf, animation)
    tracks = files.sample_animation(gltf, animation, np.linspace(begin, end, CLIP_SAMPLES))
    world = _world(gltf, *hierarchy, tracks, CLIP_SAMPLES)[nodes]
    whole = frame @ world @ np.linalg.inv(frame @ bind[nodes])[:, None]
    moves = whole.copy()
    for j, parent in enumerate(parents):
        if parent >= 0:
            moves[j] = np.linalg.pinv(whole[parent]) @ whole[j]
    return moves.transpose(1, 0, 2, 3).copy()


def _pairs(moves: np.ndarray, parents: np.ndarray, skin: tuple[np.ndarray, ...]) -> np.ndarray:
    transforms = compose(moves, parents)
    poses = np.array([kernels.skin(*skin, t)[0] for t in transforms])
    distance = np.linalg.norm(poses[:, None] - poses[None], axis=-1).mean(-1)
    return np.argwhere((distance > LEAST) & (distance < MOST))


def _cluster(colors: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Few colours for many, those of large area first: (colours [p, 3], index of each triangle)."""
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) + 1e-12
    rounded, inverse = np.unique(np.round(colors * 64).astype(np.int64), axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    total = np.bincount(inverse, area)
    chosen: list[int] = []
    for k in np.argsort(-total, kind="stable"):
        near = [c for c in chosen if np.abs(rounded[c] - rounded[k]).max() <= 64 * SAME_COLOR]
        if not near and len(chosen) < CLUSTERS:
            chosen.append(int(k))
    distance = np.abs(rounded[:, None] - rounded[chosen][None]).sum(-1)
    part = distance.argmin(1)[inverse]
    mean = np.stack([np.bincount(part, area * colors[:, c], len(chosen)) for c in range(3)], -1)
    return mean / np.bincount(part, area, len(chosen))[:, None], part.astype(np.int64)
