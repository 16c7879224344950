"""What every test runs under: annotations checked at run time, and at most two threads."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "2")
# Threads that spin while they wait make small steps five times slower when somebody else uses a core.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import torch  # noqa: E402
from jaxtyping import install_import_hook  # noqa: E402

SOURCE = Path(__file__).resolve().parents[1] / "src"
# A kernel is compiled from its plain function; a wrapper that checks types around it cannot be.
KERNELS = re.compile(
    r"^\s*(@kernel$|(from|import) (numba|tween4d\.splatting\.numba_engine\.(compiling|tracing))\b)", re.MULTILINE
)


def _checked_modules() -> Iterator[str]:
    for path in sorted((SOURCE / "tween4d").rglob("*.py")):
        if path.name != "__init__.py" and not KERNELS.search(path.read_text(encoding="utf-8")):
            yield ".".join(path.relative_to(SOURCE).with_suffix("").parts)


# An int is a float, as PEP 484 has it.
CHECKER = "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))"
install_import_hook(list(_checked_modules()), CHECKER)
torch.set_num_threads(min(2, torch.get_num_threads()))
