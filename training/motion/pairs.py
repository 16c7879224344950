"""Pairs of pictures of an object in two states, with the place in the other picture of what lies under every pixel."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, Int16, UInt8
from scipy.spatial.transform import Rotation

from training.data.staging import states_in_world, vary_lamps
from training.data.subject import Subject
from tween4d.data.cameras import Camera, orbit_camera
from tween4d.synthetic.render import SurfaceMap, map_surface, render_image
from tween4d.synthetic.scene import PosedSurface, Surface

SIDE = 128
"""Pixels of a picture, as the network reads it."""
STEPS = 128
"""Steps of a stored place per pixel."""
NOWHERE = -32768
"""Stored place of what is not the object."""
SEEN = 128
"""Flag, in a stored label, of what both pictures show."""
TOLERANCE = 0.012
"""How far, in object sizes, a point may lie behind what is seen and still count as seen."""


@dataclass(frozen=True)
class MotionPair:
    """Two pictures from one camera and what connects them; the first axis is start and end."""

    pictures: UInt8[np.ndarray, "2 s s 4"]
    """Straight colour and coverage, as a camera and an imperfect matte would give them."""
    places: Int16[np.ndarray, "2 s s 2"]
    """Where what lies under a pixel's centre lies in the other picture: (x, y) in pixels times STEPS, or NOWHERE."""
    labels: UInt8[np.ndarray, "2 s s"]
    """1 + the part (modulo 127) under a pixel's centre, plus SEEN where the other picture shows it too; 0 is none."""


def draw_motion_pair(subject: Subject, generator: np.random.Generator) -> MotionPair:
    """Take a picture of each of a subject's states, from one random camera under random light."""
    g = generator
    states = states_in_world(subject)
    camera = _draw_camera(states, g)
    lamps = vary_lamps(subject.surface.lamps, g)
    surfaces = [replace(subject.surface, lamps=lamps)] * 2
    if g.random() < 0.25:
        surfaces[1] = replace(subject.surface, lamps=_dimmed(lamps, g))
    images = [render_image(s, p, camera, samples=2) for s, p in zip(surfaces, states, strict=True)]
    maps = [map_surface(subject.surface, posed, camera) for posed in states]
    ways = [connect(subject.surface, states[a], states[b], (maps[a], maps[b]), camera) for a, b in ((0, 1), (1, 0))]
    parts = [np.where(m.faces >= 0, 1 + subject.surface.parts[m.faces] % 127, 0) for m in maps]
    photograph = _draw_flaws(g)
    pictures = [photograph(np.concatenate([i.rgb.numpy(), i.alpha.numpy()[..., None]], -1)) for i in images]
    return MotionPair(
        np.stack(pictures),
        np.stack([_stored(places) for places, _ in ways]),
        np.stack([p + SEEN * seen for p, (_, seen) in zip(parts, ways, strict=True)]).astype(np.uint8),
    )


def connect(
    surface: Surface,
    here: PosedSurface,
    there: PosedSurface,
    maps: tuple[SurfaceMap, SurfaceMap],
    camera: Camera,
) -> tuple[Float[np.ndarray, "h w 2"], Bool[np.ndarray, "h w"]]:
    """Where what one picture shows lies in the other, and whether the other shows it.

    Args:
        here, there: the states of the two pictures.
        maps: what lies under the pixels of the two pictures.
    Returns:
        Places (x, y) in pixels, NaN off the object, and a mask: within the picture, facing the camera, and not behind
        what the other picture shows, up to TOLERANCE.
    """
    pose, K = camera.world_to_camera.double().numpy(), camera.intrinsics.double().numpy()
    values = np.concatenate([there.vertices @ pose[:3, :3].T + pose[:3, 3], there.normals @ pose[:3, :3].T], 1)
    pixels = np.nonzero(maps[0].faces >= 0)
    corners = values[surface.triangles[maps[0].faces[pixels]]]
    under = np.einsum("pk,pkc->pc", maps[0].barycentric[pixels], corners)
    depth = under[:, 2]
    spots = under[:, :2] / depth[:, None] * [K[0, 0], K[1, 1]] + [K[0, 2], K[1, 2]]
    inside = (spots > 0).all(-1) & (spots < [camera.width, camera.height]).all(-1)
    facing = (under[:, 3:] * under[:, :3]).sum(-1) < 0
    # The deepest of the four nearest pixels: at an outline the ray beside it does not hide the point.
    corner = np.floor(spots - 0.5).astype(int)
    limit = np.full(depth.shape, -np.inf)
    finite = np.where(np.isfinite(maps[1].depth), maps[1].depth, -np.inf)
    for dx in (0, 1):
        for dy in (0, 1):
            x = np.clip(corner[:, 0] + dx, 0, camera.width - 1)
            y = np.clip(corner[:, 1] + dy, 0, camera.height - 1)
            limit = np.maximum(limit, finite[y, x])
    places = np.full((*maps[0].faces.shape, 2), np.nan)
    seen = np.zeros(maps[0].faces.shape, bool)
    places[pixels] = spots
    seen[pixels] = inside & facing & (depth <= limit + TOLERANCE)
    return places, seen


