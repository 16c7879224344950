"""One moment as a .splat file: 32 bytes a Gaussian, no header, no view dependence."""

from pathlib import Path

import numpy as np

from tween4d.data.gaussians import Gaussians
from tween4d.io.atomic import whole_file
from tween4d.io.axes import turn_over
from tween4d.io.packing import unit_quats

ROW = np.dtype([("mean", "<f4", 3), ("scale", "<f4", 3), ("color", "u1", 4), ("quat", "u1", 4)])


def write_splat(gaussians: Gaussians, target: Path) -> Path:
    """Write Gaussians in the layout of antimatter15/splat, the largest and most opaque first.

    A row: centre and standard deviations as float32; red, green, blue and opacity as bytes of [0, 1]; the quaternion
    wxyz as bytes of [-1, 1). Colours outside [0, 1] are cut. Harmonics above the constant one are left out.

    Raises:
        OutputError: when it cannot be written.
    """
    gaussians = turn_over(gaussians)
    table = np.empty(len(gaussians), ROW)
    table["mean"] = gaussians.means.detach().cpu().numpy()
    table["scale"] = gaussians.scales.detach().cpu().numpy()
    table["color"][:, :3] = _byte(gaussians.colors.detach().cpu().numpy() * 255)
    table["color"][:, 3] = _byte(gaussians.opacities.detach().cpu().numpy() * 255)
    table["quat"] = _byte(unit_quats(gaussians) * 128 + 128)
    # Viewers show a file while it loads, so what matters most comes first.
    weight = table["scale"].astype(np.float64).prod(-1) * table["color"][:, 3]
    with whole_file(target) as part:
        part.write_bytes(table[np.argsort(-weight, kind="stable")].tobytes())
    return target


def _byte(values: np.ndarray) -> np.ndarray:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
