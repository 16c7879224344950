"""The inner loops: normals, posing, visibility, textures and light."""

import math

import numpy as np
from numba import njit

OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz", "arcp", "reassoc"}}
kernel = njit(**OPTIONS)

FILL, SLOPE, BANDS, BLOB, SPOTS, PATCHES, RINGS, GRID, CHECKS = range(9)


@kernel
def corner_normals(places, begin, around, unit, angles, least):
    """Unit normals of triangle corners: the angle-weighted mean of the faces about the corner's place whose normal has
    at least the cosine `least` with the corner's own face.

    Corner c belongs to face c // 3; around[begin[p] : begin[p + 1]] are the corners at place p.
    """
    normals = np.zeros((len(places), 3))
    for c in range(len(places)):
        own, normal = unit[c // 3], normals[c]
        for slot in range(begin[places[c]], begin[places[c] + 1]):
            other = around[slot]
            face = unit[other // 3]
            if own[0] * face[0] + own[1] * face[1] + own[2] * face[2] >= least:
                for k in range(3):
                    normal[k] += angles[other] * face[k]
        scale = 1.0 / math.sqrt(max(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2, 1e-30))
        for k in range(3):
            normal[k] *= scale
    return normals


@kernel
def skin(vertices, normals, joints, weights, transforms):
    """Posed vertices and unit normals: blended joint transforms, normals by the cofactors of the blend."""
    posed, turned = np.empty_like(vertices), np.empty_like(normals)
    blend = np.empty((3, 4))
    for i in range(len(vertices)):
        blend[:] = 0.0
        for k in range(joints.shape[1]):
            w = weights[i, k]
            if w > 0.0:
                for r in range(3):
                    for c in range(4):
                        blend[r, c] += w * transforms[joints[i, k], r, c]
        length = 0.0
        for r in range(3):
            r1, r2 = (r + 1) % 3, (r + 2) % 3
            posed[i, r] = blend[r, 3]
            turned[i, r] = 0.0
            for c in range(3):
                c1, c2 = (c + 1) % 3, (c + 2) % 3
                posed[i, r] += blend[r, c] * vertices[i, c]
                turned[i, r] += (blend[r1, c1] * blend[r2, c2] - blend[r1, c2] * blend[r2, c1]) * normals[i, c]
            length += turned[i, r] ** 2
        length = 1.0 / math.sqrt(max(length, 1e-30))
        for r in range(3):
            turned[i, r] *= length
    return posed, turned


@kernel
def enclose(vertices, box):
    """Widen box (low, high) [2, 3] in place until it holds the vertices."""
    for i in range(len(vertices)):
        for k in range(3):
            box[0, k] = min(box[0, k], vertices[i, k])
            box[1, k] = max(box[1, k], vertices[i, k])


@kernel
def reach(vertices, centre):
    """Greatest distance of a vertex from the centre."""
    most = 0.0
    for i in range(len(vertices)):
        x, y, z = vertices[i, 0] - centre[0], vertices[i, 1] - centre[1], vertices[i, 2] - centre[2]
        most = max(most, x * x + y * y + z * z)
    return math.sqrt(most)


@kernel
def cover(points, triangles, focal, centre, width, height, farthest):
    """Which triangle each sample sees.

    Homogeneous rasterisation (Olano and Greer 1997): with camera-space corners as the columns of M, the ray through
    a sample d has M^-1 d = barycentric coordinates / depth, linear in the sample's place.

    Returns:
        faces [h, w] (-1: none), depths [h, w] (along the viewing axis, negative for the farthest), and planes
        [f, 3, 3]: a sample at (x, y) has barycentric coordinates proportional to planes @ (x, y, 1).
    """
    # For the farthest surface the order of depths is turned round.
    sign = -1.0 if farthest else 1.0
    depths = np.full((height, width), np.inf)
    faces = np.full((height, width), -1, np.int32)
    planes = np.zeros((len(triangles), 3, 3))
    for f in range(len(triangles)):
        a, b, c = points[triangles[f, 0]], points[triangles[f, 1]], points[triangles[f, 2]]
        if a[2] <= 1e-3 or b[2] <= 1e-3 or c[2] <= 1e-3:
            continue
        bc = (b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0])
        volume = a[0] * bc[0] + a[1] * bc[1] + a[2] * bc[2]
        # Outward faces towards the camera have a negative volume in axes x right, y down, z forward.
        if sign * volume >= -1e-14:
            continue
        plane = planes[f]
        plane[0, 0], plane[0, 1], plane[0, 2] = bc
        plane[1, 0], plane[1, 1] = c[1] * a[2] - c[2] * a[1], c[2] * a[0] - c[0] * a[2]
        plane[1, 2] = c[0] * a[1] - c[1] * a[0]
        plane[2, 0], plane[2, 1] = a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2]
        plane[2, 2] = a[0] * b[1] - a[1] * b[0]
        for k in range(3):
            plane[k, 0] /= volume * focal[0]
            plane[k, 1] /= volume * focal[1]
            plane[k, 2] = plane[k, 2] / volume - plane[k, 0] * centre[0] - plane[k, 1] * centre[1]
        ua, ub, uc = a[0] / a[2], b[0] / b[2], c[0] / c[2]
        va, vb, vc = a[1] / a[2], b[1] / b[2], c[1] / c[2]
        left = max(math.ceil(focal[0] * min(ua, ub, uc) + centre[0] - 0.5), 0)
        right = min(math.floor(focal[0] * max(ua, ub, uc) + centre[0] - 0.5), width - 1)
        top = max(math.ceil(focal[1] * min(va, vb, vc) + centre[1] - 0.5), 0)
        bottom = min(math.floor(focal[1] * max(va, vb, vc) + centre[1] - 0.5), height - 1)
        for row in range(top, bottom + 1):
            y = row + 0.5
            e0 = plane[0, 1] * y + plane[0, 2]
            e1 = plane[1, 1] * y + plane[1, 2]
            e2 = plane[2, 1] * y + plane[2, 2]
            for column in range(left, right + 1):
                x = column + 0.5
                w0, w1, w2 = plane[0, 0] * x + e0, plane[1, 0] * x + e1, plane[2, 0] * x + e2
                if w0 >= 0.0 and w1 >= 0.0 and w2 >= 0.0:
                    depth = sign / (w0 + w1 + w2)
                    if depth < depths[row, column]:
                        depths[row, column] = depth
                        faces[row, column] = f
    return faces, depths, planes


