"""Inner loops over closed surfaces: decimation that keeps them closed, and depth pictures read at many points."""

import heapq
import math

import numpy as np
from numba import njit

kernel = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})

STIFFNESS = 1e-3
"""Weight of a vertex's own place beside the planes about it, so that flat regions have an answer, too."""
STEEPEST = 0.3
"""Cosine of the largest angle by which a triangle may turn in one step."""


@kernel
def fuse(origin, step, counts, poses, lens, depths, alphas, truncation, outline):
    """Mean truncated distance along the rays, and how far outside the outlines the places of a grid are.

    Args:
        origin: of the grid, [3]; counts: places along x, y, z, a step apart.
        poses: world to camera [v, 4, 4]; lens: (fx, fy, cx, cy); depths, alphas: [v, h, w].
    Returns:
        Distances in truncations (NaN where nothing was seen) and 2 (outline - coverage), the greatest of all pictures,
        [x, y, z] each. Where a picture shows nothing at all, a place is outside and the others are not asked.
    """
    number, height, width = depths.shape
    field = np.empty((counts[0], counts[1], counts[2]), np.float32)
    outside = np.empty_like(field)
    for px in range(counts[0]):
        for py in range(counts[1]):
            for pz in range(counts[2]):
                x, y, z = origin[0] + step * px, origin[1] + step * py, origin[2] + step * pz
                total, known, most = 0.0, 0, -1.0
                for v in range(number):
                    pose = poses[v]
                    depth = pose[2, 0] * x + pose[2, 1] * y + pose[2, 2] * z + pose[2, 3]
                    across = pose[0, 0] * x + pose[0, 1] * y + pose[0, 2] * z + pose[0, 3]
                    down = pose[1, 0] * x + pose[1, 1] * y + pose[1, 2] * z + pose[1, 3]
                    column, row = lens[0] * across / depth + lens[2] - 0.5, lens[1] * down / depth + lens[3] - 0.5
                    left, top = int(math.floor(column)), int(math.floor(row))
                    u, w = column - left, row - top
                    cover, weighted = 0.0, 0.0
                    # Depth times coverage, so that the background does not bleed into the outline.
                    for corner in range(4):
                        i, j = top + corner // 2, left + corner % 2
                        if 0 <= i < height and 0 <= j < width:
                            share = (w if corner // 2 else 1 - w) * (u if corner % 2 else 1 - u) * alphas[v, i, j]
                            cover += share
                            weighted += share * depths[v, i, j]
                    most = max(most, 2 * (outline - cover))
                    if cover < 1e-6:
                        break
                    if cover > outline:
                        distance = (weighted / cover - depth) / truncation
                        if distance > -1:
                            total += min(distance, 1.0)
                            known += 1
                field[px, py, pz] = total / known if known else np.nan
                outside[px, py, pz] = most
    return field, outside


@kernel
def decimate(vertices, triangles, opposite, wanted):
    """Collapse edges of a closed surface, cheapest first, until `wanted` triangles are left or no edge may go.

    Source: Garland and Heckbert 1997 (quadrics); Dey et al. 1999: an edge may go where its ends have two neighbours in
    common and no more, then the surface stays as closed, and as manifold, as it was. No triangle may turn over.

    Args:
        vertices: float64 [n, 3], changed in place; triangles: int32 [f, 3], changed in place.
        opposite: [3 f]; edge h runs from corner h to the next one of its triangle, and is edge opposite[h] in the other
            triangle on it, where it runs the other way.
    Returns:
        Which triangles are left [f].
    """
    corners, alive = triangles.ravel(), np.ones(len(triangles), np.bool_)
    start, version = np.empty(len(vertices), np.int64), np.zeros(len(vertices), np.int64)
    mark = np.zeros(len(vertices), np.bool_)
    for h in range(len(corners)):
        start[corners[h]] = h
    quadrics = _quadrics(vertices, triangles)
    place, found = np.empty(3), np.empty(3)
    heap = [(0.0, np.int64(0), np.int64(0))]
    heap.pop()
    for h in range(len(corners)):
        if h < opposite[h]:
            heap.append((_cost(quadrics, corners[h], corners[_next(h)], place), np.int64(h), np.int64(0)))
    heapq.heapify(heap)
    left = len(triangles)
    while left > wanted and len(heap) > 0:
        _, h, stamp = heapq.heappop(heap)
        a, b = corners[h], corners[_next(h)]
        if not alive[h // 3] or version[a] + version[b] != stamp:
            continue
        if not _joins(h, corners, opposite, mark):
            continue
        _cost(quadrics, a, b, place)
        found[:] = place
        if _turns(h, found, vertices, corners, opposite) or _turns(opposite[h], found, vertices, corners, opposite):
            continue
        _collapse(h, corners, opposite, start, alive)
        vertices[a] = found
        quadrics[a] += quadrics[b]
        version[a] += version[b] + 1
        left -= 2
        e = start[a]
        while True:
            other = corners[_next(e)]
            cost = _cost(quadrics, a, other, place)
            heapq.heappush(heap, (cost, np.int64(e), np.int64(version[a] + version[other])))
            e = opposite[_previous(e)]
            if e == start[a]:
                break
    return alive


@kernel
def _next(h):
    return h + 1 if h % 3 < 2 else h - 2


@kernel
def _previous(h):
    return h - 1 if h % 3 > 0 else h + 2


@kernel
def _quadrics(vertices, triangles):
    """Per vertex the symmetric matrix (xx xy xz yy yz zz), vector and constant of its squared distance to planes."""
    quadrics = np.zeros((len(vertices), 10))
    for f in range(len(triangles)):
        a, b, c = vertices[triangles[f, 0]], vertices[triangles[f, 1]], vertices[triangles[f, 2]]
        x, y, z = _normal(a, b, c)
        area = math.sqrt(x * x + y * y + z * z)
        if area < 1e-30:
            continue
        x, y, z = x / area, y / area, z / area
        d = -(x * a[0] + y * a[1] + z * a[2])
        for k in range(3):
            q, p = quadrics[triangles[f, k]], vertices[triangles[f, k]]
            s = STIFFNESS
            q[0] += area * (x * x + s)
            q[1] += area * x * y
            q[2] += area * x * z
            q[3] += area * (y * y + s)
            q[4] += area * y * z
            q[5] += area * (z * z + s)
            q[6] += area * (x * d - s * p[0])
            q[7] += area * (y * d - s * p[1])
            q[8] += area * (z * d - s * p[2])
            q[9] += area * (d * d + s * (p[0] * p[0] + p[1] * p[1] + p[2] * p[2]))
    return quadrics


@kernel
def _normal(a, b, c):
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


@kernel
def _cost(quadrics, a, b, place):
    """What joining two vertices costs; writes where they are joined."""
    q = quadrics[a] + quadrics[b]
    m00, m11, m22 = q[3] * q[5] - q[4] * q[4], q[0] * q[5] - q[2] * q[2], q[0] * q[3] - q[1] * q[1]
    m01, m02, m12 = q[2] * q[4] - q[1] * q[5], q[1] * q[4] - q[2] * q[3], q[1] * q[2] - q[0] * q[4]
    scale = 1 / max(q[0] * m00 + q[1] * m01 + q[2] * m02, 1e-300)
    place[0] = -scale * (m00 * q[6] + m01 * q[7] + m02 * q[8])
    place[1] = -scale * (m01 * q[6] + m11 * q[7] + m12 * q[8])
    place[2] = -scale * (m02 * q[6] + m12 * q[7] + m22 * q[8])
    return max(q[9] + q[6] * place[0] + q[7] * place[1] + q[8] * place[2], 0.0)


@kernel
def _joins(h, corners, opposite, mark):
    """Whether the ends of an edge have two neighbours in common, each of which has more than three itself."""
    e = h
    while True:
        mark[corners[_next(e)]] = True
        e = opposite[_previous(e)]
        if e == h:
            break
    shared = 0
    first = opposite[h]
    e = first
    while True:
        if mark[corners[_next(e)]]:
            shared += 1
        e = opposite[_previous(e)]
        if e == first:
            break
    e = h
    while True:
        mark[corners[_next(e)]] = False
        e = opposite[_previous(e)]
        if e == h:
            break
    return shared == 2 and _many(_previous(h), opposite) and _many(_previous(first), opposite)


@kernel
def _many(h, opposite):
    count, e = 0, h
    while True:
        count += 1
        e = opposite[_previous(e)]
        if e == h:
            return count > 3


@kernel
def _turns(h, place, vertices, corners, opposite):
    """Whether a triangle about the start of an edge would turn over, or become a line, with its corner at a place."""
    e = opposite[_previous(h)]
    while e != h:
        b, c = corners[_next(e)], corners[_previous(e)]
        after = opposite[_previous(e)]
        # The last one lies on the edge itself and goes.
        if after != h:
            ox, oy, oz = _normal(vertices[corners[e]], vertices[b], vertices[c])
            nx, ny, nz = _normal(place, vertices[b], vertices[c])
            product = math.sqrt((ox * ox + oy * oy + oz * oz) * (nx * nx + ny * ny + nz * nz))
            if ox * nx + oy * ny + oz * nz <= STEEPEST * product:
                return True
        e = after
    return False


@kernel
def _collapse(h, corners, opposite, start, alive):
    """Join the end of an edge to its start; the two triangles on the edge go."""
    a, g = corners[h], opposite[h]
    e = _next(h)
    while True:
        corners[e] = a
        e = opposite[_previous(e)]
        if e == _next(h):
            break
    for inner in (h, g):
        one, two = opposite[_next(inner)], opposite[_previous(inner)]
        opposite[one], opposite[two] = two, one
        start[corners[one]], start[corners[two]] = one, two
        alive[inner // 3] = False
