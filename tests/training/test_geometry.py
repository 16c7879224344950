"""Geometry training: pictures with their truth, the measures, and a run that goes on after a kill."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from training.data.procedural import procedural_subject
from training.data.sources import Source
from training.data.staging import states_in_world
from training.data.subject import Subject
from training.geometry.batches import Batch, at_network_size, fit_slants
from training.geometry.learning import losses, train
from training.geometry.measures import measure
from training.geometry.shards import read_shards, shard_paths, write_shard
from training.geometry.shots import SIDE, draw_geometry_shot, facing_of
from training.running import load_checkpoint
from tween4d.data.cameras import orbit_camera
from tween4d.priors.embedded.geometry.network import SurfaceNet
from tween4d.synthetic.assembly import Assembly
from tween4d.synthetic.scene import gather_surface, pose_surface
from tween4d.synthetic.shapes import ball
from tween4d.synthetic.textures import fill


def box_subject(generator: np.random.Generator) -> Subject:
    """The cabinet's generator is enough of an object; what matters is that it is quick."""
    return procedural_subject("cabinet", int(generator.integers(100)), generator)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("geometry")
    sources = (Source("cabinet", "procedural", 1.0, box_subject),)
    for name in ("train", "held-out"):
        (folder / name).mkdir()
        write_shard(folder / name / "shard-000001.npz", sources, 1, 48)
    return folder


@pytest.mark.parametrize(("camera_azimuth", "elevation"), [(0, 0), (40, 0), (-100, 20), (170, -10)])
def test_the_facing_is_what_the_camera_sees_of_the_front(camera_azimuth: float, elevation: float) -> None:
    """Oracle: analytic; a camera that went right about an object sees its front point left, one above sees it fall."""
    azimuth, fall = facing_of(orbit_camera(camera_azimuth, elevation, 64, 64))
    # The front is +Z; in the camera's own right, up and back axes.
    a, e = math.radians(camera_azimuth), math.radians(elevation)
    right, up, back = -math.sin(a), -math.sin(e) * math.cos(a), math.cos(e) * math.cos(a)
    assert azimuth == pytest.approx(math.degrees(math.atan2(right, back)), abs=1e-3)
    assert fall == pytest.approx(math.degrees(math.asin(up)), abs=1e-3)


def test_a_shot_knows_its_surfaces() -> None:
    """Oracle: invariants; the object fills the crop, the back is behind the front, and the middle is about the
    centre's distance for an object that lies about its centre."""
    generator = np.random.default_rng(3)
    subject = box_subject(generator)
    for _ in range(4):
        shot = draw_geometry_shot(subject, generator)
        inside = np.isfinite(shot.middle)
        covered = shot.picture[..., 3] > 127
        assert (inside == covered).mean() > 0.97
        rows, columns = np.nonzero(covered)
        longest = max(np.ptp(rows), np.ptp(columns)) + 1
        assert 0.75 * SIDE < longest < 0.97 * SIDE
        assert (shot.half[inside] >= -1e-3).all()
        assert np.abs(shot.middle[inside].astype(float)).max() < 0.9


