"""The finished motion prior: its weights with a card that says what they were made from and what they are worth."""

import argparse
import hashlib
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import torch

from training.data.families import HELD_OUT
from training.data.models import MANIFEST
from training.exporting import export_weights
from training.motion.guides import mean_scores
from training.motion.learning import LearnConfig
from training.motion.measures import measure, measure_engine, measure_flow
from training.motion.shards import list_shards, read_shard
from training.running import FILE
from tween4d.priors.embedded.motion import LatticeInbetweener, MatchedInbetweener
from tween4d.priors.embedded.motion.network import MatchingNetwork, NetworkConfig

PAIRS = 256
"""Validation pairs that the card's figures are taken from."""
ENGINE_PAIRS = 12
FILMS = 9


def export(average: MatchingNetwork, data: Path, out: Path, models: bool, note: str = "") -> str:
    """Write motion.safetensors and motion.json to a folder; see `export_weights`.

    Args:
        data: shards it was trained on and is measured on.
        models: whether models were among the subjects.
        note: what else must be known of how the weights came about.
    """
    config = LearnConfig()
    families = Counter(name for path in list_shards(data / "train") for name in read_shard(path)[1])
    held_out = Counter(name for path in list_shards(data / "held-out") for name in read_shard(path)[1])
    state = torch.load(out / FILE, weights_only=True)["state"]
    card = {
        "name": "learned-motion",
        "task": "two matted pictures from one camera to descriptors of places, and whether both pictures show them",
        "licence": "Apache-2.0",
        "note": note,
        "network": asdict(NetworkConfig()),
        "data": {
            "pairs": sum(families.values()),
            "families": dict(sorted(families.items())),
            "procedural": "tween4d.synthetic.families, Apache-2.0",
            "models": "training/data/models.json (all CC0-1.0)" if models else "none",
            "models_sha256": hashlib.sha256(MANIFEST.read_bytes()).hexdigest(),
            "held_out": list(HELD_OUT),
            "held_out_pairs": dict(sorted(held_out.items())),
            "shards": [path.name for path in list_shards(data / "train")],
        },
        "training": {
            "steps": state["step"],
            "batch": config.batch,
            "seconds": round(state["seconds"]),
            "seed": config.seed,
            "threads": torch.get_num_threads(),
            "device": "cpu",
        },
        "held_out": {
            "measure": "share of co-visible points within 3 % of the object's diagonal",
            "network": measure(average, data / "held-out", PAIRS),
            "dis_256": measure_flow(data / "held-out", PAIRS),
            "sheets": measure_engine(average, data / "held-out", ENGINE_PAIRS),
            "sheets_classical": measure_engine(None, data / "held-out", ENGINE_PAIRS),
        },
        "held_out_guides": {
            "measure": "guiding frames of procedural films: PSNR on the union of outlines, IoU, errors over rest's",
            "films": FILMS,
            "learned": mean_scores(MatchedInbetweener(network=average), FILMS),
            "classical": mean_scores(LatticeInbetweener(), FILMS),
        },
        "known_failures": [
            "whether the other picture shows a place at all is hardly better judged than by always saying yes",
            "repeated parts (the legs of an insect) that swap places within a picture",
            "parts that are turned until another side of them shows",
            "plain parts without texture: their places are found by outline and by their neighbours only",
        ],
    }
    return export_weights("motion", dict(average.state_dict()), card, out)


def main() -> None:
    """Export the running average of a checkpoint."""
    parser = argparse.ArgumentParser(prog="python -m training.motion.export", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--data", type=Path, help="folder of the shards (default: OUT/data)")
    parser.add_argument("--no-models", action="store_true", help="models were not among the subjects")
    parser.add_argument("--note", default="", help="what else must be known of how the weights came about")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    network = MatchingNetwork()
    network.load_state_dict(torch.load(chosen.out / FILE, weights_only=True)["average"])
    digest = export(network.eval(), chosen.data or chosen.out / "data", chosen.out, not chosen.no_models, chosen.note)
    print(json.dumps({"sha256": digest}))


if __name__ == "__main__":
    main()
