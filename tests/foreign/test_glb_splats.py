"""Gaussians in glTF: what the Khronos validator says, and a twin that another program writes."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.foreign.conftest import CLI
from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.data.gaussians import Gaussians
from tween4d.io.glb_splats import write_glb_splats
from tween4d.io.ply import write_ply

SPLATTING = "KHR_gaussian_splatting"
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}


@pytest.fixture(scope="module")
def cloud() -> Gaussians:
    generator = torch.Generator().manual_seed(5)
    means, quats, log_scales = (torch.randn(40, width, generator=generator) for width in (3, 4, 3))
    logits, sh = torch.randn(40, generator=generator), torch.randn(40, 16, 3, generator=generator)
    return Gaussians(means * 0.2, quats, log_scales * 0.4 - 4.5, logits, sh * 0.2)


@pytest.mark.parametrize("moments", [1, 3])
def test_the_validator_only_complains_that_it_does_not_know_the_extension(
    moments: int, cloud: Gaussians, tmp_path: Path, gltf_report: Callable[[Path], dict[str, Any]]
) -> None:
    """Oracle: foreign tool, Khronos glTF validator.

    Its newest release is older than the extension, so it calls the attribute names that the extension defines invalid;
    any other error, and any warning, is ours.
    """
    pages = [(index / 3, cloud) for index in range(moments)]
    issues = gltf_report(write_glb_splats(moving_ellipsoid(), pages, tmp_path / "a.splats.glb"))["issues"]
    serious = [issue for issue in issues["messages"] if issue["severity"] <= 1]
    assert issues["numErrors"] == moments * 19
    for issue in serious:
        assert issue["code"] == "MESH_PRIMITIVE_INVALID_ATTRIBUTE" and f"/attributes/{SPLATTING}:" in issue["pointer"]


def test_another_program_writes_the_same(cloud: Gaussians, tmp_path: Path, foreign: Callable[..., str]) -> None:
    """Oracle: foreign tool; PlayCanvas splat-transform writes the extension from our PLY file.

    It shows PLY files half a turn about the vertical away from ours, which is turned back.
    """
    source = write_ply(cloud, tmp_path / "a.ply")
    foreign(CLI, "-q", "-w", "-g", "cpu", source, "-r", "0,180,0", tmp_path / "twin.glb")
    ours, twin = (
        _attributes(path)
        for path in (write_glb_splats(moving_ellipsoid(), [(0.0, cloud)], tmp_path / "a.glb"), tmp_path / "twin.glb")
    )
    assert set(ours) == set(twin) and len(ours) == 5 + 16
    for name in set(ours) - {f"{SPLATTING}:ROTATION", "COLOR_0"}:
        assert np.allclose(ours[name], twin[name], atol=1e-5), name
    same = np.abs((ours[f"{SPLATTING}:ROTATION"] * twin[f"{SPLATTING}:ROTATION"]).sum(-1))
    assert same.min() > 1 - 1e-5


def _attributes(path: Path) -> dict[str, np.ndarray]:
    content = path.read_bytes()
    length = struct.unpack_from("<I", content, 12)[0]
    document, buffer = json.loads(content[20 : 20 + length]), content[28 + length :]
    node = next(node for node in document["nodes"] if "mesh" in node)
    (primitive,) = document["meshes"][node["mesh"]]["primitives"]
    assert primitive["mode"] == 0 and primitive["extensions"][SPLATTING]["kernel"] == "ellipse"
    assert primitive["extensions"][SPLATTING]["colorSpace"] == "srgb_rec709_display"
    found = {}
    for name, index in primitive["attributes"].items():
        accessor = document["accessors"][index]
        view = document["bufferViews"][accessor["bufferView"]]
        kind = {5126: "<f4", 5121: "u1"}[accessor["componentType"]]
        count = accessor["count"] * WIDTHS[accessor["type"]]
        found[name] = np.frombuffer(buffer, kind, count, view["byteOffset"]).reshape(accessor["count"], -1)
    return found
