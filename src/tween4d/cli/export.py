"""`tween4d export`: an asset to other formats."""

from dataclasses import dataclass
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from tween4d.cli.console import progress, say, working
from tween4d.cli.options import AssetPath, Flag


@dataclass(frozen=True)
class FilmOptions:
    """What a film, a folder of pictures or a .json of cameras shows."""

    camera: Literal["turntable", "fixed", "dolly", "stereo"] = "turntable"
    """turntable turns twice; fixed stands still; dolly comes nearer; stereo is two eyes side by side."""
    azimuth: Annotated[float, arg(metavar="DEG")] = 0.0
    """Where the camera stands that does not turn; 0 is the input camera, 90 to its right."""
    elevation: Annotated[float, arg(metavar="DEG")] = 0.0
    """How high it stands."""
    fps: Annotated[float | None, arg(metavar="N", help_behavior_hint="(default: 24, .gif and .webp 12.5)")] = None
    """Pictures a second."""
    size: Annotated[int | None, arg(metavar="PIXELS", help_behavior_hint="(default: 512, .gif and .webp 320)")] = None
    """Longer side; of a mesh's texture, which else has the detail of the pictures."""
    background: Annotated[
        str | None, arg(metavar="COLOR", help_behavior_hint="(default: white; .mov and pictures transparent)")
    ] = None
    """white, black, grey, #rrggbb or transparent."""


@dataclass(frozen=True)
class Export:
    """Export to a player, films, splats, meshes, stages, pictures, points.

    $ tween4d export fox.t4d fox.html
    $ tween4d export fox.t4d fox.webm --background transparent --camera fixed
    $ tween4d export fox.t4d frames/ --each exr

    .html          the player: one page that works offline
    .mp4 .gif      a film (--camera), as are .webm, .mov and .webp, which can be
                   transparent
    .ply .splat    Gaussians at one moment (--time), as are .compressed.ply, .spz
                   and .sog
    .splats.glb    Gaussians in glTF; a flip-book with --frames N
    .glb           animated mesh: textured, skinned to the nodes (--rig), one mesh
                   and animation per fragment; what is translucent becomes solid,
                   colours no longer depend on the view
    .usdz          OpenUSD stage: Gaussians with time samples, and the mesh, which
                   AR Quick Look plays (--usd); as are .usda and .usdc; needs
                   tween4d[usd]
    .npz           tracked points [T, M, 3] in world units, colors [M, 3], times [T]
    .json          the cameras of a film
    no suffix, or a slash at the end: a folder, one file per frame (--each);
                   png and exr have alpha and depth; web is no sequence but the
                   player as an element for a web page
    """

    asset: AssetPath
    """The .t4d file."""
    out: Annotated[Positional[str], arg(metavar="OUT")]
    """File or folder to write; its suffix says what."""
    time: Annotated[float, arg(metavar="T")] = 0.0
    """Moment of a file that holds one, 0 to 1."""
    frames: Annotated[int | None, arg(metavar="N", help_behavior_hint="(default: the asset's)")] = None
    """Frames of a film, folder or stage, moments of a flip-book or of tracked points, evenly spaced."""
    film: FilmOptions = FilmOptions()
    each: Annotated[str, arg(metavar="KIND")] = "ply"
    """Files of a folder: ply, compressed.ply, splat, spz, sog, png, exr or web."""
    points: Annotated[int, arg(metavar="M")] = 4096
    """Tracked points at most."""
    faces: Annotated[int, arg(metavar="N")] = 12000
    """Triangles of a mesh per fragment, about."""
    rig: Annotated[str, arg(metavar="RIG")] = "nodes"
    """What a mesh hangs on: nodes; reduce:N, at most N joints; morph, none, but poses to blend."""
    usd: Literal["both", "splats", "mesh"] = "both"
    """What an OpenUSD stage holds; both are variants, of which .usdz shows the mesh."""
    overwrite: Flag = False
    """Replace what exists."""

    def execute(self) -> None:
        """Say what the format loses, write the file and say what it is."""
        from tween4d.app.export import ExportOptions, check_export, export_asset, losses
        from tween4d.events import Note
        from tween4d.io.asset import load_asset

        film = self.film
        options = ExportOptions(
            time=self.time,
            frames=self.frames,
            size=film.size,
            points=self.points,
            faces=self.faces,
            rig=self.rig,
            usd=self.usd,
            fps=film.fps,
            background=film.background,
            camera=film.camera,
            azimuth=film.azimuth,
            elevation=film.elevation,
            each=self.each,
        )
        form = check_export(self.out, overwrite=self.overwrite, options=options)
        asset = load_asset(self.asset)
        with progress() as listener:
            for sentence in losses(asset, form, options):
                listener(Note(sentence))
        with working(f"writing {self.out}"):
            path = export_asset(asset, self.out, options)
        say(f"{path}: {form.label}")
