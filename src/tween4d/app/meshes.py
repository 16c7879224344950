"""An asset's clips as meshes, as an export asks for them."""

import re
from importlib.util import find_spec
from typing import Literal

from tween4d.data.asset import Asset4D, Clip
from tween4d.data.mesh import ClipMesh, MeshPoses
from tween4d.errors import BackendError, InputError
from tween4d.stages.render import with_fitted_blur

MAX_FACES = 200_000
MAX_JOINTS = 1024
FAINTEST = 0.17
VIEWS = 96, 512
"""Smallest and largest side of the pictures that shape and colours are read from."""
ENLARGED = 1.5
"""Those pictures by the inputs: edges and colours between their pixels, which a texture can keep."""


def parse_rig(word: str) -> int | Literal["nodes", "morph"]:
    """What a mesh hangs on: all nodes, at most so many joints (`reduce:N`), or nothing (`morph`).

    Raises:
        InputError: for any other word.
    """
    if word in ("nodes", "morph"):
        return word
    found = re.fullmatch(r"reduce:(\d+)", word)
    if found is None:
        raise InputError("there is no such rig", repr(word), "use nodes, reduce:N or morph")
    if not 1 <= int(found[1]) <= MAX_JOINTS:
        raise InputError(f"a reduced rig must have between 1 and {MAX_JOINTS} joints", found[1])
    return int(found[1])


def check_mesh(faces: int) -> None:
    """Refuse a mesh that cannot be made, before any work is done.

    Raises:
        InputError: the number of faces is out of range.
        BackendError: a library is missing.
    """
    if not 100 <= faces <= MAX_FACES:
        raise InputError(f"the number of faces must be between 100 and {MAX_FACES}", str(faces))
    if find_spec("xatlas") is None:
        raise BackendError("a mesh needs the library xatlas", remedy="run pip install 'tween4d[mesh]'")


def asset_meshes(asset: Asset4D, faces: int, texture: int | None, rig: str) -> list[ClipMesh]:
    """One mesh per clip, shown as long as its clip.

    Args:
        faces: triangles per clip, about.
        texture: side in pixels; None takes what the pictures have to give.
        rig: see `parse_rig`; for `morph` the mesh keeps its nodes.
    """
    from tween4d.stages.mesh import MeshConfig, mesh_clip
    from tween4d.stages.rig import RigConfig, reduce_rig

    view = round(min(max(ENLARGED * max(asset.image_width, asset.image_height), VIEWS[0]), VIEWS[1]))
    config = MeshConfig(faces=faces, view_size=view, texture_size=texture)
    spans = [shown_span(clip) for clip in asset.clips]
    meshes = [
        mesh_clip(with_fitted_blur(asset, clip.gaussians), clip.skin, clip.motion, span, config)
        for clip, span in zip(asset.clips, spans, strict=True)
    ]
    joints = parse_rig(rig)
    return [reduce_rig(mesh, RigConfig(joints)) for mesh in meshes] if isinstance(joints, int) else meshes


def shown_span(clip: Clip) -> tuple[float, float]:
    """When a clip is seen well enough for a mesh, which cannot be translucent: its presence is at least `FAINTEST`.

    So in the middle of a fade the meshes of both clips are shown, as both are seen of the Gaussians, which lie several
    deep and cover what is behind them even at half their opacity.
    """
    (rises, full), (falls, gone) = clip.fade_in, clip.fade_out
    return rises + FAINTEST * (full - rises), gone - FAINTEST * (gone - falls)


def mesh_poses(meshes: list[ClipMesh], rig: str) -> list[MeshPoses] | None:
    """The poses of every mesh where it hangs on nothing, else None."""
    from tween4d.stages.rig import pose_keys

    return [pose_keys(mesh) for mesh in meshes] if parse_rig(rig) == "morph" else None
