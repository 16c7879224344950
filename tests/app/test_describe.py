"""What `info` and `doctor` know."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tween4d.app import doctor
from tween4d.app.describe import described, description
from tween4d.app.doctor import examined, findings
from tween4d.data.asset import Asset4D
from tween4d.errors import AssetError
from tween4d.io.asset import save_asset
from tween4d.priors.register import REGISTER


def test_an_asset_is_described(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: the values the asset was made with."""
    provenance = {
        "tween4d": "9.9",
        "preset": "fine",
        "seed": 7,
        "priors": [{"name": "my-prior", "kind": "user", "revision": "1", "licence": "mine"}],
        "inputs": {"mask_start": {"file": "m.png", "sha256": "ab" * 32}},
        "seconds": {"merge_clips": 1.0, "total": 61.2},
    }
    path = save_asset(replace(asset, provenance=provenance), tmp_path / "a.t4d")
    told = description(path)
    assert (told["frames"], told["gaussians"], told["bytes"]) == (9, 600, path.stat().st_size)
    assert told["provenance"] == provenance and json.loads(json.dumps(told)) == told
    text = described(told)
    for word in ("9.9", "fine, seed 7", "my-prior (user), mine", "m.png", "abab", "61 s", "600 in 2 clips"):
        assert word in text


def test_an_asset_without_provenance_is_described(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: contract; files that others write may say less."""
    text = described(description(save_asset(replace(asset, endpoints=None), tmp_path / "a.t4d")))
    assert "600 in 2 clips" in text


def test_what_is_no_asset_is_not_described(tmp_path: Path) -> None:
    """Oracle: contract."""
    with pytest.raises(AssetError):
        description(tmp_path / "none.t4d")


def test_the_doctor_tries_what_it_reports() -> None:
    """Oracle: this very installation, whose tests run; every registered prior with its licence."""
    found = findings()
    assert found["backends"]["numba"] == "ok" == found["backends"]["reference"]
    assert {prior["name"] for prior in found["priors"]} == set(REGISTER)
    assert all(prior["licence"] for prior in found["priors"])
    assert found["threads"] >= 1 and found["ffmpeg"] and json.loads(json.dumps(found)) == found
    text = examined(found)
    assert all(name in text for name in ("numba: ok", "torch", "threads", *REGISTER))


def test_the_doctor_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: contract; a problem and its remedy take the place of the verdict."""
    monkeypatch.setattr(doctor, "_ffmpeg", lambda: None)
    found = findings()
    assert any("ffmpeg" in problem for problem in found["problems"])
    assert "all is well" not in examined(found)


def test_a_manifest_that_says_too_little_is_refused(asset: Asset4D, tmp_path: Path) -> None:
    """Oracle: contract; an error that names what is missing."""
    path = save_asset(replace(asset, endpoints=None), tmp_path / "a.t4d")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members["manifest.json"])
    del manifest["timeline"]
    members["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(AssetError, match="lacks what every asset says.*timeline"):
        description(path)
