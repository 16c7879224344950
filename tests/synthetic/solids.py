"""Oracles about closed triangle meshes, and a one-part scene."""

import numpy as np

from tween4d.synthetic.binding import bind_rigid
from tween4d.synthetic.meshes import Mesh
from tween4d.synthetic.scene import Lamp, Part, Scene
from tween4d.synthetic.skeleton import Joint, Skeleton
from tween4d.synthetic.textures import Texture, fill


def volume(mesh: Mesh) -> float:
    """Enclosed volume by the divergence theorem; positive when the mesh faces outwards."""
    a, b, c = mesh.vertices[mesh.triangles].transpose(1, 0, 2)
    return float(np.einsum("fi,fi->", a, np.cross(b, c)) / 6)


def open_edges(mesh: Mesh) -> int:
    """Directed edges, with vertices joined by place, that are not matched by as many opposite ones."""
    _, place = np.unique(np.round(mesh.vertices / 4e-6).astype(np.int64), axis=0, return_inverse=True)
    corners = place.reshape(-1)[mesh.triangles]
    ends = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    count: dict[tuple[int, int], int] = {}
    for a, b in ends.tolist():
        count[(a, b)] = count.get((a, b), 0) + 1
    return sum(n != count.get((b, a), 0) for (a, b), n in count.items())


def still_scene(
    mesh: Mesh, texture: Texture | None = None, lamps: tuple[Lamp, ...] = (Lamp((1.0, 1.0, 1.0)),)
) -> Scene:
    """A scene of one part that rests where it is, evenly lit unless lamps are given."""
    part = Part("solid", mesh, texture or (fill((1.0, 1.0, 1.0)),), *bind_rigid(mesh, 0))
    return Scene("still", (part,), Skeleton((Joint("root", (0.0, 0.0, 0.0)),)), lamps)
