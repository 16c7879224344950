"""The models that training draws subjects from: which there are, which are held out, and which are left out and why.

`python -m training.data.models --assets DIR` writes `training/data/models.json`, the list with hashes and licences.
"""

import argparse
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from training.data.families import is_held_out
from training.data.gltf import UnreadableModel
from training.data.rigged import Model, load_model
from training.data.variation import model_subject

__all__ = ["Model", "ModelEntry", "UnreadableModel", "list_models", "load_entry", "model_subject"]

MANIFEST = Path(__file__).parent / "models.json"
EXCLUDED = {
    "animals_pack_donkey": "an animal of the horse's build from the pack of the benchmark's horse, with the same clips",
}
"""Models that are near copies of one in the benchmark, which no prior may have seen."""
AUTHORS = {"kaykit": "Kay Lousberg (KayKit Adventurers 1.0)"}
"""Whose models a family (by its beginning) are; all others are Quaternius's."""
QUATERNIUS = "Quaternius"
LICENCE = "CC0-1.0"


@dataclass(frozen=True)
class ModelEntry:
    """A file that may be loaded."""

    path: Path
    name: str
    family: str
    """The name without its last word: the pack, or the pack and the kind."""
    sha256: str
    """Of the file."""


def list_models(folder: Path) -> tuple[ModelEntry, ...]:
    """All models of a folder and its subfolders that are not excluded, by name. Files are hashed, not opened."""
    entries = []
    for path in sorted(folder.rglob("*.glb"), key=lambda p: p.stem):
        if path.stem not in EXCLUDED:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            entries.append(ModelEntry(path, path.stem, path.stem.rsplit("_", 1)[0], digest))
    return tuple(entries)


def load_entry(entry: ModelEntry) -> Model:
    """Load a listed model; each is read once. Raises UnreadableModel when it cannot be used."""
    return load_model(entry.path, entry.name, entry.family)


def write_manifest(folder: Path, target: Path = MANIFEST) -> list[dict]:
    """Write the list of models with their hashes, and of those left out with the reason."""
    rows = []
    for entry in list_models(folder):
        row = {
            "name": entry.name,
            "family": entry.family,
            "sha256": entry.sha256,
            "author": next((a for key, a in AUTHORS.items() if entry.family.startswith(key)), QUATERNIUS),
            "licence": LICENCE,
            "held_out": is_held_out(entry.family),
        }
        try:
            load_entry(entry)
        except UnreadableModel as error:
            row["skipped"] = str(error)
        rows.append(row)
    excluded = [{"name": name, "reason": reason} for name, reason in sorted(EXCLUDED.items())]
    target.write_text(json.dumps({"models": rows, "excluded": excluded}, indent=1) + "\n")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="List the models of a folder in training/data/models.json.")
    parser.add_argument("--assets", type=Path, required=True, help="folder of GLB files")
    rows = write_manifest(parser.parse_args().assets)
    skipped = [row for row in rows if "skipped" in row]
    held = sum(row["held_out"] for row in rows)
    print(f"{len(rows)} models, {held} of them held out, {len(skipped)} skipped")
    for row in skipped:
        print(f"  {row['name']}: {row['skipped']}")


if __name__ == "__main__":
    main()