@kernel
def barycentric(faces, planes):
    """Barycentric coordinates [h, w, 3] of every sample on its triangle; zero where there is none."""
    height, width = faces.shape
    weights = np.zeros((height, width, 3))
    for row in range(height):
        for column in range(width):
            f = faces[row, column]
            if f >= 0:
                total = 0.0
                for k in range(3):
                    w = planes[f, k, 0] * (column + 0.5) + planes[f, k, 1] * (row + 0.5) + planes[f, k, 2]
                    weights[row, column, k] = w
                    total += w
                for k in range(3):
                    weights[row, column, k] /= total
    return weights


@kernel
def shade(samples, seen, mesh, normals, layers, lamps):
    """Average the lit, textured samples of each pixel.

    Args:
        samples: per pixel and side.
        seen: (faces, planes) as `cover` gives them.
        mesh: (triangles, part of each triangle, texture coordinates of each vertex).
    Returns:
        Straight colour [h, w, 3] and coverage [h, w]; h and w are those of `faces` over `samples`.
    """
    faces, planes = seen
    triangles, parts, coordinates = mesh
    height, width = faces.shape[0] // samples, faces.shape[1] // samples
    colors = np.zeros((height, width, 3), np.float32)
    coverage = np.zeros((height, width), np.float32)
    for row in range(height):
        for column in range(width):
            hits = 0
            r, g, b = 0.0, 0.0, 0.0
            for sy in range(row * samples, (row + 1) * samples):
                for sx in range(column * samples, (column + 1) * samples):
                    f = faces[sy, sx]
                    if f < 0:
                        continue
                    hits += 1
                    x, y = sx + 0.5, sy + 0.5
                    w0 = planes[f, 0, 0] * x + planes[f, 0, 1] * y + planes[f, 0, 2]
                    w1 = planes[f, 1, 0] * x + planes[f, 1, 1] * y + planes[f, 1, 2]
                    w2 = planes[f, 2, 0] * x + planes[f, 2, 1] * y + planes[f, 2, 2]
                    total = 1.0 / (w0 + w1 + w2)
                    w0, w1, w2 = w0 * total, w1 * total, w2 * total
                    i, j, k = triangles[f, 0], triangles[f, 1], triangles[f, 2]
                    u = w0 * coordinates[i, 0] + w1 * coordinates[j, 0] + w2 * coordinates[k, 0]
                    v = w0 * coordinates[i, 1] + w1 * coordinates[j, 1] + w2 * coordinates[k, 1]
                    w = w0 * coordinates[i, 2] + w1 * coordinates[j, 2] + w2 * coordinates[k, 2]
                    nx = w0 * normals[i, 0] + w1 * normals[j, 0] + w2 * normals[k, 0]
                    ny = w0 * normals[i, 1] + w1 * normals[j, 1] + w2 * normals[k, 1]
                    nz = w0 * normals[i, 2] + w1 * normals[j, 2] + w2 * normals[k, 2]
                    cr, cg, cb = paint(parts[f], u, v, w, layers)
                    lr, lg, lb = illuminate(nx, ny, nz, lamps)
                    r += min(cr * lr, 1.0)
                    g += min(cg * lg, 1.0)
                    b += min(cb * lb, 1.0)
            if hits > 0:
                colors[row, column, 0] = r / hits
                colors[row, column, 1] = g / hits
                colors[row, column, 2] = b / hits
                coverage[row, column] = hits / (samples * samples)
    return colors, coverage


