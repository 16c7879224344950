"""The asset as a USD stage, read by usd-core."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import input_camera, project
from tween4d.errors import BackendError
from tween4d.io.usd import SplatTrack, require_usd, write_usd
from tween4d.stages.render import pose_clip

FRAMES = 9
KINDS = (".usda", ".usdc", ".usdz")

pxr = pytest.importorskip("pxr", reason="usd-core is not installed; no stage was written")


@pytest.fixture(scope="module")
def asset() -> Asset4D:
    return moving_ellipsoid(count=30, nodes=4, frames=FRAMES, size=48)


@pytest.fixture(scope="module")
def tracks(asset: Asset4D) -> list[SplatTrack]:
    times = torch.linspace(0, 1, FRAMES).tolist()
    made = []
    for index, clip in enumerate(asset.clips):
        frames = tuple(k for k, time in enumerate(times) if clip.presence(time) > 0)
        made.append(SplatTrack(f"clip_{index}", frames, tuple(pose_clip(clip, times[k]) for k in frames)))
    return made


@pytest.fixture(scope="module")
def stages(asset: Asset4D, tracks: list[SplatTrack], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    from pxr import Usd

    folder = tmp_path_factory.mktemp("stages")
    return {kind: Usd.Stage.Open(str(write_usd(asset, tracks, FRAMES, folder / f"a{kind}"))) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_time_samples_come_back(kind: str, stages: dict[str, Any], tracks: list[SplatTrack]) -> None:
    """Oracle: foreign tool, usd-core: the Gaussians of every clip at every frame, orientations in half precision."""
    from pxr import UsdVol

    for track in tracks:
        splats = UsdVol.ParticleField3DGaussianSplat(stages[kind].GetPrimAtPath(f"/tween4d/{track.name}"))
        assert splats and splats.GetPositionsAttr().GetTimeSamples() == list(track.frames)
        harmonics = np.array(splats.GetRadianceSphericalHarmonicsCoefficientsAttr().Get())
        assert splats.GetRadianceSphericalHarmonicsDegreeAttr().Get() == 0
        for frame, g in zip(track.frames, track.moments, strict=True):
            assert np.allclose(np.array(splats.GetPositionsAttr().Get(frame)), g.means, atol=1e-6)
            wxyz = np.array([[q.GetReal(), *q.GetImaginary()] for q in splats.GetOrientationshAttr().Get(frame)])
            unit = torch.nn.functional.normalize(g.quats, dim=-1).numpy()
            assert np.abs(np.abs((wxyz * unit).sum(-1)) - 1).max() < 2e-3
            assert np.allclose(np.array(splats.GetOpacitiesAttr().Get(frame)), g.opacities, atol=1e-6)
            assert np.allclose(np.array(splats.GetScalesAttr().Get(frame)), g.scales, rtol=1e-6)
            assert np.allclose(harmonics, g.sh[:, 0], atol=1e-6)
            low, high = np.array(splats.GetExtentAttr().Get(frame))
            assert (low <= g.means.numpy()).all() and (high >= g.means.numpy()).all()


def test_a_clip_is_seen_only_while_it_is_there(stages: dict[str, Any], tracks: list[SplatTrack]) -> None:
    """Oracle: foreign tool, usd-core's visibility, against the frames in which the clip is present."""
    from pxr import UsdGeom

    for track in tracks:
        prim = UsdGeom.Imageable(stages[".usdc"].GetPrimAtPath(f"/tween4d/{track.name}"))
        seen = [k for k in range(FRAMES) if prim.ComputeVisibility(k) == UsdGeom.Tokens.inherited]
        assert seen == list(track.frames)


def test_the_stage_lasts_as_long_as_the_asset_and_stands_upright(stages: dict[str, Any], asset: Asset4D) -> None:
    """Oracle: foreign tool; 8 steps at 16 frames a second are half a second."""
    from pxr import UsdGeom

    stage = stages[".usdz"]
    assert (stage.GetEndTimeCode() - stage.GetStartTimeCode()) / stage.GetTimeCodesPerSecond() == pytest.approx(0.5)
    assert UsdGeom.GetStageUpAxis(stage) == UsdGeom.Tokens.y
    assert stage.GetDefaultPrim().GetPath() == "/tween4d"


def test_the_camera_sees_what_the_input_camera_sees(stages: dict[str, Any], asset: Asset4D) -> None:
    """Oracle: foreign tool, usd-core's frustum, against our projection of a point."""
    from pxr import Gf, UsdGeom

    frustum = UsdGeom.Camera(stages[".usda"].GetPrimAtPath("/tween4d/input_camera")).GetCamera(0).frustum
    matrix = frustum.ComputeViewMatrix() * frustum.ComputeProjectionMatrix()
    point = torch.tensor([[0.21, -0.13, 0.08]])
    x, y, _ = matrix.Transform(Gf.Vec3d(*point[0].tolist()))
    pixel, _ = project(point, input_camera(48, 48, asset.fov_degrees))
    assert (24 * (x + 1), 24 * (1 - y)) == pytest.approx(tuple(pixel[0].tolist()), abs=1e-3)


def test_validators_find_nothing(stages: dict[str, Any]) -> None:
    """Oracle: foreign tool, all validators that come with usd-core, as usdchecker runs them."""
    from pxr import UsdValidation

    registry = UsdValidation.ValidationRegistry()
    validators = registry.GetOrLoadAllValidators()
    assert len(validators) > 10
    context = UsdValidation.ValidationContext(validators)
    found = [error.GetMessage() for kind in KINDS for error in context.Validate(stages[kind])]
    assert not found, "\n".join(found)


def test_without_usd_core_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: contract; an old release without the schema is as good as none."""
    monkeypatch.delattr("pxr.UsdVol.ParticleField3DGaussianSplat")
    with pytest.raises(BackendError, match=r"usd-core.*tween4d\[usd\]"):
        require_usd()
