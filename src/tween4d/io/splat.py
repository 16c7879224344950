"""One moment as a .splat file: 32 bytes a Gaussian, no header, no view dependence."""

from pathlib import Path

import numpy as np
import torch

from tween4d.data.gaussians import Gaussians, sh_from_colors
from tween4d.errors import InputError
from tween4d.io.atomic import whole_file
from tween4d.io.axes import turn_over
from tween4d.io.packing import LOGIT_LIMIT, unit_quats

MOST_GAUSSIANS = 5_000_000
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


def load_splat(path: Path) -> Gaussians:
    """Read Gaussians of a .splat file, ours or another program's, into our world; rows in the order of the file.

    Raises:
        InputError: when there is no such file, its size is no number of rows, or it holds values that are not finite
            or sizes that are not positive.
    """
    if not path.is_file():
        raise InputError("there is no such .splat file", str(path), "check the path")
    try:
        content = path.read_bytes()
        rows, left = divmod(len(content), ROW.itemsize)
        if left or not 0 < rows <= MOST_GAUSSIANS:
            raise ValueError(f"its {len(content)} bytes are no number of rows of {ROW.itemsize}")
        table = np.frombuffer(content, ROW)
        means, scales = torch.from_numpy(table["mean"].copy()), torch.from_numpy(table["scale"].copy())
        if not bool(means.isfinite().all() and scales.isfinite().all() and (scales > 0).all()):
            raise ValueError("a place is not finite or a size is not positive")
        color = torch.from_numpy(table["color"] / np.float32(255))
        return turn_over(
            Gaussians(
                means,
                torch.nn.functional.normalize(torch.from_numpy((table["quat"].astype(np.float32) - 128) / 128), dim=-1),
                scales.log(),
                torch.logit(color[:, 3]).clamp(-LOGIT_LIMIT, LOGIT_LIMIT),
                sh_from_colors(color[:, :3]),
            )
        )
    except (OSError, ValueError) as error:
        raise InputError("the .splat file cannot be read", f"{path}: {error}", "use a PLY file") from error


def _byte(values: np.ndarray) -> np.ndarray:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
