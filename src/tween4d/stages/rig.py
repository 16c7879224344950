"""A clip's mesh in motion: posed, on fewer joints, or as a few poses without any."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from tween4d.data.mesh import ClipMesh, MeshPoses
from tween4d.data.nodes import NodeMotion, Skin, pose_at
from tween4d.geometry.rotation import from_matrix, to_matrix, unroll
from tween4d.splatting.skinning import skin_gaussians

SMALLEST_MASS = 1e-6


@dataclass(frozen=True)
class RigConfig:
    """How few joints a rig may have, and how few poses."""

    joints: int = 32
    """Joints per clip at most."""
    tolerance: float = 0.001
    """Root mean square distance, world units, within which nodes count as moving together."""
    straight: float = 0.004
    """Distance of a vertex from the line between two poses, world units, within which it counts as on it."""
    rounds: int = 10
    """Rounds of fitting and assigning at most, after the last joint was found."""


def pose_mesh(mesh: ClipMesh, time: float) -> tuple[Float[Tensor, "n 3"], Float[Tensor, "n 3"]]:
    """Vertices and unit normals at a time of the asset, as the nodes carry them; normals by the blended rotation."""
    quats, translations = pose_at(mesh.motion, time)
    unit = torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(len(mesh.vertices), 1)
    places, turns = skin_gaussians(
        mesh.motion.rest, quats, translations, mesh.skin.indices, mesh.skin.weights, mesh.vertices, unit
    )
    return places, torch.nn.functional.normalize((to_matrix(turns) @ mesh.normals[..., None])[..., 0], dim=-1)


def pose_keys(mesh: ClipMesh, config: RigConfig = RigConfig()) -> MeshPoses:
    """The poses that a mesh runs through, as few as straight lines between them allow.

    Keys are added where a vertex is farthest from the line (Douglas and Peucker 1973, along time), until none is
    farther than `config.straight` at any time of the motion within the span, or at its ends.
    """
    begin, end = mesh.span
    own = [t for t in mesh.motion.times.tolist() if begin + 1e-6 < t < end - 1e-6]
    times = [begin, *own, end] if end > begin else [begin]
    posed = [pose_mesh(mesh, time) for time in times]
    places, moments = torch.stack([p for p, _ in posed]), torch.tensor(times, dtype=torch.float64)
    keys = [0, len(times) - 1] if len(times) > 1 else [0]
    while len(keys) < len(times):
        off = torch.zeros(len(times))
        for low, high in zip(keys, keys[1:], strict=False):
            for k in range(low + 1, high):
                share = float((moments[k] - moments[low]) / (moments[high] - moments[low]))
                line = places[low] + share * (places[high] - places[low])
                off[k] = (places[k] - line).norm(dim=-1).amax()
        if float(off.amax()) <= config.straight:
            break
        keys = sorted([*keys, int(off.argmax())])
    return MeshPoses(moments[keys].float(), places[keys], torch.stack([posed[k][1] for k in keys]))


def reduce_rig(mesh: ClipMesh, config: RigConfig = RigConfig()) -> ClipMesh:
    """The same mesh on fewer joints: nodes that move together become one, and vertices follow the sum of their weights.

    Source: Le and Deng 2012, "Smooth skinning decomposition with rigid bones": clusters of rigid motions, each fitted
    by Kabsch's method. Here it is the nodes that are clustered, each weighed by the vertices that hang on it.

    Returns:
        At most `config.joints` joints, fewer where that is enough to stay within the tolerance. Deterministic.
        Not differentiable.
    """
    with torch.no_grad():
        nodes = _weigh(mesh)
        group = _group(nodes, config)
        # A cluster can lose its last node while nodes are assigned.
        used, group = torch.unique(group, return_inverse=True)
        turns, shifts, centres = _fit(nodes, group, len(used))
        quats = unroll(from_matrix(turns)).float()
        moved = torch.einsum("tkij,kj->tki", turns, centres) + shifts - centres
        motion = NodeMotion(centres.float(), quats, moved.float(), mesh.motion.times)
        whole = torch.zeros(len(mesh.motion.rest), dtype=torch.long)
        whole[nodes.rows] = group
        return replace(mesh, skin=_merge(mesh.skin, whole), motion=motion)


@dataclass(frozen=True)
class _Nodes:
    """Nodes that carry something: moments of the vertices on them, and their motions, in float64."""

    rows: Int[Tensor, "m"]
    masses: Float[Tensor, "m"]
    means: Float[Tensor, "m 3"]
    spreads: Float[Tensor, "m 3 3"]
    turns: Float[Tensor, "t m 3 3"]
    shifts: Float[Tensor, "t m 3"]

    @property
    def places(self) -> Float[Tensor, "t m 3"]:
        """Where the nodes' own motions carry the middles of their vertices."""
        return torch.einsum("tmij,mj->tmi", self.turns, self.means) + self.shifts


