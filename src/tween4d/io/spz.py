"""One moment as an SPZ file, version 3: attribute by attribute in few bits, packed by gzip."""

import gzip
import struct
from pathlib import Path

import numpy as np

from tween4d.data.gaussians import Gaussians
from tween4d.io.atomic import whole_file
from tween4d.io.packing import smallest_three, unit_quats

MAGIC, VERSION = 0x5053474E, 3
MOST_FRACTION_BITS = 18
COLOR_SCALE = 0.15
# The reference implementation keeps this many bits of a harmonic of the first degree, and of the others.
FIRST_BITS, OTHER_BITS = 5, 4


def write_spz(gaussians: Gaussians, target: Path) -> Path:
    """Write Gaussians as SPZ version 3, whose axes are those of tween4d: right, up, back.

    Centres in 24-bit fixed point, opacity 8 bits, colour 8 bits, log scales in steps of 1/16, quaternions 32 bits,
    harmonics 5 bits (degree 1) and 4 bits within [-1, 1].

    Raises:
        OutputError: when it cannot be written.
    """
    means = gaussians.means.detach().cpu().double().numpy()
    reach = max(float(np.abs(means).max(initial=0.0)), 1e-9)
    # As fine as the largest coordinate allows in a signed 24-bit number.
    bits = int(np.clip(np.floor(np.log2((2**23 - 1) / reach)), 0, MOST_FRACTION_BITS))
    fixed = np.clip(np.round(means * 2**bits), -(2**23), 2**23 - 1).astype("<i4")
    harmonics = gaussians.sh.detach().cpu().double().numpy()
    degree = int(np.sqrt(harmonics.shape[1])) - 1
    header = struct.pack("<IIIBBBB", MAGIC, VERSION, len(gaussians), degree, bits, 0, 0)
    blocks = [
        np.ascontiguousarray(fixed).view(np.uint8).reshape(-1, 4)[:, :3],
        _byte(gaussians.opacities.detach().cpu().double().numpy() * 255),
        _byte((harmonics[:, 0] * COLOR_SCALE + 0.5) * 255),
        _byte((gaussians.log_scales.detach().cpu().double().numpy() + 10) * 16),
        _rotations(unit_quats(gaussians)),
        _steps(harmonics[:, 1:]),
    ]
    content = header + b"".join(np.ascontiguousarray(block).tobytes() for block in blocks)
    with whole_file(target) as part:
        # Without the time of day, so that the same asset gives the same file.
        part.write_bytes(gzip.compress(content, 9, mtime=0))
    return target


def _rotations(quats: np.ndarray) -> np.ndarray:
    """Two bits say which of xyzw is left out; of each other one, a sign and nine bits of magnitude."""
    largest, others = smallest_three(quats[:, [1, 2, 3, 0]])
    packed = largest.astype(np.uint32)
    for column in range(3):
        part = others[:, column]
        size = np.clip(np.round(np.abs(part) * np.sqrt(2) * 511), 0, 511).astype(np.uint32)
        packed = (packed << np.uint32(10)) | ((part < 0).astype(np.uint32) << np.uint32(9)) | size
    return packed.astype("<u4")


def _steps(rest: np.ndarray) -> np.ndarray:
    """Harmonics as bytes around 128, rounded to the middles of coarser steps, which compress better."""
    bits = np.where(np.arange(rest.shape[1]) < 3, FIRST_BITS, OTHER_BITS)[None, :, None]
    step = 2.0 ** (8 - bits)
    return _byte(np.floor((np.round(rest * 128) + 128 + step / 2) / step) * step)


def _byte(values: np.ndarray) -> np.ndarray:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
