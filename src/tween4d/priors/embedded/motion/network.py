"""The matching network: descriptors of the places of two pictures that agree where both show the same thing."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

SIDE = 128
"""Pixels of a picture as the network reads it."""
STRIDE = 4
"""Pixels from one described place to the next."""
CHANNELS = 8
"""Premultiplied colour, coverage, the place in the picture and the place in the object's own box."""


@dataclass(frozen=True)
class NetworkConfig:
    """How large the network is."""

    widths: tuple[int, int, int] = (24, 48, 96)
    """Channels at strides 2, 4 and 8."""
    heads: int = 4
    """Of each attention."""
    layers: int = 2
    """How often the two pictures look at each other."""
    descriptor: int = 64
    """Numbers per described place."""


class MatchingNetwork(nn.Module):
    """A siamese encoder whose coarse tokens attend to the other picture's.

    Source: the scheme of LoFTR (Sun et al. 2021), much reduced, with full attention over 16 x 16 tokens.
    """

    def __init__(self, config: NetworkConfig = NetworkConfig()) -> None:
        super().__init__()
        first, fine, coarse = config.widths
        self.stem = nn.Sequential(nn.Conv2d(CHANNELS, first, 4, 2, 1), nn.ReLU())
        self.fine = nn.Sequential(_convolution(first, fine, 4, 2), _convolution(fine, fine, 3))
        self.coarse = nn.Sequential(_convolution(fine, coarse, 4, 2), _convolution(coarse, coarse, 3))
        tokens = (SIDE // (2 * STRIDE)) ** 2
        self.position = nn.Parameter(0.02 * torch.randn(tokens, coarse))
        self.looks = nn.ModuleList(_Look(coarse, config.heads) for _ in range(config.layers))
        self.mixes = nn.ModuleList(_convolution(coarse, coarse, 3) for _ in range(config.layers))
        self.lift = nn.Conv2d(coarse, fine, 1)
        self.join = _convolution(fine, fine, 3)
        self.content = nn.Conv2d(fine, config.descriptor + 1, 1)
        self.gates = nn.Sequential(nn.Conv2d(fine + 4, 32, 1), nn.ReLU(), nn.Conv2d(32, 4, 1))
        self.register_buffer("waves", _waves(), persistent=False)
        self.log_scale = nn.Parameter(torch.tensor(2.3))

    def forward(
        self, pictures: Float[Tensor, "b 2 8 s s"], evidence: Float[Tensor, "b 2 4 h w"]
    ) -> tuple[Float[Tensor, "b 2 d h w"], Float[Tensor, "b 2 h w"]]:
        """Describe both pictures of each pair in the light of each other.

        Args:
            pictures: as `network_input` makes them; the second axis is start and end.
            evidence: as `flow_evidence` makes it.
        Returns:
            Descriptors every STRIDE pixels, whose products are log-likelihoods up to a constant, and logits of how
            likely the other picture shows the same place.
        """
        b = len(pictures)
        x = pictures.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        covered = functional.max_pool2d(x[:, 3:4], 2 * STRIDE).flatten(1) > 0.1
        # Attention over nothing at all is undefined: an empty picture is attended to as a whole.
        covered = covered | ~covered.any(1, keepdim=True)
        fine = self.fine(self.stem(x))
        coarse = self.coarse(fine)
        side = coarse.shape[-1]
        for look, mix in zip(self.looks, self.mixes, strict=True):
            tokens = coarse.flatten(2).transpose(1, 2) + self.position
            tokens = look(tokens, _swapped(tokens, b), _swapped(covered, b))
            coarse = tokens.transpose(1, 2).unflatten(2, (side, side)).contiguous(memory_format=torch.channels_last)
            coarse = coarse + mix(coarse)
        lifted = functional.interpolate(self.lift(coarse), scale_factor=2.0, mode="bilinear")
        joined = self.join(fine + lifted)
        content = self.content(joined)
        likeness = self.log_scale.clamp(max=4.0).div(2).exp() * functional.normalize(content[:, :-1], dim=1)
        said, doubts = evidence.flatten(0, 1).split(2, 1)
        flowing = (said - self._centres(said)).norm(dim=1, keepdim=True)
        missed, differs = doubts.split(1, 1)
        doubts = torch.cat([(-missed).exp(), (-missed / 4).exp(), torch.tanh(flowing / 16), differs.clamp(max=1)], 1)
        gates = self.gates(torch.cat([joined, doubts], 1))
        still, claim, home = functional.softplus(gates[:, :3] + 1).split(1, 1)
        here, there = self._code(self._centres(said)), self._code(said)
        # A place of the start claims to go where the flow says; one of the end claims to come from there.
        start = torch.arange(2 * b) % 2 == 0
        claims = torch.where(start[:, None, None, None], claim * there, home * here)
        homes = torch.where(start[:, None, None, None], home * here, claim * there)
        descriptors = torch.cat([likeness, still * here, claims, homes], 1)
        return descriptors.unflatten(0, (b, 2)), (content[:, -1] + gates[:, 3]).unflatten(0, (b, 2))

    def _centres(self, like: Float[Tensor, "n 2 h w"]) -> Float[Tensor, "n 2 h w"]:
        line = (torch.arange(like.shape[-1], dtype=like.dtype) + 0.5) * STRIDE
        return torch.stack(torch.meshgrid(line, line, indexing="xy")).expand_as(like)

    def _code(self, places: Float[Tensor, "n 2 h w"]) -> Float[Tensor, "n c h w"]:
        """Unit vectors whose products fall with the distance between places (random features of two Gaussians)."""
        phase = torch.einsum("nkhw,ck->nchw", places, self.waves)
        return torch.cat([phase.cos(), phase.sin()], 1) / len(self.waves) ** 0.5


def _waves() -> Float[Tensor, "c 2"]:
    """Wave vectors, radians per pixel, spread as the spectrum of Gaussians of standard deviation 5 and 16 pixels.

    Source: Rahimi and Recht 2007, with a spiral in place of chance.
    """
    rows = []
    for sigma, count in ((5.0, 16), (16.0, 8)):
        share = (torch.arange(count) + 0.5) / count
        radius = (-2 * torch.log(1 - share)).sqrt() / sigma
        angle = torch.arange(count) * 2.399963
        rows.append(torch.stack([radius * angle.cos(), radius * angle.sin()], -1))
    return torch.cat(rows)


class _Look(nn.Module):
    """Tokens of one picture attend to the other's, then pass a small perceptron."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask, self.tell, self.out = (
            nn.Linear(width, width),
            nn.Linear(width, 2 * width),
            nn.Linear(width, width),
        )
        self.think = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))

    def forward(
        self, own: Float[Tensor, "n t c"], other: Float[Tensor, "n t c"], there: Bool[Tensor, "n t"]
    ) -> Float[Tensor, "n t c"]:
        query = self.ask(self.norm(own))
        key, value = self.tell(self.norm(other)).chunk(2, -1)
        query, key, value = (x.unflatten(-1, (self.heads, -1)).transpose(1, 2) for x in (query, key, value))
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=there[:, None, None])
        own = own + self.out(seen.transpose(1, 2).flatten(2))
        return own + self.think(self.after(own))


def _convolution(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Module:
    padding = (size - 1) // 2
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, padding, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def _swapped(x: Tensor, pairs: int) -> Tensor:
    """Each picture's rows replaced by those of the other picture of its pair."""
    return x.unflatten(0, (pairs, 2)).flip(1).flatten(0, 1)


def network_input(pictures: Float[Tensor, "b 2 4 s s"]) -> Float[Tensor, "b 2 8 s s"]:
    """What the network reads: premultiplied pictures with the place of each pixel.

    Args:
        pictures: premultiplied RGBA in [0, 1], both of a pair cropped alike.
    """
    b, _, _, s, _ = pictures.shape
    line = (torch.arange(s) + 0.5) / s
    grid = torch.stack(torch.meshgrid(line, line, indexing="xy"))
    solid = pictures[:, :, 3] > 0.5
    planes = [pictures]
    for axis, along in ((0, solid.any(2)), (1, solid.any(3))):
        low = torch.where(along, line, 2.0).amin(-1)
        high = torch.where(along, line, -1.0).amax(-1)
        own = (grid[axis] - low[..., None, None]) / (high - low).clamp_min(0.05)[..., None, None]
        planes += [grid[axis].expand(b, 2, 1, s, s) * 2 - 1, own[:, :, None].clamp(-0.5, 1.5) * 2 - 1]
    return torch.cat(planes, 2)
