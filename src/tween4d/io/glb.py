"""Skinned, textured meshes as binary glTF 2.0, which engines and Blender import."""

import io
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as Picture
from torch import Tensor

from tween4d.data.asset import Asset4D
from tween4d.data.cameras import ORBIT_RADIUS
from tween4d.data.mesh import ClipMesh, MeshPoses
from tween4d.data.nodes import pose_at
from tween4d.io.atomic import whole_file
from tween4d.io.origin import published

ARRAY, ELEMENT = 34962, 34963
FLOAT, UINT32, UINT16, UINT8 = 5126, 5125, 5123, 5121
SHAPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
KINDS = {"float32": FLOAT, "uint32": UINT32, "uint16": UINT16, "uint8": UINT8}


class GlbFile:
    """A glTF document and its one buffer, growing until it is written."""

    def __init__(self, asset: Asset4D) -> None:
        about = {"version": "2.0", "generator": "tween4d", "extras": {"origin": published(asset)}}
        self.document: dict[str, Any] = {"asset": about, "scene": 0}
        self._content = bytearray()

    def add(self, section: str, entry: dict[str, Any]) -> int:
        """Put an entry into a list of the document; gives its index."""
        entries = self.document.setdefault(section, [])
        entries.append(entry)
        return len(entries) - 1

    def view(self, content: bytes, target: int | None = None) -> int:
        """Put bytes into the buffer; gives the index of their view."""
        self._content += b"\0" * (-len(self._content) % 4)
        entry: dict[str, Any] = {"buffer": 0, "byteOffset": len(self._content), "byteLength": len(content)}
        self._content += content
        return self.add("bufferViews", entry if target is None else entry | {"target": target})

    def array(self, values: np.ndarray, target: int | None = None, bounds: bool = False) -> int:
        """Put an array [n] or [n, c] of float32, uint32, uint16 or uint8 into the buffer; gives its accessor."""
        values = np.ascontiguousarray(values)
        columns = 1 if values.ndim == 1 else values.shape[1]
        entry: dict[str, Any] = {
            "bufferView": self.view(values.tobytes(), target),
            "componentType": KINDS[values.dtype.name],
            "count": len(values),
            "type": SHAPES[columns],
        }
        if bounds:
            table = values.reshape(len(values), columns)
            entry |= {"min": table.min(0).tolist(), "max": table.max(0).tolist()}
        return self.add("accessors", entry)

    def packed(self) -> bytes:
        """The whole file: header, JSON, buffer."""
        self._content += b"\0" * (-len(self._content) % 4)
        document = self.document | {"buffers": [{"byteLength": len(self._content)}]}
        text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        size = 12 + 8 + len(text) + 8 + len(self._content)
        head = struct.pack("<4sII", b"glTF", 2, size)
        return (
            head + struct.pack("<I4s", len(text), b"JSON") + text
            + struct.pack("<I4s", len(self._content), b"BIN\0") + bytes(self._content)
        )  # fmt: skip


