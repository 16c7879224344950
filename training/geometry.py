"""Train the geometry prior: one command that resumes after a kill and exports the weights with their card.

    python -m training.geometry --data DIR --out DIR [--minutes M]

`--data` holds the folders `train` and `held-out` that `python -m training.data.shards` writes, also meanwhile.
"""

import argparse
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from training.checkpoints import load_checkpoint, save_checkpoint
from training.data.families import is_held_out
from training.data.shards import read_shards, shard_paths
from training.data.shots import RELAXATIONS
from training.geometry_measures import fit_slants, measure
from tween4d.geometry.inflation import inflate
from tween4d.priors.embedded.geometry.network import SIDE, SurfaceNet, network_input, sector_azimuths

BATCH = 128
FIELDS = ("picture", "hidden", "middle", "half", "inflated", "facing", "spread")
RATE = 2e-3
WARM_UP = 200
SOFTNESS = 30.0
"""Concentration of the von Mises label about the true azimuth: about 10 degrees."""
WOBBLE = math.radians(6)
"""Error of the orientation that the decoder is told in training."""
CHECKPOINT_SECONDS = 180.0
AVERAGE = 0.999
"""Decay of the running average of the weights, which is what is measured and exported."""


class Batch:
    """Samples as the losses read them."""

    def __init__(self, data: dict[str, np.ndarray], rows: np.ndarray) -> None:
        picture = torch.from_numpy(data["picture"][rows]).permute(0, 3, 1, 2).float() / 255
        self.rgb, self.alpha = picture[:, :3], picture[:, 3:]
        self.hidden = torch.from_numpy(data["hidden"][rows]).permute(0, 3, 1, 2).float() / 255
        middle = torch.from_numpy(data["middle"][rows]).float()
        self.inside = torch.isfinite(middle) & (self.alpha[:, 0] > 0.3)
        self.middle = torch.where(self.inside, middle, 0.0)
        self.half = torch.where(self.inside, torch.from_numpy(data["half"][rows]).float(), 0.0)
        self.inflated = torch.from_numpy(data["inflated"][rows]).float()[:, None]
        facing = torch.deg2rad(torch.from_numpy(data["facing"][rows]).float())
        self.azimuth, self.elevation = facing[:, 0], facing[:, 1]
        self.spread = torch.from_numpy(data["spread"][rows]).float()
        self.slant = fit_slants(self.middle, self.inside)

    def varied(self, generator: torch.Generator) -> "Batch":
        """The same objects with other colours, some of them mirrored."""
        n = len(self.rgb)

        def draw(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=generator)

        flip = draw(n) < 0.5
        for name in ("rgb", "alpha", "hidden", "inflated", "middle", "half", "inside"):
            value = getattr(self, name)
            mirror = flip.view(-1, *[1] * (value.ndim - 1))
            setattr(self, name, torch.where(mirror, value.flip(-1), value))
        self.azimuth = torch.where(flip, -self.azimuth, self.azimuth)
        self.slant = torch.where(flip[:, None], self.slant * torch.tensor([-1.0, 1.0]), self.slant)
        order = torch.argsort(draw(n, 3), 1)
        order = torch.where((draw(n, 1) < 0.4), order, torch.arange(3).expand(n, 3))
        gain, power = 0.75 + 0.5 * draw(n, 3, 1, 1), torch.exp(0.5 * (draw(n, 1, 1, 1) - 0.5))
        grey = 0.9 * draw(n, 1, 1, 1) * (draw(n, 1, 1, 1) < 0.25)
        for name in ("rgb", "hidden"):
            value = torch.gather(getattr(self, name), 1, order[..., None, None].expand(-1, -1, SIDE, SIDE))
            value = (value.clamp(min=1e-3) ** power * gain).clamp(0, 1)
            setattr(self, name, value + grey * (value.mean(1, keepdim=True) - value))
        self.rgb = (self.rgb + 0.02 * torch.randn(self.rgb.shape, generator=generator)).clamp(0, 1)
        return self


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


