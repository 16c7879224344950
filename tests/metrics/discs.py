"""A made-up truth and a prediction that is off, drawn from formulas: what the benchmark's own script scored once.

python -m tests.metrics.discs PATH/TO/score.py      writes golden.json anew
"""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np

SIZE, TIMES = 48, 9
ANGLES = ((0, 0), (30, 0), (330, 0), (90, 0), (270, 0), (180, 0), (45, 30))
GOLDEN = Path(__file__).with_name("golden.json")


def picture(camera: int, time: int, *, predicted: bool) -> np.ndarray:
    """A soft striped disc that moves to the right, uint8 RGBA [48, 48, 4]; the predicted one lags, sinks and pales."""
    y, x = (np.mgrid[:SIZE, :SIZE] + 0.5) / SIZE
    off = 0.03 * np.sin(time) if predicted else 0.0
    cx, cy = 0.3 + 0.04 * time * (0.9 if predicted else 1.0), 0.5 + off
    distance = np.hypot(x - cx, y - cy)
    alpha = np.clip((0.2 + 0.01 * camera - distance) * SIZE / 2 + 0.5, 0, 1)
    stripes = 0.5 + 0.4 * np.sin(20 * (x - cx) + camera)
    rgb = np.stack([stripes, 0.3 + 0.4 * y, 0.8 - 0.5 * stripes], -1)
    rgb = 0.9 * rgb + 0.1 if predicted else rgb
    return np.round(np.concatenate([rgb, alpha[..., None]], -1) * 255).astype(np.uint8)


def trajectories(*, predicted: bool) -> np.ndarray:
    """Points on a spiral that turns about +Y, float32 [9, n, 3]; the predicted ones turn less and are fewer."""
    count = 150 if predicted else 200
    s = np.linspace(0, 1, count)
    angles = 12 * s[None] + np.linspace(0, 0.6 if predicted else 1.0, TIMES)[:, None]
    height = np.broadcast_to(0.4 - 0.8 * s, angles.shape)
    return np.stack([0.3 * np.sin(angles), height, 0.3 * np.cos(angles)], -1).astype(np.float32)


def load_script(path: Path) -> ModuleType:
    """The benchmark's scoring script as a module."""
    spec = importlib.util.spec_from_file_location("bench4d_score", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def on_white(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Colour on white, float32, and mask: what the script's own loader returns."""
    a = image.astype(np.float32) / 255
    return np.clip(a[..., :3] * a[..., 3:] + 1 - a[..., 3:], 0, 1), a[..., 3] > 0.5


def _regenerate(script: Path) -> None:
    score = load_script(script)
    pairs = [[on_white(picture(0, t, predicted=p)) for t in range(TIMES)] for p in (False, True)]
    golden = {
        "frames": [score.frame_scores(pairs[0][t], pairs[1][t], True) for t in (0, 4, 8)],
        "second_difference": [score.second_diff([p[0] for p in pairs[i]]) for i in (0, 1)],
        "points": score.point_scores(trajectories(predicted=False), trajectories(predicted=True), False),
    }
    GOLDEN.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    _regenerate(Path(sys.argv[1]))
