"""Fit the motion of control nodes so that skinned Gaussians show given frames."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from tween4d.data.cameras import Camera
from tween4d.data.gaussians import Gaussians
from tween4d.data.nodes import NodeMotion, Skin
from tween4d.fitting.losses import picture_loss
from tween4d.fitting.optimise import minimise
from tween4d.fitting.regularity import motion_energy
from tween4d.geometry.rigidity import trajectory_graph
from tween4d.geometry.rotation import unroll
from tween4d.splatting.drawing import draw
from tween4d.splatting.skinning import skin_gaussians

NEIGHBOURS = 8


@dataclass(frozen=True)
class Target:
    """A picture that the Gaussians should show at one row of the motion."""

    row: int
    camera: Camera
    color: Float[Tensor, "h w 3"]
    """Premultiplied colour."""
    alpha: Float[Tensor, "h w"]
    weight: float = 1.0


@dataclass(frozen=True)
class MotionWeights:
    """What the fit balances; the picture's colour has weight 1."""

    mask: float = 0.75
    rigid: float = 0.3
    """As-rigid-as-possible and isometry energy of the node graph."""
    smooth: float = 40.0
    """Squared acceleration, world units per squared frame."""
    stay: float = 12.0
    """Squared distance from the starting motion, world units, weighted by trust in it."""


def fit_nodes(
    gaussians: Gaussians,
    skin: Skin,
    motion: NodeMotion,
    targets: list[Target],
    free: Float[Tensor, "t"],
    trust: Float[Tensor, "m"],
    weights: MotionWeights,
    steps: int,
) -> NodeMotion:
    """Move the nodes from a starting motion towards one that reproduces the targets, rigidly and smoothly.

    Source: In-2-4D, Eq. 5 (reference frames, masks, rigidity), with node rotations as unknowns of the rigidity term.

    Args:
        gaussians: at rest; they do not change.
        motion: where the fit starts.
        targets: one is drawn per step, in an order that spreads over time.
        free: 1 for times that may change, 0 for fixed ones (the keyframe, where the motion is the identity).
        trust: per node, how well the starting motion is known, in [0, 1].
        steps: optimisation steps; 0 returns the start.
    Returns:
        The fitted motion; rows with free = 0 are unchanged. Deterministic.
    """
    if steps == 0 or not targets or float(free.sum()) == 0:
        return motion
    graph = trajectory_graph(motion.rest + motion.translations, NEIGHBOURS)
    rows = free[:, None, None]
    # Half of full trust even where nothing was matched: unseen parts rest rather than wander.
    stay = weights.stay * (0.5 + 0.5 * trust)[None, :, None]
    order = _spread(len(targets))

    def moved(p: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        quats = motion.quats + rows * p["turn"]
        return quats / quats.norm(dim=-1, keepdim=True), motion.translations + rows * p["shift"]

    def loss(p: dict[str, Tensor], i: int) -> Tensor:
        quats, translations = moved(p)
        target = targets[int(order[i % len(order)])]
        means, turned = skin_gaussians(
            motion.rest,
            quats[target.row],
            translations[target.row],
            skin.indices,
            skin.weights,
            gaussians.means,
            gaussians.quats,
        )
        color, alpha = draw(replace(gaussians, means=means, quats=turned), target.camera)
        picture = target.weight * picture_loss(color, alpha, target.color, target.alpha, weights.mask)
        shape = motion_energy(motion.rest, motion.rest + translations, quats, graph, weights.rigid, weights.smooth)
        return picture + shape + (stay * p["shift"].square()).mean()

    start = {"turn": torch.zeros_like(motion.quats), "shift": torch.zeros_like(motion.translations)}
    fitted = minimise(start, {"turn": 4e-3, "shift": 1.2e-3}, loss, steps)
    quats, translations = moved(fitted)
    return replace(motion, quats=unroll(quats), translations=translations)


def _spread(count: int) -> Int[Tensor, "n"]:
    """A fixed order of 0..count-1 whose neighbours lie far apart (golden-ratio stepping)."""
    return (torch.arange(count) * 0.6180339887498949 % 1.0).argsort()
