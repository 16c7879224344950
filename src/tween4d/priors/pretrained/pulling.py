"""The only place that downloads: a model's files into a folder, pinned and with a record. Resumes where it stopped."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tween4d.errors import OutputError, WeightsError
from tween4d.priors.pretrained.catalogue import ModelCard
from tween4d.priors.pretrained.loading import (
    RECORD,
    accepted_at_pull,
    card_of,
    check_files,
    check_licence,
    fingerprint,
    json_of,
    need_packages,
)
from tween4d.priors.pretrained.settings import PretrainedSettings

BLOCK = 1 << 22


def pull(
    name: str, settings: PretrainedSettings, revision: str | None = None, download: Callable[..., Any] | None = None
) -> Path:
    """Get a model, and check what came.

    Args:
        name: of the catalogue.
        settings: the folder, and the acceptance of terms.
        revision: a commit; None takes that of the register, or of an earlier pull, or else the one that is current
            now, which is recorded and held to from then on.
        download: as `huggingface_hub.snapshot_download`; for tests.
    Returns:
        The model's folder: safetensors and JSON only, with a record of source, revision, licence and SHA-256.
    Raises:
        InputError: when the terms were not accepted.
        WeightsError: when the files cannot be had, do not arrive whole, or are others than before at the same commit.
    """
    card = card_of(name)
    folder = settings.folder / name
    check_licence(card, settings, accepted_at_pull(folder))
    known = json_of(folder / RECORD) if (folder / RECORD).is_file() else {}
    commit = revision or known.get("revision") or card.revision
    if download is None:
        need_packages()
        download, commit = _from_hub(card, commit or None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        download(repo_id=card.source, revision=commit or None, local_dir=folder, allow_patterns=list(card.files))
    except OSError as error:
        raise WeightsError(f"{card.source} cannot be downloaded", _line(error), _remedy(card, folder)) from error
    check_files(card, folder)
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".safetensors", ".json") and p.name != RECORD)
    sums = {p.relative_to(folder).as_posix(): sha256_of(p) for p in files if ".cache" not in p.parts}
    if known.get("revision", "") == commit != "":
        for name, digest in known.get("sha256", {}).items():
            if sums.get(name) != digest:
                raise WeightsError(
                    f"{card.source} gives another {name} than before at the same commit", commit,
                    f"if you trust it, remove {folder} and pull again",
                )  # fmt: skip
    record = {
        "source": card.source,
        "revision": commit,
        "licence": card.licence,
        "accepted": card.name in settings.accepted or bool(known.get("accepted")),
        "fingerprint": fingerprint(folder),
        "sha256": sums,
    }
    part = folder / f".{RECORD}.part"
    try:
        part.write_text(json.dumps(record, indent=1), encoding="utf-8")
        part.replace(folder / RECORD)
    except OSError as error:
        raise OutputError("the record of a model cannot be written", str(folder), "choose another folder") from error
    return folder


def check(name: str, settings: PretrainedSettings) -> int:
    """Compare every file of a model with the record of its download.

    Returns:
        How many files were compared.
    Raises:
        WeightsError: when one is missing or differs, or there is no record.
    """
    card = card_of(name)
    folder = settings.folder / name
    check_files(card, folder)
    if not (folder / RECORD).is_file():
        raise WeightsError("the model has no record to check against", str(folder), f"tween4d models pull {name}")
    known = json_of(folder / RECORD).get("sha256", {})
    for file, digest in known.items():
        path = folder / file
        if not path.is_file() or sha256_of(path) != digest:
            raise WeightsError(
                "a file of the model is missing or was altered", str(path), f"tween4d models pull {name}"
            )
    return len(known)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read in blocks."""
    mark = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            mark.update(block)
    return mark.hexdigest()


def _from_hub(card: ModelCard, revision: str | None) -> tuple[Callable[..., Any], str]:
    from huggingface_hub import HfApi, snapshot_download

    try:
        found = HfApi().model_info(card.source, revision=revision)
    except Exception as error:
        # The hub's client raises errors of its own, of its transport and of the system alike.
        raise WeightsError(f"{card.source} cannot be reached", _line(error), _remedy(card, Path(card.name))) from error
    return snapshot_download, str(found.sha)


def _remedy(card: ModelCard, folder: Path) -> str:
    asked = "accept its terms on its page and log in (hf auth login), or " if card.gated else ""
    return f"{asked}repeat the command, or copy the files into {folder} from a machine that has them"


def _line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
