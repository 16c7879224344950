"""The container: round trips, and every way in which a file can be wrong."""

import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import orbit_camera
from tween4d.data.gaussians import Gaussians
from tween4d.errors import AssetError
from tween4d.io.asset import ENCODINGS, VERSION, Precision, load_asset, read_manifest, save_asset
from tween4d.stages.render import render_view

GOLDEN = Path(__file__).parent / "golden" / "version1.t4d"
Change = Callable[[dict[str, Any], dict[str, bytes]], None]


@pytest.fixture(scope="module")
def asset() -> Asset4D:
    made = moving_ellipsoid(count=60, nodes=6, frames=9, size=32)
    return replace(made, provenance={"preset": "draft", "seed": 3, "priors": [{"name": "ü"}]})


@pytest.fixture
def saved(asset: Asset4D, tmp_path: Path) -> Path:
    return save_asset(asset, tmp_path / "a.t4d")


def rewritten(path: Path, change: Change, *, checksums: bool = True) -> Path:
    """The file with its manifest and members changed; checksums are made to hold again unless told otherwise."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(manifest, members)
    if checksums:
        manifest["checksums"] = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    target = path.with_name("changed.t4d")
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        for name, content in members.items():
            archive.writestr(name, content)
    return target


def tensors_changed(name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Change:
    def apply(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        file = manifest["clips"][0]["file"]
        tensors = safetensors.torch.load(members[file])
        tensors[name] = change(tensors[name]).contiguous()
        members[file] = safetensors.torch.save(tensors)

    return apply


def form_changed(name: str, **changes: Any) -> Change:
    def apply(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        manifest["clips"][0]["tensors"][name] |= changes

    return apply


def _middle(planes: torch.Tensor) -> torch.Tensor:
    """The first differences of levels that all mean zero."""
    middle = 2 ** (Precision().node_quats - 1) - 1
    return torch.tensor([middle % 256, middle // 256], dtype=torch.uint8)[:, None, None].expand(-1, planes.shape[1], 1)


def test_round_trip(asset: Asset4D, saved: Path) -> None:
    """Oracle: round trip; every number to half a level of the bits that are documented for it."""
    again, bits = load_asset(saved), Precision()

    def near(name: str, theirs: torch.Tensor, ours: torch.Tensor) -> bool:
        spans = (ours.flatten(0, -2) if ours.ndim > 1 else ours[:, None]).aminmax(dim=0)
        step = (spans.max - spans.min) / (2 ** bits.of(name) - 1)
        return bool(((theirs - ours).abs() <= 0.501 * step + 1e-6).all())

    assert (again.frame_count, again.fps, again.fov_degrees) == (asset.frame_count, asset.fps, asset.fov_degrees)
    assert (again.image_width, again.image_height) == (asset.image_width, asset.image_height)
    assert again.provenance == asset.provenance
    for ours, theirs in zip(asset.clips, again.clips, strict=True):
        assert (ours.keyframe_time, ours.fade_in, ours.fade_out) == (
            theirs.keyframe_time,
            theirs.fade_in,
            theirs.fade_out,
        )
        for name in ("means", "log_scales", "opacity_logits", "sh"):
            assert near(name, getattr(theirs.gaussians, name), getattr(ours.gaussians, name)), name
        unit = torch.nn.functional.normalize(ours.gaussians.quats, dim=-1)
        assert torch.allclose(theirs.gaussians.quats, unit, atol=1.1 / (2 ** (bits.quats - 1) - 1))
        assert torch.equal(theirs.skin.indices, ours.skin.indices.long())
        assert torch.allclose(theirs.skin.weights, ours.skin.weights, atol=1.001 / (2**bits.skin_weights - 1))
        assert torch.allclose(theirs.skin.weights.sum(-1), torch.ones(60))
        assert torch.equal(theirs.motion.times, ours.motion.times)
        assert near("node_rest", theirs.motion.rest, ours.motion.rest)
        assert torch.allclose(theirs.motion.quats, ours.motion.quats, atol=1.1 / (2 ** (bits.node_quats - 1) - 1))
        assert near("node_translations", theirs.motion.translations, ours.motion.translations)
    assert again.endpoints is not None and asset.endpoints is not None
    assert torch.allclose(again.endpoints[1].rgb, asset.endpoints[1].rgb, atol=0.5 / 255 + 1e-6)


def test_equal_assets_give_equal_files(asset: Asset4D, saved: Path, tmp_path: Path) -> None:
    """Oracle: byte comparison; the date does not enter."""
    assert save_asset(asset, tmp_path / "b.t4d").read_bytes() == saved.read_bytes()


def test_a_file_of_version_1_is_read(asset: Asset4D) -> None:
    """Oracle: golden file, written by the last release that wrote version 1, of the same Gaussians in finer levels."""
    old = load_asset(GOLDEN)
    made = moving_ellipsoid(count=40, nodes=6, frames=5, size=32)
    assert read_manifest(GOLDEN)["version"] == 1 and old.provenance == {"preset": "draft"}
    for ours, theirs in zip(made.clips, old.clips, strict=True):
        for name in ("means", "log_scales", "opacity_logits", "sh"):
            assert torch.allclose(getattr(theirs.gaussians, name), getattr(ours.gaussians, name), atol=1e-4), name
        unit = torch.nn.functional.normalize(ours.gaussians.quats, dim=-1)
        assert torch.allclose(theirs.gaussians.quats, unit, atol=1e-4)
        assert torch.equal(theirs.skin.indices, ours.skin.indices.long())
        assert torch.allclose(theirs.skin.weights, ours.skin.weights, atol=1.2 / 255)
        assert torch.equal(theirs.motion.rest, ours.motion.rest)
        assert torch.allclose(theirs.motion.quats, ours.motion.quats, atol=1e-4)
        assert torch.allclose(theirs.motion.translations, ours.motion.translations, atol=1e-4)


def test_the_default_bits_hardly_show() -> None:
    """Oracle: the unrounded asset's own pictures; 40 dB is what a file of 2 MB promises, the default leaves 55."""
    made = moving_ellipsoid(count=1000, nodes=6, frames=5, size=32)
    stored = load_bytes(made)
    for azimuth, time in ((0, 0.0), (120, 0.6)):
        camera = orbit_camera(azimuth, 20, 96, 96)
        a, b = (render_view(each, camera, time).on(1.0) for each in (made, stored))
        assert float(-10 * torch.log10((a - b).square().mean())) > 55


