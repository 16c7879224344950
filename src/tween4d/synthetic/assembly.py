"""Building a scene: joints and parts are added one by one."""

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from tween4d.synthetic.binding import bind_chain, bind_rigid
from tween4d.synthetic.meshes import Mesh
from tween4d.synthetic.scene import Part, Scene, fit_to_world
from tween4d.synthetic.skeleton import Joint, Skeleton
from tween4d.synthetic.textures import Texture

Vector = tuple[float, float, float]
ORIGIN: Vector = (0.0, 0.0, 0.0)


def turn_about(axis: Vector, degrees: float) -> Vector:
    """The turn about any axis, in the form joints take: degrees about x, then y, then z."""
    unit = np.asarray(axis, float) / np.linalg.norm(axis)
    return tuple(float(d) for d in Rotation.from_rotvec(degrees * unit, degrees=True).as_euler("xyz", degrees=True))


class Assembly:
    """A scene in the making. Everything is given in the object's frame at rest: +Y up, facing +Z, left is +X."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.joints: list[Joint] = []
        self.parts: list[Part] = []

    def joint(
        self,
        name: str,
        position: Vector,
        parent: int = -1,
        start: Vector = ORIGIN,
        end: Vector = ORIGIN,
        *,
        slide: tuple[Vector, Vector] = (ORIGIN, ORIGIN),
        window: tuple[float, float] = (0.0, 1.0),
    ) -> int:
        """Add a joint (see `Joint`) and return its index."""
        self.joints.append(Joint(name, position, parent, start, end, slide, window))
        return len(self.joints) - 1

    def part(
        self, name: str, mesh: Mesh, texture: Texture, joint: int, at: Vector = ORIGIN, turn: Vector = ORIGIN
    ) -> None:
        """Add a rigid part: the mesh turned (degrees about x, then y, then z), then moved."""
        placed = self._place(mesh, at, turn)
        self.parts.append(Part(name, placed, texture, *bind_rigid(placed, joint)))

    def skin(
        self,
        name: str,
        mesh: Mesh,
        texture: Texture,
        chain: Sequence[int],
        blend: float,
        at: Vector = ORIGIN,
        turn: Vector = ORIGIN,
    ) -> None:
        """Add a part that bends along a chain of joints, smoothly within `blend` of each pivot."""
        placed = self._place(mesh, at, turn)
        skeleton = Skeleton(tuple(self.joints))
        self.parts.append(Part(name, placed, texture, *bind_chain(placed, skeleton, chain, blend)))

    def scene(self) -> Scene:
        """The finished scene, fitted to the world."""
        return fit_to_world(Scene(self.name, tuple(self.parts), Skeleton(tuple(self.joints))))

    @staticmethod
    def _place(mesh: Mesh, at: Vector, turn: Vector) -> Mesh:
        return mesh.placed(Rotation.from_euler("xyz", turn, degrees=True).as_matrix(), np.asarray(at, float))
