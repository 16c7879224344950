"""What the geometry prior thinks of an object's orientation, as a picture for the user to choose from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from tween4d.app.preview import TILE, tile
from tween4d.app.run import RunOptions, chosen_priors, load_inputs
from tween4d.data.cameras import input_camera, orbit_camera
from tween4d.data.facing import Facing
from tween4d.data.images import Image
from tween4d.data.video import Guide, Video
from tween4d.errors import InputError
from tween4d.events import Listener, silent
from tween4d.fitting.initial import gaussians_from_surface
from tween4d.io.images import save_png
from tween4d.priors.protocols import MultiViewPrior, Orientable
from tween4d.stages.guide import fit_working_size
from tween4d.stages.matte import MatteConfig, matte_images
from tween4d.stages.render import render_gaussians

SIZE = 256
ASIDE = 45.0
"""Azimuth, degrees, from which the hypotheses are shown."""
LABEL = 24


@dataclass(frozen=True)
class FacingSheet:
    """The hypotheses and the picture of them."""

    path: Path
    facings: tuple[Facing, ...]

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        rows = [{"azimuth": f.azimuth, "elevation": f.elevation, "weight": f.weight} for f in self.facings]
        return {"picture": str(self.path), "facings": rows}


def write_facings(
    start: Path, target: Path, options: RunOptions = RunOptions(), listener: Listener = silent
) -> FacingSheet:
    """Draw the picture itself and, per hypothesis, the object from 45 degrees aside.

    Raises:
        InputError: when the picture cannot be used, or the priors have no idea of orientation.
        ObjectNotFoundError: when it holds no object.
        OutputError: when the target cannot be written.
    """
    priors = chosen_priors(options, listener)
    multiview = priors.multiview
    if not isinstance(multiview, Orientable):
        raise InputError("these priors have no idea of orientation", options.priors, "use --priors embedded")
    images = load_inputs(start, start, options)
    image = fit_working_size(matte_images(images, priors.matter, MatteConfig()).start, SIZE)
    facings = multiview.hypotheses(image)
    tiles = [("picture", tile(image))]
    for facing in facings:
        solid = _lifted(multiview.told(facing.azimuth, facing.elevation), image, options.fov)
        tiles.append((f"--facing {facing.azimuth:.0f}  {facing.weight:.0%}", tile(solid)))
    strip = torch.cat([picture for _, picture in tiles], 1)
    canvas = Pillow.new("RGB", (strip.shape[1], TILE + LABEL), "white")
    canvas.paste(Pillow.fromarray((strip.clamp(0, 1) * 255).round().byte().numpy()), (0, LABEL))
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(13)
    for column, (name, _) in enumerate(tiles):
        draw.text((column * TILE + 6, 5), name, fill=(40, 40, 40), font=font)
    save_png(Image(torch.from_numpy(np.array(canvas)).float() / 255), target)
    return FacingSheet(target, facings)


def _lifted(multiview: MultiViewPrior, image: Image, fov: float) -> Image:
    """The object that a prior makes of one picture, from aside."""
    still = Guide(Video(image.rgb[None], image.alpha[None], torch.zeros(1)), still=True, fov_degrees=fov)
    camera = input_camera(image.width, image.height, fov)
    (views,) = multiview.imagine(still, (0,), (camera,), seed=0)
    return render_gaussians(gaussians_from_surface(views.surface), orbit_camera(ASIDE, 0, TILE, TILE, fov))
