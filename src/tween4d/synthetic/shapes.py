"""The solids parts are made of: superellipsoids, sweeps along curves, and rounded plates, boxes and trays."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.interpolate import PchipInterpolator

from tween4d.synthetic.meshes import CREASE_DEGREES, Mesh, Numbers, close_rings

AROUND = 36
CAP_RINGS = 6


def superellipsoid(
    radii: Numbers, roundness: tuple[float, float] = (1.0, 1.0), around: int = AROUND, along: int = 22
) -> Mesh:
    """A superellipsoid about the origin with its poles on y (Barr, 1981).

    Args:
        radii: half-axes along x, y, z.
        roundness: exponents from pole to pole and around; 1 is an ellipsoid, towards 0 a box.
        around, along: points around y and from pole to pole.
    """

    def power(wave: np.ndarray, exponent: float) -> np.ndarray:
        return np.sign(wave) * np.abs(wave) ** exponent

    # More points where a boxy exponent turns quickly would bunch at the axes; equal angles are good enough.
    polar = np.linspace(-np.pi / 2, np.pi / 2, along + 2)[1:-1]
    azimuth = np.arange(around) * 2 * np.pi / around
    waist = power(np.cos(polar), roundness[0])[:, None]
    rings = np.stack(
        [
            radii[0] * waist * power(np.cos(azimuth), roundness[1]),
            radii[1] * np.broadcast_to(power(np.sin(polar), roundness[0])[:, None], (along, around)),
            radii[2] * waist * power(np.sin(azimuth), roundness[1]),
        ],
        -1,
    )
    pole = np.array([0.0, radii[1], 0.0])
    return close_rings(rings, (-pole, pole))


def ball(radius: float, around: int = 20) -> Mesh:
    """A sphere about the origin."""
    return superellipsoid((radius, radius, radius), around=around, along=around // 2 + 1)


def sweep(
    curve: Numbers,
    radii: Numbers,
    *,
    side: Numbers = (1.0, 0.0, 0.0),
    squareness: float = 1.0,
    round_ends: bool = True,
    around: int = 24,
    along: int = 18,
) -> Mesh:
    """A solid swept along a smooth curve: limbs, tails and necks; flat ones are ears, fins, leaves and wings.

    Args:
        curve: [n, 3], at least two points, equally spaced in the parameter.
        radii: [n] or [n, 2]: at each point, one radius or (half-width towards `side`, half-thickness).
        side: direction of the width at the start, not parallel to the curve; it is carried along without twist.
        squareness: exponent of the superelliptic section; 1 is an ellipse, towards 0 a rectangle.
        round_ends: half-round caps instead of flat ones.
        around, along: points around the curve and rings along it.
    Returns:
        The mesh; its texture coordinates are (across the width, length along the curve, across the thickness).
    """
    points = np.asarray(curve, float)
    size = np.asarray(radii, float)
    size = np.stack([size, size], 1) if size.ndim == 1 else size
    knots = np.linspace(0, 1, len(points))
    u = np.linspace(0, 1, along)
    path, extent = PchipInterpolator(knots, points)(u), PchipInterpolator(knots, size)(u)
    if len(points) > 2:
        path = _smooth_path(knots, points, u)
    tangent = np.gradient(path, u, axis=0, edge_order=2 if along > 2 else 1)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    across = _carry(np.asarray(side, float), tangent)
    thick = np.cross(across, tangent)
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    if round_ends:
        bend = np.linspace(0, np.pi / 2, CAP_RINGS + 1)[1:-1]
        head, tail = extent[0].min(), extent[-1].min()
        path = np.concatenate(
            [
                path[0] - head * np.sin(bend[::-1])[:, None] * tangent[0],
                path,
                path[-1] + tail * np.sin(bend)[:, None] * tangent[-1],
            ]
        )
        extent = np.concatenate([extent[0] * np.cos(bend[::-1])[:, None], extent, extent[-1] * np.cos(bend)[:, None]])
        length = np.concatenate([-head * np.sin(bend[::-1]), length, length[-1] + tail * np.sin(bend)])
        pad = [(CAP_RINGS - 1, CAP_RINGS - 1), (0, 0)]
        across, thick = np.pad(across, pad, "edge"), np.pad(thick, pad, "edge")
        tips = path[CAP_RINGS - 1] - head * tangent[0], path[-CAP_RINGS] + tail * tangent[-1]
        ends = (length[CAP_RINGS - 1] - head, length[-CAP_RINGS] + tail)
    else:
        tips, ends = (path[0], path[-1]), (length[0], length[-1])
    angle = np.arange(around) * 2 * np.pi / around
    section = np.stack([np.cos(angle), np.sin(angle)], -1)
    section = np.sign(section) * np.abs(section) ** squareness
    x, y = extent[:, None, 0] * section[:, 0], extent[:, None, 1] * section[:, 1]
    rings = path[:, None] + x[..., None] * across[:, None] + y[..., None] * thick[:, None]
    own = np.stack([x, np.broadcast_to(length[:, None], x.shape), y], -1)
    return close_rings(rings, tips, (own, np.array([[0, ends[0], 0], [0, ends[1], 0]])))


def plate(
    half_size: tuple[float, float],
    corner: float,
    profile: Sequence[tuple[float, float]],
    crease_degrees: float = CREASE_DEGREES,
    corner_points: int = 9,
) -> Mesh:
    """Stack rounded rectangles along y: boxes, discs, trays, cups, wheels and cones.

    Args:
        half_size: of the rectangle along x and z where the inset is 0.
        corner: radius of its corners; equal to both half sizes it makes circles.
        profile: (inset, y) from the first end to the last; the rectangle shrinks by the inset on every side. Going
            up outside, over the rim and down inside makes a tray.
    """
    arc = np.linspace(0, np.pi / 2, corner_points)
    angle = (np.arange(4)[:, None] * np.pi / 2 + arc).reshape(-1)
    signs = np.repeat([[1, 1], [-1, 1], [-1, -1], [1, -1]], corner_points, axis=0)
    rings = []
    for inset, y in profile:
        radius = max(corner - inset, 0.0)
        centre = np.maximum(np.asarray(half_size) - inset - radius, 0.0)
        flat = signs * centre + radius * np.stack([np.cos(angle), np.sin(angle)], -1)
        rings.append(np.stack([flat[:, 0], np.full(len(flat), y), flat[:, 1]], -1))
    first, last = np.array([0.0, profile[0][1], 0.0]), np.array([0.0, profile[-1][1], 0.0])
    return close_rings(np.stack(rings), (first, last), crease_degrees=crease_degrees)


def rounded_box(half_size: Numbers, edge: float, corner: float | None = None) -> Mesh:
    """A box about the origin with edges rounded by `edge` and upright edges by `corner` (default: `edge`)."""
    x, y, z = half_size
    bend = np.linspace(0, np.pi / 2, 6)
    lower = [(edge * (1 - np.sin(b)), -y + edge * (1 - np.cos(b))) for b in bend]
    upper = [(inset, -height) for inset, height in reversed(lower)]
    return plate((x, z), max(corner or edge, edge), lower + upper)


def disc(radius: float, half_thickness: float, edge: float) -> Mesh:
    """A round plate about the origin, its axis on y, with rounded rims."""
    return rounded_box((radius, half_thickness, radius), edge, radius)


def tray(half_size: Numbers, wall: float, corner: float) -> Mesh:
    """An open box about the origin, open towards +y, with walls and floor of one thickness."""
    x, y, z = half_size
    soft = wall * 0.3
    profile = [(soft, -y), (0.0, -y + soft), (0.0, y - soft), (soft, y), (wall - soft, y), (wall, y - soft)]
    return plate((x, z), corner, [*profile, (wall, -y + wall)])


def prism(outline: Float[np.ndarray, "m 2"], half_thickness: float, bevel: float) -> Mesh:
    """A plate with any outline in the xy plane, bevelled, its thickness along z.

    Args:
        outline: corners in order; every one must be seen from their mean.
        bevel: how far the edge is taken back, at most the half thickness.
    """
    middle = outline.mean(0)
    reach = np.linalg.norm(outline - middle, axis=1, keepdims=True)
    rings = []
    for inset, z in ((bevel, -1.0), (0.0, bevel / half_thickness - 1), (0.0, 1 - bevel / half_thickness), (bevel, 1.0)):
        flat = middle + (outline - middle) * (1 - inset / reach)
        rings.append(np.concatenate([flat, np.full((len(flat), 1), z * half_thickness)], 1))
    tips = tuple(np.array([*middle, z * half_thickness]) for z in (-1.0, 1.0))
    return close_rings(np.stack(rings), tips)


def _smooth_path(knots: np.ndarray, points: np.ndarray, u: np.ndarray) -> np.ndarray:
    """A cubic Hermite curve with central-difference tangents (Catmull-Rom) through the points."""
    slope = np.gradient(points, knots, axis=0)
    cell = np.clip(np.searchsorted(knots, u, side="right") - 1, 0, len(knots) - 2)
    h = knots[1] - knots[0]
    t = ((u - knots[cell]) / h)[:, None]
    return (
        (2 * t**3 - 3 * t**2 + 1) * points[cell]
        + (t**3 - 2 * t**2 + t) * h * slope[cell]
        + (-2 * t**3 + 3 * t**2) * points[cell + 1]
        + (t**3 - t**2) * h * slope[cell + 1]
    )


def _carry(side: Float[np.ndarray, "3"], tangent: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
    """Unit directions across a curve, projected from one to the next so that they do not twist."""
    carried = np.empty_like(tangent)
    for k, t in enumerate(tangent):
        side = side - t * (side @ t)
        side = side / np.linalg.norm(side)
        carried[k] = side
    return carried
