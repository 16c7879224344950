"""The weights that are shipped: read when they are first needed, and only if they are what was trained."""

import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from tween4d.errors import WeightsError

FOLDER = Path(__file__).parent
CHECKSUMS: dict[str, str] = {
    "motion": "e77f195413a2528313c20f80aed664ee0b9313041a8a167f48ab96be2394f271",
}
"""SHA-256 of each file of weights, by its name without suffix."""
REMEDY = "install tween4d again, or run with --priors classical, which needs no weights"


def load_weights(name: str) -> dict[str, Tensor]:
    """Read a file of weights.

    Args:
        name: a key of `CHECKSUMS`.
    Returns:
        Tensors by their name in the network's state; what is stored in half precision comes in single precision.
    Raises:
        WeightsError: when the file is missing, unreadable, or not the one that was trained.
    """
    path = FOLDER / f"{name}.safetensors"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError("weights of this installation cannot be read", path.name, REMEDY) from error
    if hashlib.sha256(data).hexdigest() != CHECKSUMS.get(name):
        raise WeightsError("weights of this installation are altered or incomplete", path.name, REMEDY)
    try:
        stored = load(data)
    except SafetensorError as error:
        raise WeightsError("weights of this installation cannot be read", path.name, REMEDY) from error
    return {key: value.float() if value.dtype == torch.float16 else value for key, value in stored.items()}
