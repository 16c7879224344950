"""From files to an asset: options, notes, reuse, provenance. A quick stand-in imagines the motion."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from tween4d.app import run as run_module
from tween4d.app.making import Made, make_to_file, working_folder
from tween4d.app.run import RunOptions, load_inputs
from tween4d.data.cameras import DEFAULT_FOV_DEGREES
from tween4d.data.images import Image
from tween4d.data.video import Guide, Video
from tween4d.errors import InputError, OutputError
from tween4d.events import Event, StageFinished
from tween4d.io.asset import load_asset
from tween4d.io.images import load_image
from tween4d.io.video import write_video
from tween4d.priors.protocols import Priors
from tween4d.priors.register import make_set

SIZE = 48


class Fade:
    """A cross-fade: no motion at all, but quick."""

    def inbetween(self, start: Image, end: Image, frames: int, *, prompt: str, seed: int) -> Guide:
        assert start.alpha is not None and end.alpha is not None
        share = torch.linspace(0, 1, frames)[:, None, None]
        rgb = (1 - share[..., None]) * start.rgb + share[..., None] * end.rgb
        return Guide(Video(rgb, (1 - share) * start.alpha + share * end.alpha, torch.linspace(0, 1, frames)))


def disc(path: Path, x: float, *, alpha: bool = True, radius: float = 0.25) -> Path:
    rows, columns = (np.mgrid[:SIZE, :SIZE] + 0.5) / SIZE
    inside = np.hypot(columns - x, rows - 0.5) < radius
    picture = np.full((SIZE, SIZE, 4), 245, np.uint8)
    picture[inside] = (200, 80, 40, 255)
    picture[..., 3] = 255 * inside if alpha else 255
    Pillow.fromarray(picture if alpha else picture[..., :3].copy()).save(path)
    return path


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return disc(tmp_path / "start.png", 0.45), disc(tmp_path / "end.png", 0.55)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs without the motion prior's work."""

    def made(name: str, *settings: object, **named: str) -> Priors:
        return replace(make_set(name, *settings, **named), inbetweener=Fade())

    monkeypatch.setattr(run_module, "make_set", made)


def make(pair: tuple[Path, Path], out: Path, **options: object) -> tuple[Made, list[Event]]:
    heard: list[Event] = []
    options = {"frames": 6, **options}
    made = make_to_file(
        *pair,
        out,
        preset_name="draft",
        listener=heard.append,
        options=RunOptions(**options),  # type: ignore[arg-type]
    )
    return made, heard


