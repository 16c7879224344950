"""The `.t4d` container: a zip of `manifest.json`, one safetensors file per clip, and the input pictures."""

import hashlib
import json
import zipfile
import zlib
from dataclasses import dataclass, fields
from io import BytesIO
from pathlib import Path
from typing import Any, get_args

import safetensors
import safetensors.torch
from torch import Tensor

from tween4d.data.asset import Asset4D, Clip, Repeat
from tween4d.data.gaussians import Gaussians
from tween4d.data.nodes import NodeMotion, Skin
from tween4d.errors import AssetError, InputError
from tween4d.io.atomic import whole_file
from tween4d.io.encodings import Encoding, decode, encode
from tween4d.io.images import from_bytes, to_bytes

FORMAT = "tween4d-asset"
VERSION = 2
MAX_UNPACKED = 256 * 1024 * 1024
MAX_MEMBERS = 256
ENDPOINTS = ("images/start", "images/end")
# How pages keep them.
SMALL: dict[str, object] = {"quality": 90, "method": 4}
WORLD = {
    "axes": "right-handed, +Y up, input camera on +Z looking along -Z",
    "units": "the object lies within radius 0.5 of the origin; the input camera at distance 2",
    "quaternions": "wxyz, local to world",
    "colour": "sRGB = 0.5 + spherical harmonics",
}
# What each tensor of a clip is stored as, in the order of the file.
ENCODINGS: dict[str, Encoding] = {
    "means": "linear",
    "quats": "unit",
    "log_scales": "linear",
    "opacity_logits": "linear",
    "sh": "linear",
    "skin_indices": "plain",
    "skin_weights": "simplex",
    "node_rest": "linear",
    "node_quats": "unit",
    "node_translations": "linear",
    "times": "plain",
}


@dataclass(frozen=True)
class Precision:
    """Bits of a number of each tensor; the defaults leave pictures as they are (docs/asset-format.md has the curve)."""

    means: int = 13
    quats: int = 8
    log_scales: int = 8
    opacity_logits: int = 8
    sh: int = 8
    skin_weights: int = 7
    node_quats: int = 14
    node_translations: int = 14

    def of(self, name: str) -> int:
        """Bits of a tensor; places of nodes are few and have 16."""
        return int(getattr(self, name, 16))


def save_asset(asset: Asset4D, path: Path, precision: Precision = Precision()) -> Path:
    """Write an asset, whole or not at all; equal assets give equal files.

    Raises:
        OutputError: when it cannot be written.
    """
    with whole_file(path) as part:
        part.write_bytes(asset_bytes(asset, precision))
    return path


def asset_bytes(asset: Asset4D, precision: Precision = Precision(), *, small_pictures: bool = False) -> bytes:
    """The file of an asset; equal assets give equal bytes.

    Args:
        small_pictures: keep the input pictures as lossy WebP, for pages that only show them.
    Raises:
        AssetError: when the asset holds values that are not finite.
    """
    members: dict[str, bytes] = {}
    clips = []
    for index, clip in enumerate(asset.clips):
        name = f"clips/{index:02d}.safetensors"
        members[name], forms = _encode_clip(clip, precision)
        clips.append(
            {
                "file": name,
                "gaussians": len(clip.gaussians),
                "nodes": len(clip.motion.rest),
                "keyframe_time": clip.keyframe_time,
                "fade_in": list(clip.fade_in),
                "fade_out": list(clip.fade_out),
                "tensors": forms,
            }
        )
    names = []
    for name, image in zip(ENDPOINTS, asset.endpoints or (), strict=asset.endpoints is not None):
        form, options = ("WEBP", SMALL) if small_pictures else ("PNG", {"optimize": True})
        names.append(f"{name}.{form.lower()}")
        members[names[-1]] = to_bytes(image, form, **options)
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "world": WORLD,
        "timeline": {"start": 0.0, "end": 1.0, "frame_count": asset.frame_count, "fps": asset.fps}
        | ({"repeat": asset.repeat} if asset.repeat != "ping-pong" else {}),
        "camera": {"width": asset.image_width, "height": asset.image_height, "fov_degrees": asset.fov_degrees},
        "clips": clips,
        "endpoints": names or None,
        "provenance": asset.provenance,
        "checksums": {name: hashlib.sha256(content).hexdigest() for name, content in members.items()},
    }
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        _add(archive, "manifest.json", json.dumps(manifest, indent=1, allow_nan=False).encode())
        for name, content in members.items():
            _add(archive, name, content)
    return stream.getvalue()


