"""What the geometry prior is judged by, on objects of families it has not seen."""

import math

import numpy as np
import torch
from torch import Tensor

from training.geometry.batches import Batch, fit_slants
from tween4d.priors.embedded.geometry.network import SurfaceNet, network_input, sector_azimuths

LARGE_SLANT = 0.25
"""Depth per length across the picture from which a true slant counts as large."""
INFLATION_DEPTH = 2.0


@torch.no_grad()
def measure(model: SurfaceNet, data: dict[str, np.ndarray], count: int, told: bool = False) -> dict[str, float]:
    """Depth, slant and orientation errors.

    Args:
        data: samples, as `training.geometry.batches.at_network_size` gives them.
        count: how many are measured, spread over all.
        told: the decoder is told the true orientation, as a user could.
    Returns:
        `az30`: share of azimuths within 30 degrees; `sign`: share of large true slants whose direction is right
        (`slope` their length along the truth, `slanted` how many there are); `depth` and `flat`: mean error of the
        front surface, network and inflation parallel to the image, each after its best offset; `colour`.
    """
    model.eval()
    rows = np.linspace(0, len(data["picture"]) - 1, min(count, len(data["picture"]))).astype(int)
    totals: dict[str, list[float]] = {name: [] for name in ("az30", "depth", "flat", "colour", "true", "got")}
    for part in np.array_split(rows, max(1, len(rows) // 64)):
        batch = Batch(data, part)
        seen = model.encode(network_input(batch.rgb, batch.alpha, batch.inflated))
        azimuth = sector_azimuths()[model.orientation(seen).argmax(1)]
        totals["az30"] += (torch.cos(azimuth - batch.azimuth) > math.cos(math.radians(30))).float().tolist()
        if told:
            azimuth = batch.azimuth
        maps = model.decode(seen, azimuth, model.elevation(seen, azimuth), batch.spread)
        totals["true"] += batch.slant.tolist()
        totals["got"] += fit_slants(maps.middle, batch.inside).tolist()
        for k, inside in enumerate(batch.inside):
            front = (batch.middle + batch.half)[k][inside]
            totals["depth"].append(_centred_error((maps.middle + maps.half)[k][inside], front))
            totals["flat"].append(_centred_error(INFLATION_DEPTH * batch.inflated[k, 0][inside], front))
            totals["colour"].append((maps.hidden[k] - batch.hidden[k]).abs()[:, inside].mean().item())
    true, got = np.array(totals.pop("true")), np.array(totals.pop("got"))
    large = np.linalg.norm(true, axis=1) > LARGE_SLANT
    along = (true * got).sum(1)[large] / np.maximum((true**2).sum(1)[large], 1e-9)
    result = {name: float(np.mean(values)) for name, values in totals.items()}
    return {**result, "sign": float((along > 0).mean()), "slope": float(np.median(along)), "slanted": int(large.sum())}


def _centred_error(got: Tensor, true: Tensor) -> float:
    difference = got - true
    return (difference - difference.median()).abs().mean().item()
