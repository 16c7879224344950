"""The weights that are shipped: read when they are first needed, and only if they are what was trained."""

import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from tween4d.errors import WeightsError
from tween4d.priors.checksums import CHECKSUMS

FOLDER = Path(__file__).parent
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
