"""One moment as a PLY file with the attributes of 3D Gaussian Splatting, which every splat viewer reads."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tween4d.data.gaussians import Gaussians
from tween4d.io.atomic import whole_file

# Opacity 0 and 1 have no finite logit.
LOGIT_LIMIT = 15.0


def write_ply(gaussians: Gaussians, target: Path) -> Path:
    """Write Gaussians as binary little-endian PLY, in the layout of Kerbl et al. 2023.

    Attributes: `x y z`, `nx ny nz` (zero), `f_dc_*` and `f_rest_*` (harmonics, `f_rest` channel by channel),
    `opacity` (logit), `scale_*` (natural logarithm), `rot_*` (wxyz, unit). The axes stay those of tween4d: +Y up,
    the input camera on +Z; many viewers expect +Y down and show the object upside down until it is turned.

    Raises:
        OutputError: when it cannot be written.
    """
    columns = _columns(gaussians)
    header = "\n".join(
        [
            "ply",
            "format binary_little_endian 1.0",
            "comment tween4d: right-handed, +Y up, input camera on +Z",
            f"element vertex {len(gaussians)}",
            *(f"property float {name}" for name in columns),
            "end_header\n",
        ]
    )
    table = torch.stack([column.detach().cpu().float() for column in columns.values()], -1)
    with whole_file(target) as part:
        part.write_bytes(header.encode("ascii") + table.numpy().astype("<f4").tobytes())
    return target


def read_ply(path: Path) -> dict[str, np.ndarray]:
    """The vertex columns of a PLY file that `write_ply` wrote, by name.

    Raises:
        ValueError: when it is of another form.
    """
    content = path.read_bytes()
    header, found, body = content.partition(b"end_header\n")
    lines = header.decode("ascii", "replace").splitlines()
    if not found or lines[:2] != ["ply", "format binary_little_endian 1.0"]:
        raise ValueError(f"{path} is not a binary PLY file")
    count = next(int(line.split()[2]) for line in lines if line.startswith("element vertex"))
    names = [line.split()[2] for line in lines if line.startswith("property float ")]
    table = np.frombuffer(body, "<f4", count * len(names)).reshape(count, len(names))
    return {name: table[:, i] for i, name in enumerate(names)}


def _columns(g: Gaussians) -> dict[str, Tensor]:
    quats = g.quats / g.quats.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    rest = g.sh[:, 1:].permute(0, 2, 1).flatten(1)
    blocks = {
        "xyz": g.means,
        "n": torch.zeros_like(g.means),
        "f_dc_": g.sh[:, 0],
        "f_rest_": rest,
        "scale_": g.log_scales,
        "rot_": quats,
    }
    named = {f"{name}{i}": block[:, i] for name, block in blocks.items() for i in range(block.shape[1])}
    renamed = {"xyz0": "x", "xyz1": "y", "xyz2": "z", "n0": "nx", "n1": "ny", "n2": "nz"}
    columns: dict[str, Tensor] = {}
    for name, column in named.items():
        if name == "scale_0":
            columns["opacity"] = g.opacity_logits.clamp(-LOGIT_LIMIT, LOGIT_LIMIT)
        columns[renamed.get(name, name)] = column
    return columns
