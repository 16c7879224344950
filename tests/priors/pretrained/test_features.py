"""Descriptors on tiny networks: one protocol, unit length, and they follow what is in the picture."""

from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDPMScheduler
from transformers import Dinov2Config, Dinov2Model

from tests.priors.pretrained import tiny
from tests.priors.pretrained.conftest import disc
from tween4d.priors.pretrained.features import DiftFeatures, DinoFeatures, make_dino
from tween4d.priors.pretrained.settings import PretrainedSettings
from tween4d.priors.protocols import Features


def dino() -> Dinov2Model:
    torch.manual_seed(0)
    config = Dinov2Config(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=28, patch_size=14
    )
    return Dinov2Model(config).eval()


def dift() -> DiftFeatures:
    torch.manual_seed(0)
    vae = AutoencoderKL(block_out_channels=(8,), norm_num_groups=4, latent_channels=4).eval()
    return DiftFeatures(tiny.tiny_unet(), vae, DDPMScheduler(), torch.randn(1, 5, 32), size=32)


def test_both_kinds_keep_the_protocol() -> None:
    """Oracle: the protocol; unit length everywhere, the same picture gives the same, another one another."""
    for features in (DinoFeatures(dino(), 56), dift()):
        assert isinstance(features, Features)
        first = features.describe(disc(12.0))
        torch.testing.assert_close(first.norm(dim=0), torch.ones(first.shape[1:]))
        assert torch.equal(first, features.describe(disc(12.0)))
        assert not torch.equal(first, features.describe(disc(20.0)))


def test_the_grid_covers_the_picture() -> None:
    """Oracle: 56 pixels in patches of 14, and a network of two levels at 32 pixels."""
    assert DinoFeatures(dino(), 56).describe(disc(12.0)).shape == (16, 4, 4)
    assert dift().describe(disc(12.0)).shape == (32, 32, 32)


def test_a_saved_network_is_loaded_by_the_usual_path(tmp_path: Path) -> None:
    """Oracle: the network that was saved gives the same descriptors."""
    network = dino()
    network.save_pretrained(tmp_path / "dinov2")
    made = make_dino(PretrainedSettings(tmp_path))
    made.size = 56
    torch.testing.assert_close(made.describe(disc(12.0)), DinoFeatures(network, 56).describe(disc(12.0)))
