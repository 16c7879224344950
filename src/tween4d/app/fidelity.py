"""How well an asset gives back the pictures it was made from."""

from tween4d.data.asset import Asset4D
from tween4d.data.cameras import input_camera
from tween4d.data.images import Image
from tween4d.metrics.image import psnr_on_white
from tween4d.stages.guide import fit_working_size
from tween4d.stages.render import render_view

SIZE = 256


def endpoint_psnr(asset: Asset4D, start: Image, end: Image, size: int = SIZE) -> tuple[float, float]:
    """PSNR of the asset from the input camera at time 0 and 1 against the inputs, on white, dB.

    Args:
        start, end: the inputs, matted; larger ones are averaged down.
        size: longer side at which they are compared, pixels.
    """
    values = []
    for image, time in ((start, 0.0), (end, 1.0)):
        wanted = fit_working_size(image, size)
        camera = input_camera(wanted.width, wanted.height, asset.fov_degrees)
        values.append(psnr_on_white(wanted, render_view(asset, camera, time)))
    return values[0], values[1]
