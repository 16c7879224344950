"""What a timing must say about where it was taken."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

FLAGS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512vl", "amx_tile", "asimd", "sve")


def describe() -> dict[str, Any]:
    """CPU, its vector extensions, threads, load, versions and commit."""
    return {
        "cpu": _cpu_name(),
        "flags": [flag for flag in FLAGS if flag in _cpu_flags()],
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "wait_policy": os.environ.get("OMP_WAIT_POLICY", ""),
        "load": [round(x, 2) for x in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("tween4d", "torch", "numba", "numpy")},
        "commit": _git("rev-parse", "--short", "HEAD"),
        "dirty": bool(_git("status", "--porcelain", "--untracked-files=no", "--", "src/tween4d/splatting")),
    }


def _cpu_info(key: str) -> str:
    info = Path("/proc/cpuinfo")
    if not info.is_file():
        return ""
    lines = (line.split(":", 1) for line in info.read_text().splitlines() if ":" in line)
    return next((value.strip() for name, value in lines if name.strip() == key), "")


def _cpu_name() -> str:
    import llvmlite.binding

    return f"{_cpu_info('model name') or platform.processor()} ({llvmlite.binding.get_host_cpu_name()})"


def _cpu_flags() -> set[str]:
    return set((_cpu_info("flags") or _cpu_info("Features")).split())


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()
