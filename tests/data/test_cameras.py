"""Cameras: conventions, projection and its inverse."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tween4d.data.cameras import backproject, camera_from_opengl, input_camera, orbit_camera, project

angles = st.tuples(st.floats(-360, 360), st.floats(-80, 80))


def test_input_camera_follows_the_world_convention() -> None:
    """Oracle: analytic; on +Z at 2, +X to the right, +Y up (smaller row), focal from the field of view."""
    camera = input_camera(256, 128)
    pixels, depth = project(torch.tensor([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0], [0.0, 0.1, 0.0]]), camera)
    focal = 128 / math.tan(math.radians(33.8) / 2)
    torch.testing.assert_close(depth, torch.full((3,), 2.0))
    torch.testing.assert_close(pixels[0], torch.tensor([128.0, 64.0]))
    torch.testing.assert_close(pixels[1], torch.tensor([128.0 + 0.05 * focal, 64.0]))
    torch.testing.assert_close(pixels[2], torch.tensor([128.0, 64.0 - 0.05 * focal]))


@settings(max_examples=50, deadline=None)
@given(angles)
def test_orbit_camera_is_rigid_and_looks_at_the_origin(angle: tuple[float, float]) -> None:
    """Oracle: invariants of a rigid transform; the azimuth 90 camera lies on +X."""
    camera = orbit_camera(*angle, 64, 64)
    R = camera.world_to_camera[:3, :3]
    torch.testing.assert_close(R @ R.T, torch.eye(3), atol=1e-5, rtol=0)
    assert float(torch.linalg.det(R)) > 0.999
    pixels, depth = project(torch.zeros(1, 3), camera)
    torch.testing.assert_close(pixels[0], torch.tensor([32.0, 32.0]), atol=1e-3, rtol=0)
    torch.testing.assert_close(camera.position.norm(), torch.tensor(2.0), atol=1e-5, rtol=0)


def test_azimuth_90_is_on_plus_x() -> None:
    """Oracle: the benchmark's convention."""
    torch.testing.assert_close(orbit_camera(90, 0, 8, 8).position, torch.tensor([2.0, 0.0, 0.0]), atol=1e-6, rtol=0)


@settings(max_examples=50, deadline=None)
@given(angles, st.integers(0, 1000))
def test_backproject_inverts_project(angle: tuple[float, float], seed: int) -> None:
    """Oracle: round trip."""
    camera = orbit_camera(*angle, 100, 60)
    points = torch.rand(20, 3, generator=torch.Generator().manual_seed(seed)) - 0.5
    torch.testing.assert_close(backproject(*project(points, camera), camera), points, atol=1e-5, rtol=0)


def test_opengl_pose_equals_orbit_camera() -> None:
    """Oracle: the camera-to-world matrix that the benchmark states for azimuth 45, elevation 30."""
    pose = torch.tensor(
        [
            [0.7071067811865475, -0.35355339059327373, 0.6123724356957946, 1.224744871391589],
            [0.0, 0.8660254037844386, 0.5, 1.0],
            [-0.7071067811865476, -0.3535533905932737, 0.6123724356957945, 1.2247448713915892],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )
    expected = orbit_camera(45, 30, 32, 32)
    found = camera_from_opengl(pose, expected.intrinsics, 32, 32)
    torch.testing.assert_close(found.world_to_camera, expected.world_to_camera, atol=1e-6, rtol=0)


def test_resized_camera_sees_the_same_ray() -> None:
    """Oracle: invariant; normalised picture coordinates do not depend on size."""
    camera = orbit_camera(30, 10, 200, 100)
    point = torch.tensor([[0.1, 0.2, -0.1]])
    a, _ = project(point, camera)
    b, _ = project(point, camera.resized(50, 25))
    torch.testing.assert_close(a / 4, b)
