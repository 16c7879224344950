"""One moment as a PLY file with the attributes of 3D Gaussian Splatting, which every splat viewer reads."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tween4d.data.gaussians import Gaussians
from tween4d.errors import InputError
from tween4d.io.atomic import whole_file
from tween4d.io.axes import turn_over
from tween4d.io.packing import LOGIT_LIMIT

MOST_GAUSSIANS = 5_000_000
TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "<i2", "int16": "<i2", "ushort": "<u2",
    "uint16": "<u2", "int": "<i4", "int32": "<i4", "uint": "<u4", "uint32": "<u4", "float": "<f4", "float32": "<f4",
    "double": "<f8", "float64": "<f8",
}  # fmt: skip


def write_ply(gaussians: Gaussians, target: Path, origin: str = "") -> Path:
    """Write Gaussians as binary little-endian PLY, in the layout of Kerbl et al. 2023.

    Attributes: `x y z`, `nx ny nz` (zero), `f_dc_*` and `f_rest_*` (harmonics, `f_rest` channel by channel),
    `opacity` (logit), `scale_*` (natural logarithm), `rot_*` (wxyz, unit). The axes are those that viewers expect of
    such files: x right, y down, z away from the input camera.

    Args:
        origin: how it was made, one line of ASCII, for a comment.
    Raises:
        OutputError: when it cannot be written.
    """
    columns = _columns(turn_over(gaussians))
    header = "\n".join(
        [
            "ply",
            "format binary_little_endian 1.0",
            "comment tween4d: x right, y down, z away from the input camera",
            *([f"comment {origin}"] if origin else []),
            f"element vertex {len(gaussians)}",
            *(f"property float {name}" for name in columns),
            "end_header\n",
        ]
    )
    table = torch.stack([column.detach().cpu().float() for column in columns.values()], -1)
    with whole_file(target) as part:
        part.write_bytes(header.encode("ascii") + table.numpy().astype("<f4").tobytes())
    return target


def load_ply(path: Path) -> Gaussians:
    """Read Gaussians of a PLY file, ours or another program's, into our world.

    Raises:
        InputError: when there is no such file, it is no binary PLY of Gaussians, it is cut off, or it holds values
            that are not finite.
    """
    if not path.is_file():
        raise InputError("there is no such PLY file", str(path), "check the path")
    try:
        columns = read_ply(path)
        rest = sum(name.startswith("f_rest_") for name in columns)
        harmonics = 1 + rest // 3
        if harmonics not in (1, 4, 9, 16) or rest % 3:
            raise ValueError(f"{rest} f_rest attributes are no whole set of harmonics")
        return _gaussians(columns, harmonics)
    except KeyError as error:
        raise InputError(
            f"the PLY file has no attribute {error} of Gaussian splatting", str(path), "use a file of a splat trainer"
        ) from error
    except (OSError, ValueError, StopIteration, IndexError) as error:
        raise InputError(
            "the PLY file cannot be read as Gaussians", f"{path}: {error}", "use a binary little-endian PLY"
        ) from error


def read_ply(path: Path) -> dict[str, np.ndarray]:
    """The vertex columns of a binary little-endian PLY file, by name, as they are in the file.

    Raises:
        ValueError: when it is of another form, too large or cut off.
    """
    content = path.read_bytes()
    header, found, body = content.partition(b"end_header\n")
    lines = [line.split() for line in header.decode("ascii", "replace").splitlines()]
    if not found or lines[:2] != [["ply"], ["format", "binary_little_endian", "1.0"]]:
        raise ValueError(f"{path} is not a binary PLY file")
    elements = [index for index, line in enumerate(lines) if line[:1] == ["element"]]
    if not elements or lines[elements[0]][1] != "vertex":
        raise ValueError(f"{path} does not begin with its vertices")
    count = int(lines[elements[0]][2])
    end = elements[1] if len(elements) > 1 else len(lines)
    fields = [line for line in lines[elements[0] + 1 : end] if line[:1] == ["property"]]
    unknown = {line[1] for line in fields} - set(TYPES)
    if unknown or not 0 < count <= MOST_GAUSSIANS:
        raise ValueError(f"{path} holds {count} vertices" if not unknown else f"{path} holds {', '.join(unknown)}")
    row = np.dtype([(line[2], TYPES[line[1]]) for line in fields])
    if len(body) < count * row.itemsize:
        raise ValueError(f"{path} is cut off")
    table = np.frombuffer(body, row, count)
    return {name: table[name] for name in row.names or ()}


def _gaussians(columns: dict[str, np.ndarray], harmonics: int) -> Gaussians:
    def block(*names: str) -> Tensor:
        return torch.from_numpy(np.stack([columns[name].astype(np.float32) for name in names], -1))

    direct = block("f_dc_0", "f_dc_1", "f_dc_2")[:, None]
    rest = [f"f_rest_{index}" for index in range(3 * (harmonics - 1))]
    indirect = block(*rest).unflatten(1, (3, -1)).permute(0, 2, 1) if rest else direct[:, :0]
    raw = Gaussians(
        block("x", "y", "z"),
        block("rot_0", "rot_1", "rot_2", "rot_3"),
        block("scale_0", "scale_1", "scale_2"),
        block("opacity")[:, 0].clamp(-LOGIT_LIMIT, LOGIT_LIMIT),
        torch.cat([direct, indirect], 1),
    )
    for name in ("means", "quats", "log_scales", "opacity_logits", "sh"):
        if not bool(getattr(raw, name).isfinite().all()):
            raise ValueError(f"{name} holds values that are not finite")
    return turn_over(raw)


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
