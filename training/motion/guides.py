"""How good a guiding video is on objects that no training has seen: its frames against true ones, its motion too.

python -m training.motion.guides --prior NAME [--count N]
"""

import argparse
import time
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from training.data.families import is_held_out
from training.data.staging import vary_lamps
from tween4d.data.cameras import Camera, orbit_camera, project
from tween4d.data.images import Image, Keyframes
from tween4d.data.video import carry_pixels
from tween4d.metrics.image import compare_images
from tween4d.priors.protocols import Inbetweener
from tween4d.stages.guide import GuideConfig, imagine_motion
from tween4d.synthetic.families import FAMILIES
from tween4d.synthetic.render import map_surface, read_surface, render_image
from tween4d.synthetic.scene import gather_surface, pose_surface

SIDE = 256
TIMES = 9
"""Moments with truth, both ends included."""


@dataclass(frozen=True)
class Film:
    """A motion with its truth."""

    name: str
    frames: list[Image]
    points: Float[Tensor, "t p 2"]
    """Where what the first frame shows goes, pixels, whether it is seen or not."""


def make_film(family: str, seed: int) -> Film:
    """A procedural object of a family in motion, seen from a random camera under random light."""
    g = np.random.default_rng([seed, 77])
    scene = FAMILIES[family](np.random.default_rng(10_000 + seed))
    surface = gather_surface(scene)
    surface = replace(surface, lamps=vary_lamps(surface.lamps, g))
    camera: Camera = orbit_camera(g.uniform(-60, 60), g.uniform(-5, 30), SIDE, SIDE, 33.8)
    poses = [pose_surface(scene, surface, t) for t in np.linspace(0, 1, TIMES)]
    seen = map_surface(surface, poses[0], camera)
    rows = np.nonzero(seen.faces.ravel() >= 0)[0]
    rows = rows[g.permutation(len(rows))[:1500]]
    points = []
    for pose in poses:
        under = read_surface(pose.vertices, surface, seen).reshape(-1, 3)[rows]
        points.append(project(torch.from_numpy(under).float(), camera)[0])
    return Film(f"{family}-{seed}", [render_image(surface, p, camera) for p in poses], torch.stack(points))


def score(film: Film, prior: Inbetweener, frames: int = TIMES) -> dict[str, float]:
    """Scores of the imagined motion between the ends of a film.

    Returns:
        psnr (on the union of both outlines) and iou, means over the inner moments; epe, the mean distance between
        where points are carried and where they go, over the same for points that stay; epe_end, the same at the end;
        seconds.
    """
    begun = time.process_time()
    guide = imagine_motion(Keyframes(film.frames[0], film.frames[-1]), prior, GuideConfig(frames=frames), seed=0)
    seconds = time.process_time() - begun
    rows = [round(k * (frames - 1) / (TIMES - 1)) for k in range(TIMES)]
    scores = [compare_images(film.frames[k], guide.video.frame(rows[k])) for k in range(1, TIMES - 1)]
    carried, _ = carry_pixels(guide, film.points[0], 0, rows)
    off = (carried - film.points).norm(dim=-1)[1:]
    still = (film.points[:1] - film.points).norm(dim=-1)[1:]
    return {
        "psnr": float(np.mean([s.psnr_masked for s in scores])),
        "iou": float(np.mean([s.iou for s in scores])),
        "epe": float(off.mean() / still.mean()),
        "epe_end": float(off[-1].mean() / still[-1].mean()),
        "seconds": seconds,
    }


def validation_films(count: int) -> list[Film]:
    """Films of the procedural families that are held out, by turns."""
    families = sorted(name for name in FAMILIES if is_held_out(name))
    return [make_film(families[k % len(families)], k) for k in range(count)]


def mean_scores(prior: Inbetweener, count: int) -> dict[str, float]:
    """Means of the scores over the validation films, without the time they took."""
    rows = [score(film, prior) for film in validation_films(count)]
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0] if name != "seconds"}


def main() -> None:
    """Read the command line, score a prior, print each film and the mean."""
    from tween4d.priors.register import make_priors

    parser = argparse.ArgumentParser(prog="python -m training.motion.guides", description=__doc__.splitlines()[0])
    parser.add_argument("--prior", default="learned-motion")
    parser.add_argument("--count", type=int, default=12)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    prior = make_priors(inbetweener=chosen.prior).inbetweener
    rows = []
    for film in validation_films(chosen.count):
        rows.append(score(film, prior))
        print(film.name, " ".join(f"{k} {v:.3f}" for k, v in rows[-1].items()), flush=True)
    print("mean", " ".join(f"{k} {np.mean([row[k] for row in rows]):.3f}" for k in rows[0]))


if __name__ == "__main__":
    main()
