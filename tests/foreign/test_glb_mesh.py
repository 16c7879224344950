"""The animated mesh: what the Khronos validator says of the file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.io.test_glb import two_tetrahedra


def test_the_validator_finds_no_error_and_warns_of_nothing(
    tmp_path: Path, gltf_report: Callable[[Path], dict[str, Any]]
) -> None:
    """Oracle: foreign tool, Khronos glTF validator."""
    issues = gltf_report(two_tetrahedra(tmp_path / "two.glb"))["issues"]
    assert issues["numErrors"] == 0 and issues["numWarnings"] == 0, issues["messages"]
