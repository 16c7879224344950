"""A benchmark case of discs with a prediction, on disk; and what the benchmark's own script made of it.

python -m tests.app.disc_case PATH/TO/score.py      writes golden_case.json anew
"""

import json
import sys
import tempfile
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image as Pillow

from tests.metrics.discs import ANGLES, SIZE, TIMES, load_script, picture, trajectories
from tween4d.data.cameras import orbit_camera
from tween4d.io.transforms import Shot, save_cameras

GOLDEN = Path(__file__).with_name("golden_case.json")
MISSING = ("az090_el00", 3)


def write_disc_case(folder: Path) -> tuple[Path, Path]:
    """The truth and the prediction; of the prediction one picture is missing."""
    truth, predicted = folder / "truth" / "discs", folder / "predicted" / "discs"
    shots = []
    for index, (azimuth, elevation) in enumerate(ANGLES):
        name = f"az{azimuth:03d}_el{elevation:02d}"
        for time in range(TIMES):
            file = PurePosixPath("gt", name, f"t{time:02d}.png")
            shots.append(Shot(file, orbit_camera(azimuth, elevation, SIZE, SIZE), time / (TIMES - 1)))
            for root in (truth, predicted):
                if root is predicted and (name, time) == MISSING:
                    continue
                (root / file).parent.mkdir(parents=True, exist_ok=True)
                Pillow.fromarray(picture(index, time, predicted=root is predicted)).save(root / file)
    for root in (truth, predicted):
        np.savez(root / "points.npz", points=trajectories(predicted=root is predicted), times=np.linspace(0, 1, TIMES))
    (truth / "input").mkdir()
    for name, time in (("start", 0), ("end", TIMES - 1)):
        Pillow.fromarray(picture(0, time, predicted=False)).save(truth / "input" / f"{name}.png")
    save_cameras(tuple(shots), truth / "transforms.json")
    return truth, predicted


def _regenerate(script: Path) -> None:
    score = load_script(script)
    score.SIZE = SIZE
    with tempfile.TemporaryDirectory() as folder:
        truth, predicted = write_disc_case(Path(folder))
        golden = score.score_case(str(truth), str(predicted))
    GOLDEN.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    _regenerate(Path(sys.argv[1]))