def load_bytes(asset: Asset4D) -> Asset4D:
    """An asset after a round trip."""
    with tempfile.TemporaryDirectory() as folder:
        return load_asset(save_asset(asset, Path(folder) / "a.t4d"))


def test_saving_what_was_loaded_changes_nothing_visible(saved: Path, tmp_path: Path) -> None:
    """Oracle: invariant; a second round trip moves no Gaussian by more than one quantisation step."""
    once = load_asset(saved)
    twice = load_asset(save_asset(once, tmp_path / "b.t4d"))
    for a, b in zip(once.clips, twice.clips, strict=True):
        for field in fields(Gaussians):
            step = 1.01 / 127 if field.name == "quats" else 1e-4
            assert torch.allclose(getattr(a.gaussians, field.name), getattr(b.gaussians, field.name), atol=step)


def test_an_asset_without_endpoints(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: round trip."""
    assert load_asset(save_asset(replace(asset, endpoints=None), tmp_path / "a.t4d")).endpoints is None


def test_harmonics_of_every_degree(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: round trip of view-dependent colour."""
    clip = asset.clips[0]
    sh = torch.randn(60, 9, 3, generator=torch.Generator().manual_seed(1))
    coloured = replace(clip, gaussians=replace(clip.gaussians, sh=sh), fade_out=(1.0, 1.0))
    one = replace(asset, clips=(coloured,))
    again = load_asset(save_asset(one, tmp_path / "a.t4d"))
    span = float(sh.amax((0, 1)).sub(sh.amin((0, 1))).max())
    assert torch.allclose(again.clips[0].gaussians.sh, sh, atol=0.501 * span / 255)


def test_the_container_is_plain_zip_and_safetensors(saved: Path) -> None:
    """Oracle: foreign tools, `zipfile` and `safetensors`, and the names that docs/asset-format.md promises."""
    with zipfile.ZipFile(saved) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        tensors = safetensors.torch.load(archive.read("clips/00.safetensors"))
        manifest = json.loads(archive.read("manifest.json"))
    clips = {"clips/00.safetensors", "clips/01.safetensors"}
    assert names == {"manifest.json", "images/start.png", "images/end.png"} | clips
    assert set(tensors) == set(ENCODINGS)
    assert manifest["version"] == VERSION == read_manifest(saved)["version"]
    assert set(manifest["checksums"]) == names - {"manifest.json"}


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_refused(saved: Path, share: float) -> None:
    """Oracle: contract; a cut anywhere is an AssetError with a remedy."""
    content = saved.read_bytes()
    saved.write_bytes(content[: int(share * len(content))])
    with pytest.raises(AssetError, match="truncated, altered or no tween4d asset") as caught:
        load_asset(saved)
    assert caught.value.remedy


def test_an_altered_byte_anywhere_is_refused(saved: Path) -> None:
    """Oracle: checksums; of 60 places over the file, none changes what is loaded without an error."""
    content, original = bytearray(saved.read_bytes()), load_asset(saved)
    for place in range(5, len(content), len(content) // 60):
        changed = bytearray(content)
        changed[place] ^= 0x55
        saved.write_bytes(changed)
        try:
            loaded = load_asset(saved)
        except AssetError:
            continue
        # Zip keeps a few values twice or does not use them (dates, attributes).
        assert torch.equal(loaded.clips[0].gaussians.means, original.clips[0].gaussians.means)
        assert loaded.provenance == original.provenance


def test_a_newer_version_is_refused_by_name(saved: Path) -> None:
    """Oracle: contract; the sentence names both versions and the remedy."""

    def newer(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        manifest["version"] = VERSION + 1

    with pytest.raises(AssetError, match=f"newer tween4d.*version {VERSION + 1}.*update tween4d"):
        load_asset(rewritten(saved, newer))


def _clear_clips(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    manifest["clips"] = []


def _drop(key: str) -> Change:
    def apply(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        del manifest[key]

    return apply


def _lose_clip(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    del members["clips/00.safetensors"]


def _not_ours(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    manifest["format"] = "something-else"


def _backwards(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    manifest["clips"][0]["fade_out"] = [0.9, 0.1]


def _late(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    manifest["clips"][0]["fade_in"] = [0.1, 0.2]


def _keyframe_outside(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    manifest["clips"][0]["keyframe_time"] = 1.5


def _no_frames(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    manifest["timeline"]["frame_count"] = 0


def _no_tensors(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    members["clips/00.safetensors"] = b"\x08\0\0\0\0\0\0\0{}      "


def _no_picture(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
    members["images/start.png"] = b"no picture"


@pytest.mark.parametrize(
    "change",
    [
        _clear_clips,
        _drop("clips"),
        _drop("camera"),
        _drop("version"),
        _lose_clip,
        _not_ours,
        _backwards,
        _late,
        _keyframe_outside,
        _no_frames,
        _no_tensors,
        _no_picture,
        tensors_changed("skin_indices", lambda t: torch.cat([t[:, :, :1] + 100, t[:, :, 1:]], 2)),
        tensors_changed("means", lambda t: t[:-1]),
        tensors_changed("times", lambda t: t * float("nan")),
        form_changed("node_rest", low=[float("nan")] * 3),
        form_changed("means", low=[0.0]),
        form_changed("means", bits=10**9),
        form_changed("means", shape=[10**9, 3]),
        form_changed("sh", encoding="other"),
        tensors_changed("times", lambda t: t.flip(0)),
        tensors_changed("node_quats", lambda t: t[:, :-1]),
        tensors_changed("node_quats", lambda t: t.float()),
        tensors_changed("node_quats", lambda t: torch.cat([_middle(t), t[:, :, 1:] * 0], 2)),
        tensors_changed("sh", lambda t: torch.cat([t, t], 1)),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(saved: Path, change: Change) -> None:
    """Oracle: contract; checksums that hold do not excuse contents that make no sense."""
    with pytest.raises(AssetError) as caught:
        load_asset(rewritten(saved, change))
    assert "\n" not in str(caught.value) and caught.value.remedy


def test_a_member_that_does_not_match_its_checksum_is_refused(saved: Path) -> None:
    """Oracle: contract; the sentence names the member."""

    def change(manifest: dict[str, Any], members: dict[str, bytes]) -> None:
        members["images/start.png"] += b"\0"

    with pytest.raises(AssetError, match="images/start.png does not match its checksum"):
        load_asset(rewritten(saved, change, checksums=False))


def test_a_zip_bomb_is_refused_unopened(tmp_path: Path) -> None:
    """Oracle: limit of what any asset holds; refused by the directory of the archive."""
    path = tmp_path / "bomb.t4d"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", "{}")
        with archive.open("zeros", "w", force_zip64=True) as stream:
            for _ in range(300):
                stream.write(bytes(1 << 20))
    with pytest.raises(AssetError, match="would unpack to more"):
        load_asset(path)


def test_what_is_no_asset_is_refused(tmp_path: Path) -> None:
    """Oracle: contract."""
    with pytest.raises(AssetError, match="no such asset.*tween4d run"):
        load_asset(tmp_path / "none.t4d")
    with pytest.raises(AssetError, match="not a folder"):
        load_asset(tmp_path)
    (tmp_path / "text.t4d").write_text("hello")
    with pytest.raises(AssetError, match="no tween4d asset"):
        load_asset(tmp_path / "text.t4d")
    shutil.make_archive(str(tmp_path / "other"), "zip", tmp_path, "text.t4d")
    with pytest.raises(AssetError):
        load_asset(tmp_path / "other.zip")
