"""What the geometry prior is judged by, on objects of families it has not seen."""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tween4d.priors.embedded.geometry.network import SurfaceNet, network_input, sector_azimuths

LARGE_SLANT = 0.25
"""Depth per length across the picture from which a true slant counts as large."""
INFLATION_DEPTH = 2.0


@torch.no_grad()
def measure(model: SurfaceNet, data: dict[str, np.ndarray], count: int, told: bool = False) -> dict[str, float]:
    """Depth, slant and orientation errors.

    Args:
        data: samples, as `training.data.shards` reads them.
        count: how many are measured, spread over all.
        told: the decoder is told the true orientation, as a user could.
    Returns:
        `az30`: share of azimuths within 30 degrees; `sign`: share of large true slants whose direction is right
        (`slope` their length along the truth, `slanted` how many there are); `depth` and `flat`: mean error of the
        front surface, network and inflation parallel to the image, each after its best offset; `colour`.
    """
    from training.geometry import Batch

    model.eval()
    rows = np.linspace(0, len(data["picture"]) - 1, min(count, len(data["picture"]))).astype(int)
    totals: dict[str, list[float]] = {name: [] for name in ("az30", "depth", "flat", "colour", "true", "got")}
    for part in np.array_split(rows, max(1, len(rows) // 64)):
        batch = Batch(data, part)
        features, summary = model.encode(network_input(batch.rgb, batch.alpha, batch.inflated))
        azimuth = sector_azimuths()[model.orientation(summary).argmax(1)]
        totals["az30"] += (torch.cos(azimuth - batch.azimuth) > math.cos(math.radians(30))).float().tolist()
        if told:
            azimuth = batch.azimuth
        maps = model.decode(features, azimuth, model.elevation(summary, azimuth), batch.spread)
        for k, inside in enumerate(batch.inside):
            front = (batch.middle + batch.half)[k][inside]
            totals["depth"].append(_centred_error((maps.middle + maps.half)[k][inside], front))
            totals["flat"].append(_centred_error(INFLATION_DEPTH * batch.inflated[k, 0][inside], front))
            totals["colour"].append((maps.hidden[k] - batch.hidden[k]).abs()[:, inside].mean().item())
            totals["true"].append(fit_slant(batch.middle[k], inside))
            totals["got"].append(fit_slant(maps.middle[k], inside))
    true, got = np.array(totals.pop("true")), np.array(totals.pop("got"))
    large = np.linalg.norm(true, axis=1) > LARGE_SLANT
    along = (true * got).sum(1)[large] / np.maximum((true**2).sum(1)[large], 1e-9)
    result = {name: float(np.mean(values)) for name, values in totals.items()}
    return {**result, "sign": float((along > 0).mean()), "slope": float(np.median(along)), "slanted": int(large.sum())}


def fit_slant(middle: Float[Tensor, "s s"], inside: Tensor) -> tuple[float, float]:
    """Depth per length of the plane that fits a middle surface best, along x and y."""
    y, x = (t.float() / middle.shape[-1] for t in torch.nonzero(inside, as_tuple=True))
    design = torch.stack([x - x.mean(), y - y.mean()], 1)
    values = middle[inside]
    normal = design.T @ design + 1e-4 * len(values) * torch.eye(2)
    return tuple(torch.linalg.solve(normal, design.T @ (values - values.mean())).tolist())


def _centred_error(got: Tensor, true: Tensor) -> float:
    difference = got - true
    return (difference - difference.median()).abs().mean().item()
