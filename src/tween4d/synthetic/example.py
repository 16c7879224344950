"""The object of `make demo` and of the end-to-end test, and its two committed pictures."""

from pathlib import Path

import numpy as np

from tween4d.synthetic.families import robot
from tween4d.synthetic.scene import Scene

EXAMPLE_SEED = 1
FOLDER = Path(__file__).parent / "example"


def example_scene() -> Scene:
    """The example object; always the same."""
    return robot(np.random.default_rng(EXAMPLE_SEED))


def example_pair_paths() -> tuple[Path, Path]:
    """The committed pictures of `example_scene` at times 0 and 1 from the input camera: 512 x 512, RGBA."""
    return FOLDER / "start.png", FOLDER / "end.png"
