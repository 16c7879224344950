"""The motion prior's training: exact truth, varied pairs, a loop that learns and goes on after a kill."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from training.data.procedural import procedural_subject
from training.data.sources import list_sources
from training.motion import learning
from training.motion.batches import cell_centres, make_batch
from training.motion.learning import LearnConfig, learn, losses
from training.motion.pairs import NOWHERE, SEEN, SIDE, STEPS, connect, draw_motion_pair
from training.motion.shards import FIELDS, draw_pairs, list_shards, pack, read_shard
from tween4d.data.cameras import backproject, orbit_camera, project
from tween4d.priors.embedded.motion.network import MatchingNetwork
from tween4d.synthetic.render import map_surface
from tween4d.synthetic.scene import PosedSurface


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one shard of a few pairs."""
    folder = tmp_path_factory.mktemp("shards")
    sources = tuple(s for s in list_sources(None) if s.family in ("fish", "robot"))
    rows, names = draw_pairs(sources, np.random.default_rng(1), 4)
    pack(folder / "001-00000.npz", {name: np.stack([getattr(r, name) for r in rows]) for name in FIELDS}, names)
    return folder


def test_truth_of_a_rigid_motion():
    """Oracle: analytic. What a pixel shows is lifted by its depth, moved by the rigid motion, and projected."""
    subject = procedural_subject("fish", 3, np.random.default_rng(0))
    turn = Rotation.from_euler("xyz", [10, 25, -15], degrees=True).as_matrix()
    shift = np.array([0.05, -0.03, 0.08])
    start = subject.start
    end = PosedSurface(start.vertices @ turn.T + shift, start.normals @ turn.T)
    camera = orbit_camera(20.0, 10.0, SIDE, SIDE)
    maps = tuple(map_surface(subject.surface, posed, camera) for posed in (start, end))
    places, seen = connect(subject.surface, start, end, maps, camera)
    rows, columns = np.nonzero(maps[0].faces >= 0)
    pixels = torch.from_numpy(np.stack([columns, rows], -1) + 0.5)
    world = backproject(pixels, torch.from_numpy(maps[0].depth[rows, columns]), camera).numpy()
    there, depth = project(torch.from_numpy(world @ turn.T + shift), camera)
    np.testing.assert_allclose(places[rows, columns], there.numpy(), atol=1e-3)
    assert np.isnan(places[maps[0].faces < 0]).all()
    # What counts as seen lies on the other picture's surface.
    hit = seen[rows, columns]
    x, y = (there.numpy()[hit] - 0.5).round().astype(int).clip(0, SIDE - 1).T
    ahead = depth.numpy()[hit] - maps[1].depth[y, x]
    assert np.median(np.abs(ahead[np.isfinite(ahead)])) < 0.01
    assert 0.3 < hit.mean() < 1.0


def test_an_object_at_rest_is_seen_where_it_is():
    """Oracle: invariant. Without motion every pixel lies where it is, however the pair is turned and mirrored."""
    subject = procedural_subject("robot", 5, np.random.default_rng(0))
    still = type(subject)(subject.name, subject.family, subject.surface, subject.start, subject.start)
    pair = draw_motion_pair(still, np.random.default_rng(2))
    on = pair.labels[0] > 0
    line = np.arange(SIDE) + 0.5
    own = np.stack(np.meshgrid(line, line), -1)
    assert np.abs(pair.places[0] / STEPS - own)[on].max() < 0.02
    assert (pair.places[0][~on] == NOWHERE).all()
    assert (pair.labels[0][on] >= SEEN).mean() > 0.97
    fields = {name: getattr(pair, name)[None] for name in FIELDS}
    for seed in range(5):
        batch = make_batch(fields, np.array([0]), np.random.default_rng(seed))
        gap = batch.places[0, 0].numpy() - cell_centres()
        assert np.abs(gap[batch.seen[0, 0].numpy()]).max() < 0.03
        assert batch.seen.sum() > 20


def test_a_shard_reads_back_what_was_written(shards: Path):
    """Oracle: invariant. The same seed draws the same pairs, and a shard loses nothing."""
    sources = tuple(s for s in list_sources(None) if s.family in ("fish", "robot"))
    rows, names = draw_pairs(sources, np.random.default_rng(1), 4)
    fields, families = read_shard(list_shards(shards)[0])
    assert families == names
    for name in FIELDS:
        np.testing.assert_array_equal(fields[name], np.stack([getattr(row, name) for row in rows]))


def test_steps_lower_the_loss(shards: Path):
    """Oracle: invariant. A few steps on one batch fit it better, in both terms' sum."""
    torch.manual_seed(0)
    model = MatchingNetwork()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
    fields, _ = read_shard(list_shards(shards)[0])
    batch = make_batch(fields, np.arange(2), None)
    values = []
    for _ in range(8):
        loss = sum(losses(model, batch, 48, np.random.default_rng(0)).values())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        values.append(loss.item())
    assert values[-1] < 0.9 * values[0]


def test_training_goes_on_where_it_was_killed(shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Oracle: invariant. A run that is interrupted and started again ends with the weights of one that is not."""
    config = LearnConfig(steps=4, minutes=60, batch=2, queries=16, mixed=1, checkpoint_seconds=-1)
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    whole = learn(shards, None, tmp_path / "whole", config)
    real = learning.batches

    def cut(folder: Path, step: int, config: LearnConfig):
        for count, item in enumerate(real(folder, step, config)):
            if count == 2:
                raise KeyboardInterrupt
            yield item

    monkeypatch.setattr(learning, "batches", cut)
    with pytest.raises(KeyboardInterrupt):
        learn(shards, None, tmp_path / "killed", config)
    monkeypatch.setattr(learning, "batches", real)
    resumed = learn(shards, None, tmp_path / "killed", config)
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value, rtol=0, atol=0)
