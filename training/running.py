"""What a training run keeps: where it goes on after a kill, the average of its weights, and its curve."""

import json
import math
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


def set_rate(optimiser: torch.optim.Optimizer, rate: float, step: int, warm_up: int, progress: float) -> float:
    """Give an optimiser the step size of a moment: a linear warm-up, then a cosine down to a hundredth.

    Args:
        progress: share of the schedule that is over, in [0, 1].
    """
    now = rate * min(1.0, (step + 1) / warm_up) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))
    for group in optimiser.param_groups:
        group["lr"] = now
    return now


@torch.no_grad()
def follow_average(average: torch.nn.Module, model: torch.nn.Module, decay: float, step: int) -> None:
    """Move the running average of the weights towards a model; the first steps count for more."""
    share = 1 - min(decay, 1 - 1 / (1 + 0.1 * step))
    for slow, fast in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if slow.dtype.is_floating_point:
            slow.lerp_(fast, share)
        else:
            slow.copy_(fast)


def append_curve(out: Path, step: int, seconds: float, values: dict[str, float]) -> None:
    """Add a line to the run's curve, `curve.jsonl`."""
    line = {"step": step, "seconds": round(seconds, 1)} | {n: round(float(v), 6) for n, v in values.items()}
    with (out / "curve.jsonl").open("a") as stream:
        stream.write(json.dumps(line) + "\n")
