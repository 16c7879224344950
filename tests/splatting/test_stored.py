"""Machine code on the disk: loaded without numba, made again when anything changed, never trusted when damaged."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tween4d.splatting.numba_engine import stored
from tween4d.splatting.numba_engine.stored import SUFFIX, Kernel

SOURCE = """
from tween4d.splatting.numba_engine.compiling import on_stack
from tween4d.splatting.numba_engine.stored import kernel
import numpy as np

ZERO = np.float32(0)


@kernel
def scale(x, factors, add):
    kept = on_stack(ZERO, 4)
    for i in range(len(x)):
        kept[i & 3] = x[i] * {factor}
        x[i] = kept[i & 3] * factors[0][i] * factors[1] + np.float32(add)
"""
PROCESS = """
import sys
import torch
from tests.splatting.scenes import random_scene
scene = random_scene(0, 50, 30, 20)
leaves = scene.leaves(torch.float32)
scene.render(leaves, backend="numba")[0].sum().backward()
assert leaves["means"].grad.isfinite().all()
print(*[name for name in ("numba", "scipy") if name in sys.modules])
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for code and for modules; what is imported from it is forgotten afterwards."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "code"))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return tmp_path


def scaled(place: Path, factor: int, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """What a process that begins now gets from the kernel of a module."""
    (place / "kernels_of_a_test.py").write_text(SOURCE.format(factor=factor))
    monkeypatch.delitem(sys.modules, "kernels_of_a_test", raising=False)
    stored._source.cache_clear()
    x, factors = np.arange(5, dtype=np.float32), np.full(5, 10, np.float32)
    Kernel("kernels_of_a_test", "scale")(x, (factors, np.float32(0.5)), 1)
    return x


def test_code_follows_its_source_and_damage_is_noticed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: arithmetic; a changed source is compiled again, as is a file of which one byte changed."""
    for factor in (2, 3):
        np.testing.assert_array_equal(scaled(place, factor, monkeypatch), np.arange(5) * factor * 5 + 1)
    kept = sorted((place / "code").glob(f"*{SUFFIX}"))
    assert len(kept) == 2 and len(list((place / "code").iterdir())) == 2
    # Loaded now: numba is not asked.
    monkeypatch.setattr(Kernel, "_compile", None)
    np.testing.assert_array_equal(scaled(place, 3, monkeypatch), np.arange(5) * 15 + 1)
    monkeypatch.undo()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(place / "code"))
    monkeypatch.syspath_prepend(str(place))
    for path in kept:
        data = bytearray(path.read_bytes())
        data[-100] ^= 1
        path.write_bytes(data)
    np.testing.assert_array_equal(scaled(place, 3, monkeypatch), np.arange(5) * 15 + 1)


def test_a_later_process_needs_no_compiler() -> None:
    """Oracle: the modules of a process that renders and differentiates after another one compiled the kernels."""
    root = Path(__file__).resolve().parents[2]
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", PROCESS], cwd=root, capture_output=True, text=True, check=True)
        if not done.stdout.split():
            return
    pytest.fail(f"the second process imported {done.stdout}")


def test_a_kernel_says_what_it_cannot_take() -> None:
    """Oracle: the contract: contiguous arrays, numbers, and tuples of them."""
    kernel = Kernel("tween4d.splatting.numba_engine.finite", "count_infinite")
    found = np.zeros(1, np.int64)
    with pytest.raises(ValueError, match="contiguous"):
        kernel(np.zeros(8, np.uint32)[::2], found)
    with pytest.raises(TypeError, match="str"):
        kernel("bits", found)


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the same kernel from its usual folder."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "code"))
    found = np.zeros(1, np.int64)
    bits = np.float32([1, np.nan, -np.inf, 0]).view(np.uint32)
    Kernel("tween4d.splatting.numba_engine.finite", "count_infinite")(bits, found)
    assert found[0] == 2


def test_another_numba_inside_costs_only_time(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: arithmetic; without numba's private interfaces the kernel runs, and nothing is kept."""
    from tween4d.splatting.numba_engine import compiling

    def gone(run: object) -> None:
        raise AttributeError("_final_module")

    monkeypatch.setattr(compiling, "_alone", gone)
    np.testing.assert_array_equal(scaled(place, 2, monkeypatch), np.arange(5) * 10 + 1)
    assert not (place / "code").exists()
