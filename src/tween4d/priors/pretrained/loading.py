"""Weights on disk: found, checked and fingerprinted. Nothing here reaches for the network; `pulling.py` does."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from tween4d.errors import BackendError, InputError, WeightsError
from tween4d.priors.pretrained.catalogue import CATALOGUE, ModelCard
from tween4d.priors.pretrained.settings import PretrainedSettings
from tween4d.priors.protocols import PriorInfo

RECORD = "tween4d.json"
"""What `tween4d models pull` writes beside the weights: source, revision, licence, checksums."""
FORBIDDEN = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".py")
EDGE = 1 << 20


@dataclass(frozen=True)
class Weights:
    """A model's files, checked."""

    card: ModelCard
    folder: Path
    revision: str
    """The pinned commit, if a record says it, and a fingerprint of the files."""
    parts: "tuple[Weights, ...]" = ()
    """Models that this one is built on."""

    @property
    def info(self) -> PriorInfo:
        """What an asset records of it: its own licence and those of what it is built on."""
        terms = "" if self.card.commercial == "yes" else f" (commercial use: {self.card.commercial})"
        bases = [
            (f"; {part.card.name} {part.revision}", f"; {part.card.name}: {part.info.licence}") for part in self.parts
        ]
        revision = self.revision + "".join(of for of, _ in bases)
        return PriorInfo(
            self.card.name, "pretrained", revision, self.card.licence + terms + "".join(of for _, of in bases)
        )

    def part(self, name: str) -> "Weights":
        """One of the models that this one is built on."""
        return next(part for part in self.parts if part.card.name == name)


def card_of(name: str) -> ModelCard:
    """A card of the catalogue.

    Raises:
        InputError: for an unknown name.
    """
    if name not in CATALOGUE:
        raise InputError("there is no pretrained model of this name", repr(name), f"known: {', '.join(CATALOGUE)}")
    return CATALOGUE[name]


def find_weights(name: str, settings: PretrainedSettings) -> Weights:
    """The files of a model, allowed and complete.

    Raises:
        WeightsError: when they are missing, damaged or of a kind that is not loaded; the remedy is the command.
        InputError: when the licence forbids what was asked, or was not accepted.
    """
    card = card_of(name)
    folder = settings.folder / name
    check_licence(card, settings, accepted_at_pull(folder))
    check_files(card, folder)
    parts = tuple(find_weights(part, settings) for part in card.needs)
    return Weights(card, folder, revision_of(card, folder), parts)


def check_licence(card: ModelCard, settings: PretrainedSettings, recorded: bool = False) -> None:
    """Refuse what the licence does not allow.

    Raises:
        InputError: with --commercial for non-commercial weights, or when terms were not accepted.
    """
    if settings.commercial and card.commercial == "no":
        raise InputError(
            f"the weights of {card.name} may not be used commercially", card.licence, "choose another prior"
        )
    if card.needs_acceptance and not recorded and card.name not in settings.accepted:
        raise InputError(
            f"the terms of {card.name} were not accepted: {card.terms}",
            card.licence,
            f"read them (tween4d models licence {card.name}), then add --accept-licence {card.name}",
        )


def check_files(card: ModelCard, folder: Path) -> None:
    """Refuse a folder that lacks weights or holds damaged ones; every tensor file's header is read.

    Raises:
        WeightsError: naming the file, and the command that gets it.
    """
    remedy = f"get it with: tween4d models pull {card.name} --weights {folder.parent}"
    if not folder.is_dir():
        raise WeightsError(f"the weights of {card.name} are not here", str(folder), remedy)
    tensors = sorted(folder.rglob("*.safetensors"))
    if not tensors:
        found = sorted(p.name for p in folder.rglob("*") if p.suffix in FORBIDDEN)
        got = f"{found[0]}, which is not loaded: it may hold code" if found else str(folder)
        raise WeightsError(f"the folder of {card.name} holds no .safetensors file", got, remedy)
    for index in folder.rglob("*.safetensors.index.json"):
        for part in set(json_of(index).get("weight_map", {}).values()):
            if not (index.parent / part).is_file():
                raise WeightsError(f"a file of {card.name} is missing", str(index.parent / part), remedy)
    for path in tensors:
        try:
            with safe_open(path, framework="pt") as opened:
                opened.keys()
        except (SafetensorError, OSError) as error:
            raise WeightsError(f"a file of {card.name} is damaged", str(path), remedy) from error


