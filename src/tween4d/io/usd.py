"""The asset as an OpenUSD stage with time samples: Gaussians as ParticleField3DGaussianSplat, skinned meshes, or both.

Needs usd-core.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tween4d.data.asset import Asset4D
from tween4d.data.cameras import ORBIT_RADIUS
from tween4d.data.gaussians import Gaussians
from tween4d.data.mesh import ClipMesh
from tween4d.errors import BackendError, OutputError
from tween4d.io.atomic import whole_file
from tween4d.io.origin import origin_of
from tween4d.io.packing import as_array, unit_quats
from tween4d.io.usd_mesh import add_mesh

INCH = 36.0
"""Width of the camera's film, millimetres of a full frame; only its ratio to the focal length matters."""
SHOWN = "shown"
"""The variant set of a stage that holds the asset twice."""


@dataclass(frozen=True)
class SplatTrack:
    """One clip's Gaussians over time; the number of Gaussians stays."""

    name: str
    """Name of the prim."""
    frames: tuple[int, ...]
    """Frames that are written, increasing; the clip is invisible before the first and after the last."""
    moments: tuple[Gaussians, ...]
    """What is seen at each of them."""


def require_usd() -> None:
    """Raise BackendError unless usd-core is installed and knows Gaussian splats."""
    try:
        from pxr import UsdVol
    except ImportError:
        UsdVol = None
    if not hasattr(UsdVol, "ParticleField3DGaussianSplat"):
        raise BackendError("USD needs usd-core, 26.3 or newer", remedy="run pip install 'tween4d[usd]'")


def write_usd(
    asset: Asset4D, tracks: Sequence[SplatTrack], frames: int, target: Path, meshes: Sequence[ClipMesh] = ()
) -> Path:
    """Write `.usda`, `.usdc` or `.usdz`: tracks, meshes, and the input camera, under /tween4d; +Y up.

    Centres, orientations (in half precision) and, where a clip fades, opacities have a time sample per frame; sizes
    and harmonics have one value. A frame is a time code, and as many pass in a second as the asset's duration asks
    for. Where there are tracks and meshes, they are variants `splats` and `mesh` of the variant set `shown`; archives
    show the mesh, which is all that AR Quick Look knows, the others the splats. Textures are in archives only.

    Args:
        frames: of the whole stage, from time 0 to time 1.
    Raises:
        BackendError: without usd-core.
        OutputError: when it cannot be written.
    """
    require_usd()
    kind = target.suffix.lower()
    with tempfile.TemporaryDirectory() as folder:
        layer = Path(folder) / f"{target.stem or 'asset'}{'.usda' if kind == '.usda' else '.usdc'}"
        stage = _new_stage(asset, layer, frames)
        with _variant(stage, "splats", bool(tracks and meshes)):
            for track in tracks:
                _add_splats(stage, track)
        pictures = []
        with _variant(stage, "mesh", bool(tracks and meshes)):
            for index, mesh in enumerate(meshes):
                beside = Path(folder) / "textures" if kind == ".usdz" else None
                pictures.append(add_mesh(stage, f"/tween4d/mesh_{index}", mesh, frames, beside))
        if tracks and meshes:
            stage.GetDefaultPrim().GetVariantSet(SHOWN).SetVariantSelection("mesh" if kind == ".usdz" else "splats")
        stage.GetRootLayer().Save()
        with whole_file(target) as part:
            if kind == ".usdz":
                _zip([layer, *(picture for picture in pictures if picture is not None)], part)
            else:
                part.write_bytes(layer.read_bytes())
    return target


@contextmanager
def _variant(stage: Any, name: str, wanted: bool) -> Iterator[None]:
    """What is defined in the block belongs to a variant, if one is wanted."""
    if not wanted:
        yield
        return
    variants = stage.GetDefaultPrim().GetVariantSets().AddVariantSet(SHOWN)
    variants.AddVariant(name)
    variants.SetVariantSelection(name)
    with variants.GetVariantEditContext():
        yield


