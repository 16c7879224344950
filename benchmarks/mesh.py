"""How good exported meshes are: closed, without overlap in the texture, and like the Gaussians: `mesh.json`.

`python benchmarks/mesh.py ASSET.t4d ...` compares silhouettes and colours of mesh and Gaussians at nine times from ten
sides, and the mesh with the photographs. `--sheet FOLDER` also draws both beside one another.
"""

import argparse
import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Pillow

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.mesh_picture import draw_meshes
from tween4d.app.meshes import asset_meshes
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import input_camera, orbit_camera
from tween4d.data.mesh import ClipMesh
from tween4d.geometry.isosurface import is_closed
from tween4d.io.asset import load_asset
from tween4d.stages.render import render_view

SIDE = 256
VIEWS = ((0, 0), (45, 0), (90, 0), (135, 0), (180, 0), (225, 0), (270, 0), (315, 0), (30, 45), (200, -30))
TIMES = tuple(round(k / 8, 3) for k in range(9))
GOOD = 0.95


def main() -> None:
    """Measure all assets and write the result of this version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assets", type=Path, nargs="+")
    parser.add_argument("--faces", type=int, default=12000)
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    rows = []
    for path in arguments.assets:
        rows.append(measure(path, arguments.faces, arguments.sheet))
        print(json.dumps(rows[-1]), flush=True)
    told = {"version": version("tween4d"), "faces": arguments.faces, "side": SIDE, "views": VIEWS, "times": TIMES}
    target = Path(__file__).parent / "results" / version("tween4d") / "mesh.json"
    if arguments.faces == 12000:
        target.write_text(json.dumps({**told, "rows": rows}, indent=1) + "\n", encoding="utf-8")


def measure(path: Path, faces: int, sheet: Path | None) -> dict:
    """One asset."""
    asset, name = load_asset(path), path.parent.name if path.stem == "asset" else path.stem
    load, began = os.getloadavg()[0], time.perf_counter()
    meshes = asset_meshes(asset, faces, None, "nodes")
    seconds = time.perf_counter() - began
    cameras = [orbit_camera(azimuth, elevation, SIDE, SIDE, asset.fov_degrees) for azimuth, elevation in VIEWS]
    shared = np.zeros((len(TIMES), len(VIEWS), 2))
    errors, drawn = [], {}
    for t, moment in enumerate(TIMES):
        for v, camera in enumerate(cameras):
            picture, seen = draw_meshes(meshes, camera, moment)
            splats = render_view(asset, camera, moment)
            ours, theirs = seen > 0.5, splats.alpha > 0.5
            shared[t, v] = float((ours & theirs).sum()), float((ours | theirs).sum())
            errors.append(float((picture - splats.on(1.0)).square().mean()))
            drawn[t, v] = torch.cat([splats.on(1.0), picture, difference(ours, theirs)])
    if sheet is not None:
        sheet.mkdir(parents=True, exist_ok=True)
        rows = [torch.cat([drawn[t, v] for v in (0, 2, 5, 8)], 1) for t in (0, 2, 4, 5, 8)]
        Pillow.fromarray((torch.cat(rows).numpy() * 255).astype(np.uint8)).save(sheet / f"{name}.png")
    ratios = shared[..., 0] / shared[..., 1]
    return {
        "asset": name,
        "clips": len(meshes),
        "triangles": [len(mesh.triangles) for mesh in meshes],
        "closed": [closed(mesh) for mesh in meshes],
        "texture": [len(mesh.texture) for mesh in meshes],
        "texels_of_two_triangles": [overlaps(mesh) for mesh in meshes],
        "iou_mean": round(float(ratios.mean()), 4),
        "iou_worst": round(float(ratios.min()), 4),
        "iou_worst_at": [TIMES[int(ratios.argmin()) // len(VIEWS)], VIEWS[int(ratios.argmin()) % len(VIEWS)]],
        "iou_pooled": round(float(shared[..., 0].sum() / shared[..., 1].sum()), 4),
        "iou_good_share": round(float((ratios >= GOOD).mean()), 3),
        "iou_by_time": [round(float(x), 3) for x in ratios.mean(1)],
        "psnr_to_gaussians": round(float(-10 * np.log10(np.mean(errors))), 2),
        "psnr_to_photographs": fidelity(asset, meshes),
        "seconds": round(seconds, 1),
        "load": round(load, 2),
    }


def difference(mesh: torch.Tensor, splats: torch.Tensor) -> torch.Tensor:
    """Black where both are, red where only the mesh is, blue where only the Gaussians are."""
    picture = torch.ones(*mesh.shape, 3)
    for where, color in ((mesh & splats, (0.0, 0, 0)), (mesh & ~splats, (1.0, 0, 0)), (~mesh & splats, (0, 0, 1.0))):
        picture[where] = torch.tensor(color)
    return picture


def closed(mesh: ClipMesh) -> bool:
    """Whether the surface is, with the seams of its texture joined."""
    _, rows = np.unique(mesh.vertices.numpy(), axis=0, return_inverse=True)
    return is_closed(rows.reshape(-1)[mesh.triangles.numpy()].astype(np.int32))


def overlaps(mesh: ClipMesh, samples: int = 2048) -> float:
    """Share of the covered texels whose centre lies strictly within two triangles."""
    corners = mesh.coordinates.numpy().astype(np.float64)[mesh.triangles.numpy()] * samples - 0.5
    count = np.zeros((samples, samples), np.int32)
    for a, b, c in corners:
        inside = strictly_within(a, b, c)
        if inside is not None:
            (left, top), mask = inside
            count[top : top + mask.shape[0], left : left + mask.shape[1]] += mask
    return float((count > 1).sum() / max(1, (count > 0).sum()))


def strictly_within(a: NDArray, b: NDArray, c: NDArray) -> tuple[tuple[int, int], NDArray] | None:
    """Whole points inside a triangle of the plane, as a mask from a corner on."""
    low = np.ceil(np.minimum(np.minimum(a, b), c)).astype(int)
    high = np.floor(np.maximum(np.maximum(a, b), c)).astype(int)
    if (high < low).any():
        return None
    x, y = np.arange(low[0], high[0] + 1)[None], np.arange(low[1], high[1] + 1)[:, None]
    sides = [(q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0]) for p, q in ((a, b), (b, c), (c, a))]
    inside = np.all([s > 1e-6 for s in sides], 0) | np.all([s < -1e-6 for s in sides], 0)
    return (int(low[0]), int(low[1])), inside


def fidelity(asset: Asset4D, meshes: list[ClipMesh]) -> list[float]:
    """dB of the mesh against the two photographs on white, whole picture."""
    if asset.endpoints is None:
        return []
    told = []
    for image, moment in zip(asset.endpoints, (0.0, 1.0), strict=True):
        height, width = image.rgb.shape[:2]
        camera = input_camera(width, height, asset.fov_degrees)
        picture, _ = draw_meshes(meshes, camera, moment)
        told.append(round(float(-10 * (picture - image.on(1.0)).square().mean().log10()), 2))
    return told


if __name__ == "__main__":
    main()
