"""Stage 6: each fragment's frames drive control nodes that move its Gaussians."""

from dataclasses import dataclass

import torch

from tween4d.data.asset import Clip
from tween4d.data.cameras import Camera
from tween4d.data.fragments import Fragment, FragmentPlan
from tween4d.data.gaussians import Gaussians
from tween4d.data.nodes import NodeMotion
from tween4d.data.views import MultiViews
from tween4d.fitting.carrying import carry_points, middle_depth
from tween4d.fitting.motion import MotionWeights, Target, fit_nodes
from tween4d.fitting.placement import hang, place_nodes
from tween4d.geometry.rigidity import local_rotations, trajectory_graph
from tween4d.geometry.rotation import from_matrix, unroll

ROTATION_NEIGHBOURS = 8
PROBES = 5


@dataclass(frozen=True)
class DeformConfig:
    """How a fragment's motion is fitted."""

    nodes: int = 160
    """Control nodes per fragment."""
    steps: int = 100
    """Optimisation steps per fragment."""
    overlap: int = 5
    """Frames that a clip reaches beyond its seams, for merging."""
    weights: MotionWeights = MotionWeights()
    """Balance of picture, mask, rigidity and smoothness."""
    view_weight: float = 0.2
    """Weight of a neighbouring keyframe's imagined views at its time, against the guiding frames' 1."""


def fit_motion(
    canonical: tuple[Gaussians, ...],
    plan: FragmentPlan,
    views: MultiViews,
    config: DeformConfig,
    *,
    only: int | None = None,
) -> tuple[Clip, ...]:
    """Give each fragment's Gaussians control nodes and fit their motion to the guiding frames.

    Source: In-2-4D, Sec. 3.3, with SE(3) nodes and skinning (SC-GS) in place of a HexPlane.

    Args:
        canonical: one set of Gaussians per fragment, at its keyframe.
        plan: fragments and the guide; its lattices give the starting motion. Depth, which no guiding frame shows, goes
            from each keyframe's to its neighbours', so that clips agree where they meet.
        views: the keyframes' cameras; a neighbour's views also supervise the moment of its keyframe.
        only: the one fragment to be fitted; fragments do not depend on one another.
    Returns:
        One clip per fragment, in order; at its keyframe a clip's motion is the identity. Each clip reaches `overlap`
        frames beyond its inner seams; fades are still those of a single clip.
    """
    chosen = range(len(canonical)) if only is None else (only,)
    return tuple(_fit_fragment(canonical, index, plan, views, config) for index in chosen)


def _fit_fragment(
    canonical: tuple[Gaussians, ...], index: int, plan: FragmentPlan, views: MultiViews, config: DeformConfig
) -> Clip:
    gaussians, fragment, video = canonical[index], plan.fragments[index], plan.guide.video
    camera = views.keyframes[index].cameras[0]
    frames = list(
        range(max(0, fragment.first - config.overlap), min(len(video) - 1, fragment.last + config.overlap) + 1)
    )
    near = range(max(0, index - 1), min(len(canonical), index + 2))
    middles = {plan.fragments[k].keyframe: middle_depth(canonical[k], camera) for k in near}
    probes = _probes(frames, fragment)
    paths, _ = carry_points(plan.guide, gaussians.means, camera, fragment.keyframe, probes, middles)
    rows = place_nodes(paths, config.nodes)
    rest = gaussians.means[rows]
    positions, trust = carry_points(plan.guide, rest, camera, fragment.keyframe, frames, middles)
    graph = trajectory_graph(positions, ROTATION_NEIGHBOURS)
    quats = unroll(from_matrix(local_rotations(rest, positions, graph)))
    start = NodeMotion(rest, quats, positions - rest, video.times[frames])
    skin = hang(paths, paths[:, rows])
    free = torch.tensor([0.0 if frame == fragment.keyframe else 1.0 for frame in frames])
    targets = _targets(frames, fragment, plan, views, camera, config.view_weight)
    steps = 0 if plan.guide.still else config.steps
    motion = fit_nodes(gaussians, skin, start, targets, free, trust, config.weights, steps)
    return Clip(gaussians, skin, motion, float(video.times[fragment.keyframe]))


def _probes(frames: list[int], fragment: Fragment) -> list[int]:
    """A few frames that stand for the whole motion, the keyframe first."""
    spread = torch.linspace(0, len(frames) - 1, min(PROBES, len(frames))).round().long().tolist()
    return [fragment.keyframe, *(frames[i] for i in spread if frames[i] != fragment.keyframe)]


def _targets(
    frames: list[int],
    fragment: Fragment,
    plan: FragmentPlan,
    views: MultiViews,
    camera: Camera,
    view_weight: float,
) -> list[Target]:
    """Guiding frames, and the imagined views of other keyframes that fall into the clip."""
    video = plan.guide.video
    targets = []
    for row, frame in enumerate(frames):
        if frame == fragment.keyframe:
            continue
        alpha = video.alpha[frame]
        targets.append(Target(row, camera, video.rgb[frame] * alpha[..., None], alpha))
        for other in views.keyframes:
            if other.frame == frame and view_weight > 0:
                targets += [
                    Target(row, c, rgb * a[..., None], a, view_weight * float(w))
                    for rgb, a, c, w in zip(
                        other.rgb[1:], other.alpha[1:], other.cameras[1:], other.weights[1:], strict=True
                    )
                ]
    return targets