def _draw_camera(states: tuple[PosedSurface, PosedSurface], g: np.random.Generator) -> Camera:
    """A camera whose picture is a square crop about both states."""
    fov = g.uniform(20, 60)
    distance = 0.5 / math.sin(math.radians(fov) / 2) * g.uniform(1.0, 1.3)
    azimuth = g.uniform(-110, 110) if g.random() < 0.75 else g.uniform(-180, 180)
    camera = orbit_camera(azimuth, g.uniform(-10, 35), SIDE, SIDE, fov, distance)
    roll = torch.eye(4, dtype=torch.float64)
    turn = Rotation.from_euler("z", g.normal(0, 4), degrees=True).as_matrix()
    roll[:3, :3] = torch.from_numpy(turn)
    pose = roll @ camera.world_to_camera.double()
    local = np.concatenate([s.vertices for s in states]) @ pose[:3, :3].numpy().T + pose[:3, 3].numpy()
    seen = local[:, :2] / local[:, 2:]
    low, high = seen.min(0), seen.max(0)
    spread = float((high - low).max() * g.uniform(1.04, 1.25))
    middle = (low + high) / 2 + g.uniform(-0.03, 0.03, 2) * spread
    focal = SIDE / spread
    intrinsics = torch.tensor(
        [[focal, 0, SIDE / 2 - focal * middle[0]], [0, focal, SIDE / 2 - focal * middle[1]], [0, 0, 1.0]]
    )
    return Camera(pose.float(), intrinsics.float(), SIDE, SIDE)


def _dimmed(lamps: Float[np.ndarray, "k 7"], g: np.random.Generator) -> Float[np.ndarray, "k 7"]:
    """Slightly other light from the same lamps, as after a cloud or an automatic exposure."""
    out = lamps.copy()
    out[:, 4:] *= g.uniform(0.8, 1.2) * g.uniform(0.85, 1.15, (len(lamps), 1)) * g.uniform(0.95, 1.05, 3)
    return out


def _draw_flaws(g: np.random.Generator):
    """What one camera and one matting do to every picture they take."""
    ground = g.uniform(0, 1, 3) if g.random() < 0.5 else np.full(3, g.uniform(0.5, 1))
    blur = g.uniform(0.3, 0.9) if g.random() < 0.4 else 0.0
    noise = g.uniform(0.0, 0.03) if g.random() < 0.5 else 0.0
    quality = int(g.integers(40, 95)) if g.random() < 0.4 else 0
    rim = g.normal(0, 0.12) if g.random() < 0.4 else 0.0

    def photograph(picture: Float[np.ndarray, "h w 4"]) -> UInt8[np.ndarray, "h w 4"]:
        alpha = picture[..., 3:].astype(np.float32)
        shown = picture[..., :3] * alpha + ground.astype(np.float32) * (1 - alpha)
        if blur:
            shown, alpha = cv2.GaussianBlur(shown, (0, 0), blur), cv2.GaussianBlur(alpha, (0, 0), blur)[..., None]
        if noise:
            shown = shown + g.normal(0, noise, shown.shape).astype(np.float32)
        if quality:
            _, code = cv2.imencode(".jpg", _bytes(shown), [cv2.IMWRITE_JPEG_QUALITY, quality])
            shown = cv2.imdecode(code, cv2.IMREAD_COLOR).astype(np.float32) / 255
        if rim:
            # A matte cut too wide or too tight: the outline moves by a fraction of a pixel and what it shows with it.
            alpha = np.clip((cv2.GaussianBlur(alpha, (0, 0), 0.7)[..., None] - 0.5 + rim) * 2 + 0.5, 0, 1)
        # A flawless camera and matte know the object's own colour under a half-covered pixel.
        clean = not (blur or noise or quality or rim)
        return _bytes(np.concatenate([picture[..., :3] if clean else shown, alpha], -1))

    return photograph


def _stored(places: Float[np.ndarray, "h w 2"]) -> Int16[np.ndarray, "h w 2"]:
    steps = np.clip(np.nan_to_num(places) * STEPS, -32767, 32767)
    return np.where(np.isfinite(places), np.round(steps), NOWHERE).astype(np.int16)


def _bytes(values: Float[np.ndarray, "*n"]) -> UInt8[np.ndarray, "*n"]:
    return np.round(255 * np.clip(values, 0, 1)).astype(np.uint8)