def accepted_at_pull(folder: Path) -> bool:
    """True when the record beside the weights says that the terms were accepted."""
    return bool((folder / RECORD).is_file() and json_of(folder / RECORD).get("accepted"))


def json_of(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        WeightsError: when the file is not one.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError("a file of a model cannot be read", str(path), "pull the model again") from error
    if not isinstance(value, dict):
        raise WeightsError("a file of a model is not a JSON object", str(path), "pull the model again")
    return value


def load_pipeline(weights: Weights, kind: Any, dtype: torch.dtype, **parts: Any) -> Any:
    """A pipeline of diffusers from a folder: no network, no code from the folder, safetensors only.

    Args:
        weights: checked files.
        kind: pipeline class; the folder's own `model_index.json` must name it or a relative that it can take.
        dtype: of all networks that `parts` does not replace.
        parts: components that are loaded already.
    Raises:
        WeightsError: when the folder does not hold such a pipeline.
    """
    if not (weights.folder / "model_index.json").is_file():
        raise WeightsError("the folder holds no pipeline of diffusers", str(weights.folder), "pull the model again")
    options = {"dtype": dtype, "local_files_only": True, "use_safetensors": True, "trust_remote_code": False}
    try:
        pipeline = kind.from_pretrained(weights.folder, **options, **parts)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise WeightsError(
            f"the files of {weights.card.name} do not make a {kind.__name__}", line, "pull it again"
        ) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def load_part(weights: Weights, name: str, kind: Any, dtype: torch.dtype | None = None) -> Any:
    """One part of a folder in the layout of diffusers: no network, no code from the folder, safetensors only.

    Args:
        weights: checked files.
        name: of the part's folder.
        kind: its class.
        dtype: for networks; None for what has no weights.
    Raises:
        WeightsError: when the folder does not hold it.
    """
    options: dict[str, Any] = {"subfolder": name, "local_files_only": True}
    if dtype is not None:
        options |= {"dtype": dtype, "use_safetensors": True}
    try:
        part = kind.from_pretrained(weights.folder, **options)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise WeightsError(
            f"the {name} of {weights.card.name} cannot be read", line, f"tween4d models pull {weights.card.name}"
        ) from error
    return part.eval() if isinstance(part, torch.nn.Module) else part


def need_packages() -> None:
    """Refuse early and in a sentence when the extra is not installed.

    Raises:
        BackendError: with the command.
    """
    try:
        import accelerate  # noqa: F401
        import diffusers
        import transformers
    except ImportError as error:
        raise BackendError(
            "pretrained priors need packages that are not installed",
            error.name or str(error),
            "pip install 'tween4d[pretrained]'",
        ) from error
    # Their own advice is about things that the user did not choose.
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def revision_of(card: ModelCard, folder: Path) -> str:
    """The pinned commit and the fingerprint of a folder.

    Raises:
        WeightsError: when the files are not those that the record of their download describes.
    """
    found = fingerprint(folder)
    record = json_of(folder / RECORD) if (folder / RECORD).is_file() else {}
    if record.get("fingerprint", found) != found:
        raise WeightsError(
            f"the files of {card.name} changed since they were pulled",
            f"{record['fingerprint']} became {found}",
            f"tween4d models check {card.name} says which; tween4d models pull {card.name} gets them again",
        )
    return f"{record.get('revision', '')} {found}".strip()


def fingerprint(folder: Path) -> str:
    """A name for the loaded files of a folder: of their names, sizes, beginnings and ends."""
    mark = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not _aside(p, folder)):
        size = path.stat().st_size
        mark.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
        with path.open("rb") as file:
            mark.update(file.read(EDGE))
            if size > 2 * EDGE:
                # Both ends of a large file: reading 60 GB for a name would take minutes.
                file.seek(size - EDGE)
                mark.update(file.read(EDGE))
    return f"files-{mark.hexdigest()[:16]}"


def _aside(path: Path, folder: Path) -> bool:
    """True for what lies in a model's folder and is not of the model: our record, the hub client's notes."""
    return path.name in (RECORD, f".{RECORD}.part") or ".cache" in path.relative_to(folder).parts
