"""The learned multi-view prior, with the real network at random weights where what it knows does not matter."""

import math

import numpy as np
import pytest
import torch

from tests.scenes import ball_picture, swinging_bar
from tween4d.data.cameras import input_camera, orbit_camera, project
from tween4d.data.facing import Facing
from tween4d.data.images import Image
from tween4d.priors.embedded.geometry.lifting import LiftingConfig, LiftingPrior
from tween4d.priors.embedded.geometry.network import SECTORS, SUMMARY, Seen, SurfaceNet, sector_azimuths
from tween4d.priors.embedded.geometry.reading import (
    MARGIN,
    Reading,
    find_crop,
    rank_facings,
    read_middle,
    read_picture,
)
from tween4d.priors.embedded.geometry.sampling import INSET, sample_surfaces
from tween4d.priors.protocols import MultiViewPrior, Orientable

WIDTH = 96
CAMERAS = (input_camera(WIDTH, WIDTH), orbit_camera(90, 0, WIDTH, WIDTH))


@pytest.fixture(scope="module")
def network() -> SurfaceNet:
    torch.manual_seed(1)
    return SurfaceNet((4, 8, 12, 16)).eval()


@pytest.fixture(scope="module")
def picture() -> Image:
    """A lopsided object, so that its mirror image differs."""
    rgb = torch.rand(WIDTH, WIDTH, 3, generator=torch.Generator().manual_seed(0))
    alpha = torch.zeros(WIDTH, WIDTH)
    alpha[30:70, 20:60] = 1.0
    alpha[50:60, 60:80] = 1.0
    return Image(rgb, alpha)


def mirrored(image: Image) -> Image:
    return Image(image.rgb.flip(1), image.alpha.flip(1))


def peaked(*azimuths: tuple[float, float]) -> Reading:
    """A reading whose chances lie at given azimuths (degrees) with given weights."""
    chance = torch.full((SECTORS,), 1e-6)
    for azimuth, weight in azimuths:
        at = (torch.rad2deg(sector_azimuths()) - azimuth).abs().argmin()
        chance[at] += weight
    empty = torch.zeros(2, 1, 1, 1)
    seen = Seen(empty, empty, empty, empty, torch.zeros(2, SUMMARY))
    return Reading(find_crop(np.ones((4, 4), bool)), seen, torch.log(chance / chance.sum()))


def test_it_is_a_multi_view_prior_that_can_be_told(network: SurfaceNet) -> None:
    """Oracle: the protocols; the user's word is the only hypothesis, and the prior that was told is another one."""
    prior = LiftingPrior(lambda: network)
    assert isinstance(prior, MultiViewPrior) and isinstance(prior, Orientable)
    told = prior.told(40, 5)
    assert told.hypotheses(Image(*ball_picture(CAMERAS[0]))) == (Facing(40, 5, 1.0),)
    assert prior.config.facing is None


def test_the_network_is_loaded_once_and_late() -> None:
    """Oracle: count of the loads."""
    loads = []

    def load() -> SurfaceNet:
        loads.append(1)
        return SurfaceNet((4, 8, 12, 16))

    prior = LiftingPrior(load)
    assert not loads
    prior.hypotheses(Image(*ball_picture(CAMERAS[0])))
    prior.hypotheses(Image(*ball_picture(CAMERAS[0])))
    assert len(loads) == 1


def test_a_mirrored_picture_faces_the_other_way(network: SurfaceNet, picture: Image) -> None:
    """Oracle: symmetry; both looks are averaged, so chances mirror exactly and so do the surfaces."""
    straight, mirror = read_picture(network, picture), read_picture(network, mirrored(picture))
    torch.testing.assert_close(straight.log_chance, mirror.log_chance.flip(0), atol=1e-4, rtol=0)
    mask = picture.alpha.numpy() > 0.5
    focal = float(CAMERAS[0].intrinsics[0, 0])
    one = read_middle(network, straight, (Facing(35, 4, 1),), mask, focal)
    other = read_middle(network, mirror, (Facing(-35, 4, 1),), mask[:, ::-1], focal)
    np.testing.assert_allclose(one, other[:, ::-1], atol=1e-3)


def test_the_crop_is_a_square_about_the_object_wherever_it_lies(network: SurfaceNet, picture: Image) -> None:
    """Oracle: analytic box; and moving the object by whole pixels moves its surfaces along and changes nothing else."""
    crop = find_crop(picture.alpha.numpy() > 0.5)
    assert crop.side == pytest.approx(60 * MARGIN)
    assert crop.left + crop.side / 2 == pytest.approx(50) and crop.top + crop.side / 2 == pytest.approx(50)
    moved = Image(picture.rgb.roll((7, 11), (0, 1)), picture.alpha.roll((7, 11), (0, 1)))
    focal = float(CAMERAS[0].intrinsics[0, 0])
    middles = []
    for image in (picture, moved):
        mask = image.alpha.numpy() > 0.5
        middles.append(read_middle(network, read_picture(network, image), (Facing(0, 0, 1),), mask, focal))
    np.testing.assert_allclose(np.roll(middles[0], (7, 11), (0, 1))[20:, 20:], middles[1][20:, 20:], atol=1e-3)