def test_depth_is_that_of_a_known_sphere() -> None:
    """Oracle: analytic; the middle of a sphere's near and far side along a ray, and half their distance."""
    assembly = Assembly("ball")
    assembly.part("ball", ball(1.0, 32), (fill((0.5, 0.5, 0.5)),), assembly.joint("root", (0, 0, 0)))
    scene = assembly.scene()
    posed = pose_surface(scene, gather_surface(scene), 0.0)
    shot = draw_geometry_shot(Subject("ball", "ball", gather_surface(scene), posed, posed), np.random.default_rng(1))
    centre = np.s_[SIDE // 2 - 4 : SIDE // 2 + 4, SIDE // 2 - 4 : SIDE // 2 + 4]
    # The side of the crop is 1.15 times the ball's outline, give or take its jitter of 8 %; the outline of a ball of
    # radius r at distance d is r / sqrt(1 - (r / d)^2) at the centre's distance, at most a third more than r here.
    half = np.nanmedian(shot.half[centre].astype(float))
    assert 0.5 / (1.15 * 1.08) / 1.34 < half < 0.5 / (1.15 * 0.94)
    assert abs(np.nanmedian(shot.middle[centre].astype(float))) < 0.05


def test_normalised_objects_lie_in_the_world() -> None:
    """Oracle: invariant; both states within the sphere of radius 0.5, which one of them touches."""
    subject = box_subject(np.random.default_rng(5))
    reach = [np.linalg.norm(posed.vertices, axis=1).max() for posed in states_in_world(subject)]
    assert max(reach) == pytest.approx(0.5, abs=1e-6)


def test_a_plane_has_its_slant() -> None:
    """Oracle: analytic."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    inside = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    inside[10:50, 5:60] = True
    slant = fit_slants(torch.from_numpy(0.4 * x - 0.2 * y + 0.1).float()[None], inside[None])
    assert slant[0].tolist() == pytest.approx([0.4, -0.2], abs=0.01)


def test_the_same_seed_writes_the_same_shard(shards: Path, tmp_path: Path) -> None:
    """Oracle: reproducibility."""
    sources = (Source("cabinet", "procedural", 1.0, box_subject),)
    write_shard(tmp_path / "shard-000001.npz", sources, 1, 48)
    one, other = (read_shards(shard_paths(folder)) for folder in (shards / "train", tmp_path))
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name)


def test_a_few_steps_lower_the_loss(shards: Path) -> None:
    """Oracle: the loss itself, on the batch it is minimised on."""
    torch.manual_seed(0)
    data = at_network_size(read_shards(shard_paths(shards / "train")))
    model = SurfaceNet()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
    values = []
    for _ in range(8):
        batch = Batch(data, np.arange(16))
        total = sum(losses(model, batch, torch.zeros(2, 16)).values())
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        values.append(total.item())
    assert values[-1] < 0.8 * values[0]


def test_colours_change_and_shapes_do_not(shards: Path) -> None:
    """Oracle: invariants; unmirrored samples keep their surfaces, mirrored ones are their mirror image."""
    data = at_network_size(read_shards(shard_paths(shards / "train")))
    plain, varied = Batch(data, np.arange(16)), Batch(data, np.arange(16))
    varied.varied(torch.Generator().manual_seed(0))
    flipped = torch.isclose(varied.azimuth, -plain.azimuth)
    assert 0 < int(flipped.sum()) < 16
    torch.testing.assert_close(varied.middle[~flipped], plain.middle[~flipped])
    torch.testing.assert_close(varied.middle[flipped], plain.middle[flipped].flip(-1))
    assert (varied.rgb - plain.rgb).abs().mean() > 0.01


def test_training_goes_on_after_a_kill(shards: Path, tmp_path: Path) -> None:
    """Oracle: the checkpoint; steps and seconds go on counting, and the schedule's end is the end."""
    train(shards, tmp_path, minutes=0.05)
    state = {"step": 0, "seconds": 0.0}
    model, average = SurfaceNet(), SurfaceNet()
    optimiser = torch.optim.AdamW(model.parameters())
    assert load_checkpoint(tmp_path, model, average, optimiser, state)
    first = dict(state)
    assert first["step"] > 0 and first["seconds"] >= 3
    train(shards, tmp_path, minutes=0.1)
    load_checkpoint(tmp_path, model, average, optimiser, state)
    assert state["step"] > first["step"] and state["seconds"] >= 6
    train(shards, tmp_path, minutes=0.1)
    after = dict(state)
    load_checkpoint(tmp_path, model, average, optimiser, state)
    assert state["step"] == after["step"]


def test_measures_of_the_truth_itself(shards: Path) -> None:
    """Oracle: analytic; a network that gives the truth has no depth error and every slant right."""
    data = at_network_size(read_shards(shard_paths(shards / "held-out")))

    class Oracle(SurfaceNet):
        def decode(self, seen, azimuth, elevation, spread):  # noqa: ANN001, ANN202
            maps = super().decode(seen, azimuth, elevation, spread)
            return type(maps)(batch.middle, batch.half, maps.doubt, batch.hidden, batch.slant)

    batch = Batch(data, np.arange(48))
    result = measure(Oracle(), data, 48)
    assert result["depth"] == pytest.approx(0, abs=1e-6)
    if result["slanted"]:
        assert result["sign"] == 1 and result["slope"] == pytest.approx(1, abs=1e-3)
    assert json.dumps(result)
