"""Stage 5: every keyframe becomes 3D Gaussians, fitted to its views by splatting."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import pad

from tween4d.data.gaussians import Gaussians
from tween4d.data.views import KeyframeViews, MultiViews
from tween4d.fitting.density import Density, grow_and_prune
from tween4d.fitting.initial import gaussians_from_surface, gaussians_in_hull
from tween4d.fitting.losses import picture_loss
from tween4d.fitting.optimise import minimise
from tween4d.splatting.drawing import draw

RATES = {"means": 6e-4, "quats": 4e-3, "log_scales": 1.2e-2, "opacity_logits": 4e-2, "sh": 2e-2}


@dataclass(frozen=True)
class ReconstructConfig:
    """How still Gaussians are fitted."""

    steps: int = 200
    """Optimisation steps per keyframe; every second one looks at the real frame."""
    max_gaussians: int = 14_000
    """Upper bound per keyframe."""
    mask_weight: float = 0.75
    """Coverage against colour (the paper's 0.3 : 0.4)."""
    density_rounds: int = 2
    """How often Gaussians are split where the picture is wrong and removed where they are empty."""


def reconstruct_keyframes(
    views: MultiViews, config: ReconstructConfig, *, only: int | None = None
) -> tuple[Gaussians, ...]:
    """Fit 3D Gaussians to each keyframe's views.

    Source: Kerbl et al. 2023 with a percentile density rule; In-2-4D, Sec. 3.3.

    Args:
        views: per keyframe; the surface, when the prior gave one, is where the fit starts.
        only: the one keyframe to be made; keyframes do not depend on one another.
    Returns:
        One set per keyframe, each of at most `max_gaussians` or as it was given, all with as many harmonics.
        Deterministic.
    """
    chosen = views.keyframes if only is None else views.keyframes[only : only + 1]
    harmonics = max((k.given.sh.shape[1] for k in views.keyframes if k.given is not None), default=1)
    made = [keyframe.given if keyframe.given is not None else _fit(keyframe, config) for keyframe in chosen]
    return tuple(replace(g, sh=pad(g.sh, (0, 0, 0, harmonics - g.sh.shape[1]))) for g in made)


def _fit(views: KeyframeViews, config: ReconstructConfig) -> Gaussians:
    start = gaussians_from_surface(views.surface) if views.surface is not None else gaussians_in_hull(views)
    if len(start) > config.max_gaussians:
        rows = torch.linspace(0, len(start) - 1, config.max_gaussians).round().long()
        start = start.select(rows)
    targets = [(rgb * alpha[..., None], alpha) for rgb, alpha in zip(views.rgb, views.alpha, strict=True)]
    rounds = config.density_rounds + 1
    gaussians, step = start, 0
    for part in range(rounds):
        steps = config.steps * (part + 1) // rounds - step
        density = Density(len(gaussians))
        gaussians = _optimise(gaussians, views, targets, config, range(step, step + steps), density)
        step += steps
        if part + 1 < rounds:
            gaussians = grow_and_prune(gaussians, density, config.max_gaussians)
    return gaussians


def _optimise(
    gaussians: Gaussians,
    views: KeyframeViews,
    targets: list[tuple[Tensor, Tensor]],
    config: ReconstructConfig,
    steps: range,
    density: Density,
) -> Gaussians:
    others = len(targets) - 1
    # Coprime to their number, so that every view has its turn, and neighbouring turns look from far apart.
    stride = next(s for s in range(3, others + 4) if math.gcd(s, others) == 1) if others else 1

    def loss(p: dict[str, Tensor], i: int) -> Tensor:
        k = steps[i]
        # Real frame on even steps, the imagined views in turn on odd ones.
        view = 0 if k % 2 == 0 or others == 0 else 1 + (k // 2 * stride) % others
        color, alpha = draw(Gaussians(**p), views.cameras[view])
        return views.weights[view] * picture_loss(color, alpha, *targets[view], config.mask_weight)

    def after(p: dict[str, Tensor], i: int) -> None:
        if steps[i] % 2 == 0:
            density.observe(p["means"].grad)

    parameters = {name: getattr(gaussians, name) for name in RATES}
    return Gaussians(**minimise(parameters, RATES, loss, len(steps), after))