def _weigh(mesh: ClipMesh) -> _Nodes:
    motion, x = mesh.motion, mesh.vertices.double()
    count = len(motion.rest)
    index, weight = mesh.skin.indices.long().flatten(), mesh.skin.weights.double().flatten()
    points = x.repeat_interleave(mesh.skin.indices.shape[1], 0)
    masses = torch.zeros(count, dtype=torch.float64).index_add_(0, index, weight)
    sums = torch.zeros(count, 3, dtype=torch.float64).index_add_(0, index, weight[:, None] * points)
    means = sums / masses.clamp(min=SMALLEST_MASS)[:, None]
    away = points - means[index]
    outer = weight[:, None, None] * away[:, :, None] * away[:, None]
    spreads = torch.zeros(count, 3, 3, dtype=torch.float64).index_add_(0, index, outer)
    rows = torch.nonzero(masses > SMALLEST_MASS)[:, 0]
    turns, rest = to_matrix(motion.quats.double()), motion.rest.double()
    shifts = rest + motion.translations.double() - torch.einsum("tmij,mj->tmi", turns, rest)
    return _Nodes(rows, masses[rows], means[rows], spreads[rows], turns[:, rows], shifts[:, rows])


def _group(nodes: _Nodes, config: RigConfig) -> Int[Tensor, "m"]:
    """The joint of each node: seeds where the error is greatest, then Lloyd's rounds."""
    group = torch.zeros(len(nodes.rows), dtype=torch.long)
    turns, shifts, _ = _fit(nodes, group, 1)
    errors = _errors(nodes, turns, shifts)
    while errors.shape[1] < min(config.joints, len(nodes.rows)):
        worst = errors.amin(1)
        if float(worst.amax()) <= config.tolerance**2:
            break
        seed = int((worst * nodes.masses).argmax())
        added = _errors(nodes, nodes.turns[:, seed : seed + 1], nodes.shifts[:, seed : seed + 1])
        errors = torch.cat([errors, added], 1)
    group = errors.argmin(1)
    for _ in range(config.rounds):
        used, group = torch.unique(group, return_inverse=True)
        turns, shifts, _ = _fit(nodes, group, len(used))
        changed = _errors(nodes, turns, shifts).argmin(1)
        if torch.equal(changed, group):
            break
        group = changed
    return group


def _fit(nodes: _Nodes, group: Int[Tensor, "m"], count: int) -> tuple[Tensor, Tensor, Tensor]:
    """The rigid motion of each group that carries its nodes' vertices nearest to where the nodes carry them.

    Returns:
        Rotations [t, k, 3, 3], shifts [t, k, 3] and the groups' middles at rest [k, 3].
    """
    member = group[None] == torch.arange(count)[:, None]
    shares = member.double() * nodes.masses
    total = shares.sum(1, keepdim=True)
    shares = shares / total
    centres = shares @ nodes.means
    places = nodes.places
    middles = torch.einsum("km,tmi->tki", shares, places)
    inner = torch.einsum("km,mab,tmcb->tkac", member.double() / total, nodes.spreads, nodes.turns)
    outer = torch.einsum("km,ma,tmb->tkab", shares, nodes.means, places)
    covariance = inner + outer - centres[None, :, :, None] * middles[:, :, None]
    # A little of the mean rotation decides where the vertices of a group span no more than a line.
    hint = torch.einsum("km,tmab->tkba", shares, nodes.turns)
    u, _, vh = torch.linalg.svd(covariance + 1e-9 * hint)
    v, ut = vh.transpose(-1, -2), u.transpose(-1, -2)
    fix = torch.ones(*v.shape[:-1], dtype=torch.float64)
    fix[..., 2] = torch.sign(torch.linalg.det(v @ ut))
    turns = (v * fix[..., None, :]) @ ut
    return turns, middles - torch.einsum("tkij,kj->tki", turns, centres), centres


def _errors(nodes: _Nodes, turns: Float[Tensor, "t k 3 3"], shifts: Float[Tensor, "t k 3"]) -> Float[Tensor, "m k"]:
    """Mean squared distances between where nodes and joints carry the nodes' vertices, over vertices and times."""
    carried = torch.einsum("tkij,mj->tmki", turns, nodes.means) + shifts[:, None]
    middle = (carried - nodes.places[:, :, None]).square().sum(-1).mean(0)
    # tr((A - B) S (A - B)^T) is 2 tr(S) - 2 tr(A S B^T) for rotations A and B.
    spread = torch.einsum("mii->m", nodes.spreads)[:, None]
    shared = torch.einsum("tkia,tmia->mk", turns, nodes.turns @ nodes.spreads) / len(turns)
    return middle + 2 * (spread - shared).clamp(min=0) / nodes.masses[:, None]


def _merge(skin: Skin, group: Int[Tensor, "m"]) -> Skin:
    """The weights of nodes in one group add up; four columns stay, for no vertex follows more groups than nodes."""
    indices, weights = group[skin.indices.long()], skin.weights
    same = indices[:, :, None] == indices[:, None]
    first = ~(same & torch.ones(indices.shape[1], indices.shape[1], dtype=torch.bool).tril(-1)).any(-1)
    summed = (same * weights[:, None]).sum(-1) * first
    order = summed.argsort(dim=1, descending=True, stable=True)
    indices, summed = indices.gather(1, order), summed.gather(1, order)
    return Skin(torch.where(summed > 0, indices, 0), summed / summed.sum(-1, keepdim=True))
