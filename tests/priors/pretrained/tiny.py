"""Tiny models with random weights, of the real classes, saved as real ones are."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLLTXVideo,
    AutoencoderKLWan,
    DDPMScheduler,
    EulerAncestralDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    LTXConditionPipeline,
    LTXVideoTransformer3DModel,
    T2IAdapter,
    UNet2DConditionModel,
    UniPCMultistepScheduler,
    WanImageToVideoPipeline,
    WanTransformer3DModel,
    WanVACEPipeline,
    WanVACETransformer3DModel,
)
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModel,
    CLIPVisionModelWithProjection,
    PreTrainedTokenizerFast,
    T5Config,
    T5EncoderModel,
    UMT5Config,
    UMT5EncoderModel,
)

NETWORK: dict[str, Any] = {
    "patch_size": (1, 2, 2), "num_attention_heads": 2, "attention_head_dim": 12, "out_channels": 16, "text_dim": 32,
    "freq_dim": 256, "ffn_dim": 32, "cross_attn_norm": True, "qk_norm": "rms_norm_across_heads",
    "rope_max_seq_len": 32,
}  # fmt: skip
VISION = CLIPVisionConfig(
    hidden_size=4, projection_dim=4, num_hidden_layers=2, num_attention_heads=2, image_size=4, intermediate_size=16,
    patch_size=1,
)  # fmt: skip
SIDE = 16


def _language() -> dict[str, Any]:
    words = Tokenizer(models.WordLevel({"<pad>": 0, "</s>": 1, "<unk>": 2, "object": 3}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
    config = UMT5Config(vocab_size=8, d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=4)
    return {"tokenizer": tokenizer, "text_encoder": UMT5EncoderModel(config).eval()}


def _decoder() -> AutoencoderKLWan:
    return AutoencoderKLWan(
        base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
    )


def flf2v(**changed: Any) -> WanImageToVideoPipeline:
    """A Wan 2.1 FLF2V; `changed` are fields of the network, or `expand_timesteps` of the pipeline."""
    torch.manual_seed(0)
    pipeline = {k: changed.pop(k) for k in ("expand_timesteps",) if k in changed}
    network = NETWORK | {"in_channels": 36, "num_layers": 2, "image_dim": 4, "pos_embed_seq_len": 34} | changed
    eyes = network["image_dim"] is not None
    return WanImageToVideoPipeline(
        **_language(),
        vae=_decoder(),
        transformer=WanTransformer3DModel(**network),
        image_encoder=CLIPVisionModel(VISION) if eyes else None,
        image_processor=CLIPImageProcessor(crop_size=4, size=4) if eyes else None,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
        **pipeline,
    )


def a14b() -> WanImageToVideoPipeline:
    """A Wan 2.2 I2V: two experts."""
    torch.manual_seed(0)
    network = NETWORK | {"in_channels": 36, "num_layers": 1, "image_dim": None}
    return WanImageToVideoPipeline(
        **_language(),
        vae=_decoder(),
        transformer=WanTransformer3DModel(**network),
        transformer_2=WanTransformer3DModel(**network),
        boundary_ratio=0.9,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
    )


def vace() -> WanVACEPipeline:
    """A Wan 2.1 VACE."""
    torch.manual_seed(0)
    network = NETWORK | {"in_channels": 16, "num_layers": 3, "vace_layers": [0, 2], "vace_in_channels": 96}
    return WanVACEPipeline(
        **_language(),
        vae=_decoder(),
        transformer=WanVACETransformer3DModel(**network),
        scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=7),
    )


def ltx() -> LTXConditionPipeline:
    """An LTX-Video that takes conditions."""
    torch.manual_seed(0)
    decoder = AutoencoderKLLTXVideo(
        latent_channels=8, block_out_channels=(8,) * 4, decoder_block_out_channels=(8,) * 4,
        layers_per_block=(1,) * 5, decoder_layers_per_block=(1,) * 5,
        spatio_temporal_scaling=(True, True, False, False),
        decoder_spatio_temporal_scaling=(True, True, False, False), patch_size=1, patch_size_t=1,
    )  # fmt: skip
    network = LTXVideoTransformer3DModel(
        in_channels=8, out_channels=8, num_attention_heads=4, attention_head_dim=8, cross_attention_dim=32,
        num_layers=1, caption_channels=32,
    )  # fmt: skip
    words = T5Config(vocab_size=8, d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=4)
    return LTXConditionPipeline(
        tokenizer=_language()["tokenizer"],
        text_encoder=T5EncoderModel(words).eval(),
        vae=decoder.eval(),
        transformer=network,
        scheduler=FlowMatchEulerDiscreteScheduler(),
    )


def _reader() -> dict[str, Any]:
    """What a picture model reads words with, and its latents."""
    return {
        "vae": AutoencoderKL(
            block_out_channels=(8, 16), norm_num_groups=4, latent_channels=4,
            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        ),
        "text_encoder": CLIPTextModel(
            CLIPTextConfig(
                hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, vocab_size=4,
                bos_token_id=1, eos_token_id=2, pad_token_id=0,
            )
        ),
        "tokenizer": CLIPTokenizer(
            vocab={"<|pad|>": 0, "<|startoftext|>": 1, "<|endoftext|>": 2, "a": 3}, merges=[], model_max_length=77
        ),
    }  # fmt: skip


def save_base(folder: Path) -> Path:
    """A Stable Diffusion 2.1 in the published layout; its first level has attention, its second none, as the real."""
    torch.manual_seed(0)
    parts = _reader() | {"unet": level_unet(), "scheduler": DDPMScheduler(beta_schedule="scaled_linear")}
    for name, part in parts.items():
        part.save_pretrained(folder / name)
    return folder


def level_unet() -> UNet2DConditionModel:
    """A denoising network that takes the features of an encoder of cameras at each level."""
    return UNet2DConditionModel(
        block_out_channels=(32, 64), layers_per_block=1, sample_size=8, cross_attention_dim=32, attention_head_dim=4,
        norm_num_groups=8, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    ).eval()  # fmt: skip


def adapter_state() -> dict[str, torch.Tensor]:
    """The tensors of an MV-Adapter for `level_unet`, under the names of the published file; written by hand."""
    made = torch.Generator().manual_seed(3)
    state = dict(T2IAdapter(in_channels=6, channels=[32, 64], num_res_blocks=1, downscale_factor=2).state_dict())
    places = {"down_blocks.0.attentions.0": 32, "mid_block.attentions.0": 64, "up_blocks.1.attentions.0": 32}
    places["up_blocks.1.attentions.1"] = 32
    for place, width in places.items():
        for kind in ("mv", "ref"):
            layer = f"{place}.transformer_blocks.0.attn1.processor"
            for part in ("to_q", "to_k", "to_v"):
                state[f"{layer}.{part}_{kind}.weight"] = 0.2 * torch.randn(width, width, generator=made)
            state[f"{layer}.to_out_{kind}.0.weight"] = 0.2 * torch.randn(width, width, generator=made)
            state[f"{layer}.to_out_{kind}.0.bias"] = 0.2 * torch.randn(width, generator=made)
    return state


def save_mvadapter(folder: Path) -> Path:
    """An MV-Adapter as it is published: one file."""
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    save_file(adapter_state(), folder / "mvadapter_i2mv_sd21.safetensors")
    return folder


def save_zero123(folder: Path) -> Path:
    """A Zero123++ in the published layout."""
    torch.manual_seed(0)
    parts = {
        "unet": tiny_unet(),
        **_reader(),
        "vision_encoder": CLIPVisionModelWithProjection(
            CLIPVisionConfig(
                hidden_size=16, projection_dim=32, num_hidden_layers=1, num_attention_heads=2, image_size=8,
                intermediate_size=16, patch_size=4,
            )
        ),
        "scheduler": EulerAncestralDiscreteScheduler(prediction_type="v_prediction"),
        "feature_extractor_clip": CLIPImageProcessor(size={"shortest_edge": 8}, crop_size={"height": 8, "width": 8}),
        "feature_extractor_vae": CLIPImageProcessor(
            size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}, image_mean=[0.5] * 3,
            image_std=[0.8] * 3,
        ),
    }  # fmt: skip
    for name, part in parts.items():
        part.save_pretrained(folder / name)
    index = {"_class_name": "Zero123PlusPipeline", "ramping_coefficients": [i / 76 for i in range(77)]}
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def tiny_unet() -> UNet2DConditionModel:
    """A denoising network with attention at two places."""
    return UNet2DConditionModel(
        block_out_channels=(32, 64), layers_per_block=1, sample_size=8, cross_attention_dim=32, attention_head_dim=8,
        norm_num_groups=8, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    ).eval()  # fmt: skip
