"""One moment as PLY, and tracked points."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tween4d.data.gaussians import Gaussians
from tween4d.io.ply import read_ply, write_ply
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
    """Oracle: the definition of each attribute: logit, logarithm, wxyz, harmonics channel by channel."""
    g = cloud()
    columns = read_ply(write_ply(g, tmp_path / "a.ply"))
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
    assert np.allclose(points, g.means, atol=1e-5)


def test_extreme_opacities_stay_finite(tmp_path: Path) -> None:
    """Oracle: invariant; a logit of infinity would break readers."""
    g = cloud(2, 1)
    g = Gaussians(g.means, g.quats, g.log_scales, torch.tensor([float("inf"), -float("inf")]), g.sh)
    assert np.isfinite(read_ply(write_ply(g, tmp_path / "a.ply"))["opacity"]).all()


def test_what_is_no_ply_of_ours_is_refused(tmp_path: Path) -> None:
    """Oracle: contract."""
    (tmp_path / "a.ply").write_text("ply\nformat ascii 1.0\nend_header\n")
    with pytest.raises(ValueError, match="not a binary PLY"):
        read_ply(tmp_path / "a.ply")


def test_points_archive(tmp_path: Path) -> None:
    """Oracle: foreign tool, numpy, without pickle; shapes and types as documented."""
    points, colors = torch.rand(5, 7, 3), torch.rand(7, 3)
    write_points(points, colors, torch.linspace(0, 1, 5), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert set(archive) == {"points", "colors", "times"}
        assert archive["points"].dtype == np.float32 and np.array_equal(archive["points"], points)
        assert archive["colors"].dtype == np.uint8 and np.allclose(archive["colors"] / 255, colors, atol=0.51 / 255)
        assert archive["times"].tolist() == [0, 0.25, 0.5, 0.75, 1]
