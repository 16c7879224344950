"""Put an exported stage into a scene of your own: `python examples/usd_scene.py fox.usdc scene.usda`.

Needs `tween4d[usd]`. The asset is referenced, not copied, so the scene stays small and follows the file.
"""

import os
import sys
from pathlib import Path

from pxr import Gf, Sdf, Usd, UsdGeom


def make_scene(asset: Path, target: Path) -> None:
    """Write a stage with the asset twice, the second one turned, smaller and half a second late, on a floor."""
    stage = Usd.Stage.CreateNew(str(target))
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.y)
    source = Usd.Stage.Open(str(asset))
    rate, last = source.GetTimeCodesPerSecond(), source.GetEndTimeCode()
    stage.SetTimeCodesPerSecond(rate)
    stage.SetStartTimeCode(0)
    stage.SetEndTimeCode(last + rate / 2)
    stage.SetDefaultPrim(UsdGeom.Xform.Define(stage, "/scene").GetPrim())
    place = os.path.relpath(asset.resolve(), target.resolve().parent)
    for name, offset in (("first", 0.0), ("second", rate / 2)):
        prim = UsdGeom.Xform.Define(stage, f"/scene/{name}").GetPrim()
        prim.GetReferences().AddReference(place, layerOffset=Sdf.LayerOffset(offset))
    second = UsdGeom.XformCommonAPI(stage.GetPrimAtPath("/scene/second"))
    second.SetTranslate(Gf.Vec3d(0.9, 0, -0.6))
    second.SetRotate(Gf.Vec3f(0, 60, 0))
    second.SetScale(Gf.Vec3f(0.6, 0.6, 0.6))
    floor = UsdGeom.Cube.Define(stage, "/scene/floor")
    UsdGeom.XformCommonAPI(floor).SetTranslate(Gf.Vec3d(0, -0.5, 0))
    UsdGeom.XformCommonAPI(floor).SetScale(Gf.Vec3f(2, 0.01, 2))
    stage.GetRootLayer().Save()


if __name__ == "__main__":
    make_scene(Path(sys.argv[1]), Path(sys.argv[2]))
