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
import os, subprocess, sys
sys.path[0] = {parts!r}
import torch
torch.set_num_threads(1)
from scene import make_scene
from contenders import engine

def tell(*words):
    if {counting}:
        subprocess.run(["callgrind_control", *words, str(os.getpid())], check=True, stdout=subprocess.DEVNULL)

for count, size in {sizes}:
    scene = make_scene(count, size, size)
    engine(scene).backward(scene.v_image)
    # Nothing, forward, forward and backward: what the command itself costs is taken off.
    for passes in range(3):
        tell("--instr=on")
        if passes > 0:
            image = engine(scene)
        if passes > 1:
            image.backward(scene.v_image)
        # Switching off forgets the count.
        tell("--dump")
        tell("--instr=off")
"""


def main() -> None:
    if shutil.which("valgrind") is None:
        sys.exit("valgrind is not installed")
    with tempfile.TemporaryDirectory() as folder:
        # Compiled outside valgrind, then only loaded.
        _run(folder, [], counting=False)
        dump = f"{folder}/counts"
        _run(
            folder,
            ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={dump}"],
            counting=True,
        )
        counts = [_total(Path(f"{dump}.{k + 1}")) for k in range(3 * len(SIZES))]
    rows = []
    for k, (count, size) in enumerate(SIZES):
        idle, forward, both = counts[3 * k : 3 * k + 3]
        taken = {"forward_M": round(forward - idle, 1), "both_M": round(both - idle, 1)}
        rows.append({"gaussians": count, "size": size} | taken)
    where = machine.describe()
    folder = HERE / "results" / where["versions"]["tween4d"]
    folder.mkdir(parents=True, exist_ok=True)
    result = {"target": TARGET["NUMBA_CPU_NAME"], "threads": 1, "rows": rows, "machine": where}
    (folder / "instructions.json").write_text(json.dumps(result, indent=1) + "\n")
    print(rows)


def _total(dump: Path) -> float:
    """Millions of instructions in one dump: a whole call, its Python included."""
    return round(int(re.search(r"^totals: (\d+)", dump.read_text(), re.MULTILINE)[1]) / 1e6, 1)


def _run(cache: str, tool: list[str], counting: bool) -> None:
    code = WORK.format(parts=str(HERE / "parts"), counting=counting, sizes=SIZES)
    environment = os.environ | TARGET | {"NUMBA_CACHE_DIR": cache, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*tool, sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr[-2000:])


if __name__ == "__main__":
    main()
