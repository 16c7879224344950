"""Descriptors on tiny networks: one protocol, unit length, and they follow what is in the picture."""

from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, DDPMScheduler
from transformers import Dinov2Config, Dinov2Model, DINOv3ViTConfig, DINOv3ViTModel

from tests.priors.pretrained import tiny
from tests.priors.pretrained.conftest import disc
from tween4d.errors import InputError, WeightsError
from tween4d.priors.embedded.features import MatchingFeatures
from tween4d.priors.pretrained.features import DiftFeatures, DinoFeatures, make_dift, make_dino, make_dinov3
from tween4d.priors.pretrained.settings import PretrainedSettings
from tween4d.priors.protocols import Features, Releasable
from tween4d.priors.register import make_features


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
    torch.testing.assert_close(made.describe(disc(12.0)), DinoFeatures(network).describe(disc(12.0)))
    made.release()
    assert made._features is None and isinstance(made, Releasable)


def test_dinov3_is_a_dino_too_and_its_registers_are_no_patches(tmp_path: Path) -> None:
    """Oracle: the network's own last tokens; a picture of 448 pixels in patches of 16 has 28 by 28."""
    torch.manual_seed(0)
    config = DINOv3ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, patch_size=16,
        num_register_tokens=4,
    )  # fmt: skip
    DINOv3ViTModel(config).save_pretrained(tmp_path / "dinov3")
    made = make_dinov3(PretrainedSettings(tmp_path, accepted=("dinov3",)))
    grid = made.describe(disc(12.0))
    assert grid.shape == (16, 28, 28)
    tokens = made._features.network(pixel_values=torch.zeros(1, 3, 448, 448)).last_hidden_state
    assert tokens.shape[1] == 1 + 4 + 28 * 28
    with pytest.raises(InputError, match="terms of dinov3 were not accepted"):
        make_dinov3(PretrainedSettings(tmp_path))


@pytest.mark.parametrize("name", ["sd21", "zero123pp"])
def test_dift_takes_the_diffusion_network_at_hand(settings: PretrainedSettings, name: str) -> None:
    """Oracle: the protocol; the folder of a multi-view model is enough, and the object decides."""
    made = make_dift(settings, name)
    first = made.describe(disc(12.0))
    torch.testing.assert_close(first.norm(dim=0), torch.ones(first.shape[1:]))
    assert not torch.equal(first, made.describe(disc(20.0)))


def test_a_long_picture_has_a_square_grid_too() -> None:
    """Oracle: the protocol; a picture eight times as wide as high lies in the middle of the square."""
    wide = disc(12.0, 24, 192)
    assert DinoFeatures(dino(), 56).describe(wide).shape == (16, 4, 4)
    assert MatchingFeatures().describe(wide).shape[1:] == (32, 32)


def test_the_embedded_features_follow_the_object() -> None:
    """Oracle: the protocol, and translation: where the disc went its descriptors are found again, not elsewhere."""
    features = MatchingFeatures()
    first, moved = features.describe(disc(10.0, 32)), features.describe(disc(18.0, 32))
    torch.testing.assert_close(first.norm(dim=0), torch.ones(first.shape[1:]))
    assert torch.equal(first, features.describe(disc(10.0, 32)))
    here, there = first[:, 16, 10], moved[:, 16]
    assert abs(int((here @ there).argmax()) - 18) <= 2


def test_auto_takes_what_is_here_and_says_so(weights: Path, tmp_path: Path) -> None:
    """Oracle: the order of the register; what is not accepted is passed over, a name that is asked for is not."""
    notes: list[str] = []

    def told(folder: Path, *accepted: str, commercial: bool = False) -> str:
        settings = PretrainedSettings(
            folder, accepted, commercial, report=lambda text, warning=False: notes.append(text)
        )
        _, info = make_features("auto", settings)
        assert "that is here" in notes[-1]
        return info.name

    assert told(weights, "sd21", "zero123pp") == "sd21"
    assert told(weights, "zero123pp") == "zero123pp"
    assert told(weights, "zero123pp", commercial=True) == "embedded-features" == told(tmp_path)
    with pytest.raises(WeightsError, match="tween4d models pull dinov2"):
        make_features("dinov2", PretrainedSettings(tmp_path))
    with pytest.raises(InputError, match="no features of this name"):
        make_features("clip")
