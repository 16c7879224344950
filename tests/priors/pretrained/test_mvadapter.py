"""MV-Adapter: its cameras on a painted ball, its attention against loops, its file, and views from a tiny model."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler, T2IAdapter
from diffusers.models.attention_processor import Attention, AttnProcessor2_0

from tests.priors.pretrained import tiny
from tests.priors.pretrained.test_multiview import guide_of, painted
from tween4d.data.cameras import input_camera, project
from tween4d.errors import InputError, WeightsError
from tween4d.priors.pretrained.crosstime_attention import CrossTimeConfig, even_moments
from tween4d.priors.pretrained.mvadapter import (
    AZIMUTHS,
    RIG,
    adapter_attentions,
    camera_pictures,
    fill,
    make_mvadapter,
    shifted_betas,
    widen,
)
from tween4d.priors.pretrained.placement import Placement, rig_cameras
from tween4d.priors.pretrained.rowwise_attention import AdapterAttention
from tween4d.priors.pretrained.settings import PretrainedSettings


def maker_axes(azimuth: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Right, up and back of a camera as the makers place it: z up, from -y at azimuth 0, towards +x after it."""
    turn = np.deg2rad(azimuth - 90)
    back = np.array([np.cos(turn), np.sin(turn), 0.0])
    right = np.cross(-back, [0, 0, 1.0])
    return right, np.array([0, 0, 1.0]), back