@pytest.mark.usefixtures("quick")
def test_an_asset_and_its_account(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Oracle: the written file itself, the hashes of the inputs, and the order of the method's stages."""
    made, heard = make(pair, tmp_path / "a.t4d")
    loaded = load_asset(tmp_path / "a.t4d")
    assert loaded.frame_count == 6 == made.asset.frame_count
    assert sum(len(clip.gaussians) for clip in loaded.clips) == made.gaussians > 100
    told = loaded.provenance
    assert (told["preset"], told["seed"], told["config"]["guide"]["frames"]) == ("draft", 0, 6)
    assert told["inputs"]["start"] == {"file": "start.png", "sha256": hashlib.sha256(pair[0].read_bytes()).hexdigest()}
    assert all({"name", "kind", "revision", "licence"} <= set(prior) for prior in told["priors"])
    stages = [event.stage for event in heard if isinstance(event, StageFinished)]
    assert len(stages) == 7 == len(set(stages)) and list(made.stage_seconds) == stages
    # A fade carries nothing along, so only the start is given back well.
    assert made.reused == () and made.endpoints[0] > 18
    assert (tmp_path / "a.work" / "preview.png").stat().st_size > 500
    told_json = made.as_json()
    assert told_json["bytes"] == (tmp_path / "a.t4d").stat().st_size and told_json["reused"] == []


@pytest.mark.usefixtures("quick")
def test_a_repeated_run_reuses_and_a_later_option_redoes_the_rest(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Oracle: names of the stages that the events call reused; the asset stays the same, value for value."""
    first, _ = make(pair, tmp_path / "a.t4d")
    again, _ = make(pair, tmp_path / "a.t4d")
    assert len(again.reused) == 7
    for a, b in zip(first.asset.clips, again.asset.clips, strict=True):
        assert torch.equal(a.gaussians.means, b.gaussians.means)
        assert torch.equal(a.motion.translations, b.motion.translations)
    other, _ = make(pair, tmp_path / "a.t4d", frames=5)
    assert "matte_images" in other.reused and not {"imagine_motion", "merge_clips"} & set(other.reused)


@pytest.mark.usefixtures("quick")
def test_identical_pictures_make_a_still_asset_and_say_so(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Oracle: the asset's own nodes do not move; a warning says it."""
    made, _ = make((pair[0], pair[0]), tmp_path / "a.t4d")
    assert any(note.warning and "stand still" in note.message for note in made.notes)
    for clip in made.asset.clips:
        assert float(clip.motion.translations.abs().max()) < 1e-6


@pytest.mark.usefixtures("quick")
def test_an_object_cut_by_the_border_is_warned_of(tmp_path: Path) -> None:
    """Oracle: contract; the note names the picture, and the asset is made all the same."""
    pair = disc(tmp_path / "start.png", 0.5), disc(tmp_path / "end.png", 0.85)
    made, _ = make(pair, tmp_path / "a.t4d")
    warnings = [note.message for note in made.notes if note.warning]
    assert any("touches the border of the end image" in message for message in warnings)
    assert not any("start image" in message for message in warnings)


@pytest.mark.usefixtures("quick")
def test_the_users_guide_takes_the_place_of_the_priors(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Oracle: provenance names the file, its hash and whose it is; the guiding frames are the user's."""
    frames = [load_image(disc(tmp_path / "x.png", 0.45, radius=0.1 + 0.03 * k)) for k in range(6)]
    guide = write_video(frames, tmp_path / "mine.mp4", 12.0)
    made, heard = make(pair, tmp_path / "a.t4d", guide=guide)
    prior = next(p for p in made.asset.provenance["priors"] if p["kind"] == "user")
    assert prior["name"] == "mine.mp4"
    assert made.asset.provenance["inputs"]["guide"]["sha256"] == hashlib.sha256(guide.read_bytes()).hexdigest()
    guides = [e.value for e in heard if isinstance(e, StageFinished) and isinstance(e.value, Guide)]
    areas = (guides[0].video.alpha > 0.5).float().mean((1, 2))
    # The second frame is the user's small disc, not a blend of the two large ones.
    assert float(areas[1]) < 0.6 * float(areas[0])


def test_masks_say_where_the_object_is(tmp_path: Path) -> None:
    """Oracle: the masks themselves; the other picture keeps what it has."""
    start, end = disc(tmp_path / "s.png", 0.45, alpha=False), disc(tmp_path / "e.png", 0.55)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[10:30, 12:20] = 255
    Pillow.fromarray(mask).save(tmp_path / "m.png")
    images = load_inputs(start, end, RunOptions(mask_start=tmp_path / "m.png"))
    assert images.start.alpha is not None and images.end.alpha is not None
    assert torch.equal(images.start.alpha, torch.from_numpy(mask / 255).float())
    assert float(images.end.alpha.mean()) == pytest.approx(np.pi * 0.25**2, rel=0.05)


def test_the_field_of_view_is_handed_on(pair: tuple[Path, Path]) -> None:
    """Oracle: the value given, and the documented default."""
    assert load_inputs(*pair, RunOptions(fov=50)).fov_degrees == 50
    assert load_inputs(*pair).fov_degrees == DEFAULT_FOV_DEGREES


@pytest.mark.parametrize("frames", [-1, 0, 4, 513])
def test_a_senseless_number_of_frames_is_refused(pair: tuple[Path, Path], tmp_path: Path, frames: int) -> None:
    """Oracle: contract; before anything is written."""
    with pytest.raises(InputError, match="number of frames"):
        make(pair, tmp_path / "a.t4d", frames=frames)
    assert {p.name for p in tmp_path.iterdir()} == {"start.png", "end.png"}


def test_the_output_names_an_asset() -> None:
    """Oracle: contract; the working folder lies beside it."""
    assert working_folder(Path("a/fox.t4d")) == Path("a/fox.work")
    with pytest.raises(InputError, match="must end in .t4d.*fox.t4d"):
        working_folder(Path("fox.glb"))


@pytest.mark.usefixtures("quick")
def test_a_full_disk_while_writing_the_asset(
    pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle: contract; nothing half-written beside the inputs, and finished stages serve the next run."""
    out = tmp_path / "a.t4d"
    settle = "tween4d.io.atomic._settle"
    real = __import__("tween4d.io.atomic", fromlist=["_settle"])._settle

    def full(part: Path, target: Path) -> None:
        if target == out:
            raise OSError(28, "No space left on device")
        real(part, target)

    monkeypatch.setattr(settle, full)
    with pytest.raises(OutputError, match="disk is full"):
        make(pair, out)
    assert {p.name for p in tmp_path.iterdir()} == {"start.png", "end.png", "a.work"}
    monkeypatch.setattr(settle, real)
    made, _ = make(pair, out)
    assert len(made.reused) == 7 and made.notes == ()
