"""Gaussians as glTF: the pages of a flip-book; what other programs say of the rest is in tests/foreign."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.io.glb_splats import write_glb_splats


def parsed(path: Path) -> tuple[dict[str, Any], bytes]:
    """The document and the buffer of a GLB."""
    content = path.read_bytes()
    size = struct.unpack_from("<I", content, 12)[0]
    return json.loads(content[20 : 20 + size]), content[28 + size :]


def test_a_flip_book_shows_one_moment_at_a_time(tmp_path: Path) -> None:
    """Oracle: the text of KHR_node_visibility and KHR_animation_pointer; times in seconds of the asset's duration."""
    asset = moving_ellipsoid(count=40, nodes=4, frames=9, size=32)
    moments = [(time, asset.clips[0].gaussians) for time in (0.0, 0.5, 1.0)]
    document, buffer = parsed(write_glb_splats(asset, moments, tmp_path / "a.splats.glb"))
    assert {"KHR_node_visibility", "KHR_animation_pointer"} <= set(document["extensionsUsed"])
    pages = [k for k, node in enumerate(document["nodes"]) if "mesh" in node]
    assert [document["nodes"][k]["extensions"]["KHR_node_visibility"]["visible"] for k in pages] == [True, False, False]
    (animation,) = document["animations"]
    for order, (channel, sampler) in enumerate(zip(animation["channels"], animation["samplers"], strict=True)):
        pointer = channel["target"]["extensions"]["KHR_animation_pointer"]["pointer"]
        assert pointer == f"/nodes/{pages[order]}/extensions/KHR_node_visibility/visible"
        assert channel["target"]["path"] == "pointer" and sampler["interpolation"] == "STEP"
        times, shown = (document["accessors"][sampler[end]] for end in ("input", "output"))
        assert (times["min"], times["max"]) == ([0.0], [0.5])
        start = document["bufferViews"][shown["bufferView"]]["byteOffset"]
        assert list(buffer[start : start + 3]) == [int(k == order) for k in range(3)]
    assert document["cameras"][0]["perspective"]["yfov"] == pytest.approx(np.radians(asset.fov_degrees), rel=1e-6)
