"""Counts the instructions of the raster kernels under callgrind: `python benchmarks/instructions.py`.

A count does not depend on what else the machine does, so it is the figure to watch for regressions. The kernels are
compiled for one fixed machine (x86-64-v3: AVX2, FMA), whatever the CPU. Needs valgrind.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Not this folder itself: its profile.py would hide the standard library's.
HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE / "parts")
import machine  # noqa: E402

SIZES = ((20_000, 256), (20_000, 512))
TARGET = {
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "+avx,+avx2,+fma,+bmi,+bmi2,+f16c,+lzcnt,+popcnt,+movbe,+cx16,+sse4.2,+sse4.1,+ssse3,+sse3,"
    "+sse2,+sse,+cmov,+fxsr,+cx8,+64bit",
}
WORK = """
import sys
sys.path[0] = {parts!r}
import torch
torch.set_num_threads(1)
from scene import make_scene
from contenders import engine
scene = make_scene({count}, {size}, {size})
for _ in range({repeats}):
    image = engine(scene)
    if {backward}:
        image.backward(scene.v_image)
"""


def main() -> None:
    if shutil.which("valgrind") is None:
        sys.exit("valgrind is not installed")
    rows = []
    with tempfile.TemporaryDirectory() as cache:
        for count, size in SIZES:
            # Compiled outside valgrind, then only loaded.
            _run(cache, count, size, 1, True, [])
            forward = _counted(cache, count, size, False)
            both = _counted(cache, count, size, True)
            rows.append({"gaussians": count, "size": size, "forward_M": forward, "both_M": both})
            print(rows[-1], file=sys.stderr)
    where = machine.describe()
    folder = HERE / "results" / where["versions"]["tween4d"]
    folder.mkdir(parents=True, exist_ok=True)
    result = {"target": TARGET["NUMBA_CPU_NAME"], "rows": rows, "machine": where}
    (folder / "instructions.json").write_text(json.dumps(result, indent=1) + "\n")


def _counted(cache: str, count: int, size: int, backward: bool) -> float:
    """Millions of instructions of one call: the difference of three calls and one, halved."""
    totals = []
    for repeats in (1, 3):
        tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
        errors = _run(cache, count, size, repeats, backward, tool)
        totals.append(int(re.search(r"Collected : (\d+)", errors)[1]))
    return round((totals[1] - totals[0]) / 2 / 1e6, 1)


def _run(cache: str, count: int, size: int, repeats: int, backward: bool, tool: list[str]) -> str:
    code = WORK.format(parts=str(HERE / "parts"), count=count, size=size, repeats=repeats, backward=backward)
    environment = os.environ | TARGET | {"NUMBA_CACHE_DIR": cache, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*tool, sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return done.stderr


if __name__ == "__main__":
    main()
