"""One moment as a PLY file that is packed in chunks of 256 Gaussians, 16 bytes each."""

from pathlib import Path

import numpy as np

from tween4d.data.gaussians import Gaussians
from tween4d.io.atomic import whole_file
from tween4d.io.axes import turn_over
from tween4d.io.packing import near_order, smallest_three, unit_quats

CHUNK = 256
BOUNDS = [f"{end}_{name}" for names in (("x", "y", "z"), ("scale_x", "scale_y", "scale_z"), ("r", "g", "b"))
          for end in ("min", "max") for name in names]  # fmt: skip
PACKED = ["packed_position", "packed_rotation", "packed_scale", "packed_color"]
# Harmonics are stored in [-4, 4].
HARMONIC_RANGE = 8.0


def write_compressed_ply(gaussians: Gaussians, target: Path, origin: str = "") -> Path:
    """Write Gaussians in PlayCanvas's compressed PLY layout.

    Centres, log scales and colours lie between the bounds of their chunk in 11, 10, 11 bits (colour 8 bits); rotations
    have 2 + 3 x 10 bits, opacity 8 bits, each harmonic above the constant one 8 bits.

    Args:
        origin: how it was made, one line of ASCII, for a comment.
    Raises:
        OutputError: when it cannot be written.
    """
    gaussians = turn_over(gaussians)
    order = near_order(gaussians.means.detach().cpu().numpy())
    means, scales, colors = (
        block.detach().cpu().numpy().astype(np.float32)[order]
        for block in (gaussians.means, gaussians.log_scales.clamp(-20, 20), gaussians.colors)
    )
    bounds, places = zip(*(_within_chunks(block) for block in (means, scales, colors)), strict=True)
    opacity = gaussians.opacities.detach().cpu().numpy()[order]
    largest, others = smallest_three(unit_quats(gaussians)[order])
    turned = largest.astype(np.uint32)
    for column in range(3):
        turned = (turned << np.uint32(10)) | _levels(others[:, column] * np.sqrt(0.5) + 0.5, 10)
    vertices = np.stack([_packed(places[0]), turned, _packed(places[1]), _bytes(places[2], opacity)], -1)
    rest = gaussians.sh[:, 1:].permute(0, 2, 1).flatten(1).detach().cpu().numpy()[order]
    harmonics = np.clip(np.floor((rest / HARMONIC_RANGE + 0.5) * 256), 0, 255).astype(np.uint8)
    header = [
        "ply",
        "format binary_little_endian 1.0",
        *([f"comment {origin}"] if origin else []),
        f"element chunk {len(bounds[0])}",
        *(f"property float {name}" for name in BOUNDS),
        f"element vertex {len(vertices)}",
        *(f"property uint {name}" for name in PACKED),
    ]
    if harmonics.shape[1]:
        header += [f"element sh {len(vertices)}", *(f"property uchar f_rest_{k}" for k in range(harmonics.shape[1]))]
    with whole_file(target) as part:
        part.write_bytes(
            "\n".join([*header, "end_header\n"]).encode("ascii")
            + np.concatenate(bounds, -1).astype("<f4").tobytes()
            + vertices.astype("<u4").tobytes()
            + harmonics.tobytes()
        )
    return target


def _within_chunks(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest values of every chunk [chunks, 6], and where every row lies between them, in [0, 1]."""
    starts = np.arange(0, len(values), CHUNK)
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    chunk = np.arange(len(values)) // CHUNK
    width = (high - low)[chunk].astype(np.float64)
    places = np.where(width > 0, (values - low[chunk]) / np.where(width > 0, width, 1), 0.0)
    return np.concatenate([low, high], -1), places


def _levels(values: np.ndarray, bits: int) -> np.ndarray:
    top = 2**bits - 1
    return np.clip(np.floor(values * top + 0.5), 0, top).astype(np.uint32)


def _packed(places: np.ndarray) -> np.ndarray:
    x, y, z = (_levels(places[:, axis], bits) for axis, bits in enumerate((11, 10, 11)))
    return (x << np.uint32(21)) | (y << np.uint32(11)) | z


def _bytes(colors: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    packed = np.zeros(len(opacity), np.uint32)
    for part in (*colors.T, opacity):
        packed = (packed << np.uint32(8)) | _levels(part, 8)
    return packed
