"""A scene: textured parts bound to a skeleton, lit, and placed in the world."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from tween4d.synthetic import kernels
from tween4d.synthetic.meshes import Mesh
from tween4d.synthetic.skeleton import Skeleton, joint_transforms
from tween4d.synthetic.textures import PackedTextures, Texture, pack_textures

RADIUS = 0.5
MARGIN = 0.99
FIT_TIMES = 33
EVERYWHERE = 1e9
"""The wrap at which a lamp without direction gives all its light to every normal."""


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
class Lamp:
    """Distant, world-fixed light without shadows or highlights, so that all cameras agree on it."""

    color: tuple[float, float, float]
    """What it gives a surface that faces it."""
    direction: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Towards the lamp, need not be unit; 0 is light from everywhere."""
    wrap: float = 0.0
    """How far the light reaches round the object: 0 is Lambert's law, 1 a sky."""


STUDIO = (
    Lamp((0.26, 0.27, 0.31), wrap=1.0),
    Lamp((0.26, 0.28, 0.33), (0.0, 1.0, 0.15), wrap=1.0),
    Lamp((0.68, 0.63, 0.54), (0.55, 0.62, 0.56), wrap=0.15),
    Lamp((0.13, 0.17, 0.24), (-0.9, 0.15, 0.4), wrap=0.3),
    Lamp((0.30, 0.28, 0.26), (-0.35, 0.45, -0.82)),
)
"""A little light from everywhere, a sky, a warm key from the upper right, a cool fill, and a lamp behind."""


@dataclass(frozen=True)
class Scene:
    """An articulated object in motion from time 0 to time 1."""

    name: str
    parts: tuple[Part, ...]
    skeleton: Skeleton
    lamps: tuple[Lamp, ...] = STUDIO
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
    lamps: Float[np.ndarray, "k 7"]
    """Rows (unit direction or 0, wrap, colour)."""


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
    directions = np.array([lamp.direction for lamp in scene.lamps], float)
    directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
    lamps = [
        [*direction, lamp.wrap if any(direction) else EVERYWHERE, *lamp.color]
        for direction, lamp in zip(directions, scene.lamps, strict=True)
    ]
    return Surface(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate([mesh.coordinates for mesh in meshes]),
        np.concatenate([mesh.triangles + o for mesh, o in zip(meshes, offsets[:-1], strict=True)]).astype(np.int32),
        np.repeat(np.arange(len(meshes)), [len(mesh.triangles) for mesh in meshes]),
        np.concatenate([part.joints for part in scene.parts]),
        np.concatenate([part.weights for part in scene.parts]),
        pack_textures([part.texture for part in scene.parts]),
        np.array(lamps),
    )


def pose_surface(scene: Scene, surface: Surface, time: float) -> PosedSurface:
    """The scene's surface in the world at a time in [0, 1]: linear blend skinning, exact for rigid parts."""
    transforms = joint_transforms(scene.skeleton, np.array([time]))[0]
    transforms[:, :3] *= scene.scale
    transforms[:, :3, 3] -= scene.scale * np.asarray(scene.centre)
    return PosedSurface(*kernels.skin(surface.vertices, surface.normals, surface.joints, surface.weights, transforms))


def fit_to_world(scene: Scene) -> Scene:
    """The scene centred and scaled so that it stays within the sphere of radius 0.5 about the origin at all times.

    Centre: the middle of the box about the whole motion, as in the benchmark. The motion is sampled at 33 times; the
    margin of one percent is for what happens between them.
    """
    free = replace(scene, centre=(0.0, 0.0, 0.0), scale=1.0)
    surface = gather_surface(free)
    poses = [pose_surface(free, surface, t).vertices for t in np.linspace(0, 1, FIT_TIMES)]
    box = np.array([[np.inf] * 3, [-np.inf] * 3])
    for pose in poses:
        kernels.enclose(pose, box)
    centre = box.mean(0)
    reach = max(kernels.reach(pose, centre) for pose in poses)
    return replace(scene, centre=tuple(float(c) for c in centre), scale=float(MARGIN * RADIUS / reach))
