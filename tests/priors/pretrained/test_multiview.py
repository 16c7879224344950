"""Multi-view priors: cameras proven on a painted ball, and Zero123++ on a tiny model."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.priors.pretrained.conftest import disc
from tween4d.data.cameras import input_camera, project
from tween4d.data.video import Guide, Video
from tween4d.data.views import MultiViews
from tween4d.errors import InputError, WeightsError
from tween4d.priors.pretrained.placement import Placement, crop_about, cut_out, placement_from_outlines, rig_cameras
from tween4d.priors.pretrained.settings import PretrainedSettings
from tween4d.priors.pretrained.zero123 import RIG, make_zero123
from tween4d.stages.reconstruct import ReconstructConfig, reconstruct_keyframes


def painted(point: np.ndarray) -> np.ndarray:
    """Colour of a ball by direction in our world."""
    return 0.5 + 0.5 * np.sin(np.array([3.0, 4.0, 5.0]) * point + np.array([0.3, 1.1, 2.0]))


def maker_view(azimuth: float, elevation: float, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A unit-diameter ball as the model's makers see it: z up, azimuth from +x to +y, 30 degrees, from 2 units.

    Written from InstantMesh's description of these cameras, without any of our own. Returns colour and coverage.
    """
    az, el = np.deg2rad([azimuth, elevation])
    eye = 2.0 * np.array([np.cos(el) * np.cos(az), np.cos(el) * np.sin(az), np.sin(el)])
    back = eye / 2.0
    right = np.cross([0, 0, 1.0], back)
    right /= np.linalg.norm(right)
    up = np.cross(back, right)
    rows, columns = np.mgrid[:size, :size] + 0.5
    reach = np.tan(np.deg2rad(15.0))
    x, y = (columns / size * 2 - 1) * reach, (1 - rows / size * 2) * reach
    rays = x[..., None] * right + y[..., None] * up - back
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    b = rays @ eye
    root = b**2 - (eye @ eye - 0.25)
    hit = root > 0
    places = eye + (-b - np.sqrt(np.maximum(root, 0)))[..., None] * rays
    # The makers' x points at the input camera, their y to its right, their z up: ours are z, x, y.
    ours = places[..., [1, 2, 0]] / 0.5
    return painted(ours) * hit[..., None], hit


@pytest.mark.parametrize("centre, scale", [((0.0, 0.0, 0.0), 1.0), ((0.12, -0.08, 0.0), 0.6)])
def test_the_cameras_of_zero123_see_the_painted_ball_where_it_is(
    centre: tuple[float, float, float], scale: float
) -> None:
    """Oracle: ray tracing in the makers' own convention; each of our points takes its colour under its pixel."""
    size, radius = 128, 0.5
    placement = Placement(torch.tensor(centre), scale)
    directions = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
    directions = directions / directions.norm(dim=-1, keepdim=True)
    points = torch.tensor(centre) + scale * radius * directions
    cameras = rig_cameras(RIG, size, placement)
    for azimuth, elevation, camera in zip(RIG.azimuths, RIG.elevations, cameras, strict=True):
        picture, covered = maker_view(azimuth, elevation, size)
        facing = ((camera.position - points) * directions).sum(-1) > 0.35 * scale
        assert facing.sum() > 50
        pixels, depth = project(points[facing], camera)
        assert (depth > 0).all()
        columns, rows = pixels.floor().long().unbind(-1)
        assert covered[rows, columns].all()
        wanted = np.stack([painted(d) for d in directions[facing].numpy()])
        assert np.abs(picture[rows, columns] - wanted).max() < 0.15


def test_a_lifted_input_camera_tilts_the_rig() -> None:
    """Oracle: geometry; of an object seen from 20 degrees above, the view at azimuth 0, elevation 20 is the input."""
    from dataclasses import replace

    rig = replace(RIG, azimuths=(0.0, 0.0), elevations=(20.0, 50.0))
    same, above = rig_cameras(rig, 64, Placement(torch.zeros(3), 1.0, 20.0))
    torch.testing.assert_close(same.position, torch.tensor([0.0, 0.0, 2.0]), atol=1e-6, rtol=0)
    torch.testing.assert_close(above.position, torch.tensor([0.0, 1.0, 3**0.5]), atol=1e-5, rtol=0)


