"""The losses of the surface network and its training loop."""

import math
import time
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from training.geometry.batches import Batch, at_network_size, batches
from training.geometry.measures import measure
from training.geometry.shards import read_shards, shard_paths
from training.running import append_curve, follow_average, load_checkpoint, save_checkpoint, set_rate
from tween4d.priors.embedded.geometry.network import SurfaceNet, network_input, sector_azimuths

RATE = 2e-3
WARM_UP = 200
SOFTNESS = 30.0
"""Concentration of the von Mises label about the true azimuth: about 10 degrees."""
WOBBLE = math.radians(6)
"""Error of the orientation that the decoder is told in training."""
CHECKPOINT_SECONDS = 180.0
AVERAGE = 0.999
"""Decay of the running average of the weights, which is what is measured and exported."""


def losses(model: SurfaceNet, batch: Batch, wobble: Float[Tensor, "2 b"]) -> dict[str, Tensor]:
    """What training minimises, each already weighted."""
    inputs = network_input(batch.rgb, batch.alpha, batch.inflated).contiguous(memory_format=torch.channels_last)
    seen = model.encode(inputs)
    label = torch.softmax(SOFTNESS * torch.cos(batch.azimuth[:, None] - sector_azimuths()), 1)
    orientation = F.cross_entropy(model.orientation(seen), label)
    elevation = F.smooth_l1_loss(model.elevation(seen, batch.azimuth), batch.elevation, beta=0.1)
    maps = model.decode(seen, batch.azimuth + wobble[0], batch.elevation + wobble[1], batch.spread)
    inside = batch.inside.float()
    count = inside.sum().clamp(min=1)
    error = (maps.middle - batch.middle).abs()
    middle = (error * inside).sum() / count
    half = ((maps.half - batch.half).abs() * inside).sum() / count
    hidden = ((maps.hidden - batch.hidden).abs().mean(1) * inside).sum() / count
    doubt = ((error.detach() / maps.doubt + maps.doubt.log()) * inside).sum() / count
    return {
        "orientation": orientation,
        "elevation": elevation,
        "middle": 10 * middle,
        "half": 10 * half,
        "relief": 10 * _relief(maps.middle, batch.middle, inside),
        "hidden": 1.5 * hidden,
        "slant": 2 * F.smooth_l1_loss(maps.slant, batch.slant, beta=0.2),
        "doubt": 0.05 * doubt,
    }


def _relief(got: Tensor, true: Tensor, inside: Tensor) -> Tensor:
    """Error of the differences between places one and four pixels apart: slant and depth order, whatever the mean."""
    total = got.new_zeros(())
    for step in (1, 4):
        for axis in (1, 2):
            size = got.shape[axis] - step
            ahead = [t.narrow(axis, step, size) for t in (got, true, inside)]
            here = [t.narrow(axis, 0, size) for t in (got, true, inside)]
            both = ahead[2] * here[2]
            error = ((ahead[0] - here[0]) - (ahead[1] - here[1])).abs()
            total = total + (error * both).sum() / both.sum().clamp(min=1)
    return total / 4


def train(data: Path, out: Path, minutes: float, seed: int = 0) -> None:
    """Train until the schedule of `minutes` is over, counted across restarts; then the average is the model."""
    torch.manual_seed(seed)
    model = SurfaceNet().to(memory_format=torch.channels_last)
    average = SurfaceNet()
    average.load_state_dict(model.state_dict())
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.02, betas=(0.9, 0.98))
    state = {"step": 0, "seconds": 0.0}
    load_checkpoint(out, model, average, optimiser, state)
    held_out = shard_paths(data / "held-out")
    validation = at_network_size(read_shards(held_out)) if held_out else None
    generator = torch.Generator().manual_seed(seed + state["step"])
    begun, saved, running = time.monotonic() - state["seconds"], time.monotonic(), {}
    for batch in batches(data / "train", seed + state["step"]):
        progress = (time.monotonic() - begun) / (60 * minutes)
        if progress >= 1:
            break
        rate = set_rate(optimiser, RATE, state["step"], WARM_UP, progress)
        model.train()
        wobble = WOBBLE * torch.randn(2, len(batch.rgb), generator=generator)
        terms = losses(model, batch.varied(generator), wobble)
        optimiser.zero_grad(set_to_none=True)
        sum(terms.values()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimiser.step()
        state["step"] += 1
        follow_average(average, model, AVERAGE, state["step"])
        for name, value in terms.items():
            running[name] = 0.98 * running.get(name, value.item()) + 0.02 * value.item()
        if state["step"] % 100 == 0:
            append_curve(out, state["step"], time.monotonic() - begun, running | {"rate": rate})
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            state["seconds"] = time.monotonic() - begun
            save_checkpoint(out, model, average, optimiser, state)
            if validation is not None:
                append_curve(out, state["step"], state["seconds"], measure(average, validation, 512))
            saved = time.monotonic()
    state["seconds"] = time.monotonic() - begun
    save_checkpoint(out, model, average, optimiser, state)