def at_network_size(data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Samples averaged down to the size that the network reads."""
    n, large = data["picture"].shape[:2]
    times = large // SIDE
    if times == 1:
        return data
    blocks = (n, SIDE, times, SIDE, times)

    def average(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
        total = (values * weight[..., None]).reshape(*blocks, -1).sum((2, 4))
        return total / np.maximum(weight.reshape(blocks).sum((2, 4)), 1e-3)[..., None]

    alpha = data["picture"][..., 3].astype(np.float32) / 255
    hit = np.isfinite(data["middle"]).astype(np.float32)
    depth = np.stack([np.nan_to_num(data[k].astype(np.float32)) for k in ("middle", "half")], -1)
    depth = average(depth, hit)
    depth[hit.reshape(blocks).sum((2, 4)) == 0] = np.nan
    color = np.round(average(data["picture"][..., :3].astype(np.float32), alpha + 1e-4))
    covered = np.round(255 * alpha.reshape(blocks).mean((2, 4)))[..., None]
    # The coarse outline is inflated anew, as it is when a picture is read.
    inflated = [inflate(picture[..., 0] > 127, RELAXATIONS) / SIDE for picture in covered]
    return {
        **data,
        "picture": np.concatenate([color, covered], -1).astype(np.uint8),
        "hidden": np.round(average(data["hidden"].astype(np.float32), hit)).astype(np.uint8),
        "middle": depth[..., 0].astype(np.float16),
        "half": depth[..., 1].astype(np.float16),
        "inflated": np.stack(inflated).astype(np.float16),
    }


def batches(folder: Path, seed: int) -> Iterator[Batch]:
    """Batches for ever, from everything that is there; shards that appear later are taken in at the next round."""
    generator = np.random.default_rng(seed)
    known: dict[Path, dict[str, np.ndarray]] = {}
    while True:
        for path in shard_paths(folder):
            if path not in known:
                shard = read_shards([path])
                # What has been held out since the shard was written stays unseen.
                seen = [not is_held_out(family) for family in shard["families"]]
                known[path] = at_network_size({name: shard[name][seen] for name in FIELDS})
        data = {name: np.concatenate([shard[name] for shard in known.values()]) for name in FIELDS}
        rows = generator.permutation(len(data["picture"]))
        for k in range(max(1, len(rows) // BATCH)):
            yield Batch(data, rows[k * BATCH : (k + 1) * BATCH])


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
        rate = RATE * min(1.0, (state["step"] + 1) / WARM_UP) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        model.train()
        wobble = WOBBLE * torch.randn(2, len(batch.rgb), generator=generator)
        terms = losses(model, batch.varied(generator), wobble)
        optimiser.zero_grad(set_to_none=True)
        sum(terms.values()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimiser.step()
        state["step"] += 1
        _follow(average, model, min(AVERAGE, 1 - 1 / (1 + 0.1 * state["step"])))
        for name, value in terms.items():
            running[name] = 0.98 * running.get(name, value.item()) + 0.02 * value.item()
        if state["step"] % 100 == 0:
            _log(out, state["step"], time.monotonic() - begun, running, rate)
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            state["seconds"] = time.monotonic() - begun
            save_checkpoint(out, model, average, optimiser, state)
            if validation is not None:
                _log(out, state["step"], state["seconds"], measure(average, validation, 512), rate)
            saved = time.monotonic()
    state["seconds"] = time.monotonic() - begun
    save_checkpoint(out, model, average, optimiser, state)


def _follow(average: SurfaceNet, model: SurfaceNet, decay: float) -> None:
    with torch.no_grad():
        for slow, fast in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
            if slow.dtype.is_floating_point:
                slow.lerp_(fast, 1 - decay)


def _log(out: Path, step: int, seconds: float, values: dict[str, float], rate: float) -> None:
    line = {"step": step, "seconds": round(seconds, 1), "rate": round(rate, 6)}
    line |= {name: round(float(value), 4) for name, value in values.items()}
    with (out / "curve.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=110.0)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(arguments.threads)
    train(arguments.data, arguments.out, arguments.minutes)


if __name__ == "__main__":
    main()
