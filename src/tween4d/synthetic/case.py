"""A benchmark case made from a scene: what a system may see, and the whole truth."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from tween4d.data.cameras import Camera, input_camera, orbit_camera
from tween4d.data.images import Image
from tween4d.synthetic import kernels
from tween4d.synthetic.render import SAMPLES, map_surface, render_image
from tween4d.synthetic.scene import PosedSurface, Scene, Surface, gather_surface, pose_surface

INPUT_SIZE = 512
VIEW_SIZE = 256
INPUT_SAMPLES = 4
TIMES = 9
POINTS = 4096
CANDIDATES = 4 * POINTS
ANGLES = ((0, 0), (30, 0), (330, 0), (90, 0), (270, 0), (180, 0), (45, 30))
"""Azimuth and elevation of the views, degrees."""
SEEN_WITHIN = 2e-3
"""A point no farther than this behind the drawn surface counts as seen, world units."""


@dataclass(frozen=True)
class CaseView:
    """One true view over time."""

    name: str
    """As in the benchmark: "az030_el00"."""
    camera: Camera
    rgb: Float[Tensor, "t h w 3"]
    """Straight sRGB."""
    alpha: Float[Tensor, "t h w"]

    def frame(self, index: int) -> Image:
        """The picture at one of the times."""
        return Image(self.rgb[index], self.alpha[index])


@dataclass(frozen=True)
class SyntheticCase:
    """Two pictures, and the truth they are judged by; the layout of a `bench4d` case."""

    name: str
    start: Image
    """512 x 512, from the input camera, time 0."""
    end: Image
    """The same at time 1."""
    input_camera: Camera
    """Camera of start and end."""
    views: tuple[CaseView, ...]
    """Seven cameras, 256 x 256; the first is the input camera's view."""
    times: Float[Tensor, "t"]
    """Nine, uniform from 0 to 1: those of the views and of the points."""
    points: Float[Tensor, "t p 3"]
    """True trajectories of surface points, world units: the same point at the same index. Every one is seen by some
    view at some time."""
    colors: UInt8[Tensor, "p 3"]
    """Texture colour of the points, without light."""


def view_name(azimuth: int, elevation: int) -> str:
    """Name of a view's folder in the benchmark."""
    return f"az{azimuth:03d}_el{elevation:02d}"


def render_case(scene: Scene, seed: int = 0) -> SyntheticCase:
    """Render everything a benchmark case holds.

    Args:
        scene: fitted to the world.
        seed: of the choice of surface points.
    Returns:
        The same value for the same scene and seed, on torch's number of threads.
    """
    surface = gather_surface(scene)
    times = np.linspace(0, 1, TIMES)
    poses = [pose_surface(scene, surface, float(t)) for t in times]
    eye = input_camera(INPUT_SIZE, INPUT_SIZE)
    cameras = [orbit_camera(az, el, VIEW_SIZE, VIEW_SIZE) for az, el in ANGLES]
    jobs = [(poses[0], eye, INPUT_SAMPLES), (poses[-1], eye, INPUT_SAMPLES)]
    jobs += [(pose, camera, SAMPLES) for camera in cameras for pose in poses]
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        start, end, *frames = pool.map(lambda job: render_image(surface, *job), jobs)
    views = tuple(
        CaseView(
            view_name(*angles),
            camera,
            torch.stack([image.rgb for image in frames[k * TIMES : (k + 1) * TIMES]]),
            torch.stack([image.alpha for image in frames[k * TIMES : (k + 1) * TIMES]]),
        )
        for k, (angles, camera) in enumerate(zip(ANGLES, cameras, strict=True))
    )
    points, colors = _sample_points(surface, poses, cameras, seed)
    return SyntheticCase(
        scene.name,
        start,
        end,
        eye,
        views,
        torch.from_numpy(times).float(),
        torch.from_numpy(points.astype(np.float32)),
        torch.from_numpy(colors),
    )


def _sample_points(
    surface: Surface, poses: list[PosedSurface], cameras: list[Camera], seed: int
) -> tuple[Float[np.ndarray, "t p 3"], UInt8[np.ndarray, "p 3"]]:
    """Points spread evenly over what can be seen of the surface."""
    generator = np.random.default_rng(seed)
    corners = poses[0].vertices[surface.triangles]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    faces = generator.choice(len(area), CANDIDATES, p=area / area.sum())
    # Uniform in a triangle: Turk 1990.
    root, share = np.sqrt(generator.random(CANDIDATES)), generator.random(CANDIDATES)
    weights = np.stack([1 - root, root * (1 - share), root * share], 1)
    rows = surface.triangles[faces]
    paths = np.stack([np.einsum("pk,pki->pi", weights, pose.vertices[rows]) for pose in poses])
    seen = np.zeros(CANDIDATES, bool)
    for pose, points in zip(poses, paths, strict=True):
        for camera in cameras:
            seen |= _visible(points, map_surface(surface, pose, camera).depth, camera)
    chosen = np.flatnonzero(seen)[:POINTS]
    if len(chosen) < POINTS:
        # A scene that mostly hides itself: repeat what is seen rather than add what is not.
        chosen = np.resize(chosen, POINTS)
    coordinates = np.einsum("pk,pki->pi", weights, surface.coordinates[rows])[chosen]
    colors = kernels.paint_points(surface.parts[faces[chosen]], coordinates, surface.textures.arrays)
    return paths[:, chosen], np.round(np.clip(colors, 0, 1) * 255).astype(np.uint8)


def _visible(points: np.ndarray, depth: np.ndarray, camera: Camera) -> np.ndarray:
    pose, K = camera.world_to_camera.double().numpy(), camera.intrinsics.double().numpy()
    local = points @ pose[:3, :3].T + pose[:3, 3]
    pixel = np.floor(local[:, :2] / local[:, 2:] * [K[0, 0], K[1, 1]] + K[:2, 2]).astype(int)
    inside = ((pixel >= 0) & (pixel < [camera.width, camera.height])).all(1)
    x, y = pixel[inside].T
    seen = np.zeros(len(points), bool)
    seen[inside] = local[inside, 2] < depth[y, x] + SEEN_WITHIN
    return seen