@kernel
def illuminate(nx, ny, nz, lamps):
    """What light makes of a white surface with the given normal, as sRGB factors.

    Lamps are rows (direction, wrap, colour). A lamp gives max(0, n . d + wrap) / (1 + wrap): wrap 0 is Lambert, 1 a
    sky, and with direction 0 it shines from everywhere. Lights add linearly; a square root stands for sRGB's curve.
    """
    scale = 1.0 / math.sqrt(max(nx * nx + ny * ny + nz * nz, 1e-30))
    r, g, b = 0.0, 0.0, 0.0
    for k in range(len(lamps)):
        facing = (nx * lamps[k, 0] + ny * lamps[k, 1] + nz * lamps[k, 2]) * scale
        amount = max(facing + lamps[k, 3], 0.0) / (1.0 + lamps[k, 3])
        r += amount * lamps[k, 4]
        g += amount * lamps[k, 5]
        b += amount * lamps[k, 6]
    return math.sqrt(r), math.sqrt(g), math.sqrt(b)


@kernel
def paint_points(parts, coordinates, layers):
    """Texture colours [n, 3] of points given by part and texture coordinates."""
    colors = np.empty((len(parts), 3))
    for i in range(len(parts)):
        r, g, b = paint(parts[i], coordinates[i, 0], coordinates[i, 1], coordinates[i, 2], layers)
        colors[i, 0], colors[i, 1], colors[i, 2] = r, g, b
    return colors


@kernel
def paint(part, u, v, w, layers):
    """Colour of a part at texture coordinates: its layers, painted one over the other."""
    starts, kinds, numbers = layers
    r, g, b = 0.0, 0.0, 0.0
    for k in range(starts[part], starts[part + 1]):
        n = numbers[k]
        x = abs(u) if kinds[k, 1] else u
        amount = n[19] * mask(
            kinds[k, 0],
            n[0] * x + n[1] * v + n[2] * w + n[3],
            n[4] * x + n[5] * v + n[6] * w + n[7],
            n[8] * x + n[9] * v + n[10] * w + n[11],
            n[12],
            n[13],
            n[14],
            n[15],
        )
        r += amount * (numbers[k, 16] - r)
        g += amount * (numbers[k, 17] - g)
        b += amount * (numbers[k, 18] - b)
    return r, g, b