def test_the_placement_is_read_from_outlines() -> None:
    """Oracle: a ball of known place and size, drawn from the input camera and by the makers' rig."""
    camera = input_camera(256, 256)
    rows, columns = torch.meshgrid(torch.arange(256) + 0.5, torch.arange(256) + 0.5, indexing="ij")
    pixels, _ = project(torch.tensor([[0.12, -0.08, 0.0]]), camera)
    radius = 0.3 / 2 * float(camera.intrinsics[0, 0])
    seen = ((columns - pixels[0, 0]) ** 2 + (rows - pixels[0, 1]) ** 2 < radius**2).float()
    views = [maker_view(a, e, 128)[1] for a, e in zip(RIG.azimuths, RIG.elevations, strict=True)]
    outlines = [torch.tensor(view).float() for view in views]
    placement = placement_from_outlines([seen], outlines, camera, RIG, 0.0)
    torch.testing.assert_close(placement.centre, torch.tensor([0.12, -0.08, 0.0]), atol=0.004, rtol=0)
    # A ball of radius 0.5 from 2 units looks 3 % larger than its middle's cross-section.
    assert placement.scale == pytest.approx(0.6, rel=0.05)


def test_the_crop_centres_the_object() -> None:
    """Oracle: a disc of known size: it takes 80 % of the square, in its middle, on the grey that was asked."""
    image = disc(9.0)
    assert image.alpha is not None
    crop = crop_about(image.alpha[None], 0.8)
    picture = cut_out(image, crop, 40, 0.5)
    inside = (picture - 0.5).abs().amax(-1) > 0.15
    assert inside.any(0).sum() == pytest.approx(32, abs=2)
    assert inside.float().argmax(0)[20] == pytest.approx(4, abs=1)
    assert torch.equal(picture[0, 0], torch.full((3,), 0.5))


def guide_of(frames: int = 5) -> Guide:
    images = [disc(12.0 + 2 * i) for i in range(frames)]
    alpha = torch.stack([i.alpha for i in images if i.alpha is not None])
    return Guide(Video(torch.stack([i.rgb for i in images]), alpha, torch.linspace(0, 1, frames)))


def test_zero123_answers_with_views_that_a_fit_can_use(settings: PretrainedSettings) -> None:
    """Oracle: the protocol; view 0 is the frame, all keyframes are answered, and Gaussians come without a surface."""
    guide, notes = guide_of(), []
    from dataclasses import replace

    prior = make_zero123(replace(settings, report=lambda text, warning=False: notes.append((text, warning))))
    answers = prior.imagine(guide, (0, 2, 4), (input_camera(32, 24),), seed=0)
    assert [a.frame for a in answers] == [0, 2, 4]
    for answer in answers:
        count = len(answer.cameras)
        assert answer.rgb.shape == (count, 24, 32, 3) and answer.alpha.shape == (count, 24, 32)
        assert torch.equal(answer.rgb[0], guide.video.rgb[answer.frame]) and answer.weights[0] == 1
        assert answer.surface is None
    assert "cpu: float32" in notes[0][0]
    (gaussians,) = reconstruct_keyframes(MultiViews(answers[:1]), ReconstructConfig(steps=2, density_rounds=0))
    assert 1 <= len(gaussians) <= ReconstructConfig().max_gaussians and gaussians.means.isfinite().all()


def test_moments_share_their_noise_and_the_seed_decides(settings: PretrainedSettings) -> None:
    """Oracle: equal pictures that are only mixed with one another give equal views; another seed gives others."""
    from dataclasses import replace

    from tween4d.priors.pretrained.crosstime_attention import CrossTimeConfig, even_moments

    model = make_zero123(settings)._load()
    model.config = replace(model.config, across_time=CrossTimeConfig(gamma=0.5, reach=0.0))
    picture = torch.rand(1, 16, 16, 3, generator=torch.Generator().manual_seed(0))
    views = model(picture.expand(3, -1, -1, -1), even_moments(3), 0)
    assert views.shape == (3, 6, 16, 16, 3)
    torch.testing.assert_close(views[1], views[0], atol=1e-4, rtol=0)
    torch.testing.assert_close(views[2], views[0], atol=1e-4, rtol=0)
    again = model(picture.expand(3, -1, -1, -1), even_moments(3), 0)
    assert torch.equal(again, views)
    assert not torch.equal(model(picture.expand(3, -1, -1, -1), even_moments(3), 1), views)


def test_its_licence_is_asked_for(weights: Path) -> None:
    """Oracle: CC-BY-NC: not without acceptance, and with --commercial not even with it."""
    with pytest.raises(InputError, match="terms of zero123pp were not accepted"):
        make_zero123(PretrainedSettings(weights))
    with pytest.raises(InputError, match="zero123pp may not be used commercially"):
        make_zero123(PretrainedSettings(weights, ("zero123pp",), commercial=True))


def test_missing_weights_name_the_command(tmp_path: Path) -> None:
    """Oracle: the command that gets them."""
    with pytest.raises(WeightsError, match="tween4d models pull zero123pp"):
        make_zero123(PretrainedSettings(tmp_path, ("zero123pp",)))
