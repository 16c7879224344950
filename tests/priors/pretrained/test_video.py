"""Video priors on tiny models of the real classes: conditions, counts, sizes, seeds, refusals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.priors.pretrained import tiny
from tests.priors.pretrained.conftest import disc
from tween4d.errors import InputError
from tween4d.priors.pretrained.ltx import LtxModel, make_ltx
from tween4d.priors.pretrained.memory import MemoryPolicy, apply_policy
from tween4d.priors.pretrained.settings import PretrainedSettings
from tween4d.priors.pretrained.vace import VaceModel, conditions, make_vace
from tween4d.priors.pretrained.video import Request, VideoConfig, VideoInbetweener
from tween4d.priors.pretrained.wan import WanModel, make_a14b, make_flf2v, refuse_blind

CONFIG = VideoConfig(steps=2)
MAKERS = [make_flf2v, make_a14b, make_vace, make_ltx]


def request_of(frames: int = 9, seed: int = 0) -> Request:
    return Request(torch.full((32, 32, 3), 0.9), torch.full((32, 32, 3), 0.2), frames, "object", seed)


@pytest.mark.parametrize("maker", MAKERS)
def test_a_guide_has_the_frames_and_the_size_that_were_asked(
    maker: Callable[[PretrainedSettings], VideoInbetweener], settings: PretrainedSettings
) -> None:
    """Oracle: the protocol; 6 frames of 24 x 32 from models that make 9 of 16 or 32 x 32; both ends are the inputs."""
    prior = maker(settings)
    prior._tracker = None
    start, end = disc(12.0), disc(20.0)
    video = prior.inbetween(start, end, 6, prompt="", seed=0).video
    assert video.rgb.shape == (6, 24, 32, 3) and video.alpha.shape == (6, 24, 32)
    assert torch.equal(video.rgb[0], start.rgb) and torch.equal(video.rgb[-1], end.rgb)
    assert torch.equal(video.alpha[0], start.alpha) and torch.equal(video.alpha[-1], end.alpha)
    assert torch.equal(video.times, torch.linspace(0, 1, 6))
    assert prior.info.kind == "pretrained" and prior.info.revision.startswith("files-")


def test_wan_is_conditioned_on_both_ends() -> None:
    """Oracle: the published layout; of 4 mask channels x 3 latent frames the first holds 4, the last 1 sub-frame."""
    pipeline = tiny.flf2v()
    seen: list[torch.Tensor] = []
    prepare = pipeline.prepare_latents

    def spy(*args: Any, **kwargs: Any) -> Any:
        answer = prepare(*args, **kwargs)
        seen.append(answer[1])
        return answer

    pipeline.prepare_latents = spy
    WanModel(pipeline, CONFIG)(request_of())
    mask = seen[0][0, :4]
    assert mask.sum((0, 2, 3)).tolist() == [64, 0, 16]


def test_vace_is_shown_both_ends_and_a_hole() -> None:
    """Oracle: the model's convention; black masks what is known, white what is to be made, on grey."""
    video, mask = conditions(request_of(5))
    assert mask.mean((1, 2, 3)).tolist() == [0, 1, 1, 1, 0]
    assert video.mean((1, 2, 3)).tolist() == pytest.approx([0.9, 0.5, 0.5, 0.5, 0.2])


def test_ltx_is_conditioned_on_both_ends() -> None:
    """Oracle: the pipeline's mask of given latent tokens; the end is appended as a frame of its own, both are 1."""
    pipeline = tiny.ltx()
    seen: list[torch.Tensor] = []
    prepare = pipeline.prepare_latents

    def spy(*args: Any, **kwargs: Any) -> Any:
        answer = prepare(*args, **kwargs)
        seen.append(answer[1])
        return answer

    pipeline.prepare_latents = spy
    LtxModel(pipeline, CONFIG)(request_of())
    (mask,) = seen
    # At 32 pixels and 4 times compression a picture is 8 x 8 tokens.
    assert (mask == 1).sum() == 2 * 64 and mask.shape[1] > 2 * 64


@pytest.mark.parametrize(
    "model",
    [
        lambda: WanModel(tiny.flf2v(), CONFIG),
        lambda: VaceModel(tiny.vace(), CONFIG),
        lambda: LtxModel(tiny.ltx(), CONFIG),
    ],
)
def test_the_seed_decides(model: Callable[[], Any]) -> None:
    """Oracle: determinism; the same seed gives the same frames bit for bit, another one others."""
    loaded = model()
    first = loaded(request_of(seed=1))
    assert torch.equal(first, loaded(request_of(seed=1)))
    assert not torch.equal(first, loaded(request_of(seed=2)))


def test_checkpoints_that_do_not_look_at_the_end_are_refused() -> None:
    """Oracle: traps known of diffusers: TI2V ignores the end picture, plain I2V fails on it, T2V takes none."""
    for changed, word in (
        ({"expand_timesteps": True}, "ignores the end"),
        ({"pos_embed_seq_len": None}, "not trained for an end"),
        ({"in_channels": 16, "image_dim": None, "pos_embed_seq_len": None}, "takes no pictures"),
    ):
        with pytest.raises(InputError, match=word):
            refuse_blind(tiny.flf2v(**changed))


def test_a_model_is_loaded_once_for_all_questions(settings: PretrainedSettings) -> None:
    """Oracle: counting loads; two questions one load, after a release another one."""
    prior = make_vace(settings)
    prior._tracker = None
    loads, load = [], prior._load
    prior._load = lambda: loads.append(1) or load()
    for _ in range(2):
        prior.inbetween(disc(12.0), disc(20.0), 5, prompt="", seed=0)
    assert len(loads) == 1
    prior.release()
    prior.inbetween(disc(12.0), disc(20.0), 5, prompt="", seed=0)
    assert len(loads) == 2


@pytest.mark.parametrize("precision", ["bfloat16", "fp8"])
def test_other_precisions_give_nearly_the_same(weights: Path, precision: str) -> None:
    """Oracle: the same model in float32; weights of eight bits are off by their step, not by more."""
    frames = []
    for name in ("float32", precision):
        settings = PretrainedSettings(weights, steps=2, size=32, precision=name)
        frames.append(make_flf2v(settings)._load()(request_of()))
    assert frames[1].isfinite().all()
    difference = (frames[0] - frames[1]).abs().mean()
    assert 0 < difference < 0.1


def test_parts_that_wait_in_main_memory_give_the_same(weights: Path) -> None:
    """Oracle: the same model with all parts in place; accelerate's hooks bring each part in by turns, here on a CPU."""
    settings = PretrainedSettings(weights, steps=2, size=32)
    model = make_flf2v(settings)._load()
    expected = model(request_of())
    apply_policy(model.pipeline, MemoryPolicy("cpu", torch.float32, False, offload=True, tiling=False))
    assert len(model.pipeline._all_hooks) >= 3
    # Copies of weights lie elsewhere in memory, where products may be summed in another order.
    torch.testing.assert_close(model(request_of()), expected, rtol=0, atol=1e-5)
