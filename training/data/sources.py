"""Where training subjects come from: procedural families, and a folder of models when there is one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from training.data.families import is_held_out
from training.data.gltf import UnreadableModel
from training.data.procedural import procedural_subject
from training.data.subject import Subject
from tween4d.synthetic.families import FAMILIES

MODELS_SHARE = 0.7
"""Share of subjects that are models, when a folder of models is given."""


@dataclass(frozen=True)
class Source:
    """One family of procedural objects, or one model."""

    family: str
    kind: str
    """"procedural" or "model"."""
    weight: float
    """How often it is drawn, relative to the others."""
    make: Callable[[np.random.Generator], Subject]


def chosen_sources(assets: Path | None, held_out: bool) -> tuple[Source, ...]:
    """The sources for validation, or all others."""
    return tuple(source for source in list_sources(assets) if is_held_out(source.family) == held_out)


def draw_subjects(sources: tuple[Source, ...], generator: np.random.Generator) -> Iterator[tuple[Subject, str]]:
    """Subjects by their sources' weights, for ever, each with its source's kind; models that cannot be read are
    passed over."""
    weights = np.array([source.weight for source in sources])
    while True:
        source = sources[generator.choice(len(sources), p=weights / weights.sum())]
        try:
            subject = source.make(generator)
        except UnreadableModel:
            continue
        yield subject, source.kind


def list_sources(assets: Path | None) -> tuple[Source, ...]:
    """All families and, with a folder, all its models; a pack of many alike models counts less per model."""
    procedural = [Source(name, "procedural", 1.0 / len(FAMILIES), partial(_draw, name)) for name in sorted(FAMILIES)]
    if assets is None:
        return tuple(procedural)
    from training.data.models import list_models, load_entry, model_subject

    entries = list_models(assets)
    packs = [entry.family.split("_")[0] for entry in entries]
    weights = [packs.count(pack) ** -0.5 for pack in packs]
    ratio = MODELS_SHARE / (1 - MODELS_SHARE) / sum(weights)
    models = [
        Source(entry.family, "model", ratio * weight, lambda g, entry=entry: model_subject(load_entry(entry), g))
        for entry, weight in zip(entries, weights, strict=True)
    ]
    return (*procedural, *models)


def _draw(family: str, generator: np.random.Generator) -> Subject:
    return procedural_subject(family, int(generator.integers(2**31)), generator)
