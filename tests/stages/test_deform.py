"""Stage 6: a swinging bar drives control nodes."""

import math
from dataclasses import replace

import pytest
import torch

from tests.scenes import LENGTH, PIVOT, bar_gaussians, bar_plan, bar_views, psnr, swinging_bar
from tween4d.data.asset import Clip
from tween4d.data.cameras import backproject, input_camera, project
from tween4d.data.nodes import pose_at
from tween4d.data.video import Guide
from tween4d.stages.deform import DeformConfig, fit_motion
from tween4d.stages.render import pose_clip, render_gaussians

SIDE, DEGREES, FRAMES = 96, 70.0, 9
CAMERA = input_camera(SIDE, SIDE)
CONFIG = DeformConfig(nodes=24, steps=30)


def clips_of(cuts: tuple[int, ...] = (), config: DeformConfig = CONFIG, guide: Guide | None = None) -> tuple[Clip, ...]:
    plan = bar_plan(guide or swinging_bar(DEGREES, FRAMES, SIDE), cuts)
    angles = [math.radians(DEGREES) * k / (FRAMES - 1) for k in plan.keyframes]
    return fit_motion(tuple(bar_gaussians(a, SIDE) for a in angles), plan, bar_views(plan), config)


@pytest.fixture(scope="module")
def clip() -> Clip:
    return clips_of()[0]


def test_the_motion_is_the_identity_at_the_keyframe(clip: Clip) -> None:
    """Oracle: stated guarantee; unit rotations, no displacement, so the Gaussians are the canonical ones."""
    quats, shift = pose_at(clip.motion, clip.keyframe_time)
    torch.testing.assert_close(quats, torch.tensor([1.0, 0.0, 0.0, 0.0]).expand_as(quats), atol=1e-6, rtol=0)
    assert float(shift.abs().max()) < 1e-6
    torch.testing.assert_close(pose_clip(clip, 0.0).means, clip.gaussians.means, atol=1e-6, rtol=0)


def test_every_guiding_frame_is_reproduced(clip: Clip) -> None:
    """Oracle: the analytic frames of the bar; 28 dB on white at all times, the end included."""
    video = swinging_bar(DEGREES, FRAMES, SIDE).video
    for frame in range(FRAMES):
        shown = render_gaussians(pose_clip(clip, float(video.times[frame])), CAMERA).on()
        assert psnr(shown, video.frame(frame).on()) > 28


def test_the_tip_goes_round_on_its_arc(clip: Clip) -> None:
    """Oracle: closed form; the tip stays at the bar's length from the pivot, within 1.5 px, also between frames."""
    pixels, _ = project(clip.gaussians.means, CAMERA)
    row = int(pixels[:, 0].argmax())
    for time in (0.0, 0.31, 0.5, 0.77, 1.0):
        place, _ = project(pose_clip(clip, time).means[[row]], CAMERA)
        arm = place[0] / SIDE - torch.tensor(PIVOT)
        assert abs(float(arm.norm()) - LENGTH) * SIDE < 2.5
        assert math.degrees(math.atan2(arm[1], arm[0])) == pytest.approx(DEGREES * time, abs=8)


def test_nodes_turn_with_the_bar(clip: Clip) -> None:
    """Oracle: closed form; in the picture the bar turns by +70 degrees (y down), in the world (y up) by -70 about z."""
    q = clip.motion.quats[-1]
    angle = 2 * torch.rad2deg(torch.atan2(q[:, 3], q[:, 0]))
    assert abs(float(angle.median()) + DEGREES) < 4
    assert float(q[:, 1:3].abs().max()) < 0.15


def test_sizes_and_times_follow_the_config() -> None:
    """Oracle: construction; nodes, unit sign-continuous rotations, four influences, and two frames beyond each seam."""
    clips = clips_of(cuts=(4,), config=DeformConfig(nodes=10, steps=0, overlap=2))
    assert [len(c.motion.rest) for c in clips] == [10, 10]
    times = torch.linspace(0, 1, FRAMES)
    torch.testing.assert_close(clips[0].motion.times, times[:7])
    torch.testing.assert_close(clips[1].motion.times, times[2:])
    assert (clips[0].keyframe_time, clips[1].keyframe_time) == (0.0, 1.0)
    for c in clips:
        assert c.skin.indices.shape == (len(c.gaussians), 4)
        torch.testing.assert_close(c.motion.quats.norm(dim=-1), torch.ones(len(c.motion.times), 10))
        assert bool(((c.motion.quats[1:] * c.motion.quats[:-1]).sum(-1) > 0).all())
        assert c.fade_in == (0.0, 0.0) and c.fade_out == (1.0, 1.0)


