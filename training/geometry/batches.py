"""Samples of the geometry prior as its network reads them, varied."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from training.data.families import is_held_out
from training.geometry.shards import read_shards, shard_paths
from training.geometry.shots import RELAXATIONS
from tween4d.geometry.inflation import inflate
from tween4d.priors.embedded.geometry.network import SIDE

BATCH = 128
FIELDS = ("picture", "hidden", "middle", "half", "inflated", "facing", "spread")


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


def fit_slants(middle: Float[Tensor, "b s s"], inside: Bool[Tensor, "b s s"]) -> Float[Tensor, "b 2"]:
    """Depth per length of the planes that fit middle surfaces best, to the right and downwards."""
    line = (torch.arange(middle.shape[-1]) + 0.5) / middle.shape[-1] - 0.5
    weight = inside.float()
    count = weight.sum((1, 2)).clamp(min=1)

    def mean(values: Tensor) -> Tensor:
        return (values * weight).sum((1, 2)) / count

    x, y = line.expand_as(middle), line[:, None].expand_as(middle)
    x, y, z = (t - mean(t)[:, None, None] for t in (x, y, torch.where(inside, middle, 0.0)))
    # A little stiffness: a thin upright object says nothing of its slant sideways.
    xx, xy, yy = mean(x * x) + 1e-4, mean(x * y), mean(y * y) + 1e-4
    xz, yz = mean(x * z), mean(y * z)
    return torch.stack([yy * xz - xy * yz, xx * yz - xy * xz], 1) / (xx * yy - xy * xy)[:, None]
