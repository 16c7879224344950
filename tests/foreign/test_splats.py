"""Splat files, read by programs of others: values come back within what each format keeps."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from tween4d.data.gaussians import Gaussians
from tween4d.io.axes import turn_over
from tween4d.io.compressed_ply import write_compressed_ply
from tween4d.io.ply import read_ply
from tween4d.io.sog import write_sog
from tween4d.io.splat import write_splat
from tween4d.io.spz import write_spz

COUNT = 300


@pytest.fixture(scope="module")
def cloud() -> Gaussians:
    """Gaussians as large and as coloured as an asset's, with all harmonics; no two centres are near."""
    generator = torch.Generator().manual_seed(4)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(COUNT, *shape, generator=generator)

    return Gaussians(random(3) * 0.2, random(4), random(3) * 0.4 - 4.5, random(), random(16, 3).clamp(-3, 3) * 0.2)


@dataclass(frozen=True)
class Kept:
    """How far off a value may be after a file has kept it; None is not kept at all."""

    means: float
    degrees: float
    log_scales: float
    opacities: float
    constant: float
    harmonics: float | None


HALF_BYTE = 0.5 / 255 + 1e-5


def _degrees(step: float) -> float:
    """The largest angle of a rotation whose three smaller parts are half a step off: the fourth is at least 1/2."""
    return float(np.degrees(4 * np.sqrt(3) * step / 2))


KEPT = {
    # 32-bit numbers; readers disagree which byte of a quaternion is 0, so all four parts are up to 1.5 steps off.
    ".splat": Kept(1e-6, float(np.degrees(2 * 2 * 1.5 / 128)), 1e-5, HALF_BYTE, HALF_BYTE / 0.282, None),
    # 23 bits and a sign for what reaches 1; steps of 1/16; 9 bits and a sign in three parts; steps of 1/8 and 1/16.
    ".spz": Kept(2.0**-18, _degrees(0.7072 / 511), 1 / 32 + 1e-5, HALF_BYTE, HALF_BYTE / 0.15, 1 / 16 + 1 / 256),
    # 10 and 11 bits between the bounds of a chunk; 8 bits of [-4, 4], the lower end of a step.
    ".compressed.ply": Kept(0.5 * 1.5 / 1023, _degrees(1.4143 / 1023), 0.5 * 4 / 1023, HALF_BYTE, 0.02, 8 / 256),
    # 16 bits; 8 bits in three parts; tables of 256 numbers, at most 1/128 of the range (4; 1.3; 1.2) apart.
    ".sog": Kept(1e-4, _degrees(1.4143 / 255), 4 / 128, HALF_BYTE, 1.3 / 128, 1.2 / 128),
}
WRITERS: dict[str, Callable[[Gaussians, Path], Path]] = {
    ".splat": write_splat,
    ".spz": write_spz,
    ".compressed.ply": write_compressed_ply,
    ".sog": write_sog,
}


@pytest.mark.parametrize("suffix", WRITERS)
def test_values_come_back(
    suffix: str, cloud: Gaussians, tmp_path: Path, transformed: Callable[[Path, str], Path]
) -> None:
    """Oracle: foreign tool, PlayCanvas splat-transform, which takes the numbers of these files as they are.

    SPZ has our axes by definition (right, up, back); the others have those of the PLY files of splat trainers.
    """
    columns = read_ply(transformed(WRITERS[suffix](cloud, tmp_path / f"a{suffix}"), ".ply"))
    _compare(columns, cloud if suffix == ".spz" else turn_over(cloud), KEPT[suffix])


@pytest.mark.parametrize("suffix", [".spz", ".compressed.ply"])
def test_another_reader_agrees(suffix: str, cloud: Gaussians, tmp_path: Path) -> None:
    """Oracle: foreign tool, gsply."""
    gsply = pytest.importorskip("gsply", reason="gsply is not installed; a second reader was not asked")
    path = WRITERS[suffix](cloud, tmp_path / f"a{suffix}")
    read = {".spz": gsply.read_spz, ".compressed.ply": gsply.plyread}[suffix]
    data = read(path)
    columns = {name: data.means[:, k] for k, name in enumerate("xyz")}
    columns |= {f"rot_{k}": data.quats[:, k] for k in range(4)} | {f"f_dc_{k}": data.sh0[:, k] for k in range(3)}
    columns |= {f"scale_{k}": data.scales[:, k] for k in range(3)} | {"opacity": data.opacities}
    rest = np.asarray(data.shN).transpose(0, 2, 1).reshape(COUNT, -1)
    columns |= {f"f_rest_{k}": rest[:, k] for k in range(rest.shape[1])}
    _compare(columns, cloud if suffix == ".spz" else turn_over(cloud), KEPT[suffix])


def _compare(columns: dict[str, np.ndarray], wanted: Gaussians, kept: Kept) -> None:
    def block(*names: str) -> torch.Tensor:
        return torch.from_numpy(np.stack([np.asarray(columns[name], np.float32) for name in names], -1))

    means = block("x", "y", "z")
    assert means.shape == (COUNT, 3)
    # Formats may change the order of Gaussians.
    distance, rows = torch.cdist(means.double(), wanted.means.double()).min(1)
    assert rows.unique().numel() == COUNT
    wanted = wanted.select(rows)
    assert float((means - wanted.means).abs().max()) <= kept.means
    quats, others = (
        torch.nn.functional.normalize(q.double(), dim=-1)
        for q in (block("rot_0", "rot_1", "rot_2", "rot_3"), wanted.quats)
    )
    angle = 2 * torch.rad2deg(torch.acos((quats * others).sum(-1).abs().clamp(max=1)))
    assert float(angle.max()) <= kept.degrees
    assert float((block("scale_0", "scale_1", "scale_2") - wanted.log_scales).abs().max()) <= kept.log_scales
    opacities = torch.sigmoid(block("opacity")[:, 0])
    assert float((opacities - wanted.opacities).abs().max()) <= kept.opacities
    constant = block("f_dc_0", "f_dc_1", "f_dc_2")
    # Bytes of colour end at 0 and 1.
    assert float(((constant - wanted.sh[:, 0])[_inside(wanted)]).abs().max()) <= kept.constant
    if kept.harmonics is None:
        assert "f_rest_0" not in columns
        return
    rest = block(*(f"f_rest_{k}" for k in range(45))).unflatten(1, (3, 15)).permute(0, 2, 1)
    assert float((rest - wanted.sh[:, 1:]).abs().max()) <= kept.harmonics
    # Signs, axes and order of harmonics, whatever the precision.
    assert np.corrcoef(rest.flatten(), wanted.sh[:, 1:].flatten())[0, 1] > 0.97


def _inside(gaussians: Gaussians) -> torch.Tensor:
    return ((gaussians.colors > 0) & (gaussians.colors < 1)).all(-1)
