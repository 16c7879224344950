"""Train the geometry prior: one command that resumes after a kill.

python -m training.geometry --data DIR --out DIR [--minutes M]

`--data` holds the folders `train` and `held-out` that `python -m training.geometry.shards` writes, also meanwhile.
"""

import argparse
from pathlib import Path

import torch

from training.geometry.learning import train


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.geometry", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=110.0)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(arguments.threads)
    train(arguments.data, arguments.out, arguments.minutes)


if __name__ == "__main__":
    main()
