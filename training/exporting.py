"""Finished weights: half precision, a checksum, and a card that says where they come from."""

import hashlib
import json
import subprocess
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from tween4d.io.atomic import whole_file


def export_weights(name: str, tensors: dict[str, Tensor], card: dict, out: Path) -> str:
    """Write `name`.safetensors and its card `name`.json into a folder.

    To ship them, copy both to `src/tween4d/priors/embedded/weights` and enter the checksum in its table.

    Args:
        tensors: floating-point ones are stored in half precision.
        card: what the weights were made from; the code's commit, size and checksum are added.
    Returns:
        The SHA-256 of the weights.
    """
    stored = {
        key: (value.half() if value.dtype.is_floating_point else value).contiguous() for key, value in tensors.items()
    }
    data = save(stored)
    digest = hashlib.sha256(data).hexdigest()
    with whole_file(out / f"{name}.safetensors") as part:
        part.write_bytes(data)
    about = {
        "parameters": sum(value.numel() for value in stored.values() if value.dtype == torch.float16),
        "bytes": len(data),
        "sha256": digest,
        "commit": _commit(),
    }
    with whole_file(out / f"{name}.json") as part:
        part.write_text(json.dumps(card | about, indent=2) + "\n")
    return digest


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent)
    return done.stdout.strip() or "unknown"
