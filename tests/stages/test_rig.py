"""Fewer joints, or poses alone, move a mesh as all its nodes do."""

import math
from dataclasses import replace

import pytest
import torch

from tween4d.data.mesh import ClipMesh
from tween4d.data.nodes import NodeMotion, Skin
from tween4d.geometry.rotation import rotate
from tween4d.stages.rig import RigConfig, pose_keys, pose_mesh, reduce_rig

PARTS, NODES, TIMES = 3, 6, 9


@pytest.fixture(scope="module")
def parts() -> ClipMesh:
    """Three rigid clouds of vertices, six nodes on each, that swing by different angles about different axes."""
    generator = torch.Generator().manual_seed(3)
    times = torch.linspace(0, 1, TIMES)
    middles = torch.tensor([[-0.3, 0.0, 0.0], [0.0, 0.3, 0.0], [0.3, 0.0, 0.1]])
    axes = torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    rest = (middles[:, None] + 0.1 * torch.randn(PARTS, NODES, 3, generator=generator)).flatten(0, 1)
    vertices = (middles[:, None] + 0.1 * torch.randn(PARTS, 40, 3, generator=generator)).flatten(0, 1)
    half = 0.5 * torch.tensor([0.9, -1.4, 0.5]) * times[:, None]
    quats = torch.cat([half.cos()[..., None], half.sin()[..., None] * axes], -1)
    part = torch.arange(PARTS).repeat_interleave(NODES)
    # Each part turns about its middle and is shifted by a curve.
    curve = torch.stack([torch.zeros(TIMES), (2 * math.pi * times).sin() * 0.1, times * 0.1], -1)
    moved = rotate(quats[:, part], (rest - middles[part]).expand(TIMES, -1, -1)) + middles[part] + curve[:, None]
    motion = NodeMotion(rest, quats[:, part], moved - rest, times)
    own = torch.arange(PARTS).repeat_interleave(40)
    indices = own[:, None] * NODES + torch.stack([torch.randperm(NODES, generator=generator)[:4] for _ in own])
    weights = torch.rand(len(own), 4, generator=generator) + 0.1
    skin = Skin(indices, weights / weights.sum(1, keepdim=True))
    normals = torch.nn.functional.normalize(torch.randn(len(own), 3, generator=generator), dim=-1)
    triangles = torch.arange(len(own)).reshape(-1, 3)
    return ClipMesh(vertices, normals, triangles, vertices[:, :2], torch.zeros(4, 4, 3), skin, motion, (0.0, 1.0))


@pytest.mark.parametrize("joints", [3, 5, 100])
def test_rigid_parts_become_joints_and_nothing_moves_otherwise(parts: ClipMesh, joints: int) -> None:
    """Oracle: analytic; three rigid parts need three joints, however many are allowed. At the motion's times nothing
    moves. Between them a node goes along the chord of its own arc, and a joint along that of its: they are no farther
    apart than the higher of the two arcs, r (1 - cos(angle / 2)).
    """
    reduced = reduce_rig(parts, RigConfig(joints))
    assert len(reduced.motion.rest) == PARTS
    assert int(reduced.skin.indices.max()) < PARTS
    torch.testing.assert_close(reduced.skin.weights.sum(1), torch.ones(len(parts.vertices)))
    arc = 0.45 * (1 - math.cos(1.4 / (TIMES - 1) / 2))
    for time, off in [*((time, 1e-5) for time in parts.motion.times.tolist()), (0.31, arc)]:
        for new, old in zip(pose_mesh(reduced, time), pose_mesh(parts, time), strict=True):
            torch.testing.assert_close(new, old, atol=off, rtol=0)


def test_too_few_joints_are_kept_to_and_more_are_better(parts: ClipMesh) -> None:
    """Oracle: invariant; one and two joints cannot carry three parts, and two do better than one."""
    errors = []
    for joints in (1, 2, 3):
        reduced = reduce_rig(parts, RigConfig(joints))
        assert len(reduced.motion.rest) == joints
        errors.append(float((pose_mesh(reduced, 1.0)[0] - pose_mesh(parts, 1.0)[0]).square().mean().sqrt()))
    assert errors[0] > errors[1] > 1e-2 and errors[2] < 1e-5


def test_nodes_without_vertices_do_not_matter(parts: ClipMesh) -> None:
    """Oracle: the result without them; a wild node that carries nothing is no joint."""
    motion = parts.motion
    wild = NodeMotion(
        torch.cat([torch.ones(1, 3), motion.rest]),
        torch.cat([torch.nn.functional.normalize(torch.ones(TIMES, 1, 4), dim=-1), motion.quats], 1),
        torch.cat([torch.full((TIMES, 1, 3), 7.0), motion.translations], 1),
        motion.times,
    )
    skin = replace(parts.skin, indices=parts.skin.indices + 1)
    reduced = reduce_rig(replace(parts, motion=wild, skin=skin), RigConfig(8))
    assert len(reduced.motion.rest) == PARTS
    torch.testing.assert_close(pose_mesh(reduced, 0.5)[0], pose_mesh(parts, 0.5)[0], atol=1e-5, rtol=0)


def test_poses_go_straight_within_the_tolerance(parts: ClipMesh) -> None:
    """Oracle: the mesh on its nodes, at every time of its motion and at the ends of the span."""
    shown = replace(parts, span=(0.1, 0.8))
    poses = pose_keys(shown, RigConfig(straight=0.01))
    times = poses.times
    assert 2 < len(times) < 8 and times[[0, -1]].tolist() == pytest.approx([0.1, 0.8])
    worst = 0.0
    for time in [0.1, *parts.motion.times[1:7].tolist(), 0.8]:
        high = int(torch.searchsorted(times, time).clamp(1, len(times) - 1))
        share = (time - times[high - 1]) / (times[high] - times[high - 1])
        line = poses.vertices[high - 1] + share * (poses.vertices[high] - poses.vertices[high - 1])
        worst = max(worst, float((line - pose_mesh(parts, time)[0]).norm(dim=-1).max()))
    assert 1e-4 < worst <= 0.0101
    torch.testing.assert_close(poses.normals.norm(dim=-1), torch.ones(poses.normals.shape[:2]))


def test_what_stands_still_has_two_poses_and_one_joint(parts: ClipMesh) -> None:
    """Oracle: analytic."""
    still = replace(parts.motion, quats=parts.motion.quats[:1].repeat(TIMES, 1, 1), translations=torch.zeros(9, 18, 3))
    mesh = replace(parts, motion=still)
    assert len(pose_keys(mesh).times) == 2 and len(reduce_rig(mesh).motion.rest) == 1
