"""A scene: textured parts bound to a skeleton, lit, and placed in the world."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from tween4d.synthetic import kernels
from tween4d.synthetic.meshes import Mesh
from tween4d.synthetic.skeleton import Skeleton, joint_transforms
from tween4d.synthetic.textures import PackedTextures, Texture, pack_textures

RADIUS = 0.5
MARGIN = 0.99
FIT_TIMES = 65
BOUND_JOINTS = 4


@dataclass(frozen=True)
class Part:
    """A closed piece of the object."""

    name: str
    mesh: Mesh
    """Placed in the frame of the object at rest."""
    texture: Texture
    joints: Int[np.ndarray, "v 4"]
    """Which joints carry each vertex ..."""
    weights: Float[np.ndarray, "v 4"]
    """... and how much; rows sum to 1."""


@dataclass(frozen=True)
class Light:
    """World-fixed light without shadows or highlights, so that all cameras agree on it."""

    ambient: tuple[float, float, float]
    """Light from everywhere, per colour."""
    directions: tuple[tuple[float, float, float], ...]
    """Towards each distant lamp; need not be unit."""
    colors: tuple[tuple[float, float, float], ...]
    """What each lamp gives a surface that faces it."""


STUDIO = Light(
    (0.50, 0.51, 0.54),
    ((0.45, 0.75, 0.60), (-0.8, 0.25, 0.35), (0.0, -0.6, -0.8), (0.0, 1.0, 0.0)),
    ((0.50, 0.48, 0.44), (0.10, 0.11, 0.13), (0.08, 0.08, 0.09), (0.08, 0.08, 0.08)),
)
"""A warm key from the upper right, a cool fill, a little from behind and above."""


@dataclass(frozen=True)
class Scene:
    """An articulated object in motion from time 0 to time 1."""

    name: str
    parts: tuple[Part, ...]
    skeleton: Skeleton
    light: Light = STUDIO
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """What lies at the world's origin, in the object's frame ..."""
    scale: float = 1.0
    """... and world units per unit of the object."""


@dataclass(frozen=True)
class Surface:
    """All parts of a scene as one set of arrays at rest."""

    vertices: Float[np.ndarray, "v 3"]
    normals: Float[np.ndarray, "v 3"]
    coordinates: Float[np.ndarray, "v 3"]
    triangles: Int[np.ndarray, "f 3"]
    parts: Int[np.ndarray, "f"]
    """Index of the part each triangle belongs to."""
    joints: Int[np.ndarray, "v 4"]
    weights: Float[np.ndarray, "v 4"]
    textures: PackedTextures
    light: Float[np.ndarray, "k 6"]
    """Rows (direction, colour); direction 0 is light from everywhere."""


@dataclass(frozen=True)
class PosedSurface:
    """The surface at one time, in the world."""

    vertices: Float[np.ndarray, "v 3"]
    normals: Float[np.ndarray, "v 3"]
    """Unit, outward."""


def gather_surface(scene: Scene) -> Surface:
    """Join the parts of a scene."""
    meshes = [part.mesh for part in scene.parts]
    offsets = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    directions = np.array([(0.0, 0.0, 0.0), *scene.light.directions])
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    light = np.concatenate([directions / np.maximum(lengths, 1e-12), [scene.light.ambient, *scene.light.colors]], 1)
    return Surface(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate([mesh.coordinates for mesh in meshes]),
        np.concatenate([mesh.triangles + o for mesh, o in zip(meshes, offsets[:-1], strict=True)]).astype(np.int32),
        np.repeat(np.arange(len(meshes)), [len(mesh.triangles) for mesh in meshes]),
        np.concatenate([part.joints for part in scene.parts]),
        np.concatenate([part.weights for part in scene.parts]),
        pack_textures([part.texture for part in scene.parts]),
        light,
    )


def pose_surface(scene: Scene, surface: Surface, time: float) -> PosedSurface:
    """The scene's surface in the world at a time in [0, 1]: linear blend skinning, exact for rigid parts."""
    transforms = joint_transforms(scene.skeleton, time)
    transforms[:, :3] *= scene.scale
    transforms[:, :3, 3] -= scene.scale * np.asarray(scene.centre)
    return PosedSurface(*kernels.skin(surface.vertices, surface.normals, surface.joints, surface.weights, transforms))


def fit_to_world(scene: Scene) -> Scene:
    """The scene centred and scaled so that it stays within the sphere of radius 0.5 about the origin at all times.

    Centre: the middle of the box about the whole motion, as in the benchmark. The motion is sampled at 65 times; the
    margin of one percent is for what happens between them.
    """
    free = replace(scene, centre=(0.0, 0.0, 0.0), scale=1.0)
    surface = gather_surface(free)
    swept = np.stack([pose_surface(free, surface, t).vertices for t in np.linspace(0, 1, FIT_TIMES)])
    centre = (swept.min((0, 1)) + swept.max((0, 1))) / 2
    reach = np.linalg.norm(swept - centre, axis=-1).max()
    return replace(scene, centre=tuple(float(c) for c in centre), scale=float(MARGIN * RADIUS / reach))


def bind_rigid(mesh: Mesh, joint: int) -> tuple[Int[np.ndarray, "v 4"], Float[np.ndarray, "v 4"]]:
    """Joints and weights that hang a whole mesh on one joint."""
    joints, weights = np.zeros((len(mesh.vertices), BOUND_JOINTS), int), np.zeros((len(mesh.vertices), BOUND_JOINTS))
    joints[:, 0], weights[:, 0] = joint, 1.0
    return joints, weights


def bind_chain(
    mesh: Mesh, skeleton: Skeleton, chain: Sequence[int], blend: float
) -> tuple[Int[np.ndarray, "v 4"], Float[np.ndarray, "v 4"]]:
    """Joints and weights that bend a mesh smoothly along a chain of joints.

    A vertex beyond the k-th pivot, seen along the line from the pivot before to the pivot after, follows joint k;
    within `blend` of a pivot it follows both neighbours.

    Args:
        chain: indices of at least two joints, from the root outwards.
        blend: half-width of the transition, units of the object.
    """
    pivots = np.array([skeleton.joints[j].position for j in chain])
    passed = [np.ones(len(mesh.vertices))]
    for k in range(1, len(chain)):
        along = pivots[min(k + 1, len(chain) - 1)] - pivots[k - 1]
        along = along / np.linalg.norm(along)
        t = np.clip(((mesh.vertices - pivots[k]) @ along) / (2 * blend) + 0.5, 0, 1)
        passed.append(np.minimum(passed[-1], t * t * (3 - 2 * t)))
    share = np.stack([*passed, np.zeros(len(mesh.vertices))])
    share = (share[:-1] - share[1:]).T
    top = np.argsort(-share, axis=1, kind="stable")[:, :BOUND_JOINTS]
    weights = np.take_along_axis(share, top, 1)
    pad = BOUND_JOINTS - top.shape[1]
    joints = np.pad(np.asarray(chain)[top], [(0, 0), (0, max(pad, 0))])
    weights = np.pad(weights / weights.sum(1, keepdims=True), [(0, 0), (0, max(pad, 0))])
    return joints, weights
