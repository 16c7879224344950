"""When the meshes of an asset are shown."""

from dataclasses import replace

import pytest
import torch

from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.app.meshes import shown_spans
from tween4d.data.asset import Asset4D, Clip
from tween4d.data.cameras import orbit_camera
from tween4d.stages.render import blur_of, pose_clip, render_gaussians


def aside(clip: Clip, shift: float) -> Clip:
    """The clip elsewhere along x."""
    by = torch.tensor([shift, 0.0, 0.0])
    gaussians = replace(clip.gaussians, means=clip.gaussians.means + by)
    return replace(clip, gaussians=gaussians, motion=replace(clip.motion, rest=clip.motion.rest + by))


@pytest.fixture(scope="module")
def parted() -> Asset4D:
    """Two clips that lie side by side and fade into one another."""
    made = moving_ellipsoid(count=800, nodes=6, frames=9, size=64)
    clips = tuple(aside(clip, shift) for clip, shift in zip(made.clips, (-0.35, 0.35), strict=True))
    return replace(made, clips=clips)


def test_a_mesh_is_shown_while_half_of_its_outline_is_covered(parted: Asset4D) -> None:
    """Oracle: larger pictures from other sides, with the clip's own opacity at the end of the span, and well before."""
    (_, end), (begin, _) = shown_spans(parted)
    for clip, edge, inside in ((parted.clips[0], end, -0.02), (parted.clips[1], begin, 0.02)):
        assert covered(parted, clip, edge) == pytest.approx(0.5, abs=0.15)
        assert covered(parted, clip, edge + inside) > 0.7
        assert covered(parted, clip, edge - inside) < 0.3


def covered(asset: Asset4D, clip: Clip, time: float) -> float:
    """The share of its outline that a clip covers at a time."""
    always = replace(clip, fade_in=(0.0, 0.0), fade_out=(1.0, 1.0))
    counts = []
    for shown in (clip, always):
        g = pose_clip(shown, time)
        cameras = (orbit_camera(azimuth, 20.0, 200, 200, asset.fov_degrees) for azimuth in (20, 110, 200, 290))
        alphas = (render_gaussians(g, camera, blur_of(asset, camera)).alpha for camera in cameras)
        counts.append(sum(int((alpha > 0.5).sum()) for alpha in alphas if alpha is not None))
    return counts[0] / counts[1]


def test_there_is_no_moment_without_a_mesh(parted: Asset4D) -> None:
    """Oracle: invariant; also where clips are so faint that neither is seen in the middle of the fade."""
    for logit in (0.0, -6.0):
        clips = tuple(
            replace(
                c, gaussians=replace(c.gaussians, opacity_logits=torch.full_like(c.gaussians.opacity_logits, logit))
            )
            for c in parted.clips
        )
        (start, end), (begin, last) = shown_spans(replace(parted, clips=clips))
        assert (start, last) == (0.0, 1.0) and begin <= end + 1e-9
