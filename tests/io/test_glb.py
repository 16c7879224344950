"""Skinned meshes as binary glTF."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh

from tween4d.data.asset import Asset4D, Clip
from tween4d.data.gaussians import Gaussians, sh_from_colors
from tween4d.data.mesh import ClipMesh
from tween4d.data.nodes import NodeMotion, Skin
from tween4d.io.glb import write_glb
from tween4d.stages.rig import pose_keys

CORNERS = torch.tensor([[0.0, 0, 0], [0.3, 0, 0], [0, 0.3, 0], [0, 0, 0.3]])
TRIANGLES = torch.tensor([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])


def tetrahedron(span: tuple[float, float]) -> ClipMesh:
    quarter = torch.tensor([0.5**0.5, 0.0, 0.0, 0.5**0.5])
    still = torch.tensor([1.0, 0.0, 0.0, 0.0])
    motion = NodeMotion(
        torch.tensor([[0.1, 0.0, 0.0]]),
        torch.stack([still, quarter])[:, None],
        torch.zeros(2, 1, 3),
        torch.tensor(span),
    )
    skin = Skin(torch.zeros(4, 4, dtype=torch.int64), torch.tensor([1.0, 0, 0, 0]).repeat(4, 1))
    normals = torch.nn.functional.normalize(CORNERS - CORNERS.mean(0), dim=-1)
    return ClipMesh(CORNERS, normals, TRIANGLES, CORNERS[:, :2] * 3, torch.rand(8, 8, 3), skin, motion, span)


def two_tetrahedra(target: Path, meshes: list[ClipMesh] | None = None, morph: bool = False) -> Path:
    """A file of two fragments, one after the other."""
    meshes = meshes or [tetrahedron((0.0, 0.5)), tetrahedron((0.5, 1.0))]
    unit = torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    gaussians = Gaussians(torch.zeros(1, 3), unit, torch.zeros(1, 3), torch.zeros(1), sh_from_colors(torch.ones(1, 3)))
    clips = tuple(Clip(gaussians, Skin(m.skin.indices[:1], m.skin.weights[:1]), m.motion, m.span[0]) for m in meshes)
    asset = Asset4D(clips, frame_count=17, fps=16.0, image_width=64, image_height=64)
    return write_glb(asset, meshes, target, [pose_keys(mesh) for mesh in meshes] if morph else None)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_tetrahedra(tmp_path_factory.mktemp("glb") / "two.glb")


def parts(path: Path) -> tuple[dict, bytes]:
    content = path.read_bytes()
    length = struct.unpack("<I", content[12:16])[0]
    return json.loads(content[20 : 20 + length]), content[28 + length :]


def accessor(path: Path, index: int) -> np.ndarray:
    document, content = parts(path)
    entry = document["accessors"][index]
    columns = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[entry["type"]]
    start = document["bufferViews"][entry["bufferView"]]["byteOffset"]
    return np.frombuffer(content, "<f4", entry["count"] * columns, start).reshape(-1, columns)


def test_another_reader_finds_both_meshes_and_the_texture(file: Path) -> None:
    """Oracle: trimesh, and the vertices that were written."""
    scene = trimesh.load(file)
    assert len(scene.geometry) == 2
    for mesh in scene.geometry.values():
        np.testing.assert_allclose(mesh.vertices, CORNERS, atol=1e-6)
        assert mesh.visual.material.baseColorTexture.size == (8, 8)
        assert mesh.is_watertight


def test_there_is_an_animation_of_the_whole_and_one_of_each_fragment(file: Path) -> None:
    """Oracle: glTF 2.0: quaternions are xyzw; a quarter turn about z at the end of the first span, half a second."""
    document, _ = parts(file)
    assert [a["name"] for a in document["animations"]] == ["whole", "fragment 1", "fragment 2"]
    whole = document["animations"][0]
    turn = next(c for c in whole["channels"] if c["target"]["path"] == "rotation")
    sampler = whole["samplers"][turn["sampler"]]
    np.testing.assert_allclose(accessor(file, sampler["input"])[:, 0], [0.0, 0.5], atol=1e-6)
    np.testing.assert_allclose(accessor(file, sampler["output"])[1], [0, 0, 0.5**0.5, 0.5**0.5], atol=1e-6)


def test_one_mesh_is_shown_at_a_time(file: Path) -> None:
    """Oracle: the spans; scale steps from 1 to 0 where the other steps from 0 to 1."""
    document, _ = parts(file)
    whole = document["animations"][0]
    shown = [c for c in whole["channels"] if c["target"]["path"] == "scale"]
    samplers = [whole["samplers"][c["sampler"]] for c in shown]
    assert [s["interpolation"] for s in samplers] == ["STEP", "STEP"]
    assert [accessor(file, s["output"])[:, 0].tolist() for s in samplers] == [[1.0, 0.0], [0.0, 1.0]]
    assert [accessor(file, s["input"])[:, 0].tolist() for s in samplers] == [[0.0, 0.5], [0.0, 0.5]]


def test_a_fragment_starts_and_ends_with_its_span_though_no_key_of_its_motion_lies_there(tmp_path: Path) -> None:
    """Oracle: a quarter turn about z from 0 to 1, shown from 1/4 to 3/4; the straight line between its quaternions."""
    late = replace(tetrahedron((0.0, 1.0)), span=(0.25, 0.75))
    path = two_tetrahedra(tmp_path / "late.glb", [tetrahedron((0.0, 0.25)), late])
    document, _ = parts(path)
    part = document["animations"][2]
    turn = next(c for c in part["channels"] if c["target"]["path"] == "rotation")
    sampler = part["samplers"][turn["sampler"]]
    np.testing.assert_allclose(accessor(path, sampler["input"])[:, 0], [0.0, 0.5], atol=1e-6)
    line = np.array([[0.25 * 0.5**0.5, 0.75 + 0.25 * 0.5**0.5], [0.75 * 0.5**0.5, 0.25 + 0.75 * 0.5**0.5]])
    expected = line / np.linalg.norm(line, axis=-1, keepdims=True)
    np.testing.assert_allclose(accessor(path, sampler["output"])[:, 2:], expected, atol=1e-5)


def test_morph_targets_are_the_poses_one_after_another(tmp_path: Path) -> None:
    """Oracle: the corners turned by hand, a quarter about z through (0.1, 0, 0), and glTF 2.0: weights lie target by
    target within a key, and the first pose is the mesh itself."""
    path = two_tetrahedra(tmp_path / "morph.glb", morph=True)
    document, _ = parts(path)
    mesh = document["meshes"][0]
    (primitive,) = mesh["primitives"]
    assert "skin" not in document["nodes"][document["animations"][0]["channels"][0]["target"]["node"]]
    base = accessor(path, primitive["attributes"]["POSITION"])
    x, y, z = CORNERS.unbind(-1)
    turned = torch.stack([0.1 - y, x - 0.1, z], -1)
    np.testing.assert_allclose(base, CORNERS, atol=1e-6)
    # Between two poses corners go straight, so a pose halfway is not needed: there is no time for one.
    (target,) = primitive["targets"]
    np.testing.assert_allclose(base + accessor(path, target["POSITION"]), turned, atol=1e-6)
    whole = document["animations"][0]
    channel = next(c for c in whole["channels"] if c["target"]["path"] == "weights")
    sampler = whole["samplers"][channel["sampler"]]
    np.testing.assert_allclose(accessor(path, sampler["input"])[:, 0], [0.0, 0.5], atol=1e-6)
    assert accessor(path, sampler["output"])[:, 0].tolist() == [0.0, 1.0] and mesh["weights"] == [0.0]
