"""The finished geometry prior: its weights with a card that says what they were made from and what they are worth.

    python -m training.geometry.export --data DIR --run DIR [--assets DIR]

Then copy both files to `src/tween4d/priors/embedded/weights` and enter the checksum in its table.
"""

import argparse
import hashlib
from collections import Counter
from pathlib import Path

import torch

from training.data.families import HELD_OUT
from training.data.models import MANIFEST
from training.exporting import export_weights
from training.geometry.batches import BATCH, at_network_size
from training.geometry.measures import measure
from training.geometry.shards import read_shards, shard_paths
from training.geometry.views import compare, draw_stills, read_network
from training.running import FILE
from tween4d.priors.embedded.geometry import InflationPrior, LiftingPrior

STILLS = 40
STILLS_SEED = 4242


def describe(data: Path, run: Path, assets: Path | None) -> dict:
    """The card: data, seeds, licences, schedule, figures on held-out families, and what is known to go wrong."""
    network = read_network(run)
    state = torch.load(run / FILE, weights_only=True)["state"]
    train = read_shards(shard_paths(data / "train"), ("families",))["families"]
    held_out = at_network_size(read_shards(shard_paths(data / "held-out")))
    stills = list(draw_stills(assets, STILLS, STILLS_SEED))
    priors = {"inflation": InflationPrior(), "learned": LiftingPrior(lambda: network), "learned, told": None}
    seen = Counter(train.tolist())
    return {
        "name": "surface-network",
        "task": "one matted picture to a distribution over orientation and to a front and back surface",
        "licence": "Apache-2.0",
        "data": {
            "samples": len(train),
            "families": dict(sorted(seen.items())),
            "procedural": "tween4d.synthetic.families, Apache-2.0",
            "models": "training/data/models.json (all CC0-1.0)" if assets else "none",
            "models_sha256": hashlib.sha256(MANIFEST.read_bytes()).hexdigest(),
            "held_out": list(HELD_OUT),
            "shards": [path.name for path in shard_paths(data / "train")],
        },
        "training": {
            "steps": state["step"],
            "batch": BATCH,
            "seconds": round(state["seconds"]),
            "threads": torch.get_num_threads(),
            "device": "cpu",
        },
        "held_out_pictures": measure(network, held_out, 2000),
        "held_out_pictures_told": measure(network, held_out, 2000, told=True),
        "held_out_views": {
            "columns": ["near PSNRm", "near IoU", "far PSNRm", "far IoU"],
            "objects": STILLS,
            **compare(stills, priors, network),
        },
        "known_failures": [
            "front and back are confused where a silhouette says the same of both",
            "objects unlike all training families keep a slant that is too small",
            "its own half thickness and hidden colours are worse than inflation's and are not used",
        ],
    }


def main() -> None:
    """Measure, write card and weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--assets", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    card = describe(arguments.data, arguments.run, arguments.assets)
    print(export_weights("geometry", read_network(arguments.run).state_dict(), card, arguments.run))


if __name__ == "__main__":
    main()