def test_without_optimisation_the_sheets_carry_the_bar() -> None:
    """Oracle: closed form; with no steps the motion is the lattices' own: every Gaussian is where the bar is."""
    clip = clips_of(config=DeformConfig(nodes=24, steps=0))[0]
    expected, depth = project(bar_gaussians(math.radians(DEGREES), SIDE).means, CAMERA)
    found, at = project(pose_clip(clip, 1.0).means, CAMERA)
    assert float((found - expected).norm(dim=-1).max()) < 1.5
    torch.testing.assert_close(at, depth, atol=2e-3, rtol=0)


def test_clips_agree_about_depth_where_they_meet() -> None:
    """Oracle: closed form; no guiding frame shows depth. A bar that the later keyframe has half a unit nearer comes
    nearer evenly, so that on both sides of the seam it is at one depth."""
    plan = bar_plan(swinging_bar(DEGREES, FRAMES, SIDE), (4,))
    near = [bar_gaussians(math.radians(DEGREES) * k / (FRAMES - 1), SIDE) for k in plan.keyframes]
    pixels, depth = project(near[1].means, CAMERA)
    near[1] = replace(near[1], means=backproject(pixels, depth - 0.5, CAMERA))
    clips = fit_motion(tuple(near), plan, bar_views(plan), replace(CONFIG, steps=0))
    for time in (0.3, 0.5, 0.7):
        for clip in clips:
            _, found = project(pose_clip(clip, time).means, CAMERA)
            assert float((found.median() - (2.0 - 0.5 * time)).abs()) < 0.03
            assert float(found.std()) < 0.05


def test_a_still_guide_moves_nothing() -> None:
    """Oracle: limit; a guide that says it stands still gives nodes at rest at all times."""
    moving = swinging_bar(0.0, FRAMES, SIDE)
    clip = clips_of(guide=Guide(moving.video, (), still=True))[0]
    assert float(clip.motion.translations.abs().max()) < 1e-6
    q = clip.motion.quats
    torch.testing.assert_close(q, torch.tensor([1.0, 0.0, 0.0, 0.0]).expand_as(q))


def test_the_fit_improves_on_its_start() -> None:
    """Oracle: comparison; sheets that lag a tenth behind are corrected by the pictures: the end frame gains 1 dB."""
    guide = swinging_bar(DEGREES, FRAMES, SIDE)
    slow = swinging_bar(DEGREES * 0.9, FRAMES, SIDE).lattices
    lagging = Guide(guide.video, slow[:1])
    scores = []
    for steps in (0, 60):
        clip = clips_of(guide=lagging, config=DeformConfig(nodes=24, steps=steps))[0]
        scores.append(psnr(render_gaussians(pose_clip(clip, 1.0), CAMERA).on(), guide.video.frame(FRAMES - 1).on()))
    assert scores[1] > scores[0] + 1


def test_points_behind_one_another_move_alike() -> None:
    """Oracle: perspective; a point twice as deep under the same pixel stays under that pixel at its own depth."""
    guide = swinging_bar(DEGREES, FRAMES, SIDE)
    canonical = bar_gaussians(0.0, SIDE)
    pixels, depth = project(canonical.means, CAMERA)
    deep = backproject(pixels, depth + 0.2, CAMERA)
    plan = bar_plan(guide)
    clip = fit_motion((replace(canonical, means=deep),), plan, bar_views(plan), DeformConfig(nodes=24, steps=0))[0]
    found, at = project(pose_clip(clip, 1.0).means, CAMERA)
    expected, _ = project(bar_gaussians(math.radians(DEGREES), SIDE).means, CAMERA)
    assert float((found - expected).norm(dim=-1).max()) < 1.5
    torch.testing.assert_close(at, depth + 0.2, atol=2e-3, rtol=0)
