"""Train the motion prior: one command that renders its pairs, resumes after a kill, and exports weights and card.

python -m training.motion --out DIR [--assets DIR] [--data DIR] [--minutes M]
"""

import argparse
import multiprocessing
import time
from pathlib import Path

import torch

from training.motion.export import export
from training.motion.learning import LearnConfig, learn
from training.motion.shards import FIRST, list_shards, write_all


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m training.motion", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="checkpoint, curve and weights")
    parser.add_argument("--assets", type=Path, help="a folder of GLB models beside the procedural objects")
    parser.add_argument("--data", type=Path, help="where rendered pairs are kept (default: OUT/data)")
    parser.add_argument("--minutes", type=float, default=65.0, help="length of the schedule")
    parser.add_argument("--shards", type=int, default=120, help="shards of 256 pairs to render, at most")
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    data = chosen.data or chosen.out / "data"
    chosen.out.mkdir(parents=True, exist_ok=True)
    writer = multiprocessing.get_context("spawn").Process(
        target=write_all, args=(data, chosen.assets, chosen.shards), daemon=True
    )
    writer.start()
    while writer.is_alive() and not (len(list_shards(data / "train")) >= FIRST and list_shards(data / "held-out")):
        time.sleep(1)
    average = learn(data / "train", data / "held-out", chosen.out, LearnConfig(minutes=chosen.minutes))
    writer.terminate()
    print(export(average, data, chosen.out, chosen.assets is not None))


if __name__ == "__main__":
    main()
