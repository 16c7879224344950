"""The one optimisation loop: Adam with decaying rates on a dictionary of tensors."""

from collections.abc import Callable

import torch
from torch import Tensor

FINAL_RATE = 0.1


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
    live = {k: v.detach().clone().requires_grad_(k in rates) for k, v in parameters.items()}
    groups = [{"params": [live[k]], "lr": rate, "base": rate} for k, rate in rates.items()]
    adam = torch.optim.Adam(groups, eps=1e-15, fused=True)
    for i in range(steps):
        adam.zero_grad(set_to_none=True)
        value = loss(live, i)
        if not torch.isfinite(value):
            continue
        value.backward()
        if after is not None:
            after(live, i)
        decay = FINAL_RATE ** (i / max(steps - 1, 1))
        for group in adam.param_groups:
            group["lr"] = group["base"] * decay
        adam.step()
    return {k: v.detach() for k, v in live.items()}