def _new_stage(asset: Asset4D, layer: Path, frames: int) -> Any:
    from pxr import Gf, Usd, UsdGeom

    stage = Usd.Stage.CreateNew(str(layer))
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.y)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    seconds = max(asset.frame_count - 1, 1) / asset.fps
    rate = max(frames - 1, 1) / seconds
    stage.SetStartTimeCode(0)
    stage.SetEndTimeCode(frames - 1)
    stage.SetTimeCodesPerSecond(rate)
    stage.SetFramesPerSecond(rate)
    stage.SetDefaultPrim(UsdGeom.Xform.Define(stage, "/tween4d").GetPrim())
    stage.GetRootLayer().comment = origin_of(asset)
    camera = UsdGeom.Camera.Define(stage, "/tween4d/input_camera")
    camera.AddTranslateOp().Set(Gf.Vec3d(0, 0, ORBIT_RADIUS))
    longer = max(asset.image_width, asset.image_height)
    camera.CreateHorizontalApertureAttr(INCH * asset.image_width / longer)
    camera.CreateVerticalApertureAttr(INCH * asset.image_height / longer)
    camera.CreateFocalLengthAttr(float(INCH / 2 / np.tan(np.radians(asset.fov_degrees) / 2)))
    camera.CreateClippingRangeAttr(Gf.Vec2f(0.01, 100.0))
    return stage


def _add_splats(stage: Any, track: SplatTrack) -> None:
    from pxr import Usd, UsdGeom, UsdVol, Vt

    def vectors(values: np.ndarray) -> Any:
        return Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(values, np.float32))

    splats = UsdVol.ParticleField3DGaussianSplat.Define(stage, f"/tween4d/{track.name}")
    first = track.moments[0]
    harmonics = as_array(first.sh)
    splats.CreateScalesAttr(vectors(as_array(first.scales)))
    splats.CreateRadianceSphericalHarmonicsDegreeAttr(int(np.sqrt(harmonics.shape[1])) - 1)
    splats.CreateRadianceSphericalHarmonicsCoefficientsAttr(vectors(harmonics.reshape(-1, 3)))
    positions, turns = splats.CreatePositionsAttr(), splats.CreateOrientationshAttr()
    opacities, extent = splats.CreateOpacitiesAttr(), splats.CreateExtentAttr()
    shown = splats.CreateVisibilityAttr()
    still = len({g.opacity_logits.numpy().tobytes() for g in track.moments}) == 1
    if track.frames[0] > 0:
        shown.Set(UsdGeom.Tokens.invisible, Usd.TimeCode(0))
    shown.Set(UsdGeom.Tokens.inherited, Usd.TimeCode(track.frames[0]))
    if track.frames[-1] < stage.GetEndTimeCode():
        shown.Set(UsdGeom.Tokens.invisible, Usd.TimeCode(track.frames[-1] + 1))
    for frame, g in zip(track.frames, track.moments, strict=True):
        code = Usd.TimeCode(frame)
        means, reach = as_array(g.means), 3 * as_array(g.scales).max(1, keepdims=True)
        positions.Set(vectors(means), code)
        # A quaternion lies in memory as xyzw.
        turns.Set(Vt.QuathArray.FromNumpy(np.ascontiguousarray(unit_quats(g)[:, [1, 2, 3, 0]], np.float16)), code)
        extent.Set(vectors(np.stack([(means - reach).min(0), (means + reach).max(0)])), code)
        if not still or frame == track.frames[0]:
            values = Vt.FloatArray.FromNumpy(as_array(g.opacities).astype(np.float32))
            opacities.Set(values) if still else opacities.Set(values, code)


def _zip(files: Sequence[Path], target: Path) -> None:
    """The layer comes first; textures keep their folder."""
    from pxr import Sdf

    archive, home = Sdf.ZipFileWriter.CreateNew(str(target)), files[0].parent
    added = archive is not None and all(archive.AddFile(str(f), f.relative_to(home).as_posix()) for f in files)
    if not added or not archive.Save():
        raise OutputError("the USD archive cannot be written", str(target), "check the space on the disk")
