"""Put an object into another picture by its depth: `python examples/composite_with_depth.py FRAMES/ OUT/`.

FRAMES is a folder of `tween4d export fox.t4d FRAMES/ --each png`. The other picture is made here, a card that stands
through the object and a floor below it; in your compositor it is your scene, with a depth of its own.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

CARD, FLOOR = 0.0, -0.3
"""Where the card stands (z) and the floor lies (y), world units; the object is within 0.5 of the origin."""


def other_scene(frame: dict) -> tuple[np.ndarray, np.ndarray]:
    """Colours [h, w, 3] in [0, 1] and depth [h, w] of card and floor, from the camera of a frame."""
    pose = np.array(frame["transform_matrix"])
    y, x = np.mgrid[: frame["h"], : frame["w"]] + 0.5
    # The camera looks along its -z; a step of 1 along a ray is a step of 1 in depth.
    rays = np.stack([(x - frame["cx"]) / frame["fl_x"], -(y - frame["cy"]) / frame["fl_y"], np.full_like(x, -1.0)], -1)
    rays, start = rays @ pose[:3, :3].T, pose[:3, 3]
    with np.errstate(divide="ignore"):
        depths = np.stack([(CARD - start[2]) / rays[..., 2], (FLOOR - start[1]) / rays[..., 1]])
    places = start + depths[..., None] * rays
    on_card = (np.abs(places[0, ..., 0] - 0.3) < 0.2) & (places[0, ..., 1] < 0.4) & (places[0, ..., 1] > FLOOR)
    depths = np.where(np.stack([on_card, np.abs(places[1, ..., [0, 2]]).max(0) < 1]) & (depths > 0), depths, np.inf)
    squares = (np.floor(places[1, ..., 0] * 8) + np.floor(places[1, ..., 2] * 8)) % 2
    colors = np.where(depths[0][..., None] < depths[1][..., None], [0.2, 0.4, 0.7], 0.65 + 0.2 * squares[..., None])
    colors[~np.isfinite(depths).any(0)] = 1.0
    return colors, depths.min(0)


def composite(folder: Path, target: Path) -> None:
    """Write every frame of a folder over the other scene, where it is nearer."""
    cameras = json.loads((folder / "cameras.json").read_text())
    near, far = cameras["depth_near"], cameras["depth_far"]
    target.mkdir(parents=True, exist_ok=True)
    for frame in cameras["frames"]:
        place = folder / frame["file_path"]
        picture = np.asarray(Image.open(place)) / 255
        stored = np.asarray(Image.open(place.with_name(place.name.replace("frame_", "depth_"))))
        depth = near + stored / 65535 * (far - near)
        colors, other = other_scene(frame)
        alpha = picture[..., 3:] * (depth < other)[..., None]
        mixed = picture[..., :3] * alpha + colors * (1 - alpha)
        Image.fromarray((mixed * 255).round().astype(np.uint8)).save(target / place.name)


if __name__ == "__main__":
    composite(Path(sys.argv[1]), Path(sys.argv[2]))
