"""Contact sheets: an asset from several sides over time, with the truth beside it where there is one."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from torch import Tensor

from tween4d.app.preview import TILE, tile
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import orbit_camera
from tween4d.data.images import Image
from tween4d.io.images import save_png
from tween4d.stages.render import render_view

AZIMUTHS = (0.0, 30.0, 90.0, 180.0)
TIMES = (0.0, 0.25, 0.5, 0.75, 1.0)
MARGIN = 28
GAP = 16

Truth = Callable[[float, float], Image | None]
"""The true picture at an azimuth in degrees and a time, or None where it is not known."""


def write_sheet(
    asset: Asset4D,
    target: Path,
    truth: Truth | None = None,
    *,
    azimuths: Sequence[float] = AZIMUTHS,
    times: Sequence[float] = TIMES,
) -> Path:
    """Draw a row per side and a column per moment, on white; the truth in a second block on the right.

    Args:
        truth: asked for every tile; leaves a tile empty with None.
    Raises:
        OutputError: when it cannot be written.
    """
    fov = asset.fov_degrees
    ours = [[tile(render_view(asset, orbit_camera(a, 0, TILE, TILE, fov), t)) for t in times] for a in azimuths]
    blocks = [("tween4d", ours)]
    if truth is not None:
        found = [[truth(a, t) for t in times] for a in azimuths]
        blank = torch.full((TILE, TILE, 3), 0.94)
        blocks.append(("truth", [[blank if image is None else tile(image) for image in row] for row in found]))
    gap = torch.ones(len(azimuths) * TILE, GAP, 3)
    pictures = [torch.cat([torch.cat(row, 1) for row in rows], 0) for _, rows in blocks]
    body = pictures[0] if len(pictures) == 1 else torch.cat([pictures[0], gap, pictures[1]], 1)
    save_png(Image(_labelled(body, [name for name, _ in blocks], azimuths, times)), target)
    return target


def _labelled(
    body: Float[Tensor, "h w 3"], names: Sequence[str], azimuths: Sequence[float], times: Sequence[float]
) -> Float[Tensor, "a b 3"]:
    """The tiles with what they show written above and to the left."""
    height, width = body.shape[:2]
    canvas = Pillow.new("RGB", (width + MARGIN, height + MARGIN), "white")
    canvas.paste(Pillow.fromarray((body.clamp(0, 1) * 255).round().byte().numpy()), (MARGIN, MARGIN))
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(13)
    for block, name in enumerate(names):
        left = MARGIN + block * (len(times) * TILE + GAP)
        for column, time in enumerate(times):
            text = f"{name}, t = {time:.2f}" if column == 0 else f"t = {time:.2f}"
            draw.text((left + column * TILE + 6, 7), text, fill=(70, 70, 70), font=font)
    for row, azimuth in enumerate(azimuths):
        # Text runs upwards along the left edge.
        label = Pillow.new("RGB", (TILE, MARGIN), "white")
        ImageDraw.Draw(label).text((TILE // 2 - 20, 7), f"{azimuth:g} deg", fill=(70, 70, 70), font=font)
        canvas.paste(label.rotate(90, expand=True), (0, MARGIN + row * TILE))
    return torch.from_numpy(np.asarray(canvas, dtype=np.float32) / 255)
