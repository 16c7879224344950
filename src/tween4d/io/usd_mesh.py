"""Skinned meshes in an OpenUSD stage (UsdSkel), as DCC programs and AR Quick Look play them; needs usd-core."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as Picture

from tween4d.data.mesh import ClipMesh
from tween4d.data.nodes import pose_at

HIDDEN = 1e-4
"""Size of a mesh that is not shown. Players of AR ignore visibility that changes, and a size of 0 has no inverse."""
STEP = 1e-3
"""Frames that the change of size takes."""


def add_mesh(stage: Any, path: str, mesh: ClipMesh, frames: int, pictures: Path | None) -> Path | None:
    """Define a mesh with its skeleton and animation below `path`.

    A rig of any size is one level deep. A joint has a time sample per frame within the span, and one to either side.
    The surface shines by itself, because the light of the photographs is in the colours already.

    Args:
        frames: of the whole stage, from time 0 to time 1.
        pictures: folder beside the layer that takes the texture; None writes a colour per vertex instead.
    Returns:
        The texture's file, if there is one.
    """
    from pxr import Gf, UsdGeom, UsdSkel

    top = UsdGeom.Xform.Define(stage, path)
    _show(top, mesh.span, frames)
    root = UsdSkel.Root.Define(stage, f"{path}/body")
    skeleton = _skeleton(stage, f"{path}/body/skeleton", mesh, frames)
    surface = UsdGeom.Mesh.Define(stage, f"{path}/body/surface")
    _surface(surface, mesh)
    binding = UsdSkel.BindingAPI.Apply(surface.GetPrim())
    binding.CreateSkeletonRel().SetTargets([skeleton.GetPath()])
    binding.CreateGeomBindTransformAttr(Gf.Matrix4d(1))
    width = mesh.skin.indices.shape[1]
    binding.CreateJointIndicesPrimvar(False, width).Set(_array("IntArray", mesh.skin.indices.flatten(), np.int32))
    binding.CreateJointWeightsPrimvar(False, width).Set(_array("FloatArray", mesh.skin.weights.flatten()))
    root.CreateExtentAttr(_array("Vec3fArray", _reach(root, skeleton, binding, mesh, frames)))
    if pictures is None:
        _color_vertices(surface, mesh)
        return None
    picture = pictures / f"{Path(path).name}.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    Picture.fromarray((mesh.texture.numpy() * 255).round().astype(np.uint8)).save(picture)
    _texture(stage, f"{path}/body/material", surface, f"{pictures.name}/{picture.name}")
    return picture


def _frames(span: tuple[float, float], frames: int) -> list[int]:
    last = max(frames - 1, 0)
    return list(range(int(np.floor(span[0] * last)), min(int(np.ceil(span[1] * last)), last) + 1))


def _show(top: Any, span: tuple[float, float], frames: int) -> None:
    from pxr import Gf, Usd

    last = max(frames - 1, 0)
    size = top.AddScaleOp()
    keys = {0.0: 1.0 if span[0] <= 0 else HIDDEN}
    for edge, before, after in ((span[0], HIDDEN, 1.0), (span[1], 1.0, HIDDEN)):
        if 0 < edge < 1:
            keys |= {edge * last - STEP: before, edge * last: after}
    for code, factor in sorted(keys.items()):
        size.Set(Gf.Vec3f(factor), Usd.TimeCode(code))


def _skeleton(stage: Any, path: str, mesh: ClipMesh, frames: int) -> Any:
    from pxr import Usd, UsdSkel, Vt

    motion = mesh.motion
    names = [f"node_{k}" for k in range(len(motion.rest))]
    # Matrices of USD take row vectors: the last row is the translation.
    rest = np.tile(np.eye(4), (len(names), 1, 1))
    rest[:, 3, :3] = motion.rest.numpy()
    skeleton = UsdSkel.Skeleton.Define(stage, path)
    skeleton.CreateJointsAttr(names)
    skeleton.CreateBindTransformsAttr(Vt.Matrix4dArray.FromNumpy(rest))
    skeleton.CreateRestTransformsAttr(Vt.Matrix4dArray.FromNumpy(rest))
    animation = UsdSkel.Animation.Define(stage, f"{path}/animation")
    animation.CreateJointsAttr(names)
    animation.CreateScalesAttr(_array("Vec3hArray", np.ones((len(names), 3)), np.float16))
    turns, places = animation.CreateRotationsAttr(), animation.CreateTranslationsAttr()
    for frame in _frames(mesh.span, frames):
        quats, shifts = pose_at(motion, frame / max(frames - 1, 1))
        unit = torch.nn.functional.normalize(quats.double(), dim=-1)
        # A quaternion lies in memory as xyzw.
        turns.Set(_array("QuatfArray", unit[:, [1, 2, 3, 0]]), Usd.TimeCode(frame))
        places.Set(_array("Vec3fArray", motion.rest + shifts), Usd.TimeCode(frame))
    UsdSkel.BindingAPI.Apply(skeleton.GetPrim()).CreateAnimationSourceRel().SetTargets([animation.GetPath()])
    return skeleton


def _surface(surface: Any, mesh: ClipMesh) -> None:
    from pxr import Sdf, UsdGeom

    surface.CreatePointsAttr(_array("Vec3fArray", mesh.vertices))
    surface.CreateFaceVertexCountsAttr(_array("IntArray", np.full(len(mesh.triangles), 3), np.int32))
    surface.CreateFaceVertexIndicesAttr(_array("IntArray", mesh.triangles.flatten(), np.int32))
    surface.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    surface.CreateExtentAttr(_array("Vec3fArray", torch.stack([mesh.vertices.amin(0), mesh.vertices.amax(0)])))
    surface.CreateNormalsAttr(_array("Vec3fArray", mesh.normals))
    surface.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    # The origin of a texture is at the lower left here.
    flipped = torch.stack([mesh.coordinates[:, 0], 1 - mesh.coordinates[:, 1]], -1)
    primvars = UsdGeom.PrimvarsAPI(surface)
    coordinates = primvars.CreatePrimvar("st", Sdf.ValueTypeNames.TexCoord2fArray, UsdGeom.Tokens.vertex)
    coordinates.Set(_array("Vec2fArray", flipped))


def _reach(root: Any, skeleton: Any, binding: Any, mesh: ClipMesh, frames: int) -> np.ndarray:
    """Lower and upper corner of all that the mesh covers over its span, as USD itself skins it."""
    from pxr import Usd, UsdSkel

    cache = UsdSkel.Cache()
    cache.Populate(root, Usd.PrimDefaultPredicate)
    posing, skinning = cache.GetSkelQuery(skeleton), cache.GetSkinningQuery(binding.GetPrim())
    corners = []
    for frame in _frames(mesh.span, frames):
        points = _array("Vec3fArray", mesh.vertices)
        skinning.ComputeSkinnedPoints(posing.ComputeSkinningTransforms(frame), points, frame)
        places = np.array(points)
        corners += [places.min(0), places.max(0)]
    return np.stack([np.min(corners, 0), np.max(corners, 0)])


def _color_vertices(surface: Any, mesh: ClipMesh) -> None:
    from pxr import UsdGeom

    size = len(mesh.texture)
    column, row = (mesh.coordinates * size).long().clamp(0, size - 1).unbind(-1)
    # Colours of primvars are linear light; those of the texture are sRGB.
    linear = mesh.texture[row, column].double()
    linear = torch.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    colors = surface.CreateDisplayColorPrimvar(UsdGeom.Tokens.vertex)
    colors.Set(_array("Vec3fArray", linear))


def _texture(stage: Any, path: str, surface: Any, picture: str) -> None:
    from pxr import Gf, Sdf, UsdShade

    kinds = Sdf.ValueTypeNames
    material = UsdShade.Material.Define(stage, path)
    place = UsdShade.Shader.Define(stage, f"{path}/place")
    place.CreateIdAttr("UsdPrimvarReader_float2")
    place.CreateInput("varname", kinds.String).Set("st")
    image = UsdShade.Shader.Define(stage, f"{path}/texture")
    image.CreateIdAttr("UsdUVTexture")
    image.CreateInput("file", kinds.Asset).Set(Sdf.AssetPath(picture))
    image.CreateInput("sourceColorSpace", kinds.Token).Set("sRGB")
    for side in ("wrapS", "wrapT"):
        image.CreateInput(side, kinds.Token).Set("clamp")
    image.CreateInput("st", kinds.Float2).ConnectToSource(place.CreateOutput("result", kinds.Float2))
    shader = UsdShade.Shader.Define(stage, f"{path}/shader")
    shader.CreateIdAttr("UsdPreviewSurface")
    shader.CreateInput("diffuseColor", kinds.Color3f).Set(Gf.Vec3f(0))
    shader.CreateInput("emissiveColor", kinds.Color3f).ConnectToSource(image.CreateOutput("rgb", kinds.Float3))
    shader.CreateInput("useSpecularWorkflow", kinds.Int).Set(1)
    shader.CreateInput("specularColor", kinds.Color3f).Set(Gf.Vec3f(0))
    shader.CreateInput("roughness", kinds.Float).Set(1.0)
    material.CreateSurfaceOutput().ConnectToSource(shader.CreateOutput("surface", kinds.Token))
    UsdShade.MaterialBindingAPI.Apply(surface.GetPrim()).Bind(material)


def _array(kind: str, values: Any, dtype: Any = np.float32) -> Any:
    from pxr import Vt

    return getattr(Vt, kind).FromNumpy(np.ascontiguousarray(np.asarray(values), dtype))
