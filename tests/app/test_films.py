"""Camera paths of films, depth, backgrounds."""

import math

import numpy as np
import pytest
import torch

from tween4d.app.films import EYES, FAR, FilmConfig, film_views, parse_background, render_depth, render_film
from tween4d.app.turntable import TurntableConfig, turntable_views
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import input_camera, orbit_camera, project
from tween4d.errors import InputError
from tween4d.stages.render import render_view


def test_a_fixed_film_plays_once_from_the_input_camera(asset: Asset4D) -> None:
    """Oracle: closed form; 8 steps at 16 a second are half a second, at 24 a second 13 pictures, even in time."""
    views = film_views(asset, FilmConfig("fixed", size=64))
    assert [view.time for view in views] == pytest.approx(np.linspace(0, 1, 13).tolist())
    wanted = input_camera(64, 64, asset.fov_degrees)
    assert all(torch.equal(view.cameras[0].world_to_camera, wanted.world_to_camera) for view in views)


def test_azimuth_and_elevation_place_the_camera(asset: Asset4D) -> None:
    """Oracle: the conventions; azimuth 90 is on +X, elevation upwards."""
    (view,) = film_views(asset, FilmConfig("fixed", frames=1, azimuth_degrees=90, elevation_degrees=30))
    place = view.cameras[0].position.tolist()
    assert place == pytest.approx([2 * math.cos(math.pi / 6), 1.0, 0.0], abs=1e-5)


def test_a_dolly_comes_nearer_and_ends_at_the_input_camera(asset: Asset4D) -> None:
    """Oracle: closed form; from one and a half of the input camera's distance, never back."""
    distances = [float(v.cameras[0].position.norm()) for v in film_views(asset, FilmConfig("dolly", frames=11))]
    assert distances[0] == pytest.approx(3.0) and distances[-1] == pytest.approx(2.0)
    assert all(a > b for a, b in zip(distances, distances[1:], strict=False))


def test_the_turntable_is_that_of_every_other_film(asset: Asset4D) -> None:
    """Oracle: the turntable's own views."""
    views = film_views(asset, FilmConfig(frames=5, size=64))
    others = turntable_views(asset, TurntableConfig(frames=5, size=64))
    assert [view.time for view in views] == [time for _, time in others]
    assert all(
        torch.equal(v.cameras[0].world_to_camera, c.world_to_camera) for v, (c, _) in zip(views, others, strict=True)
    )


def test_two_eyes_agree_at_the_origin_and_differ_before_it(asset: Asset4D) -> None:
    """Oracle: closed form; disparity f b (1/d - 1/2) at distance d: none at the origin, crossed in front of it."""
    (view,) = film_views(asset, FilmConfig("stereo", frames=1, size=512, azimuth_degrees=40))
    left, right = view.cameras
    nearer = orbit_camera(40, 0, 512, 512).position * 0.25
    points = torch.stack([torch.zeros(3), nearer])
    (a, _), (b, _) = project(points, left), project(points, right)
    focal = float(left.intrinsics[0, 0])
    assert a[0].tolist() == pytest.approx([256, 256], abs=1e-3) and b[0].tolist() == pytest.approx([256, 256], abs=1e-3)
    assert float(a[1, 0] - b[1, 0]) == pytest.approx(focal * EYES * (1 / 1.5 - 1 / 2), rel=1e-4)
    assert float((left.position - right.position).norm()) == pytest.approx(EYES, rel=1e-5)


def test_eyes_lie_side_by_side(asset: Asset4D) -> None:
    """Oracle: our own render of each eye."""
    views = film_views(asset, FilmConfig("stereo", frames=2, size=32))
    picture = list(render_film(asset, views))[1]
    for half, camera in zip(picture.rgb.chunk(2, 1), views[1].cameras, strict=True):
        assert torch.equal(half, render_view(asset, camera, 1.0).rgb)
    assert picture.alpha is not None and picture.alpha.shape == (32, 64)


def test_depth_is_that_of_the_surface(asset: Asset4D) -> None:
    """Oracle: closed form; the ellipsoid's front is 0.12 nearer than its centre at distance 2; the rest is far."""
    image, depth = render_depth(asset, input_camera(64, 64), 0.0)
    assert torch.equal(image.rgb, render_view(asset, input_camera(64, 64), 0.0).rgb)
    assert image.alpha is not None and bool((depth[image.alpha < 1 / 255] == FAR).all())
    solid = depth[image.alpha > 0.9]
    # Gaussians are up to 0.03 wide, and translucent ones let the back through.
    assert len(solid) > 50 and 2 - 0.12 - 0.03 < float(solid.median()) < 2.0
    assert float(solid.max()) < 2 + 0.12 + 0.03


@pytest.mark.parametrize(
    ("text", "color"),
    [("white", (1, 1, 1)), ("BLACK", (0, 0, 0)), ("#ff8000", (1, 128 / 255, 0)), ("0000ff", (0, 0, 1))],
)
def test_backgrounds_are_read(text: str, color: tuple[float, float, float]) -> None:
    """Oracle: closed form."""
    assert parse_background(text) == pytest.approx(color)


def test_a_background_that_is_none_is_refused() -> None:
    """Oracle: contract."""
    assert parse_background("transparent") is None
    for text in ("blue-ish", "#12345", ""):
        with pytest.raises(InputError, match="no background.*#rrggbb"):
            parse_background(text)
