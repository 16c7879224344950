"""Stage 7: clips of a swinging bar become one timeline."""

import math
from dataclasses import replace

import pytest
import torch

from tests.scenes import bar_gaussians, bar_plan, bar_views, psnr, swinging_bar
from tween4d.data.asset import Asset4D, Clip
from tween4d.data.cameras import input_camera, project
from tween4d.data.nodes import pose_at
from tween4d.stages.deform import DeformConfig, fit_motion
from tween4d.stages.merge import MergeConfig, merge_clips
from tween4d.stages.render import pose_clip, render_view, trace_points

SIDE, DEGREES, FRAMES = 96, 80.0, 17
CUTS = (5, 11)
CAMERA = input_camera(SIDE, SIDE)
GUIDE = swinging_bar(DEGREES, FRAMES, SIDE)
PLAN = bar_plan(GUIDE, CUTS)
SEAMS = [cut / (FRAMES - 1) for cut in CUTS]


@pytest.fixture(scope="module")
def clips() -> tuple[Clip, ...]:
    angles = [math.radians(DEGREES) * k / (FRAMES - 1) for k in PLAN.keyframes]
    canonical = tuple(bar_gaussians(angle, SIDE) for angle in angles)
    return fit_motion(canonical, PLAN, bar_views(PLAN), DeformConfig(nodes=24, steps=15))


@pytest.fixture(scope="module")
def asset(clips: tuple[Clip, ...]) -> Asset4D:
    return merge_clips(clips, PLAN, bar_views(PLAN), MergeConfig(steps=8))


def picture(asset: Asset4D, time: float) -> torch.Tensor:
    return render_view(asset, CAMERA, time).on()


def test_fades_are_ordered_and_cover_the_time(asset: Asset4D) -> None:
    """Oracle: stated invariant; around a seam the later clip rises while the earlier one falls."""
    assert asset.clips[0].fade_in == (0.0, 0.0) and asset.clips[-1].fade_out == (1.0, 1.0)
    for (earlier, later), seam in zip(zip(asset.clips, asset.clips[1:], strict=False), SEAMS, strict=True):
        assert later.fade_in[0] < earlier.fade_out[0] < seam < later.fade_in[1] < earlier.fade_out[1]
        assert later.fade_in[0] >= float(later.motion.times[0]) - 1e-6
        assert earlier.fade_out[1] <= float(earlier.motion.times[-1]) + 1e-6
    for time in torch.linspace(0, 1, 101).tolist():
        assert 1.0 - 1e-6 <= sum(clip.presence(time) for clip in asset.clips) < 1.5


def test_the_body_stays_opaque_through_a_seam(asset: Asset4D) -> None:
    """Oracle: the middle of a seam; well inside the outline at least 97 % of the light is the body's, as elsewhere."""
    for seam in SEAMS:
        alpha = render_view(asset, CAMERA, float(seam)).alpha
        assert alpha is not None
        inside = -torch.nn.functional.max_pool2d(-alpha[None], 7, 1, 3)[0] > 0.5
        assert float(alpha[inside].quantile(0.01)) > 0.97


def test_no_jump_at_a_seam(asset: Asset4D) -> None:
    """Oracle: the motion's own pace; the picture changes in steps of 1/160 of the time nowhere more than 1.6 times what
    it changes on average, at seams as elsewhere."""
    times = torch.linspace(0, 1, 161).tolist()
    frames = [picture(asset, time) for time in times]
    change = torch.stack([(b - a).abs().mean() for a, b in zip(frames, frames[1:], strict=False)])
    assert float(change.max()) < 1.6 * float(change.mean())


def test_every_guiding_frame_is_shown(asset: Asset4D) -> None:
    """Oracle: the analytic frames, on white; the Gaussians as made show them at 29.6 dB or more, 28 dB is asked."""
    for frame in range(FRAMES):
        assert psnr(picture(asset, frame / (FRAMES - 1)), GUIDE.video.frame(frame).on()) > 28


