"""Pictures of training subjects, with what lies behind every pixel."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, UInt8
from scipy.spatial.transform import Rotation

from training.data.staging import states_in_world, vary_lamps
from training.data.subject import Subject
from tween4d.data.cameras import Camera, orbit_camera
from tween4d.geometry.inflation import inflate
from tween4d.synthetic.render import map_surface, render_image
from tween4d.synthetic.scene import PosedSurface

SIDE = 64
"""Pixels of a geometry picture, as the network reads it."""
RELAXATIONS = 20
"""Sweeps per level that inflate an outline of this size."""
MARGIN = 1.15
"""Side of the crop about an object, as a multiple of its longer side."""


@dataclass(frozen=True)
class GeometryShot:
    """One picture of an object, cropped about it, and its front and back surface along each pixel's ray."""

    picture: UInt8[np.ndarray, "s s 4"]
    """Straight colour and coverage."""
    hidden: UInt8[np.ndarray, "s s 3"]
    """Colour of the back-most surface."""
    middle: Float[np.ndarray, "s s"]
    """How much nearer than the object's centre the middle between both surfaces lies, in sides of the crop at the
    centre's distance; NaN where no ray hits."""
    half: Float[np.ndarray, "s s"]
    """Half the distance between both surfaces along the viewing axis, same unit; NaN where no ray hits."""
    inflated: Float[np.ndarray, "s s"]
    """Half thickness of the inflated outline, same unit: what the outline alone says."""
    facing: tuple[float, float]
    """Azimuth and elevation of the object's front about the camera's axes, degrees; 0 looks into the camera, positive
    azimuth to the right."""
    spread: float
    """Side of the crop over its distance: how strong the perspective is."""


def draw_geometry_shot(subject: Subject, generator: np.random.Generator) -> GeometryShot:
    """Take one picture of one of a subject's states from a random camera under random light."""
    g = generator
    posed = states_in_world(subject)[0 if g.random() < 0.5 else 1]
    surface = replace(subject.surface, lamps=vary_lamps(subject.surface.lamps, g))
    camera, spread, centre = _draw_camera(posed, g)
    image = render_image(surface, posed, camera, samples=2)
    behind = render_image(surface, posed, camera, samples=1, farthest=True)
    front, back = map_surface(surface, posed, camera), map_surface(surface, posed, camera, farthest=True)
    unit = spread * centre
    with np.errstate(invalid="ignore"):
        middle = (centre - (front.depth + back.depth) / 2) / unit
        half = (back.depth - front.depth) / 2 / unit
    hit = front.faces >= 0
    return GeometryShot(
        _bytes(np.concatenate([image.rgb.numpy(), image.alpha.numpy()[..., None]], -1)),
        _bytes(behind.rgb.numpy()),
        np.where(hit, middle, np.nan).astype(np.float16),
        np.where(hit, half, np.nan).astype(np.float16),
        (inflate(image.alpha.numpy() > 0.5, RELAXATIONS) / SIDE).astype(np.float16),
        facing_of(camera),
        spread,
    )


def facing_of(camera: Camera) -> tuple[float, float]:
    """Where an object whose front is +Z looks, seen from a camera: azimuth and elevation in degrees."""
    x, y, z = camera.world_to_camera[:3, 2].tolist()
    return math.degrees(math.atan2(x, -z)), math.degrees(math.asin(max(-1.0, min(1.0, -y))))


def _draw_camera(posed: PosedSurface, g: np.random.Generator) -> tuple[Camera, float, float]:
    """A camera whose picture is a square crop about the object; also its spread and the centre's distance."""
    fov = g.uniform(20, 60)
    distance = 0.5 / math.sin(math.radians(fov) / 2) * g.uniform(1.0, 1.3)
    azimuth = g.uniform(-130, 130) if g.random() < 0.75 else g.uniform(-180, 180)
    camera = orbit_camera(
        azimuth, g.uniform(-10, 35) if g.random() < 0.6 else g.uniform(-4, 8), SIDE, SIDE, fov, distance
    )
    roll = torch.eye(4, dtype=torch.float64)
    turn = Rotation.from_euler("z", g.normal(0, 4), degrees=True).as_matrix()
    roll[:3, :3] = torch.from_numpy(turn)
    pose = roll @ camera.world_to_camera.double()
    local = posed.vertices @ pose[:3, :3].numpy().T + pose[:3, 3].numpy()
    seen = local[:, :2] / local[:, 2:]
    low, high = seen.min(0), seen.max(0)
    spread = float((high - low).max() * MARGIN * g.uniform(0.94, 1.08))
    middle = (low + high) / 2 + g.uniform(-0.03, 0.03, 2) * spread
    focal = SIDE / spread
    intrinsics = torch.tensor(
        [[focal, 0, SIDE / 2 - focal * middle[0]], [0, focal, SIDE / 2 - focal * middle[1]], [0, 0, 1.0]]
    )
    return Camera(pose.float(), intrinsics.float(), SIDE, SIDE), spread, distance


def _bytes(values: Float[np.ndarray, "*n"]) -> UInt8[np.ndarray, "*n"]:
    return np.round(255 * np.clip(values, 0, 1)).astype(np.uint8)
