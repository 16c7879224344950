"""The committed example pictures."""

import numpy as np
from PIL import Image as Pillow

from tween4d.synthetic import SyntheticCase, example_pair_paths


def test_committed_pictures_are_what_the_generator_makes(example_case: SyntheticCase) -> None:
    """Oracle: golden files. Within 1/255 for 99.9 % of the pixels: 8-bit rounding may fall either way, and on another
    machine fused arithmetic may move the few samples that lie exactly on an edge to the neighbouring triangle."""
    for path, image in zip(example_pair_paths(), (example_case.start, example_case.end), strict=True):
        with Pillow.open(path) as picture:
            assert picture.mode == "RGBA" and picture.size == (512, 512)
            stored = np.asarray(picture, float) / 255
        made = np.concatenate([image.rgb.numpy(), image.alpha.numpy()[..., None]], -1)
        # Colour counts as far as it is seen.
        stored[..., :3] *= stored[..., 3:]
        made[..., :3] *= made[..., 3:]
        close = (np.abs(stored - made) <= 1.01 / 255).all(-1)
        assert close.mean() >= 0.999
        assert 0.1 < made[..., 3].mean() < 0.5