def test_only_the_overlap_of_the_later_clip_changes(clips: tuple[Clip, ...], asset: Asset4D) -> None:
    """Oracle: stated guarantee; the first clip, every keyframe, and times beyond the overlap stay as fitted."""
    assert asset.clips[0].motion is clips[0].motion
    for earlier, before, after in zip(clips, clips[1:], asset.clips[1:], strict=False):
        later_rows = before.motion.times > float(earlier.motion.times[-1]) + 1e-6
        torch.testing.assert_close(after.motion.translations[later_rows], before.motion.translations[later_rows])
        quats, shift = pose_at(after.motion, after.keyframe_time)
        torch.testing.assert_close(quats, torch.tensor([1.0, 0.0, 0.0, 0.0]).expand_as(quats), atol=1e-6, rtol=0)
        assert float(shift.abs().max()) < 1e-6


def test_the_overlap_is_halfway_between_both_motions(clips: tuple[Clip, ...]) -> None:
    """Oracle: Eq. 7 with lambda; a later clip whose overlap is displaced by d ends displaced by (1 - lambda) d."""
    offset = torch.tensor([0.0, 0.0, 0.06])
    rows = clips[1].motion.times < SEAMS[0] - 1e-6
    shift = clips[1].motion.translations.clone()
    shift[rows] += offset
    pushed = replace(clips[1], motion=replace(clips[1].motion, translations=shift))
    for blend in (0.0, 0.5, 1.0):
        config = MergeConfig(steps=0, blend=blend)
        plain, moved = (merge_clips((clips[0], c, clips[2]), PLAN, bar_views(PLAN), config) for c in (clips[1], pushed))
        gap = (moved.clips[1].motion.translations - plain.clips[1].motion.translations)[rows]
        torch.testing.assert_close(gap, ((1 - blend) * offset).expand_as(gap), atol=1e-5, rtol=0)


def test_a_single_clip_is_left_alone() -> None:
    """Oracle: limit; nothing to merge: the clip itself, with the guide's frames, size, field of view and endpoints."""
    plan = bar_plan(GUIDE)
    clips = fit_motion((bar_gaussians(0.0, SIDE),), plan, bar_views(plan), DeformConfig(nodes=8, steps=0))
    asset = merge_clips(clips, plan, bar_views(plan), MergeConfig(fps=12.0))
    assert asset.clips[0] is clips[0]
    assert (asset.frame_count, asset.fps, asset.image_width, asset.image_height) == (FRAMES, 12.0, SIDE, SIDE)
    assert asset.endpoints is not None
    assert torch.equal(asset.endpoints[1].rgb, GUIDE.video.rgb[-1])


def test_traced_points_have_no_jump(asset: Asset4D) -> None:
    """Oracle: the motion's own pace; between times 1/160 apart no point goes farther than 2.5 times its clip's speed
    allows, also where it is handed from clip to clip."""
    times = torch.linspace(0, 1, 161)
    points, colors = trace_points(asset, times, 300)
    assert points.shape == (161, 300, 3) and colors.shape == (300, 3)
    pace = points.diff(dim=0).norm(dim=-1)
    assert float(pace.max()) < 2.5 * float(pace.amax(1).median())


def test_traced_points_end_where_the_bar_takes_them(asset: Asset4D) -> None:
    """Oracle: closed form; each point turned about the pivot, within 3 px (2 % of the way of the tip per clip)."""
    points, colors = trace_points(asset, torch.tensor([0.0, 0.5, 1.0]), 200)
    start, _ = project(points[0], CAMERA)
    for row, time in ((1, 0.5), (2, 1.0)):
        angle = math.radians(DEGREES) * time
        turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        pivot = SIDE * torch.tensor([0.25, 0.5])
        expected = (start - pivot) @ turn.T + pivot
        found, _ = project(points[row], CAMERA)
        assert float((found - expected).norm(dim=-1).mean()) < 1.5
        assert float((found - expected).norm(dim=-1).max()) < 3.5
    first = pose_clip(asset.clips[0], 0.0)
    nearest = torch.cdist(points[0], first.means).argmin(1)
    torch.testing.assert_close(colors, first.colors[nearest].clamp(0, 1))
