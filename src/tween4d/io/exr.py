"""Pictures for compositing as OpenEXR: linear light, premultiplied, with coverage and depth."""

import struct
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import Float
from torch import Tensor

from tween4d.data.images import Image
from tween4d.io.atomic import whole_file

MAGIC, VERSION = 20000630, 2
HALF, FLOAT = 1, 2
ZIP, ROWS = 3, 16


def write_exr(image: Image, depth: Float[Tensor, "h w"], target: Path, origin: str = "") -> Path:
    """Write R, G, B, A in half and Z in single precision, losslessly compressed.

    Source: OpenEXR File Layout (openexr.com), scan lines with ZIP compression.

    Args:
        image: straight sRGB; becomes linear light multiplied by coverage, as compositors expect.
        depth: along the viewing axis, world units.
        origin: how it was made, for the standard attribute `comments`.
    Raises:
        OutputError: when it cannot be written.
    """
    srgb = image.rgb.detach().cpu().double().numpy()
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    alpha = np.ones(linear.shape[:2]) if image.alpha is None else image.alpha.detach().cpu().double().numpy()
    planes: dict[str, np.ndarray] = {"A": alpha.astype("<f2")}
    planes |= {name: (linear[..., i] * alpha).astype("<f2") for i, name in ((2, "B"), (1, "G"), (0, "R"))}
    planes["Z"] = depth.detach().cpu().numpy().astype("<f4")
    height, width = alpha.shape
    head = struct.pack("<II", MAGIC, VERSION) + _header(planes, width, height, origin)
    blocks = [_block(planes, first, min(first + ROWS, height)) for first in range(0, height, ROWS)]
    starts = np.cumsum([len(head) + 8 * len(blocks), *(len(block) for block in blocks[:-1])])
    with whole_file(target) as part:
        part.write_bytes(head + starts.astype("<u8").tobytes() + b"".join(blocks))
    return target


def _header(planes: dict[str, np.ndarray], width: int, height: int, origin: str) -> bytes:
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channels = b"".join(
        name.encode() + b"\0" + struct.pack("<iBxxxii", FLOAT if plane.dtype == np.float32 else HALF, 0, 1, 1)
        for name, plane in planes.items()
    )
    fields = [
        ("channels", "chlist", channels + b"\0"),
        *([("comments", "string", origin.encode())] if origin else []),
        ("compression", "compression", bytes([ZIP])),
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", 1.0)),
        ("screenWindowCenter", "v2f", struct.pack("<2f", 0.0, 0.0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1.0)),
    ]
    packed = (
        f"{name}\0{kind}\0".encode() + struct.pack("<i", len(content)) + content for name, kind, content in fields
    )
    return b"".join(packed) + b"\0"


def _block(planes: dict[str, np.ndarray], first: int, last: int) -> bytes:
    """Rows of all channels: bytes of even and of odd place apart, as differences, deflated if that makes them fewer."""
    raw = b"".join(plane[row].tobytes() for row in range(first, last) for plane in planes.values())
    content = np.frombuffer(raw, np.uint8)
    apart = np.concatenate([content[::2], content[1::2]]).astype(np.int16)
    apart[1:] = np.diff(apart) + 128
    packed = zlib.compress((apart & 255).astype(np.uint8).tobytes())
    if len(packed) >= len(raw):
        packed = raw
    return struct.pack("<ii", first, len(packed)) + packed
