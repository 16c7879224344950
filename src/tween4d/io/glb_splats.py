"""Gaussians as binary glTF 2.0 by KHR_gaussian_splatting: one moment, or a flip-book of moments."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tween4d.data.asset import Asset4D
from tween4d.data.gaussians import Gaussians
from tween4d.io.atomic import whole_file
from tween4d.io.glb import GlbFile, add_camera
from tween4d.io.packing import as_array, unit_quats

SPLATTING, VISIBILITY, POINTER = "KHR_gaussian_splatting", "KHR_node_visibility", "KHR_animation_pointer"
POINTS = 0
# glTF's fallback colours are linear light.
KNEE, GAMMA = 0.04045, 2.4


def write_glb_splats(asset: Asset4D, moments: Sequence[tuple[float, Gaussians]], target: Path) -> Path:
    """Write Gaussians with all harmonics, in floating point; our axes are those of glTF.

    Source: KHR_gaussian_splatting; several moments are nodes of which an animation makes one visible at a time, by
    KHR_node_visibility and KHR_animation_pointer. A reader without the first draws points, one without the others
    shows all moments at once.

    Args:
        asset: for its camera and its duration.
        moments: times in [0, 1], increasing, and what is seen then; a moment is shown until the next one begins.
    Raises:
        OutputError: when it cannot be written.
    """
    file = GlbFile(asset)
    nodes = [_node(file, gaussians, f"moment {index}") for index, (_, gaussians) in enumerate(moments)]
    file.document["extensionsUsed"] = [SPLATTING]
    if len(moments) > 1:
        file.document["extensionsUsed"] += [VISIBILITY, POINTER]
        for index, node in enumerate(nodes):
            file.document["nodes"][node]["extensions"] = {VISIBILITY: {"visible": index == 0}}
        seconds = max(asset.frame_count - 1, 1) / asset.fps
        _turn_pages(file, nodes, [time * seconds for time, _ in moments])
    file.add("scenes", {"nodes": [add_camera(file, asset), *nodes]})
    with whole_file(target) as part:
        part.write_bytes(file.packed())
    return target


def _node(file: GlbFile, g: Gaussians, name: str) -> int:
    def column(values: np.ndarray, bounds: bool = False) -> int:
        return file.array(np.ascontiguousarray(values, np.float32), bounds=bounds)

    attributes = {
        "POSITION": column(as_array(g.means), bounds=True),
        "COLOR_0": _fallback(file, g),
        f"{SPLATTING}:ROTATION": column(unit_quats(g)[:, [1, 2, 3, 0]]),
        f"{SPLATTING}:SCALE": column(as_array(g.scales)),
        f"{SPLATTING}:OPACITY": column(as_array(g.opacities)),
    }
    harmonics = as_array(g.sh)
    for index in range(harmonics.shape[1]):
        degree = int(np.sqrt(index))
        attributes[f"{SPLATTING}:SH_DEGREE_{degree}_COEF_{index - degree * degree}"] = column(harmonics[:, index])
    kind = {"kernel": "ellipse", "colorSpace": "srgb_rec709_display"}
    primitive: dict[str, Any] = {"mode": POINTS, "attributes": attributes, "extensions": {SPLATTING: kind}}
    return file.add("nodes", {"name": name, "mesh": file.add("meshes", {"name": name, "primitives": [primitive]})})


def _fallback(file: GlbFile, g: Gaussians) -> int:
    """Colours for readers that only know points."""
    color = np.clip(as_array(g.colors), 0, 1)
    linear = np.where(color <= KNEE, color / 12.92, ((color + 0.055) / 1.055) ** GAMMA)
    table = np.concatenate([linear, as_array(g.opacities)[:, None]], 1)
    accessor = file.array(np.round(table * 255).astype(np.uint8))
    file.document["accessors"][accessor]["normalized"] = True
    return accessor


def _turn_pages(file: GlbFile, nodes: list[int], starts: list[float]) -> None:
    """Show every node from its start to the start of the next."""
    times = file.array(np.asarray(starts, np.float32), bounds=True)
    samplers, channels = [], []
    for index, node in enumerate(nodes):
        shown = (np.arange(len(nodes)) == index).astype(np.uint8)
        samplers.append({"input": times, "output": file.array(shown), "interpolation": "STEP"})
        pointer = {"pointer": f"/nodes/{node}/extensions/{VISIBILITY}/visible"}
        channels.append({"sampler": index, "target": {"path": "pointer", "extensions": {POINTER: pointer}}})
    file.add("animations", {"name": "flip-book", "samplers": samplers, "channels": channels})
