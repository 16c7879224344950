"""Where training goes on after a kill."""

import os
from pathlib import Path

import torch

FILE = "checkpoint.pt"


def save_checkpoint(out: Path, model: torch.nn.Module, average: torch.nn.Module, optimiser, state: dict) -> None:
    """Write everything that training goes on from; the file is whole or the one before stays."""
    part = out / (FILE + ".part")
    value = {"model": model.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict()}
    torch.save({**value, "state": state}, part)
    os.replace(part, out / FILE)


def load_checkpoint(out: Path, model: torch.nn.Module, average: torch.nn.Module, optimiser, state: dict) -> bool:
    """Fill the given objects from the last checkpoint; False when there is none."""
    path = out / FILE
    if not path.exists():
        return False
    value = torch.load(path, weights_only=True)
    model.load_state_dict(value["model"])
    average.load_state_dict(value["average"])
    optimiser.load_state_dict(value["optimiser"])
    state.update(value["state"])
    return True
