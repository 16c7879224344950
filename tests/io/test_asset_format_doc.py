"""The page that describes the container: its reader, as a stranger would copy it, reads what we write."""

import re
import zipfile
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.data.asset import Asset4D
from tween4d.io.asset import ENCODINGS, VERSION, load_asset, read_manifest, save_asset
from tween4d.stages.render import pose_asset

PAGE = Path(__file__).resolve().parents[2] / "docs" / "asset-format.md"


@pytest.fixture(scope="module")
def reader() -> SimpleNamespace:
    """The page's Python block, run as a module of its own."""
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    return SimpleNamespace(**names)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips that hand over in [0.4, 0.6], and a third that has one time only, with harmonics of degree 1."""
    asset = moving_ellipsoid(count=80, nodes=7, frames=9, size=32)
    draw = torch.Generator().manual_seed(3)
    clips = [replace(asset.clips[0], fade_in=(0.0, 0.0)), replace(asset.clips[1], fade_out=(0.8, 0.9))]
    last = asset.clips[1]
    row = [getattr(last.motion, name)[-1:] for name in ("quats", "translations", "times")]
    still = replace(last, motion=type(last.motion)(last.motion.rest, *row), fade_in=(0.7, 0.8), fade_out=(1.0, 1.0))
    clips = [
        replace(
            clip,
            gaussians=replace(
                clip.gaussians,
                sh=torch.cat([clip.gaussians.sh, 0.1 * torch.randn(len(clip.gaussians), 3, 3, generator=draw)], 1),
            ),
        )
        for clip in (*clips, still)
    ]
    return save_asset(replace(asset, clips=tuple(clips)), tmp_path_factory.mktemp("doc") / "a.t4d")


@pytest.fixture(scope="module")
def loaded(path: Path) -> Asset4D:
    return load_asset(path)


def test_the_reader_decodes_every_tensor(reader: SimpleNamespace, path: Path, loaded: Asset4D) -> None:
    """Oracle: our own loader, value for value up to float32 rounding."""
    _, clips = reader.read(path)
    assert len(clips) == len(loaded.clips)
    for theirs, ours in zip(clips, loaded.clips, strict=True):
        expected = {f.name: getattr(ours.gaussians, f.name) for f in fields(ours.gaussians)}
        expected |= {"skin_indices": ours.skin.indices, "skin_weights": ours.skin.weights}
        expected |= {"node_rest": ours.motion.rest, "node_quats": ours.motion.quats}
        expected |= {"node_translations": ours.motion.translations, "times": ours.motion.times}
        assert theirs.keys() == expected.keys()
        for name, tensor in expected.items():
            np.testing.assert_allclose(theirs[name], tensor.numpy(), rtol=1e-6, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("time", [0.0, 0.21, 0.4, 0.43, 0.5, 0.57, 0.6, 0.75, 0.85, 1.0])
def test_the_reader_poses_like_us(reader: SimpleNamespace, path: Path, loaded: Asset4D, time: float) -> None:
    """Oracle: our own posing of the loaded asset: between rows, while two clips are visible, and where one ends."""
    means, quats, scales, opacities, sh = reader.pose(*reader.read(path), time)
    ours = pose_asset(loaded, time)
    assert len(means) == len(ours)
    np.testing.assert_allclose(means, ours.means.numpy(), atol=2e-6)
    np.testing.assert_allclose(quats, ours.quats.numpy(), atol=2e-6)
    np.testing.assert_allclose(scales, ours.scales.numpy(), rtol=1e-5)
    np.testing.assert_allclose(opacities, ours.opacities.numpy(), atol=2e-6)
    np.testing.assert_array_equal(sh, ours.sh.numpy())


def test_the_reader_refuses_a_damaged_file(reader: SimpleNamespace, path: Path, tmp_path: Path) -> None:
    """Oracle: the page's own rule: a checksum that differs, or a newer version, is refused."""
    content = path.read_bytes()
    newer = tmp_path / "newer.t4d"
    _with_manifest(path, newer, lambda text: text.replace('"version": 2', '"version": 3'))
    with pytest.raises(ValueError, match="newer"):
        reader.read(newer)
    altered = tmp_path / "altered.t4d"
    _with_manifest(path, altered, lambda text: re.sub(r'(safetensors": ")[0-9a-f]', r"\1x", text))
    with pytest.raises(ValueError, match="damaged"):
        reader.read(altered)
    assert path.read_bytes() == content


def test_the_page_names_what_we_write(path: Path) -> None:
    """Oracle: a saved file: every tensor, encoding and manifest field of it is on the page, and so is the version."""
    page, manifest = PAGE.read_text(encoding="utf-8"), read_manifest(path)
    assert f"version {VERSION}" in page.splitlines()[0]
    for name, encoding in ENCODINGS.items():
        assert re.search(rf"^\| `{name}` \| [^|]+ \| {encoding} \|", page, re.MULTILINE), name
    for name in (*manifest, *manifest["clips"][0], *manifest["timeline"], *manifest["camera"]):
        assert f"`{name}`" in page, name


def _with_manifest(source: Path, target: Path, change: Callable[[str], str]) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content.decode()) if name == "manifest.json" else content)
