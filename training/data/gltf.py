"""Reads binary glTF 2.0: meshes, materials, nodes, skins and animation, as arrays. Textures and Draco included."""

import io
import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from PIL import Image

COMPONENTS = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
DRACO = "KHR_draco_mesh_compression"
UNDERSTOOD = {DRACO, "KHR_materials_unlit", "KHR_materials_specular", "KHR_materials_ior", "KHR_lights_punctual"}


class UnreadableModel(Exception):
    """A file that is not read, with the reason."""


@dataclass(frozen=True)
class Primitive:
    """The triangles of one mesh that share a material."""

    vertices: Float[np.ndarray, "v 3"]
    normals: Float[np.ndarray, "v 3"]
    triangles: Int[np.ndarray, "f 3"]
    colors: Float[np.ndarray, "f 3"]
    """Linear base colour of each triangle: material factor, times vertex colours, times the texture at its middle."""
    joints: Int[np.ndarray, "v 4"] | None
    """Indices into the skin's list of joints."""
    weights: Float[np.ndarray, "v 4"] | None


@dataclass(frozen=True)
class Gltf:
    """An opened file."""

    document: dict
    """Its JSON."""
    binary: bytes
    """Its one buffer."""

    def nodes(self) -> list[dict]:
        return self.document.get("nodes", [])

    def view(self, index: int) -> bytes:
        """The bytes of a buffer view."""
        view = self.document["bufferViews"][index]
        begin = view.get("byteOffset", 0)
        return self.binary[begin : begin + view["byteLength"]]

    def accessor(self, index: int) -> np.ndarray:
        """The values of an accessor [count, components], normalised integers as floats."""
        accessor = self.document["accessors"][index]
        if "sparse" in accessor or "bufferView" not in accessor:
            raise UnreadableModel("sparse accessor")
        view = self.document["bufferViews"][accessor["bufferView"]]
        kind, width = np.dtype(COMPONENTS[accessor["componentType"]]), WIDTHS[accessor["type"]]
        stride = view.get("byteStride", kind.itemsize * width)
        begin = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        shape = (accessor["count"], width)
        values = np.ndarray(shape, kind, self.binary, begin, (stride, kind.itemsize))
        return values / np.iinfo(kind).max if accessor.get("normalized") else values.copy()


def read_glb(path: Path) -> Gltf:
    """Open a GLB file.

    Raises:
        UnreadableModel: no GLB of version 2, or an extension is required that is not understood.
    """
    data = path.read_bytes()
    if data[:4] != b"glTF" or struct.unpack("<I", data[4:8])[0] != 2:
        raise UnreadableModel("not a GLB of version 2")
    length = struct.unpack("<I", data[12:16])[0]
    document = json.loads(data[20 : 20 + length])
    unknown = set(document.get("extensionsRequired", [])) - UNDERSTOOD
    if unknown:
        raise UnreadableModel(f"requires {', '.join(sorted(unknown))}")
    return Gltf(document, data[28 + length :])


def read_primitives(gltf: Gltf, mesh: int) -> list[Primitive]:
    """The triangles of a mesh; lines and points are left out."""
    primitives = gltf.document["meshes"][mesh]["primitives"]
    return [_read_primitive(gltf, primitive) for primitive in primitives if primitive.get("mode", 4) == 4]


def sample_animation(
    gltf: Gltf, animation: int, times: Float[np.ndarray, "k"]
) -> dict[int, dict[str, Float[np.ndarray, "k n"]]]:
    """What an animation says of each node: translation, rotation (xyzw, unit) or scale at the given times (seconds)."""
    tracks: dict[int, dict[str, np.ndarray]] = {}
    source = gltf.document["animations"][animation]
    for channel in source["channels"]:
        node, path = channel["target"].get("node"), channel["target"]["path"]
        if node is None or path == "weights":
            continue
        sampler = source["samplers"][channel["sampler"]]
        keys = gltf.accessor(sampler["input"])[:, 0].astype(float)
        values = gltf.accessor(sampler["output"]).astype(float)
        found = _interpolate(keys, values, sampler.get("interpolation", "LINEAR"), path == "rotation", times)
        tracks.setdefault(node, {})[path] = found
    return tracks


def duration(gltf: Gltf, animation: int) -> tuple[float, float]:
    """The first and the last key of an animation, seconds."""
    source = gltf.document["animations"][animation]
    inputs = [gltf.document["accessors"][sampler["input"]] for sampler in source["samplers"]]
    return float(min(i["min"][0] for i in inputs)), float(max(i["max"][0] for i in inputs))


def local_transforms(node: dict, track: dict[str, np.ndarray], count: int) -> Float[np.ndarray, "count 4 4"]:
    """A node's transform in its parent at `count` times; what the track leaves open is as the node rests."""
    result = np.tile(np.eye(4), (count, 1, 1))
    if "matrix" in node and not track:
        result[:] = np.array(node["matrix"], float).reshape(4, 4).T
        return result
    rotation = np.broadcast_to(track.get("rotation", node.get("rotation", (0.0, 0.0, 0.0, 1.0))), (count, 4))
    scale = np.broadcast_to(track.get("scale", node.get("scale", (1.0, 1.0, 1.0))), (count, 3))
    result[:, :3, :3] = quaternion_matrices(rotation) * scale[:, None, :]
    result[:, :3, 3] = track.get("translation", node.get("translation", (0.0, 0.0, 0.0)))
    return result


