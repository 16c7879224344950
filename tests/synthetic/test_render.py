"""The renderer against analytic solids and a slow readable twin."""

import math

import numpy as np
import torch

from tests.synthetic.solids import still_scene
from tween4d.data.cameras import Camera, orbit_camera, project
from tween4d.synthetic.assembly import Assembly
from tween4d.synthetic.render import label_parts, map_surface, read_surface, render_image
from tween4d.synthetic.scene import Lamp, PosedSurface, Surface, gather_surface, pose_surface
from tween4d.synthetic.shapes import ball, rounded_box, superellipsoid
from tween4d.synthetic.textures import fill, slope

CENTRE, RADIUS = np.array([0.1, -0.05, 0.08]), 0.3


def sphere_surface(lamps: tuple[Lamp, ...] = (Lamp((1.0, 1.0, 1.0)),)) -> tuple[Surface, PosedSurface]:
    scene = still_scene(ball(RADIUS, 160).placed(np.eye(3), CENTRE), lamps=lamps)
    surface = gather_surface(scene)
    return surface, pose_surface(scene, surface, 0.0)


def rays(camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Origin and directions [h, w, 3] through pixel centres; a direction advances one unit along the viewing axis."""
    pose, K = camera.world_to_camera.double().numpy(), camera.intrinsics.double().numpy()
    x, y = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    local = np.stack([(x - K[0, 2]) / K[0, 0], (y - K[1, 2]) / K[1, 1], np.ones_like(x)], -1)
    # The rotation is orthogonal to single precision only; the oracle must undo exactly what the camera does.
    back = np.linalg.inv(pose[:3, :3])
    return -back @ pose[:3, 3], local @ back.T


def sphere_hits(camera: Camera) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Depths at which rays enter and leave the sphere (NaN: missed), and each ray's distance from its centre."""
    origin, direction = rays(camera)
    a = (direction**2).sum(-1)
    b = direction @ (origin - CENTRE)
    gap = (origin - CENTRE) @ (origin - CENTRE) - b**2 / a
    root = np.sqrt(np.where(gap <= RADIUS**2, (RADIUS**2 - gap) * a, np.nan))
    return (-b - root) / a, (-b + root) / a, np.sqrt(gap)


def test_sphere_silhouette_and_depth() -> None:
    """Oracle: ray-sphere intersection. 160 facets around lie within r (1 - cos(pi / 160)) = 6e-5 of the sphere."""
    surface, posed = sphere_surface()
    for camera in (orbit_camera(0, 0, 96, 96), orbit_camera(130, 25, 96, 64)):
        near, far, distance = sphere_hits(camera)
        for farthest, truth in ((False, near), (True, far)):
            seen = map_surface(surface, posed, camera, farthest)
            assert ((seen.faces >= 0) == (distance < RADIUS))[np.abs(distance - RADIUS) > 1.5e-4].all()
            # Away from the rim, where a tiny offset of the surface is a long way along the ray.
            inner = distance < 0.95 * RADIUS
            np.testing.assert_allclose(seen.depth[inner], truth[inner], atol=5e-4)
            assert np.isinf(seen.depth[seen.faces < 0]).all()


def test_coverage_is_the_area_of_the_silhouette() -> None:
    """Oracle: analytic; a sphere on the axis is seen under the angle asin(r / d)."""
    scene = still_scene(ball(RADIUS, 160))
    surface = gather_surface(scene)
    camera = orbit_camera(40, 0, 96, 96)
    image = render_image(surface, pose_surface(scene, surface, 0.0), camera, samples=4)
    radius = float(camera.intrinsics[0, 0]) * math.tan(math.asin(RADIUS / 2.0))
    assert abs(float(image.alpha.sum()) / (math.pi * radius**2) - 1) < 2e-3
    steps = image.alpha * 16
    torch.testing.assert_close(steps, steps.round())


def test_light_on_a_sphere() -> None:
    """Oracle: the lamp's formula at the analytic normal, for Lambert, wrapped and ambient light."""
    direction = np.array([0.6, 0.0, 0.8])
    lamps = (Lamp((0.1, 0.1, 0.1)), Lamp((0.5, 0.4, 0.3), (3.0, 0.0, 4.0)), Lamp((0.2, 0.2, 0.2), (0.0, 2.0, 0.0), 1.0))
    surface, posed = sphere_surface(lamps)
    camera = orbit_camera(20, 10, 64, 64)
    near, _, distance = sphere_hits(camera)
    origin, ray = rays(camera)
    normal = (origin + near[..., None] * ray - CENTRE) / RADIUS
    lambert, sky = np.maximum(normal @ direction, 0), (normal[..., 1] + 1) / 2
    expected = np.sqrt(0.1 + lambert[..., None] * [0.5, 0.4, 0.3] + 0.2 * sky[..., None])
    image = render_image(surface, posed, camera, samples=1)
    inner = distance < 0.9 * RADIUS
    np.testing.assert_allclose(image.rgb.numpy()[inner], expected[inner], atol=6e-3)


def small_scene() -> tuple[Surface, PosedSurface]:
    """Two overlapping parts of few triangles, one textured, in motion."""
    a = Assembly("twin")
    root = a.joint("root", (0, 0, 0), -1, (0, 20, 0), (10, -30, 0))
    arm = a.joint("arm", (0.2, 0.1, 0), root, (0, 0, 0), (0, 0, 70))
    a.part(
        "box",
        superellipsoid((0.3, 0.2, 0.15), (0.4, 0.4), 12, 8),
        (fill((0.8, 0.3, 0.2)), slope((0.1, 0.2, 0.9), (-0.3, 0, 0), (0.3, 0, 0))),
        root,
    )
    a.part(
        "egg", superellipsoid((0.12, 0.3, 0.12), around=10, along=6), (fill((0.2, 0.9, 0.4)),), arm, (0.25, 0.15, 0.1)
    )
    scene = a.scene()
    surface = gather_surface(scene)
    return surface, pose_surface(scene, surface, 0.6)


def cast_rays(posed: PosedSurface, surface: Surface, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """The twin: every ray against every triangle (Moller and Trumbore 1997), nearest front face wins."""
    origin, direction = rays(camera)
    a, b, c = posed.vertices[surface.triangles].transpose(1, 0, 2)
    depth, face = np.full(direction.shape[:2], np.inf), np.full(direction.shape[:2], -1)
    for row in range(camera.height):
        for column in range(camera.width):
            d = direction[row, column]
            p = np.cross(d, c - a)
            det = ((b - a) * p).sum(1)
            with np.errstate(divide="ignore", invalid="ignore"):
                u = ((origin - a) * p).sum(1) / det
                q = np.cross(origin - a, b - a)
                v, t = (q @ d) / det, ((c - a) * q).sum(1) / det
                hit = (det > 0) & (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0)
            if hit.any():
                depth[row, column] = t[hit].min()
                face[row, column] = np.flatnonzero(hit)[t[hit].argmin()]
    return depth, face


def test_renderer_against_its_twin() -> None:
    """Oracle: a readable ray caster; the same triangle and depth under every pixel (a ray through a shared edge may
    take either neighbour), and coverage the share of its hits over supersamples."""
    surface, posed = small_scene()
    camera = orbit_camera(35, 15, 40, 32)
    seen = map_surface(surface, posed, camera)
    depth, face = cast_rays(posed, surface, camera)
    assert (face >= 0).sum() > 150 and len(np.unique(label_parts(surface, seen))) == 3
    np.testing.assert_allclose(seen.depth, depth, rtol=1e-9)
    assert (seen.faces == face).mean() > 0.998
    fine, _ = cast_rays(posed, surface, camera.resized(80, 64))
    image = render_image(surface, posed, camera, samples=2)
    share = np.isfinite(fine).reshape(32, 2, 40, 2).mean((1, 3))
    np.testing.assert_allclose(image.alpha.numpy(), share, atol=1e-7)
    assert (image.rgb.numpy()[share == 0] == 0).all()


def test_surface_map_says_which_point_is_seen() -> None:
    """Oracle: the camera; the surface point under a pixel projects back to that pixel's centre, at the map's depth."""
    surface, posed = small_scene()
    camera = orbit_camera(35, 15, 40, 32)
    seen = map_surface(surface, posed, camera)
    points = read_surface(posed.vertices, surface, seen)
    rows, columns = np.nonzero(seen.faces >= 0)
    pixels, depth = project(torch.from_numpy(points[rows, columns]), camera)
    np.testing.assert_allclose(pixels.numpy(), np.stack([columns, rows], 1) + 0.5, atol=1e-3)
    np.testing.assert_allclose(depth.numpy(), seen.depth[rows, columns], atol=1e-6)
    assert np.isnan(points[seen.faces < 0]).all()


def test_normals_follow_the_pose() -> None:
    """Oracle: the same box modelled in its turned place; skinned and modelled pictures agree."""
    turned = Assembly("turned")
    root = turned.joint("root", (0, 0, 0), -1, (30, 40, 0), (30, 40, 0))
    turned.part("box", rounded_box((0.3, 0.2, 0.15), 0.05), (fill((1.0, 1.0, 1.0)),), root)
    modelled = Assembly("modelled")
    root = modelled.joint("root", (0, 0, 0))
    modelled.part("box", rounded_box((0.3, 0.2, 0.15), 0.05), (fill((1.0, 1.0, 1.0)),), root, (0, 0, 0), (30, 40, 0))
    images = []
    for scene in (turned.scene(), modelled.scene()):
        surface = gather_surface(scene)
        images.append(render_image(surface, pose_surface(scene, surface, 0.5), orbit_camera(20, 10, 48, 48)).on())
    torch.testing.assert_close(images[0], images[1], atol=1e-4, rtol=0)
