"""The mesh of a clip."""

import numpy as np
import pytest
import torch
import trimesh

from tests.scenes import BALL_RADIUS, ball_colors, ball_surface
from tween4d.data.gaussians import Gaussians, sh_from_colors
from tween4d.data.mesh import ClipMesh
from tween4d.data.nodes import NodeMotion, Skin
from tween4d.stages.mesh import MeshConfig, hang_vertices, mesh_clip


def ball_gaussians() -> Gaussians:
    """A ball with a dense shell, the radius of whose middle is BALL_RADIUS."""
    points = ball_surface(6000)
    quats = torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(6000, 1)
    scales = torch.full((6000, 3), float(np.log(0.012)))
    return Gaussians(points.positions, quats, scales, torch.full((6000,), 3.0), sh_from_colors(points.colors))


def ball_skin(gaussians: Gaussians) -> Skin:
    """The upper half on node 1, the lower half on node 0."""
    upper = (gaussians.means[:, 1] > 0).long()
    return Skin(torch.stack([upper] * 4, -1), torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(len(upper), 1))


@pytest.fixture(scope="module")
def ball() -> ClipMesh:
    gaussians = ball_gaussians()
    rest = torch.tensor([[0.0, -0.2, 0.0], [0.0, 0.2, 0.0]])
    quats = torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(1, 2, 1)
    motion = NodeMotion(rest, quats, torch.zeros(1, 2, 3), torch.zeros(1))
    config = MeshConfig(faces=1500, grid=64, view_size=128, texture_size=128)
    return mesh_clip(gaussians, ball_skin(gaussians), motion, (0.0, 1.0), config)


def test_the_surface_is_closed_and_turned_outwards(ball: ClipMesh) -> None:
    """Oracle: trimesh, after joining the seams of the texture, and the volume of the ball."""
    mesh = trimesh.Trimesh(ball.vertices.numpy(), ball.triangles.numpy(), process=False)
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    assert mesh.is_watertight and mesh.is_winding_consistent
    assert mesh.body_count == 1
    # The fused surface lies in the outer half of a shell 0.012 thick.
    assert 4 / 3 * np.pi * (BALL_RADIUS - 0.01) ** 3 < mesh.volume < 4 / 3 * np.pi * (BALL_RADIUS + 0.03) ** 3
    assert len(ball.triangles) <= 1500


def test_the_texture_shows_the_colours(ball: ClipMesh) -> None:
    """Oracle: the ball's colours in closed form, at the vertices."""
    rows = (ball.coordinates * 128).long().clamp(0, 127)
    found = ball.texture[rows[:, 1], rows[:, 0]]
    radius = ball.vertices.norm(dim=-1, keepdim=True)
    expected = ball_colors(ball.vertices / radius * BALL_RADIUS)
    assert float((found - expected).abs().mean()) < 0.08


def test_vertices_follow_the_nodes_of_the_nearest_gaussians(ball: ClipMesh) -> None:
    """Oracle: the skin's own rule: above the equator node 1, below it node 0, weights sum to 1."""
    torch.testing.assert_close(ball.skin.weights.sum(-1), torch.ones(len(ball.vertices)))
    far = ball.vertices[:, 1].abs() > 0.1
    node = ball.skin.indices.gather(1, ball.skin.weights.argmax(-1, keepdim=True))[:, 0]
    assert torch.equal(node[far], (ball.vertices[far, 1] > 0).long())


def test_a_vertex_on_a_gaussian_takes_its_weights() -> None:
    """Oracle: with one neighbour asked for, the weights are that Gaussian's, whatever the distance."""
    gaussians = ball_gaussians().select(torch.arange(5))
    weights = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).repeat(5, 1)
    skin = Skin(torch.tensor([[3, 1, 4, 0]]).repeat(5, 1), weights)
    hung = hang_vertices(gaussians.means, gaussians, skin, near=1)
    torch.testing.assert_close(hung.weights, weights)
    assert torch.equal(hung.indices, skin.indices)