def load_asset(path: Path) -> Asset4D:
    """Read an asset and check every part of it.

    Returns:
        An asset whose tensors agree in shape, are finite, and whose indices are in range.
    Raises:
        AssetError: when the file is missing, truncated, altered, made by a newer version, or no asset.
    """
    manifest, members = _read_members(path)
    try:
        clips = tuple(_decode_clip(entry, members[entry["file"]]) for entry in manifest["clips"])
        endpoints = None
        if manifest["endpoints"] is not None:
            start, end = (from_bytes(members[name]) for name in manifest["endpoints"])
            endpoints = (start, end)
        timeline, camera = manifest["timeline"], manifest["camera"]
        asset = Asset4D(
            clips=clips,
            frame_count=int(timeline["frame_count"]),
            fps=float(timeline["fps"]),
            repeat=timeline.get("repeat", "ping-pong"),
            image_width=int(camera["width"]),
            image_height=int(camera["height"]),
            fov_degrees=float(camera["fov_degrees"]),
            endpoints=endpoints,
            provenance=dict(manifest["provenance"]),
        )
        _check(asset)
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        IndexError,
        OverflowError,
        RuntimeError,
        OSError,
        safetensors.SafetensorError,
        InputError,
    ) as error:
        raise _altered(path, str(error)) from error
    return asset


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest alone, after the same checks of container, version and checksums as `load_asset`."""
    return _read_members(path)[0]


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    # A fixed date makes the file depend on its content only.
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def _encode_clip(clip: Clip, precision: Precision) -> tuple[bytes, dict[str, Any]]:
    g, motion = clip.gaussians, clip.motion
    values: dict[str, Tensor] = {f.name: getattr(g, f.name) for f in fields(g)}
    values |= {"skin_indices": clip.skin.indices, "skin_weights": clip.skin.weights}
    values |= {"node_rest": motion.rest, "node_quats": motion.quats, "node_translations": motion.translations}
    values["times"] = motion.times
    stored, forms = {}, {}
    for name, encoding in ENCODINGS.items():
        tensor = values[name].detach().cpu()
        if not bool(tensor.isfinite().all()):
            raise AssetError("the asset holds values that are not finite", name, "make the asset again")
        stored[name], forms[name] = encode(tensor, encoding, precision.of(name))
    return safetensors.torch.save({k: v.contiguous() for k, v in stored.items()}), forms


def _decode_clip(entry: dict[str, Any], content: bytes) -> Clip:
    stored = safetensors.torch.load(content)
    v = {name: decode(stored[name], entry["tensors"][name]) for name in ENCODINGS}
    (i0, i1), (o0, o1) = entry["fade_in"], entry["fade_out"]
    return Clip(
        gaussians=Gaussians(v["means"], v["quats"], v["log_scales"], v["opacity_logits"], v["sh"]),
        skin=Skin(v["skin_indices"], v["skin_weights"]),
        motion=NodeMotion(v["node_rest"], v["node_quats"], v["node_translations"], v["times"]),
        keyframe_time=float(entry["keyframe_time"]),
        fade_in=(float(i0), float(i1)),
        fade_out=(float(o0), float(o1)),
    )


def _read_members(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The manifest and the contents of every file it lists, checksums verified."""
    if not path.exists():
        raise AssetError("there is no such asset", str(path), "make one with `tween4d run START END -o OUT.t4d`")
    if path.is_dir():
        raise AssetError("an asset is a file, not a folder", str(path), "name the .t4d file")
    try:
        with zipfile.ZipFile(path) as archive:
            _guard(archive, path)
            manifest = json.loads(archive.read("manifest.json"))
            _check_version(manifest, path)
            members = {name: archive.read(name) for name in manifest["checksums"]}
    except PermissionError as error:
        raise AssetError("the asset cannot be read: permission denied", str(path), "change its permissions") from error
    except (zipfile.BadZipFile, EOFError, OSError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise AssetError("the file is truncated, altered or no tween4d asset", str(path), _AGAIN) from error
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise _altered(path, f"{type(error).__name__}: {error}") from error
    for name, content in members.items():
        if hashlib.sha256(content).hexdigest() != manifest["checksums"][name]:
            raise _altered(path, f"{name} does not match its checksum")
    return manifest, members


def _guard(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse archives that would unpack to more than any asset holds, before anything is unpacked."""
    entries = archive.infolist()
    size = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_MEMBERS or size > MAX_UNPACKED:
        raise AssetError(
            "the file would unpack to more than any asset holds",
            f"{len(entries)} members, {size >> 20} MiB: {path}",
            _AGAIN,
        )


def _check_version(manifest: Any, path: Path) -> None:
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise AssetError("the file is no tween4d asset", str(path), _AGAIN)
    version = manifest.get("version")
    if not isinstance(version, int) or version < 1:
        raise _altered(path, f"version {version!r}")
    if version > VERSION:
        raise AssetError(
            "the asset was made by a newer tween4d",
            f"format version {version}, this one reads up to {VERSION}: {path}",
            "update tween4d",
        )


def _check(asset: Asset4D) -> None:
    """Raise ValueError unless every invariant of the values holds."""
    if not asset.clips:
        raise ValueError("it holds no clip")
    if not (1 <= asset.image_width <= 65536 and 1 <= asset.image_height <= 65536):
        raise ValueError("the image size is out of range")
    if asset.repeat not in get_args(Repeat):
        raise ValueError("what happens at the end is unknown")
    if not (asset.frame_count >= 1 and 0 < asset.fps < 1e4 and 0 < asset.fov_degrees < 180):
        raise ValueError("the timeline or the camera is out of range")
    for clip in asset.clips:
        g, skin, motion = clip.gaussians, clip.skin, clip.motion
        n, m, t = len(g), len(motion.rest), len(motion.times)
        shapes = {
            "means": (g.means, (n, 3)),
            "quats": (g.quats, (n, 4)),
            "log_scales": (g.log_scales, (n, 3)),
            "opacity_logits": (g.opacity_logits, (n,)),
            "sh": (g.sh, (n, g.sh.shape[1], 3)),
            "skin_indices": (skin.indices, (n, 4)),
            "skin_weights": (skin.weights, (n, 4)),
            "node_rest": (motion.rest, (m, 3)),
            "node_quats": (motion.quats, (t, m, 4)),
            "node_translations": (motion.translations, (t, m, 3)),
            "times": (motion.times, (t,)),
        }
        for name, (tensor, shape) in shapes.items():
            if tuple(tensor.shape) != shape:
                raise ValueError(f"{name} has shape {tuple(tensor.shape)}, not {shape}")
            if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
                raise ValueError(f"{name} holds values that are not finite")
        if n == 0 or m == 0 or t == 0 or g.sh.shape[1] not in (1, 4, 9, 16):
            raise ValueError("a clip is empty or has an unknown number of harmonics")
        if int(skin.indices.min()) < 0 or int(skin.indices.max()) >= m:
            raise ValueError("a skin index points to no node")
        if not bool((motion.times.diff() > 0).all()):
            raise ValueError("the times do not increase")
        if not bool((motion.quats.norm(dim=-1) > 0.5).all()):
            raise ValueError("a node's rotation is no quaternion")
        if not 0 <= clip.keyframe_time <= 1:
            raise ValueError("a keyframe lies outside the timeline")
        fades = (*clip.fade_in, *clip.fade_out)
        if not all(0 <= x <= 1 for x in fades) or list(fades) != sorted(fades):
            raise ValueError("the fades are out of order")
    marks = sorted({0.0, 1.0, *(time for clip in asset.clips for time in (*clip.fade_in, *clip.fade_out))})
    between = [(a + b) / 2 for a, b in zip(marks, marks[1:], strict=False)]
    if not all(any(clip.presence(time) > 0 for clip in asset.clips) for time in (*marks, *between)):
        raise ValueError("at some time no clip is visible")


def _altered(path: Path, why: str) -> AssetError:
    first = why.strip().partition("\n")[0]
    return AssetError(f"the asset is damaged or was altered: {first}", str(path), _AGAIN)


_AGAIN = "make it again, or copy it again from where it came"
