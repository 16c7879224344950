"""Shards of rendered pairs on disk: written in the background, read while more are written."""

import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from training.data.sources import Source, chosen_sources, draw_subjects
from training.motion.pairs import SEEN, MotionPair, draw_motion_pair
from tween4d.io.atomic import whole_file

FIELDS = ("pictures", "places", "labels")
LEAST = 150
"""Pixels that both pictures must show."""
PAIRS = 256
"""Pairs in a shard."""
FIRST = 4
"""Shards that must be there before training begins."""
VALIDATION = 4
SHOTS = {"procedural": 6, "model": 4}
"""Pairs taken of one subject: an object that is slow to build is looked at more often."""


def write_shards(
    folder: Path, assets: Path | None, seed: int, count: int, *, held_out: bool = False, pairs: int = PAIRS
) -> Iterator[Path]:
    """Render shards 0 to count - 1; shard k depends on the seed, k and the sources alone; one that is there is kept.

    Args:
        assets: a folder of models beside the procedural families.
        held_out: draw from the families that are for validation only, instead of from all others.
    """
    sources = chosen_sources(assets, held_out)
    for shard in range(count):
        target = folder / f"{seed:03d}-{shard:05d}.npz"
        if not target.exists():
            rows, names = draw_pairs(sources, np.random.default_rng([seed, shard]), pairs)
            fields = {name: np.stack([getattr(row, name) for row in rows]) for name in FIELDS}
            with whole_file(target) as part:
                pack(part, fields, names)
        yield target


def write_all(data: Path, assets: Path | None, count: int) -> None:
    """Write the shards that are missing for training and validation; the training beside it comes first."""
    os.nice(5)
    jobs = (("train", 2, FIRST, False), ("held-out", 900, VALIDATION, True), ("train", 2, count, False))
    for folder, seed, shards, held_out in jobs:
        for _ in write_shards(data / folder, assets, seed, shards, held_out=held_out):
            pass


def draw_pairs(
    sources: tuple[Source, ...], generator: np.random.Generator, count: int
) -> tuple[list[MotionPair], list[str]]:
    """Pairs and their families; a pair in which almost nothing is seen twice teaches nothing and is left out."""
    rows: list[MotionPair] = []
    names: list[str] = []
    subjects = draw_subjects(sources, generator)
    while len(rows) < count:
        subject, kind = next(subjects)
        for _ in range(SHOTS[kind]):
            pair = draw_motion_pair(subject, generator)
            if ((pair.labels >= SEEN).sum((1, 2)) > LEAST).all():
                rows.append(pair)
                names.append(subject.family)
    return rows[:count], names[:count]


def pack(path: Path, fields: dict[str, np.ndarray], names: list[str]) -> None:
    """Write arrays of bytes, lightly compressed: most of a picture is empty."""
    blobs = {}
    for name, values in fields.items():
        blobs[name] = np.frombuffer(zlib.compress(np.ascontiguousarray(values).tobytes(), 1), np.uint8)
        blobs[f"{name}_shape"] = np.array(values.shape)
        blobs[f"{name}_type"] = np.array(values.dtype.str)
    with path.open("wb") as stream:
        np.savez(stream, families=np.array(json.dumps(names)), **blobs)


def read_shard(path: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    """Arrays of a shard (fields of `MotionPair`, stacked) and the family of each pair."""
    with np.load(path) as blobs:
        fields = {
            name: np.frombuffer(zlib.decompress(blobs[name].tobytes()), str(blobs[f"{name}_type"])).reshape(
                blobs[f"{name}_shape"]
            )
            for name in FIELDS
        }
        return fields, json.loads(str(blobs["families"]))


def list_shards(folder: Path) -> list[Path]:
    """Finished shards, in order."""
    return sorted(p for p in folder.glob("*.npz") if not p.name.startswith("."))
