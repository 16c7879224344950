"""One moment as a SOG file, version 2: every attribute a lossless WebP picture, one pixel a Gaussian, in a zip."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from scipy.cluster.vq import kmeans2

from tween4d.data.gaussians import Gaussians
from tween4d.io.atomic import whole_file
from tween4d.io.axes import turn_over
from tween4d.io.packing import near_order, smallest_three, unit_quats

CODES = 256
ROUNDS = 12
PALETTE_ROW = 64
MOST_PALETTE = 4096
FIRST_TAG = 252


def write_sog(gaussians: Gaussians, target: Path, origin: str = "") -> Path:
    """Write Gaussians in PlayCanvas's SOG layout.

    Centres have 16 bits of sign(x) log(1 + |x|), rotations 3 x 8 bits; log scales and constant harmonics are entries
    of two tables of 256 numbers; opacity has 8 bits. Higher harmonics of a Gaussian are one of at most 4096 sets.

    Args:
        origin: how it was made, for the description.
    Raises:
        OutputError: when it cannot be written.
    """
    gaussians = turn_over(gaussians)
    order = near_order(gaussians.means.detach().cpu().numpy())
    means, scales, sh = (
        block.detach().cpu().double().numpy()[order] for block in (gaussians.means, gaussians.log_scales, gaussians.sh)
    )
    opacity = gaussians.opacities.detach().cpu().double().numpy()[order]
    squeezed = np.sign(means) * np.log1p(np.abs(means))
    low, high = squeezed.min(0), squeezed.max(0)
    fixed = np.round((squeezed - low) / np.maximum(high - low, 1e-12) * 65535).astype(np.uint16)
    largest, others = smallest_three(unit_quats(gaussians)[order])
    turned = np.round((others * np.sqrt(0.5) + 0.5) * 255)
    scale_codes, scale_book = _coded(scales)
    color_codes, color_book = _coded(sh[:, 0])
    pictures = {
        "means_l": _opaque(fixed & 255),
        "means_u": _opaque(fixed >> 8),
        "quats": np.concatenate([turned, FIRST_TAG + largest[:, None]], -1),
        "scales": _opaque(scale_codes),
        "sh0": np.concatenate([color_codes, np.round(opacity * 255)[:, None]], -1),
    }
    meta: dict[str, Any] = {
        "version": 2,
        "asset": {"generator": "tween4d"} | ({"comment": origin} if origin else {}),
        "count": len(means),
        "means": {"mins": low.tolist(), "maxs": high.tolist(), "files": ["means_l.webp", "means_u.webp"]},
        "scales": {"codebook": scale_book, "files": ["scales.webp"]},
        "quats": {"files": ["quats.webp"]},
        "sh0": {"codebook": color_book, "files": ["sh0.webp"]},
    }
    files = {f"{name}.webp": _webp(_square(rows)) for name, rows in pictures.items()}
    if sh.shape[1] > 1:
        meta["shN"], extra = _higher(sh[:, 1:])
        files |= extra
    with whole_file(target) as part, zipfile.ZipFile(part, "w") as archive:
        for name, content in {"meta.json": json.dumps(meta).encode(), **files}.items():
            # With a fixed date, so that the same asset gives the same file.
            archive.writestr(zipfile.ZipInfo(name), content)
    return target


def _coded(values: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """The nearest of 256 numbers for every value, and the numbers, increasing: Lloyd's algorithm in one dimension."""
    flat = np.sort(values.ravel())
    # Half of them start where values are many, half evenly, so that rare values are not far from their number.
    shares = (np.arange(CODES // 2) + 0.5) / (CODES // 2)
    book = np.sort(np.concatenate([np.quantile(flat, shares), flat[0] + shares * (flat[-1] - flat[0])]))
    for _ in range(ROUNDS):
        codes = np.searchsorted((book[1:] + book[:-1]) / 2, flat)
        counts = np.bincount(codes, minlength=CODES)
        sums = np.bincount(codes, flat, CODES)
        book = np.sort(np.where(counts > 0, sums / np.maximum(counts, 1), book))
    return np.searchsorted((book[1:] + book[:-1]) / 2, values), book.tolist()


def _higher(rest: np.ndarray) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Harmonics of degrees 1 to 3: a table of sets, 64 in a row of pixels, and the number of every Gaussian's set."""
    count, terms, _ = rest.shape
    flat = rest.reshape(count, -1)
    if count <= MOST_PALETTE:
        palette, labels = flat, np.arange(count)
    else:
        palette, labels = kmeans2(flat, MOST_PALETTE, iter=5, minit="points", rng=np.random.default_rng(0))
    codes, book = _coded(palette)
    height = -(-len(palette) // PALETTE_ROW)
    table = np.zeros((height * PALETTE_ROW, terms, 3))
    table[: len(palette)] = codes.reshape(-1, terms, 3)
    numbered = np.stack([labels & 255, labels >> 8, np.zeros_like(labels)], -1)
    files = {
        "shN_centroids.webp": _webp(_opaque(table.reshape(height, PALETTE_ROW * terms, 3))),
        "shN_labels.webp": _webp(_square(_opaque(numbered))),
    }
    bands = int(np.sqrt(terms + 1)) - 1
    return {"count": len(palette), "bands": bands, "codebook": book, "files": list(files)}, files


def _opaque(rows: np.ndarray) -> np.ndarray:
    return np.concatenate([rows, np.full((*rows.shape[:-1], 1), 255)], -1)


def _square(rows: np.ndarray) -> np.ndarray:
    """Pixels row by row in a picture that is about square, its sides multiples of four."""
    width = -(-int(np.ceil(np.sqrt(len(rows)))) // 4) * 4
    height = -(-len(rows) // (4 * width)) * 4
    picture = np.zeros((height * width, 4))
    picture[: len(rows)] = rows
    return picture.reshape(height, width, 4)


def _webp(picture: np.ndarray) -> bytes:
    stream = io.BytesIO()
    # Exact: colours stay where alpha, which holds data here, is 0.
    Pillow.fromarray(picture.astype(np.uint8)).save(stream, "WEBP", lossless=True, quality=100, method=4, exact=True)
    return stream.getvalue()
