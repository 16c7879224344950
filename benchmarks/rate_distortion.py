"""How large an asset is and how far its pictures are from the unrounded ones, by bits: `asset_size.json`.

`python benchmarks/rate_distortion.py [FOLDER ...]` makes an asset of the example, and of each folder's `start.png` and
`end.png`, and writes the result of this version. An asset that was written and read again is compared with the one that
was made: pictures of 256 pixels on white, from the input camera, a side and behind, at five moments.
"""

import json
import sys
import tempfile
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from tween4d.app.run import make_asset
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import orbit_camera
from tween4d.io.asset import Precision, load_asset, save_asset
from tween4d.stages.render import render_view
from tween4d.synthetic import example_pair_paths

SIDE = 256
VIEWS = ((0, 0), (90, 15), (200, -10))
TIMES = (0.0, 0.25, 0.5, 0.75, 1.0)
# From what hardly shows to what does; the default among them.
STEPS: dict[str, Precision] = {
    "finest": Precision(16, 16, 12, 12, 12, 12, 16, 16),
    "default": Precision(),
    "coarser": Precision(12, 8, 7, 7, 7, 6, 14, 14),
    "coarse": Precision(11, 7, 6, 6, 6, 6, 13, 13),
    "coarsest": Precision(10, 6, 5, 5, 5, 5, 12, 12),
}


def main() -> None:
    torch.set_num_threads(1)
    pairs = {"example": example_pair_paths()}
    for folder in (Path(word) for word in sys.argv[1:]):
        name = folder.parent.name if folder.name == "input" else folder.name
        pairs[name] = folder / "start.png", folder / "end.png"
    rows = [row for name, (start, end) in pairs.items() for row in measure(name, make_asset(start, end))]
    result = {"version": version("tween4d"), "side": SIDE, "views": VIEWS, "times": TIMES, "rows": rows}
    target = Path(__file__).parent / "results" / version("tween4d") / "asset_size.json"
    target.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for row in rows:
        told = f"{row['psnr']:6.2f} dB (worst {row['worst']:.2f})"
        print(f"{row['asset']:12} {row['step']:9} {row['bytes'] / 1e6:6.3f} MB {told}")


def measure(name: str, asset: Asset4D) -> list[dict]:
    """One row per step."""
    truth, rows = pictures(asset), []
    with tempfile.TemporaryDirectory() as folder:
        for step, precision in STEPS.items():
            written = save_asset(asset, Path(folder) / "a.t4d", precision)
            without = save_asset(replace(asset, endpoints=None, provenance={}), Path(folder) / "b.t4d", precision)
            errors = [float(((a - b) ** 2).mean()) for a, b in zip(truth, pictures(load_asset(written)), strict=True)]
            rows.append(
                {
                    "asset": name,
                    "step": step,
                    "bits": asdict(precision),
                    "gaussians": sum(len(clip.gaussians) for clip in asset.clips),
                    "frames": asset.frame_count,
                    "bytes": written.stat().st_size,
                    "bytes_of_gaussians_and_motion": without.stat().st_size,
                    "psnr": round(float(-10 * np.log10(max(np.mean(errors), 1e-12))), 2),
                    "worst": round(float(-10 * np.log10(max(max(errors), 1e-12))), 2),
                }
            )
    return rows


def pictures(asset: Asset4D) -> list[np.ndarray]:
    """What is compared."""
    cameras = [orbit_camera(azimuth, elevation, SIDE, SIDE, asset.fov_degrees) for azimuth, elevation in VIEWS]
    return [render_view(asset, camera, time).on(1.0).numpy() for time in TIMES for camera in cameras]


if __name__ == "__main__":
    main()
