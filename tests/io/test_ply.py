"""One moment as PLY, and tracked points."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tween4d.data.gaussians import Gaussians
from tween4d.errors import InputError
from tween4d.io.axes import turn_over
from tween4d.io.ply import load_ply, read_ply, write_ply
from tween4d.io.points import write_points


def cloud(count: int = 50, harmonics: int = 16) -> Gaussians:
    generator = torch.Generator().manual_seed(4)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(count, *shape, generator=generator)

    return Gaussians(random(3), random(4), random(3), random(), random(harmonics, 3))


@pytest.mark.parametrize(("harmonics", "rest"), [(1, 0), (4, 9), (9, 24), (16, 45)])
def test_the_attributes_are_those_of_gaussian_splatting(tmp_path: Path, harmonics: int, rest: int) -> None:
    """Oracle: the attribute list of the reference implementation (graphdeco-inria, `construct_list_of_attributes`)."""
    content = write_ply(cloud(harmonics=harmonics), tmp_path / "a.ply").read_bytes()
    header = content.partition(b"end_header\n")[0].decode().splitlines()
    names = [line.split()[-1] for line in header if line.startswith("property")]
    wanted = ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"]
    wanted += [f"f_rest_{i}" for i in range(rest)]
    wanted += ["opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"]
    assert names == wanted
    assert header[:2] == ["ply", "format binary_little_endian 1.0"]


def test_the_values_are_raw_parameters(tmp_path: Path) -> None:
    """Oracle: the definition of each attribute: logit, logarithm, wxyz, harmonics channel by channel; y down."""
    given = cloud()
    columns = read_ply(write_ply(given, tmp_path / "a.ply"))
    g = turn_over(given)
    assert np.allclose(columns["y"], -given.means[:, 1]) and np.allclose(columns["z"], -given.means[:, 2])
    assert np.allclose(np.stack([columns[k] for k in "xyz"], -1), g.means)
    assert np.allclose(columns["opacity"], g.opacity_logits)
    assert np.allclose(columns["scale_1"], g.log_scales[:, 1])
    unit = g.quats / g.quats.norm(dim=-1, keepdim=True)
    assert np.allclose(np.stack([columns[f"rot_{i}"] for i in range(4)], -1), unit, atol=1e-6)
    assert np.allclose(columns["f_dc_2"], g.sh[:, 0, 2])
    # f_rest_15 is the first coefficient after DC of the second channel.
    assert np.allclose(columns["f_rest_0"], g.sh[:, 1, 0]) and np.allclose(columns["f_rest_15"], g.sh[:, 1, 1])
    assert not columns["nx"].any()


def test_a_foreign_reader_finds_the_points(tmp_path: Path) -> None:
    """Oracle: foreign tool, OpenCV's PLY reader."""
    g = cloud(harmonics=1)
    path = write_ply(g, tmp_path / "a.ply")
    loaded = cv2.loadPointCloud(str(path))
    points = np.asarray(loaded[0] if isinstance(loaded, tuple) else loaded).reshape(-1, 3)
    assert np.allclose(points, g.means * torch.tensor([1.0, -1.0, -1.0]), atol=1e-5)


def test_extreme_opacities_stay_finite(tmp_path: Path) -> None:
    """Oracle: invariant; a logit of infinity would break readers."""
    g = cloud(2, 1)
    g = Gaussians(g.means, g.quats, g.log_scales, torch.tensor([float("inf"), -float("inf")]), g.sh)
    assert np.isfinite(read_ply(write_ply(g, tmp_path / "a.ply"))["opacity"]).all()


@pytest.mark.parametrize("harmonics", [1, 4, 16])
def test_what_is_written_is_read_back(tmp_path: Path, harmonics: int) -> None:
    """Oracle: the Gaussians themselves; the turn of the axes and its inverse cancel."""
    g = cloud(harmonics=harmonics)
    back = load_ply(write_ply(g, tmp_path / "a.ply"))
    assert torch.allclose(back.means, g.means) and torch.allclose(back.sh, g.sh)
    assert torch.allclose(back.log_scales, g.log_scales) and torch.allclose(back.opacity_logits, g.opacity_logits)
    unit = torch.nn.functional.normalize(g.quats, dim=-1)
    assert torch.allclose((back.quats * unit).sum(-1).abs(), torch.ones(len(g)), atol=1e-6)


def test_other_types_and_attributes_are_read(tmp_path: Path) -> None:
    """Oracle: closed form; doubles, a byte between them and another element behind, as other programs write."""
    names = ["x", "y", "z", "opacity", *(f"f_dc_{i}" for i in range(3)), *(f"scale_{i}" for i in range(3))]
    names += [f"rot_{i}" for i in range(4)]
    row = np.dtype([("tag", "u1"), *((name, "<f8") for name in names)])
    table = np.zeros(2, row)
    table["x"], table["y"], table["rot_0"] = [1, 2], [3, 4], 1
    fields = "property uchar tag\n" + "".join(f"property double {name}\n" for name in names)
    header = f"ply\nformat binary_little_endian 1.0\nelement vertex 2\n{fields}element camera 1\nproperty float f\n"
    (tmp_path / "a.ply").write_bytes(f"{header}end_header\n".encode() + table.tobytes() + b"1234")
    assert load_ply(tmp_path / "a.ply").means.tolist() == [[1, -3, 0], [2, -4, 0]]


def test_what_is_no_ply_of_gaussians_is_refused(tmp_path: Path) -> None:
    """Oracle: contract."""
    path = tmp_path / "a.ply"
    with pytest.raises(InputError, match="no such PLY"):
        load_ply(path)
    path.write_text("ply\nformat ascii 1.0\nend_header\n")
    with pytest.raises(ValueError, match="not a binary PLY"):
        read_ply(path)
    whole = write_ply(cloud(5), path).read_bytes()
    path.write_bytes(whole[:-4])
    with pytest.raises(InputError, match="cut off"):
        load_ply(path)
    path.write_bytes(whole.replace(b"scale_0", b"scale_9"))
    with pytest.raises(InputError, match="no attribute 'scale_0'"):
        load_ply(path)
    path.write_bytes(whole[:-4] + np.float32("nan").tobytes())
    with pytest.raises(InputError, match="not finite"):
        load_ply(path)


def test_points_archive(tmp_path: Path) -> None:
    """Oracle: foreign tool, numpy, without pickle; shapes and types as documented."""
    points, colors = torch.rand(5, 7, 3), torch.rand(7, 3)
    write_points(points, colors, torch.linspace(0, 1, 5), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert set(archive) == {"points", "colors", "times"}
        assert archive["points"].dtype == np.float32 and np.array_equal(archive["points"], points)
        assert archive["colors"].dtype == np.uint8 and np.allclose(archive["colors"] / 255, colors, atol=0.51 / 255)
        assert archive["times"].tolist() == [0, 0.25, 0.5, 0.75, 1]
