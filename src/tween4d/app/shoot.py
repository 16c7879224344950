"""Many pictures of an asset, to a folder."""

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from tween4d.app.turntable import fitted_size
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import orbit_camera
from tween4d.io.folders import filled_folder
from tween4d.io.images import save_png
from tween4d.io.transforms import Shot
from tween4d.stages.render import render_view


def orbit_shots(asset: Asset4D, count: int, *, time: float, size: int, elevation_degrees: float = 0.0) -> list[Shot]:
    """Evenly spaced views around the asset at one moment; the first is that of the input camera.

    Args:
        size: longer side, pixels.
    """
    width, height = fitted_size(asset, size)
    return [
        Shot(
            PurePosixPath(f"view_{index:03d}.png"),
            orbit_camera(360 * index / count, elevation_degrees, width, height, asset.fov_degrees),
            time,
        )
        for index in range(count)
    ]


def take_shots(
    asset: Asset4D, shots: Sequence[Shot], folder: Path, tick: Callable[[int, int], None] = lambda done, of: None
) -> list[Path]:
    """Render RGBA PNGs with straight alpha; the folder gets all of them or none.

    Args:
        tick: told after every picture how many of how many are done.
    Returns:
        Their paths, in the order of the shots.
    Raises:
        OutputError: when they cannot be written.
    """
    with filled_folder(folder) as part:
        for index, shot in enumerate(shots):
            save_png(render_view(asset, shot.camera, shot.time), part / shot.file)
            tick(index + 1, len(shots))
    return [folder / shot.file for shot in shots]
