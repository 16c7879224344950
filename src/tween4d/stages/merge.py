"""Stage 7: fragments become one timeline without a jump."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from tween4d.data.asset import Asset4D, Clip
from tween4d.data.fragments import FragmentPlan
from tween4d.data.nodes import NodeMotion, pose_at
from tween4d.data.views import MultiViews
from tween4d.fitting.motion import MotionWeights, Target, fit_nodes
from tween4d.fitting.placement import hang
from tween4d.geometry.rotation import conjugate, multiply, slerp, unroll
from tween4d.splatting.skinning import skin_gaussians


@dataclass(frozen=True)
class MergeConfig:
    """How neighbouring clips are joined."""

    blend: float = 0.5
    """Share of the earlier clip's motion in the overlap (the paper's lambda)."""
    steps: int = 25
    """Optimisation steps of the later clip per seam; the paper takes about 1,000 of a neural field."""
    weights: MotionWeights = MotionWeights(stay=10.0)
    """Balance of the fit; the merged motion is held more tightly than a fresh one."""
    fps: float = 16.0
    """Frames per second that the asset plays at."""


def merge_clips(clips: tuple[Clip, ...], plan: FragmentPlan, views: MultiViews, config: MergeConfig) -> Asset4D:
    """Join clips from left to right: interpolate their motions where they overlap, then refine the later one.

    Source: In-2-4D, Sec. 3.4, Eq. 6-7. Motions are interpolated as rigid motions (slerp and straight displacement of
    nodes), not as offsets; only the later clip changes.

    Args:
        clips: one per fragment, reaching beyond their seams.
        plan: fragments and guiding video.
        views: for the input camera.
    Returns:
        The asset. Around each seam the later clip appears while the earlier one goes.
    """
    video = plan.guide.video
    joined = [clips[0]]
    for index in range(1, len(clips)):
        seam = float(video.times[plan.fragments[index].first])
        later = _interpolated(joined[-1], clips[index], seam, config.blend)
        later = _refined(later, joined[-1], plan, views, index, config)
        # Within half of each fragment, so that three clips are never seen at once.
        first, last = plan.fragments[index - 1].first, plan.fragments[index].last
        before = max(float(later.motion.times[0]), (float(video.times[first]) + seam) / 2)
        after = min(float(joined[-1].motion.times[-1]), (seam + float(video.times[last])) / 2)
        # At the seam each is there by two thirds: a body, several Gaussians deep, stays opaque under both, and what is
        # translucent hardly doubles.
        before, after = min(before, seam), max(after, seam)
        joined[-1] = replace(joined[-1], fade_out=((before + seam) / 2, after))
        joined.append(replace(later, fade_in=(before, (seam + after) / 2)))
    return _asset(tuple(joined), plan, config)


def append_clips(clips: tuple[Clip, ...], plan: FragmentPlan, views: MultiViews, config: MergeConfig) -> Asset4D:
    """In the place of `merge_clips`: clips one after another, each shown to its seam, and nothing fitted there.

    Arguments and result are those of `merge_clips`; what merging is worth is measured against this.
    """
    video = plan.guide.video
    seams = [float(video.times[fragment.first]) for fragment in plan.fragments[1:]]
    ends = zip([0.0, *seams], [*seams, 1.0], clips, strict=True)
    return _asset(tuple(replace(c, fade_in=(a, a), fade_out=(b, b)) for a, b, c in ends), plan, config)


def _asset(clips: tuple[Clip, ...], plan: FragmentPlan, config: MergeConfig) -> Asset4D:
    video = plan.guide.video
    height, width = video.rgb.shape[1:3]
    return Asset4D(
        clips=clips,
        frame_count=len(video),
        fps=config.fps,
        image_width=width,
        image_height=height,
        fov_degrees=plan.guide.fov_degrees,
        endpoints=(video.frame(0), video.frame(len(video) - 1)),
    )


def _common_rows(earlier: NodeMotion, later: NodeMotion) -> list[int]:
    """Rows of the later motion whose times the earlier one covers, except the later one's first moment of rest."""
    last = float(earlier.times[-1]) + 1e-6
    return [row for row, time in enumerate(later.times.tolist()) if time <= last]


def _interpolated(earlier: Clip, later: Clip, seam: float, blend: float) -> Clip:
    """The later clip with its motion pulled towards the earlier clip's over their common times."""
    motion = later.motion
    quats, translations = motion.quats.clone(), motion.translations.clone()
    q_seam, d_seam = pose_at(motion, seam)
    places = motion.rest + d_seam
    for row in _common_rows(earlier.motion, motion):
        time = float(motion.times[row])
        if abs(time - later.keyframe_time) < 1e-9:
            continue
        moved, turn = _follow(earlier.motion, places, seam, time)
        quats[row] = slerp(quats[row], multiply(turn, q_seam), blend)
        translations[row] = (1 - blend) * translations[row] + blend * (moved - motion.rest)
    return replace(later, motion=replace(motion, quats=unroll(quats), translations=translations))


def _follow(motion: NodeMotion, places: Tensor, start: float, end: float) -> tuple[Tensor, Tensor]:
    """Where a motion carries places [n, 3] from one time to another, and the rotations [n, 4] it turns them by."""
    q0, d0 = pose_at(motion, start)
    q1, d1 = pose_at(motion, end)
    skin = hang(places[None], (motion.rest + d0)[None])
    relative = multiply(q1, conjugate(q0))
    unit = torch.zeros(len(places), 4)
    unit[:, 0] = 1.0
    moved, turn = skin_gaussians(motion.rest + d0, relative, d1 - d0, skin.indices, skin.weights, places, unit)
    return moved, turn


def _refined(
    later: Clip, earlier: Clip, plan: FragmentPlan, views: MultiViews, index: int, config: MergeConfig
) -> Clip:
    """The later clip fitted to the guiding frames of the overlap; all its other times stay."""
    video, camera = plan.guide.video, views.keyframes[index].cameras[0]
    if plan.guide.still:
        return later
    free = torch.zeros(len(later.motion.times))
    targets = []
    for row in _common_rows(earlier.motion, later.motion):
        time = float(later.motion.times[row])
        if abs(time - later.keyframe_time) < 1e-9:
            continue
        free[row] = 1.0
        frame = int((video.times - time).abs().argmin())
        alpha = video.alpha[frame]
        targets.append(Target(row, camera, video.rgb[frame] * alpha[..., None], alpha))
    trust = torch.ones(len(later.motion.rest))
    motion = fit_nodes(later.gaussians, later.skin, later.motion, targets, free, trust, config.weights, config.steps)
    return replace(later, motion=motion)