def maker_view(azimuth: float, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A ball of diameter 1 by parallel rays, the picture 1.1 wide: colour and coverage, without any of our code."""
    right, up, back = maker_axes(azimuth)
    rows, columns = np.mgrid[:size, :size] + 0.5
    x, y = (columns / size * 2 - 1) * 0.55, (1 - rows / size * 2) * 0.55
    inside = 0.25 - x**2 - y**2
    depth = np.sqrt(np.maximum(inside, 0))
    places = x[..., None] * right + y[..., None] * up + depth[..., None] * back
    # Their -y points at the input camera, their x to its right: ours are x, z, -y.
    ours = np.stack([places[..., 0], places[..., 2], -places[..., 1]], -1) / 0.5
    return painted(ours) * (inside > 0)[..., None], inside > 0


@pytest.mark.parametrize("centre, scale", [((0.0, 0.0, 0.0), 1.0), ((0.12, -0.08, 0.0), 0.6)])
def test_its_cameras_see_the_painted_ball_where_it_is(centre: tuple[float, float, float], scale: float) -> None:
    """Oracle: parallel rays in the makers' own convention; each of our points takes its colour under its pixel."""
    size = 128
    directions = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
    directions = directions / directions.norm(dim=-1, keepdim=True)
    points = torch.tensor(centre) + scale * 0.5 * directions
    for azimuth, camera in zip(
        RIG.azimuths, rig_cameras(RIG, size, Placement(torch.tensor(centre), scale)), strict=True
    ):
        picture, covered = maker_view(azimuth, size)
        back = camera.position / camera.position.norm()
        facing = (directions * back).sum(-1) > 0.2
        assert facing.sum() > 50
        pixels, depth = project(points[facing], camera)
        assert (depth > 0).all()
        columns, rows = pixels.floor().long().unbind(-1)
        assert covered[rows, columns].all()
        wanted = np.stack([painted(d) for d in directions[facing].numpy()])
        assert np.abs(picture[rows, columns] - wanted).max() < 0.15


def test_the_model_is_told_the_cameras_of_its_makers() -> None:
    """Oracle: the makers' convention; direction of view, then place, of length 1, moved from [-1, 1] to [0, 1]."""
    told = camera_pictures(4)
    assert told.shape == (6, 6, 4, 4)
    for azimuth, picture in zip(AZIMUTHS, told, strict=True):
        back = maker_axes(azimuth)[2]
        wanted = torch.tensor(np.concatenate([-back, back]) / 2 + 0.5).float()
        torch.testing.assert_close(picture, wanted[:, None, None].expand(6, 4, 4))


def test_the_schedule_ends_noisier_and_begins_as_it_was() -> None:
    """Oracle: the ratio of signal to noise of the base's schedule: the same at first, an eighth at last."""
    base = DDPMScheduler(beta_schedule="scaled_linear")
    shifted = DDPMScheduler(trained_betas=shifted_betas(base.alphas_cumprod, 8.0))
    first, last = [(s.alphas_cumprod / (1 - s.alphas_cumprod))[[0, -1]] for s in (base, shifted)]
    torch.testing.assert_close(last / first, torch.tensor([1.0, 1 / 8]), rtol=1e-3, atol=0)


@torch.no_grad()
def test_a_layer_is_its_own_attention_and_two_more() -> None:
    """Oracle: loops in float64: a token sees its row in all views of its moment, and the picture of its moment."""
    torch.manual_seed(0)
    views, moments, side, width, heads = 6, 2, 3, 8, 2
    attn = Attention(width, heads=heads, dim_head=4).double().eval()
    layer = AdapterAttention("a", width, views, AttnProcessor2_0()).double()
    x, seen = torch.randn(views * moments, 9, width).double(), torch.randn(moments, 5, width).double()

    def looked(query: torch.Tensor, tokens: torch.Tensor, kind: str) -> torch.Tensor:
        q, k, v = (getattr(layer, f"to_{p}_{kind}")(y) for p, y in (("q", query), ("k", tokens), ("v", tokens)))
        parts = [slice(4 * h, 4 * h + 4) for h in range(heads)]
        mixed = [torch.softmax(q[p] @ k[:, p].T / 2, -1) @ v[:, p] for p in parts]
        return getattr(layer, f"to_out_{kind}")[0](torch.cat(mixed))

    for blind in (False, True):
        made = layer(attn, x, store={"a": seen}, blind=blind)
        own = AttnProcessor2_0()(attn, x)
        for row in range(views * moments):
            moment = row % moments
            for token in range(9):
                line = slice(token // side * side, token // side * side + side)
                bank = torch.cat([x[view * moments + moment, line] for view in range(views)])
                picture = torch.zeros_like(seen[moment]) if blind else seen[moment]
                wanted = own[row, token] + looked(x[row, token], bank, "mv") + looked(x[row, token], picture, "ref")
                torch.testing.assert_close(made[row, token], wanted, rtol=1e-9, atol=1e-11)
    store: dict[str, torch.Tensor] = {}
    assert torch.equal(layer(attn, x, store=store, writing=True), own) and torch.equal(store["a"], x)


def test_every_tensor_of_the_published_file_has_its_place() -> None:
    """Oracle: names written by hand from the published layout; one too many or too few is refused by its name."""
    unet, encoder = (
        tiny.level_unet(),
        T2IAdapter(in_channels=6, channels=(32, 64), num_res_blocks=1, downscale_factor=2),
    )
    widen(unet)
    state = tiny.adapter_state()
    fill(unet, encoder, state)
    assert len(adapter_attentions(unet)) == 4
    name = "mid_block.attentions.0.transformer_blocks.0.attn1.processor.to_k_ref.weight"
    assert torch.equal(dict(unet.named_parameters())[name], state[name])
    with pytest.raises(WeightsError, match="lacks mid_block.*to_k_ref"):
        fill(unet, encoder, {n: t for n, t in state.items() if n != name})
    with pytest.raises(WeightsError, match="unknown zzz"):
        fill(unet, encoder, state | {"zzz": torch.zeros(1)})
    with pytest.raises(WeightsError, match="does not fit its base"):
        fill(unet, encoder, state | {name: torch.zeros(3, 3)})


def test_it_answers_with_views_by_seed_and_looks_at_the_input(settings: PretrainedSettings) -> None:
    """Oracle: the protocol, determinism, and other pictures give other views of that moment alone when apart."""
    prior = make_mvadapter(settings)
    assert prior.config.size == 16 and prior.info.licence.startswith("Apache-2.0; sd21: CreativeML Open RAIL++-M")
    answers = prior.imagine(guide_of(), (0, 4), (input_camera(32, 24),), seed=0)
    assert [a.frame for a in answers] == [0, 4] and all(a.rgb.shape[1:] == (24, 32, 3) for a in answers)
    model = prior._model
    assert model is not None
    model.config = replace(model.config, across_time=CrossTimeConfig(gamma=0, reach=0))  # ty: ignore
    pictures = torch.rand(1, 16, 16, 3, generator=torch.Generator().manual_seed(0)).repeat(2, 1, 1, 1)
    same = model(pictures, even_moments(2), 0)
    assert same.shape == (2, 5, 16, 16, 3)
    # Moments share their noise: what shows the same gives the same.
    torch.testing.assert_close(same[1], same[0], atol=1e-4, rtol=0)
    assert torch.equal(model(pictures, even_moments(2), 0), same)
    assert not torch.equal(model(pictures, even_moments(2), 1), same)
    pictures[1] = 1 - pictures[1]
    other = model(pictures, even_moments(2), 0)
    torch.testing.assert_close(other[0], same[0], atol=1e-4, rtol=0)
    assert (other[1] - same[1]).abs().max() > 1e-3
    model.config = replace(model.config, across_time=CrossTimeConfig())  # ty: ignore
    assert (model(pictures, even_moments(2), 0)[0] - same[0]).abs().max() > 1e-4


def test_its_base_is_asked_for(weights: Path, tmp_path: Path) -> None:
    """Oracle: the catalogue; the base's terms are to be accepted, it may be used commercially, it must be here."""
    with pytest.raises(InputError, match="terms of sd21 were not accepted"):
        make_mvadapter(PretrainedSettings(weights))
    make_mvadapter(PretrainedSettings(weights, ("sd21",), commercial=True))
    tiny.save_mvadapter(tmp_path / "mv-adapter")
    with pytest.raises(WeightsError, match="tween4d models pull sd21"):
        make_mvadapter(PretrainedSettings(tmp_path, ("sd21",)))


def test_far_cameras_stand_for_parallel_ones() -> None:
    """Oracle: geometry; between the near and the far side of an object of radius 0.5 a length changes by 2 %."""
    near, far = RIG.distance - 0.5, RIG.distance + 0.5
    assert far / near < 1.02
    assert 2 * RIG.distance * math.tan(math.radians(RIG.fov_degrees / 2)) == pytest.approx(1.1)
