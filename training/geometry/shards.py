"""Geometry samples on disk: written by a background process, read back in random order."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from training.data.sources import Source, chosen_sources, draw_subjects
from training.geometry.shots import GeometryShot, draw_geometry_shot
from tween4d.io.atomic import whole_file

SHARD = 512
SHOTS_A_SUBJECT = {"procedural": 16, "model": 6}
"""Pictures of one subject: an object that is slow to build is looked at more often."""


def write_shard(path: Path, sources: tuple[Source, ...], seed: int, count: int = SHARD) -> None:
    """Draw `count` samples and write them as one file; the same sources and seed give the same file."""
    generator = np.random.default_rng(seed)
    shots: list[GeometryShot] = []
    families: list[str] = []
    subjects = draw_subjects(sources, generator)
    while len(shots) < count:
        subject, kind = next(subjects)
        for _ in range(SHOTS_A_SUBJECT[kind]):
            shots.append(draw_geometry_shot(subject, generator))
            families.append(subject.family)
    shots, families = shots[:count], families[:count]
    fields = {name: np.stack([getattr(shot, name) for shot in shots]) for name in GeometryShot.__dataclass_fields__}
    with whole_file(path) as part, part.open("wb") as stream:
        np.savez(stream, families=np.array(families), **fields)


def shard_paths(folder: Path) -> list[Path]:
    """The finished shards of a folder."""
    return sorted(folder.glob("shard-*.npz"))


def read_shards(paths: list[Path], names: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Several shards as one, all fields or those named."""
    loaded = [np.load(path) for path in paths]
    return {name: np.concatenate([shard[name] for shard in loaded]) for name in names or loaded[0].files}


def write_shards(folder: Path, assets: Path | None, seed: int, count: int, held_out: bool = False) -> Iterator[Path]:
    """Write shards `seed`, `seed + 1`, ...; those that are there already are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = chosen_sources(assets, held_out)
    for k in range(count):
        path = folder / f"shard-{seed + k:06d}.npz"
        if not path.exists():
            write_shard(path, sources, seed + k)
        yield path


def main() -> None:
    parser = argparse.ArgumentParser(description="Write geometry samples.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--assets", type=Path, help="a folder of GLB models beside the procedural objects")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100, help=f"shards of {SHARD} samples")
    parser.add_argument("--held-out", action="store_true", help="the families for validation instead of the others")
    arguments = parser.parse_args()
    for path in write_shards(arguments.out, arguments.assets, arguments.seed, arguments.count, arguments.held_out):
        print(path.name, flush=True)


if __name__ == "__main__":
    main()
