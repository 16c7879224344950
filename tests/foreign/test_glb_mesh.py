"""The animated mesh: what the Khronos validator says of the file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.io.test_glb import two_tetrahedra


@pytest.mark.parametrize("morph", [False, True])
def test_the_validator_finds_no_error_and_warns_of_nothing(
    morph: bool, tmp_path: Path, gltf_report: Callable[[Path], dict[str, Any]]
) -> None:
    """Oracle: foreign tool, Khronos glTF validator; on joints, and as morph targets."""
    report = gltf_report(two_tetrahedra(tmp_path / "two.glb", morph=morph))
    issues, info = report["issues"], report["info"]
    assert issues["numErrors"] == 0 and issues["numWarnings"] == 0, issues["messages"]
    assert (info["hasMorphTargets"], info["hasSkins"], info["animationCount"]) == (morph, not morph, 3)