def quaternion_matrices(quaternions: Float[np.ndarray, "n 4"]) -> Float[np.ndarray, "n 3 3"]:
    """Rotations of quaternions (xyzw), which need not be unit."""
    q = quaternions / np.maximum(np.linalg.norm(quaternions, axis=-1, keepdims=True), 1e-12)
    x, y, z, w = np.moveaxis(q, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def _read_primitive(gltf: Gltf, primitive: dict) -> Primitive:
    if DRACO in primitive.get("extensions", {}):
        attributes, triangles = _decode_draco(gltf, primitive["extensions"][DRACO])
    else:
        attributes = {name: gltf.accessor(index) for name, index in primitive["attributes"].items()}
        count = len(attributes["POSITION"])
        triangles = gltf.accessor(primitive["indices"])[:, 0] if "indices" in primitive else np.arange(count)
        triangles = triangles.astype(np.int64).reshape(-1, 3)
    vertices = attributes["POSITION"].astype(float)
    if "NORMAL" in attributes:
        normals = attributes["NORMAL"].astype(float)
    else:
        # Without normals the format asks for flat shading: no vertex is shared.
        attributes = {name: values[triangles.reshape(-1)] for name, values in attributes.items()}
        vertices = vertices[triangles.reshape(-1)]
        triangles = np.arange(len(vertices)).reshape(-1, 3)
        corners = vertices.reshape(-1, 3, 3)
        normals = np.repeat(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), 3, 0)
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    skinned = "JOINTS_0" in attributes
    weights = attributes["WEIGHTS_0"].astype(float) if skinned else None
    if weights is not None:
        weights = weights / np.maximum(weights.sum(1, keepdims=True), 1e-9)
    return Primitive(
        vertices,
        normals,
        triangles,
        _triangle_colors(gltf, primitive.get("material"), attributes, triangles),
        attributes["JOINTS_0"].astype(np.int64) if skinned else None,
        weights,
    )


def _decode_draco(gltf: Gltf, extension: dict) -> tuple[dict[str, np.ndarray], np.ndarray]:
    try:
        import DracoPy
    except ImportError as error:
        raise UnreadableModel("compressed with Draco, and DracoPy is not installed") from error
    mesh = DracoPy.decode(gltf.view(extension["bufferView"]))
    named = {a["unique_id"]: a["data"] for a in mesh.attributes}
    attributes = {name: np.asarray(named[unique]) for name, unique in extension["attributes"].items()}
    return attributes, np.asarray(mesh.faces).astype(np.int64)


def _triangle_colors(
    gltf: Gltf, material: int | None, attributes: dict[str, np.ndarray], triangles: np.ndarray
) -> np.ndarray:
    source = {} if material is None else gltf.document["materials"][material]
    shading = source.get("pbrMetallicRoughness", {})
    colors = np.tile(np.array(shading.get("baseColorFactor", (1.0, 1.0, 1.0, 1.0))[:3]), (len(triangles), 1))
    if "COLOR_0" in attributes:
        colors = colors * attributes["COLOR_0"][:, :3][triangles].mean(1)
    if "baseColorTexture" in shading:
        texture = shading["baseColorTexture"]
        image = _read_image(gltf, gltf.document["textures"][texture["index"]]["source"])
        places = attributes[f"TEXCOORD_{texture.get('texCoord', 0)}"][triangles].mean(1) % 1.0
        rows = np.minimum((places[:, 1] * image.shape[0]).astype(int), image.shape[0] - 1)
        columns = np.minimum((places[:, 0] * image.shape[1]).astype(int), image.shape[1] - 1)
        colors = colors * linear(image[rows, columns])
    return colors


def _read_image(gltf: Gltf, index: int) -> Float[np.ndarray, "h w 3"]:
    source = gltf.document["images"][index]
    if "bufferView" not in source:
        raise UnreadableModel("its texture lies in another file")
    with Image.open(io.BytesIO(gltf.view(source["bufferView"]))) as image:
        return np.asarray(image.convert("RGB")) / 255.0


def linear(color: np.ndarray) -> np.ndarray:
    """Linear light of sRGB."""
    return np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)


def srgb(color: np.ndarray) -> np.ndarray:
    """sRGB of linear light."""
    color = np.clip(color, 0.0, 1.0)
    return np.where(color <= 0.0031308, 12.92 * color, 1.055 * color ** (1 / 2.4) - 0.055)


def _interpolate(keys: np.ndarray, values: np.ndarray, kind: str, rotates: bool, times: np.ndarray) -> np.ndarray:
    """Key frames at any time (glTF 2.0, appendix C); rotations by normalised linear interpolation, the short way."""
    if kind == "CUBICSPLINE":
        values = values.reshape(len(keys), 3, -1)
    if len(keys) == 1:
        return np.repeat(values[:, 1] if kind == "CUBICSPLINE" else values, len(times), 0)
    left = np.clip(np.searchsorted(keys, times, "right") - 1, 0, len(keys) - 2)
    gap = np.maximum(keys[left + 1] - keys[left], 1e-9)[:, None]
    t = np.clip((times[:, None] - keys[left, None]) / gap, 0.0, 1.0)
    if kind == "CUBICSPLINE":
        a, b = values[left, 1], values[left + 1, 1]
        out, into = gap * values[left, 2], gap * values[left + 1, 0]
        s, s2, s3 = t, t**2, t**3
        return (2 * s3 - 3 * s2 + 1) * a + (s3 - 2 * s2 + s) * out + (3 * s2 - 2 * s3) * b + (s3 - s2) * into
    a, b = values[left], values[left + 1]
    if kind == "STEP":
        return np.where(t >= 1.0, b, a)
    if rotates:
        b = np.where((a * b).sum(1, keepdims=True) < 0, -b, b)
    return a + t * (b - a)
