"""An asset's clips as meshes, as an export asks for them."""

import re
from dataclasses import replace
from importlib.util import find_spec
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from tween4d.data.asset import Asset4D, Clip
from tween4d.data.cameras import orbit_camera
from tween4d.data.gaussians import Gaussians
from tween4d.data.mesh import ClipMesh, MeshPoses
from tween4d.errors import BackendError, InputError
from tween4d.stages.render import blur_of, pose_clip, render_gaussians, with_fitted_blur

MAX_FACES = 200_000
MAX_JOINTS = 1024
AROUND = ((0.0, 0.0), (90.0, 0.0), (45.0, 40.0), (-45.0, -30.0))
OUTLINE_SIDE, HALVINGS = 128, 5
"""Where outlines are looked at from, in pictures of how many pixels, and how often a range of opacities is halved."""
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
    spans = shown_spans(asset)
    meshes = [
        mesh_clip(with_fitted_blur(asset, clip.gaussians), clip.skin, clip.motion, span, config)
        for clip, span in zip(asset.clips, spans, strict=True)
    ]
    joints = parse_rig(rig)
    return [reduce_rig(mesh, RigConfig(joints)) for mesh in meshes] if isinstance(joints, int) else meshes


def shown_spans(asset: Asset4D) -> list[tuple[float, float]]:
    """When each clip is seen well enough for a mesh, which cannot be translucent.

    Gaussians lie several deep, so a clip that fades still covers what is behind it at a tenth of its opacity. So in the
    middle of a fade the meshes of both clips are shown, as both are seen; where a clip alone covers pixels, its mesh is
    shown while half of them are covered.
    """
    starts, ends = ([clip.fade_in[0] for clip in asset.clips], [clip.fade_out[1] for clip in asset.clips])
    for index, (before, after) in enumerate(pairwise(asset.clips)):
        (falls, gone), (rises, full) = before.fade_out, after.fade_in
        middle = (max(falls, rises) + min(gone, full)) / 2
        end = gone - _least_presence(asset, before, after, middle) * (gone - falls)
        start = rises + _least_presence(asset, after, before, middle) * (full - rises)
        # There is no moment without a mesh.
        ends[index], starts[index + 1] = max(end, (start + end) / 2), min(start, (start + end) / 2)
    return list(zip(starts, ends, strict=True))


def _least_presence(asset: Asset4D, clip: Clip, other: Clip, time: float) -> float:
    """The factor on a clip's opacities at which it covers half of the pixels that it can cover and another cannot."""
    cameras = [orbit_camera(*place, OUTLINE_SIDE, OUTLINE_SIDE, asset.fov_degrees) for place in AROUND]
    whole, beside = (pose_clip(replace(c, fade_in=(0.0, 0.0), fade_out=(1.0, 1.0)), time) for c in (clip, other))

    def covered(gaussians: Gaussians) -> Tensor:
        pictures = [render_gaussians(gaussians, camera, blur_of(asset, camera)).alpha for camera in cameras]
        return torch.stack([alpha for alpha in pictures if alpha is not None]) > 0.5

    alone = covered(whole) & ~covered(beside)
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        opacities = (whole.opacities * middle).clamp(1e-6, 1 - 1e-6)
        seen = covered(replace(whole, opacity_logits=torch.logit(opacities))) & alone
        low, high = (low, middle) if 2 * int(seen.sum()) >= int(alone.sum()) else (middle, high)
    return high


def mesh_poses(meshes: list[ClipMesh], rig: str) -> list[MeshPoses] | None:
    """The poses of every mesh where it hangs on nothing, else None."""
    from tween4d.stages.rig import pose_keys

    return [pose_keys(mesh) for mesh in meshes] if parse_rig(rig) == "morph" else None
