"""A textured surface that hangs on the nodes of a clip."""

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from tween4d.data.nodes import NodeMotion, Skin


@dataclass(frozen=True)
class ClipMesh:
    """The surface of one clip at rest, its texture and its skin. Vertices are doubled along seams of the texture."""

    vertices: Float[Tensor, "n 3"]
    """Places at rest, world units."""
    normals: Float[Tensor, "n 3"]
    """Unit, outwards; equal on both sides of a seam of the texture."""
    triangles: Int[Tensor, "f 3"]
    """Counter-clockwise seen from outside."""
    coordinates: Float[Tensor, "n 2"]
    """Places in the texture, [0, 1], (0, 0) at the upper left corner."""
    texture: Float[Tensor, "s s 3"]
    """sRGB in [0, 1], the first row at the top."""
    skin: Skin
    """Nodes that a vertex follows."""
    motion: NodeMotion
    span: tuple[float, float]
    """When the mesh is shown: from the first time until before the second; spans of an asset cover [0, 1], and overlap
    where its clips fade into one another."""


@dataclass(frozen=True)
class MeshPoses:
    """A mesh in motion without a skin: its vertices at a few times, between which they go straight."""

    times: Float[Tensor, "k"]
    """Increasing, of the whole asset; from the beginning of the mesh's span to its end."""
    vertices: Float[Tensor, "k n 3"]
    """World units."""
    normals: Float[Tensor, "k n 3"]
    """Unit, outwards."""
