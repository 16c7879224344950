"""The case of the example: layout, and truth that agrees with itself."""

import numpy as np
import torch

from tween4d.data.cameras import orbit_camera, project
from tween4d.synthetic import Scene, SyntheticCase
from tween4d.synthetic.render import map_surface, render_image
from tween4d.synthetic.scene import Surface, pose_surface

NAMES = ["az000_el00", "az030_el00", "az330_el00", "az090_el00", "az270_el00", "az180_el00", "az045_el30"]


def test_layout_is_the_benchmarks(example_case: SyntheticCase) -> None:
    """Oracle: the benchmark's description."""
    case = example_case
    assert [view.name for view in case.views] == NAMES
    assert case.start.rgb.shape == case.end.rgb.shape == (512, 512, 3)
    torch.testing.assert_close(case.times, torch.linspace(0, 1, 9))
    assert case.points.shape == (9, 4096, 3) and case.points.dtype == torch.float32
    assert case.colors.shape == (4096, 3) and case.colors.dtype == torch.uint8
    for view in case.views:
        assert view.rgb.shape == (9, 256, 256, 3) and view.alpha.shape == (9, 256, 256)
        assert 0 <= float(view.rgb.min()) and float(view.rgb.max()) <= 1
        angles = int(view.name[2:5]), int(view.name[8:10])
        torch.testing.assert_close(view.camera.world_to_camera, orbit_camera(*angles, 256, 256).world_to_camera)
        # Whole in every picture: nothing on the border.
        border = torch.cat([view.alpha[:, 0], view.alpha[:, -1], view.alpha[:, :, 0], view.alpha[:, :, -1]], 1)
        assert float(border.max()) == 0


def test_inputs_are_the_ends_of_the_motion(example_case: SyntheticCase, example: tuple[Scene, Surface]) -> None:
    """Oracle: the scene posed at times 0 and 1 by itself; and the small view of the same moment, on white."""
    scene, surface = example
    for image, time, index in ((example_case.start, 0.0, 0), (example_case.end, 1.0, -1)):
        again = render_image(surface, pose_surface(scene, surface, time), example_case.input_camera, 4)
        torch.testing.assert_close(image.rgb, again.rgb)
        torch.testing.assert_close(image.alpha, again.alpha)
        half = image.on().reshape(256, 2, 256, 2, 3).mean((1, 3))
        small = example_case.views[0].frame(index).on()
        # They differ by where their samples lie, hence only along edges.
        assert float((half - small).abs().mean()) < 2e-3


def test_points_lie_on_the_posed_surface(example_case: SyntheticCase, example: tuple[Scene, Surface]) -> None:
    """Oracle: distance from point to triangle by projection, over all triangles, for some points at three times."""
    scene, surface = example
    for index in (0, 4, 8):
        vertices = pose_surface(scene, surface, index / 8).vertices
        for point in example_case.points[index, ::256].double().numpy():
            corners = vertices[surface.triangles]
            near = corners[np.linalg.norm(corners.mean(1) - point, axis=1) < 0.08]
            assert distances(point, near).min() < 1e-6


def distances(p: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Distance of a point to each triangle's plane where its foot falls inside, infinite elsewhere."""
    a, b, c = corners.transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    scale = np.linalg.norm(normal, axis=1)
    inside = np.ones(len(a), bool)
    for u, v in ((a, b), (b, c), (c, a)):
        inside &= (np.cross(v - u, p - u) * normal).sum(1) >= -1e-5 * scale**2
    height = np.abs(((p - a) * normal).sum(1)) / scale
    return np.where(inside, height, np.inf)


def test_points_are_material(example_case: SyntheticCase, example: tuple[Scene, Surface]) -> None:
    """Oracle: the texture; where a point is seen in the evenly bright part of a view, the picture has its hue there at
    every time. Checked by correlation, since light changes brightness but hardly the order of the channels."""
    view = example_case.views[0]
    base = example_case.colors.float() / 255
    scene, surface = example
    for index in (0, 5, 8):
        depth = map_surface(surface, pose_surface(scene, surface, index / 8), view.camera).depth
        pixels, z = project(example_case.points[index], view.camera)
        x, y = pixels.floor().long().T
        seen = torch.from_numpy(depth)[y, x] > z - 1e-3
        assert int(seen.sum()) > 800
        picture = view.rgb[index, y, x][seen]
        ratio = (picture - picture.mean(1, keepdim=True)) * (base[seen] - base[seen].mean(1, keepdim=True))
        norm = (picture - picture.mean(1, keepdim=True)).norm(dim=1) * (
            base[seen] - base[seen].mean(1, keepdim=True)
        ).norm(dim=1)
        coloured = norm > 0.02
        assert float((ratio.sum(1)[coloured] / norm[coloured]).median()) > 0.98


def test_every_point_is_seen_some_time(example_case: SyntheticCase, example: tuple[Scene, Surface]) -> None:
    """Oracle: the depth maps of the views; and points cover back and front alike."""
    scene, surface = example
    seen = torch.zeros(4096, dtype=torch.bool)
    for index in range(9):
        pose = pose_surface(scene, surface, index / 8)
        for view in example_case.views:
            depth = torch.from_numpy(map_surface(surface, pose, view.camera).depth)
            pixels, z = project(example_case.points[index], view.camera)
            x, y = pixels.floor().long().T
            seen |= depth[y, x] > z - 2.1e-3
    assert bool(seen.all())
    assert len(torch.unique(example_case.points[0], dim=0)) == 4096
