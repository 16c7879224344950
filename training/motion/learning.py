"""The losses of the matching network and its training loop."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from training.motion.batches import CELLS, Batch, cell_centres, make_batch
from training.motion.measures import measure
from training.motion.shards import list_shards, read_shard
from training.running import append_curve, follow_average, load_checkpoint, save_checkpoint, set_rate
from tween4d.priors.embedded.motion.network import SIDE, STRIDE, MatchingNetwork, NetworkConfig, network_input


@dataclass(frozen=True)
class LearnConfig:
    """How the network is trained."""

    minutes: float = 65.0
    """Length of the schedule, counted across restarts ..."""
    steps: int = 10**9
    """... or its steps, whichever is over first."""
    batch: int = 8
    """Pairs in a step."""
    queries: int = 112
    """Cells per picture that are looked for in the other one."""
    rate: float = 2e-3
    """Step size after the warm-up, falling along a cosine."""
    mixed: int = 4
    """Shards from which batches are mixed at a time."""
    seed: int = 0
    """Of the weights, of the order and of the variation."""
    checkpoint_seconds: float = 180.0
    """Between checkpoints; each is measured on the validation pairs."""


WARM_UP = 100
AVERAGE = 0.998
"""Decay of the running average of the weights, which is what is measured and exported."""
MOVED = 0.05
"""Motion, in sides of the picture, from which a cell counts as moving."""
FIRST = 0.6
"""Share of the resting cells behind which no moving cell is looked for: rest is easily learned, and most cells rest."""
MATCHABLE = 0.3
"""Weight of the loss of matchability."""


def losses(
    model: MatchingNetwork, batch: Batch, queries: int, generator: np.random.Generator
) -> dict[str, Float[Tensor, ""]]:
    """What training minimises: cross-entropy of where cells lie in the other picture, and of whether they do.

    The label of a place is spread over the four cells about it, so that the match is sharper than a cell.
    """
    descriptors, matchable = model(network_input(batch.pictures), batch.evidence)
    flat = descriptors.flatten(3)
    rows, there = _draw_queries(batch, queries, generator)
    asked = torch.gather(flat, 3, rows[:, :, None].expand(-1, -1, flat.shape[2], -1))
    logits = torch.einsum("bkdq,bkdn->bkqn", asked, flat.flip(1))
    weight, cell = _spread(there)
    likely = functional.log_softmax(logits, -1)
    valid = torch.gather(batch.seen, 2, rows).float()
    match = -(weight * torch.gather(likely, 3, cell)).sum(-1)
    solid = batch.solid.float()
    doubt = functional.binary_cross_entropy_with_logits(
        matchable.flatten(2), batch.seen.float(), weight=solid, reduction="sum"
    )
    return {
        "match": (match * valid).sum() / valid.sum().clamp_min(1),
        "matchable": MATCHABLE * doubt / solid.sum().clamp_min(1),
    }


def _draw_queries(batch: Batch, count: int, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Cells of each picture, those that are seen twice first and moving ones before others, and where they go."""
    chance = torch.from_numpy(generator.random(tuple(batch.seen.shape)).astype(np.float32))
    far = (batch.places - torch.from_numpy(cell_centres()).float()).norm(dim=-1) > MOVED * SIDE
    chance = torch.where(far, FIRST + (1 - FIRST) * chance, chance)
    rows = torch.where(batch.seen, chance, -1.0).topk(count, -1).indices
    return rows, torch.gather(batch.places, 2, rows[..., None].expand(-1, -1, -1, 2))


def _spread(places: Float[Tensor, "*q 2"]) -> tuple[Float[Tensor, "*q 4"], Tensor]:
    """Bilinear weights of the four cells about places, and the cells."""
    grid = (places / STRIDE - 0.5).clamp(0, CELLS - 1.001)
    low = grid.floor()
    part = grid - low
    weights, cells = [], []
    for dx in (0, 1):
        for dy in (0, 1):
            x = part[..., 0] if dx else 1 - part[..., 0]
            y = part[..., 1] if dy else 1 - part[..., 1]
            weights.append(x * y)
            cells.append((low[..., 1] + dy) * CELLS + low[..., 0] + dx)
    return torch.stack(weights, -1), torch.stack(cells, -1).long()


def batches(folder: Path, step: int, config: LearnConfig) -> Iterator[tuple[Batch, np.random.Generator]]:
    """Batches from a step on, for ever: what step k reads depends on the seed, k and the finished shards alone."""
    loaded, fields, order, turn = -1, {}, np.array([]), 1
    while True:
        # A turn is once through a few shards. Its length is fixed by the size of a shard.
        if loaded < 0:
            turn = max(1, config.mixed * _shard_size(folder) // config.batch)
        if step // turn != loaded:
            loaded = step // turn
            g = np.random.default_rng([config.seed, 1, loaded])
            paths = list_shards(folder)
            chosen = g.choice(len(paths), size=min(config.mixed, len(paths)), replace=False)
            parts = [read_shard(paths[k])[0] for k in chosen]
            fields = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            order = g.permutation(len(fields["labels"]))
        g = np.random.default_rng([config.seed, 2, step])
        rows = order[(np.arange(config.batch) + (step % turn) * config.batch) % len(order)]
        yield make_batch(fields, rows, g), g
        step += 1


def _shard_size(folder: Path) -> int:
    return len(read_shard(list_shards(folder)[0])[1])


def learn(data: Path, held_out: Path | None, out: Path, config: LearnConfig) -> MatchingNetwork:
    """Train until the schedule is over, from the last checkpoint of `out` if there is one.

    Returns:
        The running average of the network, ready to be exported.
    """
    torch.manual_seed(config.seed)
    model = MatchingNetwork(NetworkConfig()).to(memory_format=torch.channels_last)
    average = MatchingNetwork(NetworkConfig()).to(memory_format=torch.channels_last)
    average.load_state_dict(model.state_dict())
    optimiser = torch.optim.AdamW(model.parameters(), lr=config.rate, weight_decay=0.01, betas=(0.9, 0.98))
    state = {"step": 0, "seconds": 0.0}
    load_checkpoint(out, model, average, optimiser, state)
    begun, saved = time.monotonic() - state["seconds"], time.monotonic()
    running: dict[str, float] = {}
    model.train()
    for batch, g in batches(data, state["step"], config):
        progress = max((time.monotonic() - begun) / (60 * config.minutes), state["step"] / config.steps)
        if progress >= 1:
            break
        rate = set_rate(optimiser, config.rate, state["step"], WARM_UP, progress)
        terms = losses(model, batch, config.queries, g)
        optimiser.zero_grad(set_to_none=True)
        sum(terms.values()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        state["step"] += 1
        follow_average(average, model, AVERAGE, state["step"])
        for name, value in terms.items():
            running[name] = 0.96 * running.get(name, value.item()) + 0.04 * value.item()
        if state["step"] % 25 == 0:
            append_curve(out, state["step"], time.monotonic() - begun, running | {"rate": rate})
        if time.monotonic() - saved > config.checkpoint_seconds:
            state["seconds"] = time.monotonic() - begun
            save_checkpoint(out, model, average, optimiser, state)
            if held_out is not None:
                append_curve(out, state["step"], state["seconds"], measure(average, held_out, limit=128))
            saved = time.monotonic()
    state["seconds"] = time.monotonic() - begun
    save_checkpoint(out, model, average, optimiser, state)
    return average