def test_hypotheses_are_the_peaks_likeliest_first(network: SurfaceNet) -> None:
    """Oracle: planted chances; two peaks with their weights and azimuths, across the seam at 180 degrees too."""
    first, second = rank_facings(network, [peaked((-175, 0.7), (35, 0.3))])[:2]
    assert first.azimuth == pytest.approx(-175, abs=5) and first.weight == pytest.approx(0.7, abs=0.01)
    assert second.azimuth == pytest.approx(35, abs=5) and second.weight == pytest.approx(0.3, abs=0.01)


def test_both_ends_decide_together(network: SurfaceNet) -> None:
    """Oracle: product of chances; what one picture leaves open the other settles."""
    open_one = peaked((-90, 0.5), (90, 0.5))
    settled = rank_facings(network, [open_one, peaked((90, 0.9), (-90, 0.1))])
    assert settled[0].azimuth == pytest.approx(90, abs=6)
    assert settled[0].weight == pytest.approx(0.75, abs=0.02)  # 1 / (1 + sqrt(1 / 9))


def test_the_facing_matters_to_the_surfaces(network: SurfaceNet, picture: Image) -> None:
    """Oracle: invariant; two hypotheses of one picture are two solids."""
    mask, focal = picture.alpha.numpy() > 0.5, float(CAMERAS[0].intrinsics[0, 0])
    reading = read_picture(network, picture)
    one, other = (read_middle(network, reading, (Facing(a, 0, 1),), mask, focal) for a in (-60, 60))
    assert np.abs(one - other)[mask].mean() > 1e-4


def test_keyframes_are_lifted_from_the_guide(network: SurfaceNet) -> None:
    """Oracle: the protocol and invariants; the guiding frame value for value, finite points, the seen ones under the
    object."""
    guide = swinging_bar(60, 9, WIDTH)
    answers = LiftingPrior(lambda: network, LiftingConfig(max_points=2000)).imagine(guide, (0, 4, 8), CAMERAS, seed=0)
    assert [views.frame for views in answers] == [0, 4, 8]
    for views in answers:
        assert torch.equal(views.rgb[0], guide.video.rgb[views.frame])
        surface = views.surface
        for name in ("positions", "normals", "colors", "spacing"):
            assert bool(getattr(surface, name).isfinite().all()), name
        assert len(surface.positions) < 2600
        pixels, _ = project(surface.positions[surface.seen > 0.5], CAMERAS[0])
        column, row = (pixels[:, i].long().clamp(0, WIDTH - 1) for i in (0, 1))
        near = torch.nn.functional.max_pool2d(guide.video.alpha[views.frame][None], 5, 1, 2)[0]
        assert float((near[row, column] > 0.1).float().mean()) > 0.99


def test_a_slanted_plate_is_sampled_where_it_is() -> None:
    """Oracle: analytic; points of a plate that recedes to the right lie in its two planes, normals across it."""
    side, slope, half = 128, 0.6, 3.0
    camera = input_camera(side, side)
    mask = np.zeros((side, side), bool)
    mask[30:100, 40:90] = True
    x = np.arange(side) + 0.5 - side / 2
    middle = np.broadcast_to(-slope * x, (side, side)).astype(np.float32)
    picture = np.ones((side, side, 4), np.float32)
    thickness = np.full((side, side), half, np.float32) * mask
    surface = sample_surfaces(picture, picture[..., :3], mask, (middle, thickness), camera, 20_000)
    pixels, depth = project(surface.positions.double(), camera)
    unit = 2.0 / float(camera.intrinsics[0, 0])
    height = (2.0 - depth.numpy()) / unit + slope * (pixels[:, 0].numpy() - side / 2)
    inner = ((pixels - 64).abs() < 20).all(1).numpy()
    # Centres lie below the surface along its normal, as far as a Gaussian reaches beyond its centre.
    below = INSET * float(surface.spacing[0]) / unit * math.hypot(slope, 1)
    assert np.abs(np.abs(height[inner]) - (half - below)).max() < 1e-3
    normal = surface.normals.numpy()[inner & (height > 0)]
    expected = np.array([slope, 0, 1]) / math.hypot(slope, 1)
    assert np.abs(normal - expected).max() < 1e-3