def write_glb(asset: Asset4D, meshes: list[ClipMesh], target: Path, poses: list[MeshPoses] | None = None) -> Path:
    """Write one mesh per clip, and animations for the whole and for each clip.

    A mesh hangs on its nodes as joints; linear blend skinning of glTF is that of `splatting/skinning.py`, so the mesh
    moves as the Gaussians do. With poses it has morph targets instead, one pose after another with weight 1.

    A mesh is shown only within its span: the root of its joints, or the mesh, has scale 1 there and 0 elsewhere, by
    steps. The material shows the texture unlit (KHR_materials_unlit) and falls back to a rough one.

    Args:
        poses: of each mesh.
    Raises:
        OutputError: when it cannot be written.
    """
    file = GlbFile(asset)
    seconds = max(asset.frame_count - 1, 1) / asset.fps
    file.document["extensionsUsed"] = ["KHR_materials_unlit"]
    tops = [add_camera(file, asset)]
    file.add("samplers", {"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071})
    parts = []
    for index, mesh in enumerate(meshes):
        own = None if poses is None else poses[index]
        node = {"name": f"mesh {index}", "mesh": _primitive(file, mesh, index, own)}
        if own is not None:
            root = file.add("nodes", node)
            parts.append(_Part(mesh, root, [], own))
            tops.append(root)
            continue
        root, joints = _skeleton(file, mesh, index)
        parts.append(_Part(mesh, root, joints))
        tops += [root, file.add("nodes", node | {"skin": _skin(file, mesh, root, joints)})]
    file.add("scenes", {"nodes": tops})
    whole = _Animation(file, "whole")
    for part in parts:
        whole.show(part.root, part.mesh.span, seconds)
        whole.move(part, seconds)
    whole.close()
    for index, part in enumerate(parts if len(parts) > 1 else []):
        alone = _Animation(file, f"fragment {index + 1}")
        for other in parts:
            alone.scale(other.root, [0.0], [1.0 if other is part else 0.0])
        alone.move(part, seconds, part.mesh.span)
        alone.close()
    with whole_file(target) as part_file:
        part_file.write_bytes(file.packed())
    return target


def add_camera(file: GlbFile, asset: Asset4D) -> int:
    """Put the input camera into the file; gives its node. Its axes are glTF's own."""
    longer, shorter = max(asset.image_width, asset.image_height), min(asset.image_width, asset.image_height)
    half = np.tan(np.radians(asset.fov_degrees) / 2)
    vertical = 2 * np.arctan(half if asset.image_height == longer else half * shorter / longer)
    lens = {
        "aspectRatio": asset.image_width / asset.image_height,
        "yfov": float(vertical),
        "znear": 0.01,
        "zfar": 100.0,
    }
    camera = file.add("cameras", {"type": "perspective", "perspective": lens, "name": "input camera"})
    return file.add("nodes", {"name": "input camera", "camera": camera, "translation": [0.0, 0.0, ORBIT_RADIUS]})


def _skeleton(file: GlbFile, mesh: ClipMesh, index: int) -> tuple[int, list[int]]:
    names = [
        file.add("nodes", {"name": f"clip {index} node {k}", "translation": place})
        for k, place in enumerate(mesh.motion.rest.tolist())
    ]
    return file.add("nodes", {"name": f"clip {index}", "children": names}), names


def _skin(file: GlbFile, mesh: ClipMesh, root: int, names: list[int]) -> int:
    inverse = np.tile(np.eye(4, dtype=np.float32), (len(names), 1, 1))
    # Column-major: the last row of what is stored is the translation.
    inverse[:, 3, :3] = -mesh.motion.rest.numpy()
    matrices = file.array(inverse.reshape(-1, 16))
    return file.add("skins", {"joints": names, "skeleton": root, "inverseBindMatrices": matrices})


@dataclass(frozen=True)
class _Part:
    """A mesh, the node that shows or hides it, and what moves it: joints, or poses."""

    mesh: ClipMesh
    root: int
    joints: list[int]
    poses: MeshPoses | None = None


def _primitive(file: GlbFile, mesh: ClipMesh, index: int, poses: MeshPoses | None) -> int:
    places, normals = (mesh.vertices, mesh.normals) if poses is None else (poses.vertices[0], poses.normals[0])
    attributes = {
        "POSITION": file.array(_floats(places), ARRAY, bounds=True),
        "NORMAL": file.array(_floats(normals), ARRAY),
        "TEXCOORD_0": file.array(_floats(mesh.coordinates), ARRAY),
    }
    if poses is None:
        joints = mesh.skin.indices.numpy()
        kind = np.uint8 if joints.max() < 256 else np.uint16
        attributes |= {
            "JOINTS_0": file.array(joints.astype(kind), ARRAY),
            "WEIGHTS_0": file.array(_floats(mesh.skin.weights), ARRAY),
        }
    stream = io.BytesIO()
    Picture.fromarray((mesh.texture.numpy() * 255).round().astype(np.uint8)).save(stream, "PNG")
    image = file.add("images", {"bufferView": file.view(stream.getvalue()), "mimeType": "image/png"})
    texture = file.add("textures", {"sampler": 0, "source": image})
    surface = {"baseColorTexture": {"index": texture}, "metallicFactor": 0.0, "roughnessFactor": 1.0}
    material = file.add(
        "materials",
        {"name": f"clip {index}", "pbrMetallicRoughness": surface, "extensions": {"KHR_materials_unlit": {}}},
    )
    triangles = file.array(mesh.triangles.numpy().astype(np.uint32).ravel(), ELEMENT)
    primitive = {"attributes": attributes, "indices": triangles, "material": material}
    entry: dict[str, Any] = {"name": f"clip {index}", "primitives": [primitive]}
    # The first pose is the mesh itself.
    others = range(1, 0 if poses is None else len(poses.times))
    if poses is not None and len(others):
        primitive["targets"] = [
            {
                "POSITION": file.array(_floats(poses.vertices[k] - places), ARRAY, bounds=True),
                "NORMAL": file.array(_floats(poses.normals[k] - normals), ARRAY),
            }
            for k in others
        ]
        names = [f"time {float(poses.times[k]):.3f}" for k in others]
        entry |= {"weights": [0.0] * len(names), "extras": {"targetNames": names}}
    return file.add("meshes", entry)


class _Animation:
    def __init__(self, file: GlbFile, name: str) -> None:
        self._file, self._entry = file, {"name": name, "channels": [], "samplers": []}

    def _channel(self, node: int, path: str, times: int, values: np.ndarray, way: str = "LINEAR") -> None:
        sampler = {"input": times, "output": self._file.array(values.astype(np.float32)), "interpolation": way}
        self._entry["samplers"].append(sampler)
        index = len(self._entry["samplers"]) - 1
        self._entry["channels"].append({"sampler": index, "target": {"node": node, "path": path}})

    def scale(self, node: int, times: list[float], factors: list[float]) -> None:
        keys = self._file.array(np.array(times, np.float32), bounds=True)
        self._channel(node, "scale", keys, np.repeat(np.array(factors)[:, None], 3, 1), "STEP")

    def show(self, root: int, span: tuple[float, float], seconds: float) -> None:
        begin, end = span
        keys = [(0.0, 1.0 if begin <= 0 else 0.0)]
        keys += [(begin * seconds, 1.0)] if begin > 0 else []
        keys += [(end * seconds, 0.0)] if end < 1 else []
        self.scale(root, [key[0] for key in keys], [key[1] for key in keys])

    def move(self, part: _Part, seconds: float, span: tuple[float, float] = (0.0, 1.0)) -> None:
        """Whatever moves a part, at its own times and at both ends of the span, counted from its beginning."""
        if part.poses is None:
            self._turn(part, seconds, span)
        elif len(part.poses.times) > 1:
            times = [max(t - span[0], 0.0) * seconds for t in part.poses.times.tolist()]
            keys = self._file.array(np.array(times, np.float32), bounds=True)
            weights = np.eye(len(times), dtype=np.float32)[:, 1:]
            self._channel(part.root, "weights", keys, weights.ravel())

    def _turn(self, part: _Part, seconds: float, span: tuple[float, float]) -> None:
        """Rotations xyzw and places of all joints."""
        begin, end = span
        motion = part.mesh.motion
        own = motion.times[(motion.times > begin + 1e-6) & (motion.times < end - 1e-6)].tolist()
        first, last = float(motion.times[0]), float(motion.times[-1])
        # Outside its times a motion stands still, and needs no key.
        ends = sorted({min(max(edge, first), last) for edge in span})
        moments = sorted({*ends, *own})
        keys = self._file.array(np.array([max(t - begin, 0.0) * seconds for t in moments], np.float32), bounds=True)
        poses = [pose_at(motion, time) for time in moments]
        quats = torch.nn.functional.normalize(torch.stack([q for q, _ in poses]).double(), dim=-1)[..., [1, 2, 3, 0]]
        places = motion.rest + torch.stack([shift for _, shift in poses])
        for k, node in enumerate(part.joints):
            self._channel(node, "rotation", keys, quats[:, k].numpy())
            self._channel(node, "translation", keys, places[:, k].numpy())

    def close(self) -> None:
        self._file.add("animations", self._entry)


def _floats(values: Tensor) -> np.ndarray:
    return values.detach().cpu().numpy().astype(np.float32)
