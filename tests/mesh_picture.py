"""A plain picture of a mesh: what other programs have to show, too."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.data.cameras import Camera
from tween4d.data.mesh import ClipMesh
from tween4d.stages.rig import pose_mesh
from tween4d.synthetic import kernels

SAMPLES = 3
"""Per pixel and side."""


def draw_meshes(meshes: list[ClipMesh], camera: Camera, time: float) -> tuple[Float[Tensor, "h w 3"], Tensor]:
    """The meshes that are shown at a time, on white, and their coverage [h, w]; unlit, textures read bilinearly."""
    pose, lens = camera.world_to_camera.double().numpy(), camera.intrinsics.double().numpy() * SAMPLES
    size = camera.width * SAMPLES, camera.height * SAMPLES
    colors, nearest = torch.ones(size[1], size[0], 3), np.full((size[1], size[0]), np.inf)
    for mesh in (m for m in meshes if m.span[0] <= time < m.span[1] or time == m.span[1] == 1):
        triangles = mesh.triangles.numpy().astype(np.int32)
        points = pose_mesh(mesh, time)[0].double().numpy() @ pose[:3, :3].T + pose[:3, 3]
        view = points, triangles, lens[[0, 1], [0, 1]], lens[[0, 1], [2, 2]], *size, False
        faces, depths, planes = kernels.cover(*view)
        corners = mesh.coordinates.numpy()[triangles[faces]]
        places = np.einsum("hwk,hwkc->hwc", kernels.barycentric(faces, planes), corners)
        own = torch.nn.functional.grid_sample(
            mesh.texture.permute(2, 0, 1)[None],
            torch.from_numpy(places * 2 - 1)[None].float(),
            align_corners=False,
            padding_mode="border",
        )[0].permute(1, 2, 0)
        colors = torch.where(torch.from_numpy(depths < nearest)[..., None], own, colors)
        nearest = np.minimum(nearest, depths)
    seen = torch.from_numpy(np.isfinite(nearest))
    blocks = (camera.height, SAMPLES, camera.width, SAMPLES)
    return colors.reshape(*blocks, 3).mean((1, 3)), seen.float().reshape(blocks).mean((1, 3))