@kernel
def mask(kind, x, y, z, size, soft, warp, power):
    """How much of a layer is seen, in [0, 1], at a point of its own frame.

    FILL: everywhere. SLOPE: rises from x = 0 to x = 1. BANDS: `size` of every period about whole x, warped by noise.
    BLOB: inside the unit ball of the norm `power`. SPOTS: within `size` of scattered points, about one per unit cube.
    PATCHES: where two octaves of noise exceed `size`. RINGS: saw-toothed shells about y, one per unit, warped. GRID:
    within `size` of whole x or y. CHECKS: odd unit cubes. Edges are `soft` wide to either side.
    """
    if kind == SLOPE:
        return step(0.5, 0.5, x)
    if kind == BANDS:
        x += warp * (noise(x, y, z) - 0.5)
        return step(size, soft, 1.0 - 2.0 * abs(x - math.floor(x) - 0.5), True)
    if kind == BLOB:
        x, y, z = abs(x), abs(y), abs(z)
        if max(x, y, z) >= 1.0 + soft:
            # No norm is smaller than the largest coordinate.
            return 0.0
        if power == 2.0:
            return step(1.0, soft, math.sqrt(x * x + y * y + z * z), True)
        return step(1.0, soft, (x**power + y**power + z**power) ** (1.0 / power), True)
    if kind == SPOTS:
        return step(size, soft, nearest_seed(x, y, z), True)
    if kind == PATCHES:
        return step(size, soft, 0.65 * noise(x, y, z) + 0.35 * noise(2.1 * x + 7.0, 2.1 * y, 2.1 * z))
    if kind == RINGS:
        x = math.sqrt(x * x + z * z) + warp * (noise(x * 0.6, y * 0.35, z * 0.6) - 0.5)
        x -= math.floor(x)
        return step(size, soft, x) * step(1.0 - 0.3 * soft, 0.3 * soft, x, True)
    if kind == GRID:
        x, y = abs(x - math.floor(x + 0.5)), abs(y - math.floor(y + 0.5))
        return step(size, soft, min(x, y), True)
    if kind == CHECKS:
        return float((math.floor(x) + math.floor(y) + math.floor(z)) % 2)
    return 1.0


@kernel
def step(edge, soft, value, falling=False):
    """Smooth step of half-width `soft` at an edge: 0 below and 1 above, or the other way round."""
    t = min(max((value - edge) / max(2.0 * soft, 1e-9) + 0.5, 0.0), 1.0)
    t = t * t * (3.0 - 2.0 * t)
    return 1.0 - t if falling else t


@kernel
def scatter(i, j, k):
    """A fixed pseudo-random 32-bit number for a lattice point (integer hash)."""
    h = np.uint32(i) * np.uint32(374761393) + np.uint32(j) * np.uint32(668265263) + np.uint32(k) * np.uint32(2246822519)
    h = np.uint32((h ^ (h >> np.uint32(13))) * np.uint32(1274126177))
    h = np.uint32((h ^ (h >> np.uint32(15))) * np.uint32(2654435761))
    return np.uint32(h ^ (h >> np.uint32(16)))


@kernel
def noise(x, y, z):
    """Smooth value noise in [0, 1]."""
    i, j, k = math.floor(x), math.floor(y), math.floor(z)
    fx, fy, fz = x - i, y - j, z - k
    fx, fy, fz = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy), fz * fz * (3 - 2 * fz)
    total = 0.0
    for a in range(2):
        wa = fx if a else 1.0 - fx
        for b in range(2):
            wb = fy if b else 1.0 - fy
            for c in range(2):
                wc = fz if c else 1.0 - fz
                total += wa * wb * wc * scatter(int(i) + a, int(j) + b, int(k) + c)
    return total / 4294967295.0


@kernel
def nearest_seed(x, y, z):
    """Distance to the nearest of one random point per lattice cell (Worley 1996), weighted by a random size."""
    i, j, k = int(math.floor(x)), int(math.floor(y)), int(math.floor(z))
    best = 9.0
    for a in range(i - 1, i + 2):
        for b in range(j - 1, j + 2):
            for c in range(k - 1, k + 2):
                # Four bytes of one hash: place and size.
                h = scatter(a, b, c)
                dx = a + 0.15 + 0.7 / 255 * (h & np.uint32(255)) - x
                dy = b + 0.15 + 0.7 / 255 * ((h >> np.uint32(8)) & np.uint32(255)) - y
                dz = c + 0.15 + 0.7 / 255 * ((h >> np.uint32(16)) & np.uint32(255)) - z
                size = 0.7 + 0.6 / 255 * (h >> np.uint32(24))
                best = min(best, (dx * dx + dy * dy + dz * dz) / (size * size))
    return math.sqrt(best)
