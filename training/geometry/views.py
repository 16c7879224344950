"""How objects of held-out families look from other sides, lifted from one picture: the learned prior and inflation.

python -m training.geometry.views --weights DIR [--assets DIR] [--count N] [--picture OUT.png]
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file
from scipy.spatial.transform import Rotation

from training.data.sources import chosen_sources
from training.data.staging import states_in_world
from training.running import FILE
from tween4d.data.cameras import input_camera, orbit_camera
from tween4d.data.images import Image
from tween4d.data.video import Guide, Video
from tween4d.fitting.initial import gaussians_from_surface
from tween4d.metrics.image import object_mask, psnr_from_error
from tween4d.priors.embedded.geometry import InflationPrior, LiftingConfig, LiftingPrior
from tween4d.priors.embedded.geometry.network import SurfaceNet
from tween4d.priors.protocols import MultiViewPrior
from tween4d.stages.render import render_gaussians
from tween4d.synthetic.render import render_image
from tween4d.synthetic.scene import PosedSurface

SIZE = 256
NEAR = ((30.0, 0.0), (-45.0, 0.0), (0.0, 30.0))
FAR = ((90.0, 0.0), (180.0, 0.0), (-90.0, 0.0))


@dataclass(frozen=True)
class Still:
    """An object at one moment: its picture, how it looks from other sides, and where its front points."""

    family: str
    picture: Image
    views: tuple[Image, ...]
    """From NEAR, then FAR."""
    facing: tuple[float, float]


def draw_stills(assets: Path | None, count: int, seed: int) -> Iterator[Still]:
    """Objects of held-out families, each family as often as any other; the same seed draws the same ones."""
    generator = np.random.default_rng(seed)
    sources = chosen_sources(assets, held_out=True)
    families = sorted({source.family for source in sources})
    eye = input_camera(SIZE, SIZE)
    cameras = [orbit_camera(a, e, SIZE, SIZE) for a, e in NEAR + FAR]
    for k in range(count):
        own = [source for source in sources if source.family == families[k % len(families)]]
        subject = own[generator.integers(len(own))].make(generator)
        posed = states_in_world(subject)[0]
        yaw = generator.uniform(-120, 120)
        turn = Rotation.from_euler("yx", [yaw, generator.uniform(0, 15)], degrees=True).as_matrix()
        posed = PosedSurface(posed.vertices @ turn.T, posed.normals @ turn.T)
        x, y, z = turn[:, 2]
        facing = (float(np.degrees(np.arctan2(x, z))), float(np.degrees(np.arcsin(y))))
        views = tuple(render_image(subject.surface, posed, camera, samples=2) for camera in cameras)
        yield Still(subject.family, render_image(subject.surface, posed, eye, samples=2), views, facing)


def lifted_views(prior: MultiViewPrior, still: Still) -> tuple[Image, ...]:
    """What a prior makes of the picture, from NEAR and FAR."""
    video = Video(still.picture.rgb[None], still.picture.alpha[None], torch.zeros(1))
    (views,) = prior.imagine(Guide(video, still=True), (0,), (input_camera(SIZE, SIZE),), seed=0)
    gaussians = gaussians_from_surface(views.surface)
    return tuple(render_gaussians(gaussians, orbit_camera(a, e, SIZE, SIZE)) for a, e in NEAR + FAR)


def score(truth: Image, got: Image) -> tuple[float, float]:
    """PSNR over both masks on white, dB, and the overlap of the masks."""
    a, b = object_mask(truth), object_mask(got)
    union = a | b
    error = ((truth.on(1.0) - got.on(1.0).clamp(0, 1)) ** 2)[union].mean()
    return psnr_from_error(float(error)), float((a & b).sum() / union.sum().clamp(min=1))


def compare(
    stills: list[Still], priors: dict[str, MultiViewPrior | None], network: SurfaceNet
) -> dict[str, list[float]]:
    """Mean near PSNRm and IoU, far PSNRm and IoU of each prior; None stands for the learned one told the truth."""
    result = {}
    for name, prior in priors.items():
        rows = []
        for still in stills:
            used = prior or LiftingPrior(lambda: network, LiftingConfig(facing=still.facing))
            rows.append([score(a, b) for a, b in zip(still.views, lifted_views(used, still), strict=True)])
        values = np.array(rows)
        near, far = values[:, : len(NEAR)].mean((0, 1)), values[:, len(NEAR) :].mean((0, 1))
        result[name] = [round(float(v), 3) for v in (*near, *far)]
    return result


def read_network(folder: Path) -> SurfaceNet:
    """The network from exported weights, or the running average of a checkpoint."""
    network = SurfaceNet()
    exported = folder / "geometry.safetensors"
    if exported.exists():
        network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in load_file(exported).items()})
    else:
        network.load_state_dict(torch.load(folder / FILE, weights_only=True)["average"])
    return network.eval()


def draw_sheet(stills: list[Still], priors: dict[str, MultiViewPrior], target: Path) -> None:
    """A row per object: its picture, then from 30, 90 and 180 degrees the truth and what each prior makes of it."""
    chosen = (0, len(NEAR), len(NEAR) + 1)
    rows = []
    for still in stills:
        lifted = [lifted_views(prior, still) for prior in priors.values()]
        tiles = [still.picture] + [views[k] for k in chosen for views in (still.views, *lifted)]
        rows.append(np.concatenate([tile.on(1.0).numpy()[::2, ::2] for tile in tiles], 1))
    sheet = np.concatenate(rows, 0)
    cv2.imwrite(str(target), np.round(255 * sheet[..., ::-1]).clip(0, 255).astype(np.uint8))


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--assets", type=Path)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network = read_network(arguments.weights)
    stills = list(draw_stills(arguments.assets, arguments.count, arguments.seed))
    priors = {"inflation": InflationPrior(), "learned": LiftingPrior(lambda: network)}
    print(json.dumps(compare(stills, {**priors, "learned, told": None}, network)))
    if arguments.picture is not None:
        draw_sheet(stills[:12], priors, arguments.picture)


if __name__ == "__main__":
    main()
