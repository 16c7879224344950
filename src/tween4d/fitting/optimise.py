"""The one optimisation loop: Adam with decaying rates on a dictionary of tensors."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from tween4d.splatting.numba_engine.stored import Kernel

FINAL_RATE = 0.1
FLOOR = 1e-15
UPDATE = Kernel("tween4d.fitting.kernels", "adam_update")


def minimise(
    parameters: dict[str, Tensor],
    rates: dict[str, float],
    loss: Callable[[dict[str, Tensor], int], Tensor],
    steps: int,
    after: Callable[[dict[str, Tensor], int], None] | None = None,
) -> dict[str, Tensor]:
    """Minimise a (stochastic) loss by Adam; the rates fall exponentially to a tenth.

    Args:
        parameters: starting values by name; not changed.
        rates: learning rate by name; a name without a rate is held fixed.
        loss: maps parameters and step index to a scalar.
        steps: number of updates.
        after: called with the parameters after each backward pass, before the update (gradients are present).
    Returns:
        The final values, detached. A step whose loss is not finite is skipped.
    """
    live = {
        k: v.detach().clone(memory_format=torch.contiguous_format).requires_grad_(k in rates)
        for k, v in parameters.items()
    }
    update = _update_of(live, rates)
    for i in range(steps):
        for tensor in live.values():
            tensor.grad = None
        value = loss(live, i)
        if not torch.isfinite(value):
            continue
        value.backward()
        if after is not None:
            after(live, i)
        update(FINAL_RATE ** (i / max(steps - 1, 1)))
    return {k: v.detach() for k, v in live.items()}


def _update_of(live: dict[str, Tensor], rates: dict[str, float]) -> Callable[[float], None]:
    """What makes one step of Adam, given the factor on all rates."""
    if all(live[name].device.type == "cpu" and live[name].dtype == torch.float32 for name in rates):
        return _Adam(live, rates)
    groups = [{"params": [live[name]], "lr": rate} for name, rate in rates.items()]
    adam = torch.optim.Adam(groups, eps=FLOOR)

    def update(factor: float) -> None:
        for group, rate in zip(adam.param_groups, rates.values(), strict=True):
            group["lr"] = rate * factor
        adam.step()

    return update


class _Adam:
    """Adam on float32 arrays of the CPU by one kernel per array, on the caller's thread."""

    def __init__(self, live: dict[str, Tensor], rates: dict[str, float]) -> None:
        self.live, self.rates = {name: live[name] for name in rates}, rates
        self.averages = {name: np.zeros((2, live[name].numel()), np.float32) for name in rates}
        self.steps = 0

    def __call__(self, factor: float) -> None:
        self.steps += 1
        correction = 1 / np.sqrt(1 - 0.999**self.steps)
        for name, tensor in self.live.items():
            if tensor.grad is None:
                continue
            step = self.rates[name] * factor / (1 - 0.9**self.steps)
            values, gradient = tensor.detach().view(-1).numpy(), tensor.grad.reshape(-1).contiguous().numpy()
            UPDATE(values, gradient, *self.averages[name], *(np.float32(x) for x in (step, correction, FLOOR)))
