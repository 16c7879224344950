"""Views of neighbouring keyframes."""

from dataclasses import replace

import numpy as np
import torch

from tests.scenes import ball_surface, ball_views
from tween4d.data.cameras import input_camera, orbit_camera
from tween4d.data.video import Guide, Lattice, Video
from tween4d.data.views import MultiViews
from tween4d.metrics.agreement import warping_error

SIDE = 64


def still_guide() -> Guide:
    grid = np.linspace(0, SIDE, 9)
    places = torch.tensor(np.stack(np.meshgrid(grid, grid), -1).reshape(-1, 2), dtype=torch.float32)
    index = np.arange(81).reshape(9, 9)
    a, b, c, d = (x.ravel() for x in (index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]))
    triangles = torch.from_numpy(np.concatenate([np.stack([a, b, c], -1), np.stack([b, d, c], -1)]))
    video = Video(torch.zeros(5, SIDE, SIDE, 3), torch.zeros(5, SIDE, SIDE), torch.linspace(0, 1, 5))
    sheet = Lattice(places.expand(5, -1, -1).clone(), triangles, torch.ones(81), 0)
    return Guide(video, (sheet, replace(sheet, anchor=-1)))


def test_equal_views_of_what_stands_still_agree_and_others_do_not() -> None:
    """Oracle: construction; 0 for the same views, and the difference itself for views that are all darker by 0.1."""
    cameras = (input_camera(SIDE, SIDE), orbit_camera(60, 0, SIDE, SIDE), orbit_camera(180, 20, SIDE, SIDE))
    first = ball_views(cameras, ball_surface(1500), 0)
    second = replace(first, frame=4)
    guide = still_guide()
    assert warping_error(guide, MultiViews((first, second))) < 1e-4
    dark = replace(second, rgb=second.rgb - 0.1, alpha=torch.ones_like(second.alpha))
    bright = replace(first, alpha=torch.ones_like(first.alpha))
    found = warping_error(guide, MultiViews((bright, dark)))
    assert found is not None and abs(found - 0.1) < 2e-3


def test_what_cannot_be_compared_is_not() -> None:
    """Oracle: contract."""
    views = ball_views((input_camera(SIDE, SIDE), orbit_camera(60, 0, SIDE, SIDE)), ball_surface(200), 0)
    assert warping_error(still_guide(), MultiViews((views,))) is None
    assert warping_error(replace(still_guide(), lattices=()), MultiViews((views, replace(views, frame=4)))) is None
