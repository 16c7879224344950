"""Models: read from GLB, posed, varied, listed. Oracles: poses and colours worked out by hand, invariants."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from training.data import gltf, models
from training.data.families import HELD_OUT, is_held_out
from training.data.rigged import compose, load_model
from training.data.variation import Warp, model_subject
from tween4d.synthetic import kernels

BENCHMARK = ("fox", "horse", "koi", "mage", "george", "chest")
OTHER_FOX = "animals_pack_fox"
"""By another author than the fox of the benchmark."""


def write_glb(path: Path, document: dict, arrays: list[np.ndarray]) -> Path:
    """A GLB file whose accessor k holds array k."""
    kinds = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
    codes = {np.dtype(np.float32): 5126, np.dtype(np.uint16): 5123}
    binary, views, accessors = b"", [], []
    for array in arrays:
        array = array.reshape(len(array), -1)
        views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": array.nbytes})
        accessor = {"bufferView": len(views) - 1, "count": len(array)}
        accessor |= {"componentType": codes[array.dtype], "type": kinds[array.shape[1]]}
        if array.shape[1] == 1:
            accessor |= {"min": [float(array.min())], "max": [float(array.max())]}
        accessors.append(accessor)
        binary += array.tobytes()
        binary += bytes(-len(binary) % 4)
    document |= {"asset": {"version": "2.0"}, "buffers": [{"byteLength": len(binary)}]}
    text = json.dumps(document | {"bufferViews": views, "accessors": accessors}).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    path.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks)
    return path


def box(low: tuple, high: tuple) -> tuple[np.ndarray, np.ndarray]:
    """A closed box, wound outwards."""
    corners = np.array([[(low, high)[i >> k & 1][k] for k in range(3)] for i in range(8)], np.float32)
    quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    return corners, np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))], np.uint16)


@pytest.fixture
def arm(tmp_path) -> Path:
    """A lower box held by joint 0 at the origin and an upper one by joint 1 at y = 1, which a clip turns by 90 degrees.

    Boxes reach from y = 0 to 1 and from 1 to 2, x and z from -0.25 to 0.25; the skeleton hangs under a scaled node.
    """
    lower, faces = box((-0.25, 0, -0.25), (0.25, 1, 0.25))
    upper, _ = box((-0.25, 1, -0.25), (0.25, 2, 0.25))
    joints = np.zeros((8, 4), np.uint16)
    weights = np.tile(np.array([1, 0, 0, 0], np.float32), (8, 1))
    inverse = np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))
    inverse[1, 3, 1] = -1.0
    half = np.sqrt(0.5).astype(np.float32)
    turned = np.array([[0, 0, 0, 1], [0, 0, half, half]], np.float32)
    arrays = [lower, upper, faces.reshape(-1), joints, joints + np.uint16(1), weights, inverse]
    arrays += [np.array([0.0, 1.0], np.float32), turned]
    primitives = [
        {"attributes": {"POSITION": k, "JOINTS_0": 3 + k, "WEIGHTS_0": 5}, "indices": 2, "material": k} for k in (0, 1)
    ]
    document = {
        "scenes": [{"nodes": [0, 2]}],
        "nodes": [
            {"name": "rig", "scale": [3, 3, 3], "translation": [5, 0, 0], "children": [1]},
            {"name": "shoulder", "children": [3]},
            {"name": "skinned", "mesh": 0, "skin": 0, "translation": [100, 0, 0]},
            {"name": "elbow", "translation": [0, 1, 0]},
        ],
        "meshes": [{"primitives": primitives}],
        "skins": [{"joints": [1, 3], "inverseBindMatrices": 6}],
        "materials": [
            {"pbrMetallicRoughness": {"baseColorFactor": [0.2140411, 0, 0, 1]}},
            {"pbrMetallicRoughness": {"baseColorFactor": [0, 1, 0, 1]}},
        ],
        "animations": [
            {
                "name": "bend",
                "channels": [{"sampler": 0, "target": {"node": 3, "path": "rotation"}}],
                "samplers": [{"input": 7, "output": 8}],
            }
        ],
    }
    return write_glb(tmp_path / "test_arm_1.glb", document, arrays)


def test_a_skinned_model_at_rest_and_at_the_end_of_its_clip(arm):
    """Oracle: the pose worked out by hand, in the frame whose longest side is 1."""
    model = load_model(arm, "test_arm_1", "test_arm")
    upper = model.joints[:, 0] == 1
    assert np.allclose(model.vertices.min(0), [-0.125, -0.5, -0.125])
    assert np.allclose(model.vertices.max(0), [0.125, 0.5, 0.125])
    assert np.allclose(model.pivots, [[0, -0.5, 0], [0, 0, 0]], atol=1e-6)
    transforms = compose(model.clips[0].moves[-1], model.parents)
    posed, normals = kernels.skin(model.vertices, model.normals, model.joints, model.weights, transforms)
    x, y, z = model.vertices[upper].T
    assert np.allclose(posed[upper], np.stack([-y, x, z], -1), atol=1e-6)
    assert np.allclose(posed[~upper], model.vertices[~upper], atol=1e-6)
    corners, facing = posed[model.triangles], normals[model.triangles].mean(1)
    assert (np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) * facing).sum(1).min() > 0


def test_colours_are_the_materials_in_srgb(arm):
    """Oracle: the sRGB curve at linear 0.2140411 is 0.5."""
    model = load_model(arm, "test_arm_1", "test_arm")
    lower = model.joints[model.triangles[:, 0], 0] == 0
    assert np.allclose(model.colors[model.parts[lower]], [0.5, 0, 0], atol=1e-5)
    assert np.allclose(model.colors[model.parts[~lower]], [0, 1, 0], atol=1e-5)


def test_subjects_stay_whole_and_differ(arm):
    """Oracle: invariants. Each bone stays rigid between the states, the joint stays in place, normals stay unit."""
    model = load_model(arm, "test_arm_1", "test_arm")
    generator = np.random.default_rng(3)
    for _ in range(20):
        subject = model_subject(model, generator)
        start, end = subject.start.vertices, subject.end.vertices
        for bone in (0, 1):
            own = model.joints[:, 0] == bone
            before = np.linalg.norm(start[own][:, None] - start[own][None], axis=-1)
            after = np.linalg.norm(end[own][:, None] - end[own][None], axis=-1)
            assert np.allclose(before, after, atol=1e-9)
        assert 0.02 < np.linalg.norm(end - start, axis=1).mean() < 0.9
        assert np.allclose(np.linalg.norm(subject.end.normals, axis=1), 1)
        assert len(subject.surface.textures.starts) == len(model.colors) + 1
        assert np.allclose(np.linalg.norm(subject.surface.lamps[1:, :3], axis=1), 1)


def test_a_subject_is_a_function_of_the_generator(arm):
    """Oracle: the same seed gives the same subject, another seed another."""
    model = load_model(arm, "test_arm_1", "test_arm")
    a, b, c = (model_subject(model, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(a.end.vertices, b.end.vertices) and a.name == b.name
    assert not np.allclose(a.end.vertices, c.end.vertices)


def test_loose_pieces_of_a_static_model_turn_about_their_contact(tmp_path):
    """Oracle: by construction a small box touches the side of a large one a sixth of the whole from its middle."""
    large, faces = box((-1, -1, -1), (1, 1, 1))
    small, _ = box((1, -0.2, -0.2), (2, 0.2, 0.2))
    arrays = [np.concatenate([large, small]), np.concatenate([faces, faces + np.uint16(8)]).reshape(-1)]
    document = {
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
    }
    model = load_model(write_glb(tmp_path / "test_knob_1.glb", document, arrays), "test_knob_1", "test_knob")
    assert list(model.parents) == [-1, 0] and not model.rigged
    assert np.allclose(model.pivots[1], [0.5 / 3, 0, 0], atol=0.04)
    assert len(model.triangles) == 24


def test_open_pieces_are_seen_from_both_sides(tmp_path):
    """Oracle: a single triangle comes back as two, wound against each other, with opposite normals."""
    arrays = [np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)]
    document = {"nodes": [{"mesh": 0}], "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}]}
    model = load_model(write_glb(tmp_path / "leaf.glb", document, arrays), "leaf", "leaf")
    corners = model.vertices[model.triangles]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert np.allclose(faces, [[0, 0, 1], [0, 0, -1]])
    assert np.allclose(model.normals[model.triangles].mean(1), [[0, 0, 1], [0, 0, -1]])


def test_warps_carry_normals():
    """Oracle: the gradient of the implicit surface of the warped sphere, here an ellipsoid; and for a bend and twist
    the cross product of finite differences along the sphere."""
    points = np.random.default_rng(0).normal(size=(200, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    moved, normals = Warp(scale=(0.8, 1.2, 1.0)).carry(points, points)
    expected = moved / np.square([0.8, 1.2, 1.0])
    assert np.allclose(normals, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-3)
    warp = Warp((1.1, 0.9, 1.0), 0.2, 0.5, 0.4, -0.3)
    _, normals = warp.carry(points, points)
    tangent = np.cross(points, [0.3, -0.5, 0.8])
    along = warp.move(points + 1e-5 * tangent) - warp.move(points - 1e-5 * tangent)
    assert np.abs((normals * along / np.linalg.norm(along, axis=1, keepdims=True)).sum(1)).max() < 1e-3


def test_key_frames_between_and_beyond():
    """Oracle: STEP holds the earlier key; a cubic spline with the tangents of t^2 is t^2; outside the ends hold."""
    keys, times = np.array([0.0, 1.0, 2.0]), np.array([-1.0, 0.5, 1.0, 1.75, 9.0])
    values = keys[:, None] ** 2
    assert np.allclose(gltf._interpolate(keys, values, "STEP", False, times)[:, 0], [0, 0, 1, 1, 4])
    assert np.allclose(gltf._interpolate(keys, values, "LINEAR", False, times)[:, 0], [0, 0.5, 1, 3.25, 4])
    cubic = np.stack([2 * keys, keys**2, 2 * keys], -1).reshape(-1, 1)
    assert np.allclose(gltf._interpolate(keys, cubic, "CUBICSPLINE", False, times)[:, 0], [0, 0.25, 1, 3.0625, 4])


def test_what_is_no_model_is_refused(tmp_path):
    """Oracle: the reason is named."""
    path = tmp_path / "no.glb"
    path.write_bytes(b"nothing")
    with pytest.raises(gltf.UnreadableModel, match="not a GLB"):
        load_model(path, "no", "no")


def test_a_folder_is_listed_by_family(tmp_path, arm, monkeypatch):
    """Oracle: the family is the name without its last word; excluded models are not listed, and the list says why."""
    monkeypatch.setattr(models, "EXCLUDED", {"test_arm_2": "a copy"})
    (tmp_path / "test_arm_2.glb").write_bytes(arm.read_bytes())
    (tmp_path / "ships_raft.glb").write_bytes(b"nothing")
    names = [(e.name, e.family) for e in models.list_models(tmp_path)]
    assert names == [("ships_raft", "ships"), ("test_arm_1", "test_arm")]
    rows = models.write_manifest(tmp_path, tmp_path / "models.json")
    assert rows[0]["held_out"] and "not a GLB" in rows[0]["skipped"] and "skipped" not in rows[1]
    written = json.loads((tmp_path / "models.json").read_text())
    assert written == {"models": rows, "excluded": [{"name": "test_arm_2", "reason": "a copy"}]}


def test_no_model_of_the_benchmark_is_in_the_list_and_held_out_ones_are_flagged():
    """Oracle: the names of the benchmark's models, and the constant that says what is held out."""
    rows = json.loads(models.MANIFEST.read_text())["models"]
    names = [row["name"] for row in rows]
    assert len(set(names)) == len(names) > 600
    found = [n for n in names if n.rsplit("_", 1)[-1] in BENCHMARK and n != OTHER_FOX]
    assert not found and not set(names) & set(models.EXCLUDED)
    assert all(row["held_out"] == is_held_out(row["family"]) for row in rows)
    flagged = [row["family"] for row in rows if row["held_out"]]
    for family in set(HELD_OUT) - {"beetle", "lamp", "chest", "chair"}:
        assert any(f.startswith(family) for f in flagged), family
    assert all(len(row["sha256"]) == 64 and row["author"] and row["licence"] == "CC0-1.0" for row in rows)
