"""What compressed splat formats share, and what all their writers withstand."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tween4d.data.gaussians import Gaussians
from tween4d.errors import OutputError
from tween4d.io.compressed_ply import write_compressed_ply
from tween4d.io.packing import near_order, smallest_three, unit_quats
from tween4d.io.sog import write_sog
from tween4d.io.splat import write_splat
from tween4d.io.spz import write_spz

WRITERS = {".compressed.ply": write_compressed_ply, ".sog": write_sog, ".splat": write_splat, ".spz": write_spz}
writers = pytest.mark.parametrize(("suffix", "write"), WRITERS.items())


def cloud(count: int, harmonics: int = 4, seed: int = 3) -> Gaussians:
    generator = torch.Generator().manual_seed(seed)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(count, *shape, generator=generator)

    return Gaussians(random(3) * 0.2, random(4), random(3) * 0.4 - 4.5, random(), random(harmonics, 3) * 0.2)


def test_the_smallest_three_give_the_quaternion_back() -> None:
    """Oracle: analytic; the fourth component is the positive root, and q and -q are one rotation."""
    quats = unit_quats(cloud(200))
    largest, others = smallest_three(quats)
    assert np.abs(others).max() <= np.sqrt(0.5) + 1e-12
    for quat, left, three in zip(quats, largest, others, strict=True):
        whole = np.insert(three, left, np.sqrt(1 - (three**2).sum()))
        assert np.allclose(whole, quat, atol=1e-12) or np.allclose(whole, -quat, atol=1e-12)


def test_a_quaternion_without_length_is_no_rotation() -> None:
    """Oracle: contract."""
    g = cloud(2)
    g = Gaussians(g.means, torch.zeros(2, 4), g.log_scales, g.opacity_logits, g.sh)
    assert np.array_equal(unit_quats(g), [[1, 0, 0, 0]] * 2)


def test_neighbours_in_the_file_are_near_in_space() -> None:
    """Oracle: invariant; a permutation whose steps are much shorter than those of a random order."""
    means = np.random.default_rng(0).uniform(size=(2000, 3))
    order = near_order(means)
    assert np.array_equal(np.sort(order), np.arange(2000))

    def steps(rows: np.ndarray) -> float:
        return float(np.linalg.norm(np.diff(means[rows], axis=0), axis=-1).mean())

    assert steps(order) < 0.3 * steps(np.arange(2000))


@writers
@pytest.mark.parametrize("count", [1, 257])
def test_any_number_is_written(suffix: str, write: Callable, count: int, tmp_path: Path) -> None:
    """Oracle: the number in each format's own header; one Gaussian, and one more than a chunk."""
    content = write(cloud(count), tmp_path / f"a{suffix}").read_bytes()
    if suffix == ".splat":
        assert len(content) == 32 * count
    elif suffix == ".spz":
        assert int.from_bytes(gzip.decompress(content)[8:12], "little") == count
    elif suffix == ".compressed.ply":
        assert f"element chunk {-(-count // 256)}\n".encode() in content
        assert f"element vertex {count}\n".encode() in content
    else:
        with zipfile.ZipFile(tmp_path / f"a{suffix}") as archive:
            assert archive.testzip() is None and f'"count": {count},'.encode() in archive.read("meta.json")


@writers
def test_the_same_gaussians_give_the_same_bytes(suffix: str, write: Callable, tmp_path: Path) -> None:
    """Oracle: invariant; no date, no chance."""
    one, two = (write(cloud(50), tmp_path / f"{name}{suffix}").read_bytes() for name in "ab")
    assert one == two


@writers
def test_extremes_are_cut_and_not_wrapped(suffix: str, write: Callable, tmp_path: Path) -> None:
    """Oracle: no warning (they are errors in these tests) of numbers that are not finite or do not fit."""
    g = cloud(4)
    far = g.means.clone()
    far[0] = 1e6
    logits = torch.tensor([60.0, -60.0, 0.0, 0.0])
    write(Gaussians(far, g.quats, g.log_scales * 20, logits, g.sh * 1e3), tmp_path / f"a{suffix}")


def test_the_far_is_as_exact_as_the_format_allows(tmp_path: Path) -> None:
    """Oracle: SPZ's header and 24-bit numbers, decoded here by the letter; the scene's reach decides the fraction."""
    for reach in (0.5, 40.0, 3000.0):
        g = cloud(20)
        means = g.means / g.means.abs().max() * reach
        path = write_spz(Gaussians(means, g.quats, g.log_scales, g.opacity_logits, g.sh), tmp_path / "a.spz")
        content = gzip.decompress(path.read_bytes())
        bits, raw = content[13], np.frombuffer(content, np.uint8, 20 * 9, 16).reshape(20, 3, 3).astype(np.int64)
        fixed = raw[..., 0] | raw[..., 1] << 8 | raw[..., 2] << 16
        fixed = np.where(fixed >= 2**23, fixed - 2**24, fixed)
        assert np.abs(fixed / 2.0**bits - means.numpy()).max() <= max(reach / 2**22, 2.0**-18)


@writers
def test_a_target_that_cannot_be_written_is_one_sentence(suffix: str, write: Callable, tmp_path: Path) -> None:
    """Oracle: contract; a file stands where the folder should be, and nothing is left behind."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="in the way"):
        write(cloud(3), tmp_path / "file" / f"a{suffix}")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
