"""Skinned meshes in a USD stage, read, skinned and validated by usd-core."""

import io
import math
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.data.asset import Asset4D
from tween4d.data.mesh import ClipMesh
from tween4d.data.nodes import NodeMotion
from tween4d.io.usd import SplatTrack, write_usd
from tween4d.stages.render import pose_clip
from tween4d.stages.rig import pose_mesh

FRAMES = 9
KINDS = (".usda", ".usdc", ".usdz")

pxr = pytest.importorskip("pxr", reason="usd-core is not installed; no stage was written")


@pytest.fixture(scope="module")
def asset() -> Asset4D:
    return moving_ellipsoid(count=60, nodes=5, frames=FRAMES, size=48)


@pytest.fixture(scope="module")
def meshes(asset: Asset4D) -> list[ClipMesh]:
    """Tetrahedra whose corners are Gaussians of each clip, with their skin; the seam lies between two frames."""
    made = []
    for clip, span in zip(asset.clips, ((0.0, 0.55), (0.55, 1.0)), strict=True):
        corners, skin = clip.gaussians.means[:4], clip.skin
        skin = replace(skin, indices=skin.indices[:4], weights=skin.weights[:4])
        triangles = torch.tensor([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
        normals = torch.nn.functional.normalize(corners - corners.mean(0), dim=-1)
        places = torch.tensor([[0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.9]])
        texture = torch.rand(8, 8, 3, generator=torch.Generator().manual_seed(1))
        made.append(ClipMesh(corners, normals, triangles, places, texture, skin, clip.motion, span))
    return made


@pytest.fixture(scope="module")
def files(asset: Asset4D, meshes: list[ClipMesh], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("stages")
    return {kind: write_usd(asset, [], FRAMES, folder / f"a{kind}", meshes) for kind in KINDS}


@pytest.fixture(scope="module")
def stages(files: dict[str, Path]) -> dict[str, Any]:
    from pxr import Usd

    return {kind: Usd.Stage.Open(str(path)) for kind, path in files.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_usd_skins_the_vertices_to_where_we_do(kind: str, stages: dict[str, Any], meshes: list[ClipMesh]) -> None:
    """Oracle: foreign tool, UsdSkel's own evaluation at every frame of the span, against our skinning."""
    from pxr import Usd, UsdSkel, Vt

    for index, mesh in enumerate(meshes):
        root = UsdSkel.Root(stages[kind].GetPrimAtPath(f"/tween4d/mesh_{index}/body"))
        cache = UsdSkel.Cache()
        assert cache.Populate(root, Usd.PrimDefaultPredicate)
        posing = cache.GetSkelQuery(UsdSkel.Skeleton(root.GetPrim().GetChild("skeleton")))
        skinning = cache.GetSkinningQuery(root.GetPrim().GetChild("surface"))
        low, high = (np.array(corner) for corner in root.GetExtentAttr().Get())
        frames = [k for k in range(FRAMES) if mesh.span[0] <= k / (FRAMES - 1) <= mesh.span[1]]
        assert len(frames) >= 4
        for frame in frames:
            points = Vt.Vec3fArray.FromNumpy(mesh.vertices.numpy())
            assert skinning.ComputeSkinnedPoints(posing.ComputeSkinningTransforms(frame), points, frame)
            wanted = pose_mesh(mesh, frame / (FRAMES - 1))[0].numpy()
            assert np.allclose(np.array(points), wanted, atol=1e-5)
            assert (low - 1e-5 <= wanted).all() and (wanted <= high + 1e-5).all()
        assert np.abs(np.array(points) - mesh.vertices.numpy()).max() > 0.02


def test_one_mesh_is_shown_at_a_time(stages: dict[str, Any]) -> None:
    """Oracle: foreign tool; the scale that USD computes, 0.55 of 8 frames after the beginning."""
    from pxr import UsdGeom

    def size(index: int, code: float) -> float:
        prim = UsdGeom.Xformable(stages[".usdc"].GetPrimAtPath(f"/tween4d/mesh_{index}"))
        return prim.ComputeLocalToWorldTransform(code).GetRow3(0).GetLength()

    for code in (0, 4, 4.39):
        assert (size(0, code), size(1, code)) == pytest.approx((1, 1e-4))
    for code in (4.4, 5, 8):
        assert (size(0, code), size(1, code)) == pytest.approx((1e-4, 1))


def test_the_surface_comes_back_with_its_texture_in_an_archive(
    stages: dict[str, Any], files: dict[str, Path], meshes: list[ClipMesh]
) -> None:
    """Oracle: foreign tools, usd-core, zipfile and Pillow; USD's texture coordinates begin at the lower left."""
    from pxr import UsdGeom, UsdShade

    surface = UsdGeom.Mesh(stages[".usdz"].GetPrimAtPath("/tween4d/mesh_1/body/surface"))
    assert np.array(surface.GetFaceVertexIndicesAttr().Get()).reshape(-1, 3).tolist() == meshes[1].triangles.tolist()
    st = np.array(UsdGeom.PrimvarsAPI(surface).GetPrimvar("st").Get())
    assert np.allclose(st, meshes[1].coordinates * torch.tensor([1.0, -1.0]) + torch.tensor([0.0, 1.0]))
    material = UsdShade.MaterialBindingAPI(surface).ComputeBoundMaterial()[0]
    shader = material.ComputeSurfaceSource()[0]
    image = UsdShade.Shader(shader.GetInput("emissiveColor").GetConnectedSource()[0].GetPrim())
    inside = image.GetInput("file").Get()
    assert inside.resolvedPath.endswith("[textures/mesh_1.png]")
    archive = zipfile.ZipFile(files[".usdz"])
    names = archive.namelist()
    assert names == ["a.usdc", "textures/mesh_0.png", "textures/mesh_1.png"]
    picture = np.asarray(Pillow.open(io.BytesIO(archive.read(names[2]))))
    assert np.allclose(picture / 255, meshes[1].texture, atol=0.51 / 255)


def test_without_an_archive_vertices_have_the_colours(stages: dict[str, Any], meshes: list[ClipMesh]) -> None:
    """Oracle: the texture's texels at the corners, as linear light by the formula of IEC 61966-2-1."""
    from pxr import UsdGeom

    surface = UsdGeom.Mesh(stages[".usda"].GetPrimAtPath("/tween4d/mesh_0/body/surface"))
    texels = [meshes[0].texture[row, column].tolist() for row, column in ((0, 0), (0, 7), (7, 0), (7, 7))]
    linear = [[v / 12.92 if v <= 0.04045 else math.pow((v + 0.055) / 1.055, 2.4) for v in texel] for texel in texels]
    assert np.allclose(np.array(surface.GetDisplayColorAttr().Get()), linear, atol=1e-5)


def test_validators_find_nothing(stages: dict[str, Any]) -> None:
    """Oracle: foreign tool, all validators that come with usd-core, those for archives and AR among them."""
    from pxr import UsdValidation

    registry = UsdValidation.ValidationRegistry()
    context = UsdValidation.ValidationContext(registry.GetOrLoadAllValidators())
    found = [error.GetMessage() for kind in KINDS for error in context.Validate(stages[kind])]
    assert not found, "\n".join(found)


def test_with_splats_a_stage_has_two_variants(asset: Asset4D, meshes: list[ClipMesh], tmp_path: Path) -> None:
    """Oracle: foreign tool; archives show the mesh, other stages the splats, and either can be switched."""
    from pxr import Usd

    track = SplatTrack("clip_0", (0, 1), tuple(pose_clip(asset.clips[0], t) for t in (0.0, 1 / 8)))
    for kind, first in ((".usdz", "mesh"), (".usdc", "splats")):
        stage = Usd.Stage.Open(str(write_usd(asset, [track], FRAMES, tmp_path / f"b{kind}", meshes)))
        choice = stage.GetDefaultPrim().GetVariantSet("shown")
        assert choice.GetVariantSelection() == first and set(choice.GetVariantNames()) == {"splats", "mesh"}
        for name in ("mesh", "splats"):
            stage.SetEditTarget(stage.GetSessionLayer())
            choice.SetVariantSelection(name)
            children = {prim.GetName() for prim in stage.GetDefaultPrim().GetChildren()}
            others = {"mesh_0", "mesh_1"} if name == "mesh" else {"clip_0"}
            assert children == others | {"input_camera"}


def test_an_archive_keeps_to_what_phones_know(asset: Asset4D, meshes: list[ClipMesh], tmp_path: Path) -> None:
    """Oracle: foreign tool for the composed stage, and the rules of usdchecker --arkit in releases that had it: types
    of prims and shaders, one binary layer that comes first and is stored, textures in PNG, +Y up; and 4 joints a
    vertex.
    """
    from pxr import Usd, UsdGeom, UsdShade

    track = SplatTrack("clip_0", (0,), (pose_clip(asset.clips[0], 0.0),))
    path = write_usd(asset, [track], FRAMES, tmp_path / "c.usdz", meshes)
    with zipfile.ZipFile(path) as archive:
        assert [name.rpartition(".")[2] for name in archive.namelist()] == ["usdc", "png", "png"]
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
    stage = Usd.Stage.Open(str(path))
    prims = list(stage.Traverse())
    known = {"Xform", "Camera", "SkelRoot", "Skeleton", "SkelAnimation", "Mesh", "Material", "Shader"}
    assert {prim.GetTypeName() for prim in prims} == known
    shaders = {UsdShade.Shader(prim).GetShaderId() for prim in prims if prim.IsA(UsdShade.Shader)}
    assert shaders == {"UsdPreviewSurface", "UsdUVTexture", "UsdPrimvarReader_float2"}
    assert UsdGeom.GetStageUpAxis(stage) == UsdGeom.Tokens.y and stage.GetDefaultPrim()
    for prim in prims:
        if prim.IsA(UsdGeom.Mesh):
            assert UsdGeom.PrimvarsAPI(prim).GetPrimvar("skel:jointIndices").GetElementSize() == 4


def test_a_still_asset_of_one_frame(asset: Asset4D, meshes: list[ClipMesh], tmp_path: Path) -> None:
    """Oracle: foreign tool; a stage of one frame has one sample, and is shown."""
    from pxr import Usd, UsdGeom

    first = meshes[0]
    motion = NodeMotion(first.motion.rest, first.motion.quats[:1], first.motion.translations[:1], torch.zeros(1))
    still = replace(first, motion=motion, span=(0.0, 1.0))
    path = write_usd(replace(asset, frame_count=1), [], 1, tmp_path / "s.usdc", [still])
    stage = Usd.Stage.Open(str(path))
    turns = stage.GetPrimAtPath("/tween4d/mesh_0/body/skeleton/animation").GetAttribute("rotations")
    assert turns.GetTimeSamples() == [0.0]
    assert UsdGeom.Xformable(stage.GetPrimAtPath("/tween4d/mesh_0")).ComputeLocalToWorldTransform(0).GetRow3(0)[0] == 1
