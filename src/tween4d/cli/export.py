"""`tween4d export`: an asset to other formats."""

from dataclasses import dataclass
from typing import Annotated

from tyro.conf import Positional, arg

from tween4d.cli.console import say, working
from tween4d.cli.options import AssetPath, Flag


@dataclass(frozen=True)
class Export:
    """Export to .html, .mp4, .gif, .ply, .glb, .npz or a folder of .ply.

    $ tween4d export fox.t4d fox.html

    .html  the player: one page that works offline
    .mp4   a film: once around while time plays forth, once while it plays back
    .gif   the same, smaller
    .ply   one moment (--time), with the attributes of 3D Gaussian Splatting
    .npz   tracked points [T, M, 3] in world units, colors [M, 3] and times [T]
    .glb   animated mesh: textured, skinned to the nodes, one mesh and one animation per fragment; what is
           translucent becomes solid, colours no longer depend on the view
    no suffix, or a slash at the end: a folder with a .ply per frame
    """

    asset: AssetPath
    """The .t4d file."""
    out: Annotated[Positional[str], arg(metavar="OUT")]
    """File or folder to write; its suffix says what."""
    time: Annotated[float, arg(metavar="T")] = 0.0
    """Moment of a single .ply, 0 to 1."""
    frames: Annotated[int | None, arg(metavar="N", help_behavior_hint="(default: the asset's)")] = None
    """Frames of a film or folder, or moments of tracked points, evenly spaced."""
    size: Annotated[int | None, arg(metavar="PIXELS", help_behavior_hint="(default: 512, .gif 320)")] = None
    """Longer side of a film."""
    points: Annotated[int, arg(metavar="M")] = 4096
    """Tracked points at most."""
    faces: Annotated[int, arg(metavar="N")] = 12000
    """Triangles of a mesh per fragment, about."""
    overwrite: Flag = False
    """Replace what exists."""

    def execute(self) -> None:
        """Write the file and say what it is."""
        from tween4d.app.export import ExportOptions, check_export, export_asset
        from tween4d.io.asset import load_asset

        options = ExportOptions(self.time, self.frames, self.size, self.points, self.faces)
        form = check_export(self.out, overwrite=self.overwrite, options=options)
        asset = load_asset(self.asset)
        with working(f"writing {self.out}"):
            path = export_asset(asset, self.out, options)
        say(f"{path}: {form.label}")
