"""Which priors there are: names, licences and lazy factories; nothing is imported before it is asked for."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from tween4d.errors import InputError, Tween4dError
from tween4d.priors.checksums import CHECKSUMS
from tween4d.priors.pretrained.catalogue import CATALOGUE, REFUSED, ModelCard, recommended
from tween4d.priors.pretrained.settings import PretrainedSettings
from tween4d.priors.protocols import Features, PriorInfo, Priors


@dataclass(frozen=True)
class Registered:
    """One prior that a run can name."""

    info: PriorInfo
    role: str
    """The field of `Priors` that it fills: matter, inbetweener or multiview."""
    factory: Callable[..., Any]
    """Makes it; a pretrained one from `PretrainedSettings`, any other from nothing."""
    needs: tuple[str, ...] = ()
    """Modules beyond the core dependencies."""


def _lazy(module: str, name: str) -> Callable[..., Any]:
    return lambda *settings: getattr(import_module(module), name)(*settings)


def _embedded(name: str, role: str, module: str, kind: str, weights: str = "") -> Registered:
    """A prior of our own; one with weights has the beginning of their checksum as its revision."""
    info = PriorInfo(name, "embedded", CHECKSUMS[weights][:16] if weights else "1", "Apache-2.0")
    return Registered(info, role, _lazy(f"tween4d.priors.embedded.{module}", kind))


def _pretrained(card: ModelCard) -> Registered:
    """A prior whose weights are not part of the package; its revision is known when they are found."""
    info = PriorInfo(card.name, "pretrained", "", card.licence)
    module, _, kind = card.maker.partition(":")
    needs = ("diffusers", "transformers", "accelerate")
    return Registered(info, card.role, _lazy(f"tween4d.priors.pretrained.{module}", kind), needs)


REGISTER: dict[str, Registered] = {
    entry.info.name: entry
    for entry in (
        _embedded("border-grabcut", "matter", "matting", "BorderMatter"),
        _embedded("lattice-motion", "inbetweener", "motion", "LatticeInbetweener"),
        _embedded("learned-motion", "inbetweener", "motion", "MatchedInbetweener", "motion"),
        _embedded("inflation", "multiview", "geometry", "InflationPrior"),
        _embedded("surface-network", "multiview", "geometry", "make_lifting_prior", "geometry"),
        *(_pretrained(card) for card in CATALOGUE.values() if card.maker and card.role != "features"),
    )
}
SETS: dict[str, dict[str, str]] = {
    "embedded": {"matter": "border-grabcut", "inbetweener": "learned-motion", "multiview": "surface-network"},
    "classical": {"matter": "border-grabcut", "inbetweener": "lattice-motion", "multiview": "inflation"},
    "pretrained": {"matter": "border-grabcut", "inbetweener": "wan-flf2v", "multiview": "zero123pp"},
}
"""Priors that are named together: what ships with the package, its part that needs no weights, and large models, of
which `members` takes others where these do not suit the machine or the use."""
DEFAULTS = SETS["embedded"]
SMALLEST = "wan-vace"
"""The video model that is taken where no card suits any."""
FEATURES: dict[str, tuple[str, str, str]] = {
    "dift": ("sd21", "pretrained.features", "make_dift"),
    "dift-zero123pp": ("zero123pp", "pretrained.features", "make_zero123_dift"),
    "dinov2": ("dinov2", "pretrained.features", "make_dino"),
    "dinov3": ("dinov3", "pretrained.features", "make_dinov3"),
    "embedded": ("", "embedded.features", "make_features"),
}
"""What keyframes can be scored by: the model whose weights it takes, and its maker; `auto` takes the first that is
here."""


def make_priors(settings: PretrainedSettings = PretrainedSettings(), /, **names: str) -> Priors:
    """The priors of a run.

    Args:
        settings: for pretrained ones.
        names: a registered name per role (matter, inbetweener, multiview); roles left out take the embedded one.
    Raises:
        InputError: for a name that is not registered for the role, or terms that were not accepted.
        WeightsError: when the weights of a pretrained one are not here.
    """
    chosen = {role: _find(role, names.get(role, default)) for role, default in DEFAULTS.items()}
    made = {
        role: entry.factory(settings) if entry.info.kind == "pretrained" else entry.factory()
        for role, entry in chosen.items()
    }
    # A pretrained prior knows more of itself than the register: which files it found.
    return Priors(**made, info=tuple(getattr(made[role], "info", entry.info) for role, entry in chosen.items()))


def make_set(name: str, settings: PretrainedSettings = PretrainedSettings(), **names: str) -> Priors:
    """The priors of a named set, with others named for single roles.

    Raises:
        InputError: for a name that is not in `SETS`.
    """
    return make_priors(settings, **(members(name, settings, names) | names))


def members(name: str, settings: PretrainedSettings, named: Collection[str] = ()) -> dict[str, str]:
    """The priors of a set on this machine; which large models were taken and why is reported.

    Args:
        settings: its device decides the video model, its `commercial` the multi-view model.
        named: roles that are filled already, of which nothing is reported.
    Returns:
        A registered name per role.
    Raises:
        InputError: for a name that is not in `SETS`.
    """
    if name not in SETS:
        raise InputError("there is no set of priors of this name", repr(name), f"choose one of {', '.join(SETS)}")
    if name != "pretrained":
        return SETS[name]
    chosen = dict(SETS[name])
    if "inbetweener" not in named:
        free = _free_gb(settings.device)
        chosen["inbetweener"] = recommended(free) or SMALLEST
        found = "no GPU is used" if free is None else f"{free:.0f} GB of GPU memory are free"
        settings.report(f"motion by {chosen['inbetweener']}: {found}")
    if "multiview" not in named and settings.commercial:
        chosen["multiview"] = "mv-adapter"
        settings.report(f"other sides by mv-adapter: {SETS[name]['multiview']} may not be used commercially")
    return chosen


def _free_gb(device: str) -> float | None:
    """Free memory of the card that models would run on; None where they run on the CPU."""
    import torch

    return torch.cuda.mem_get_info()[0] / 1e9 if device != "cpu" and torch.cuda.is_available() else None


def make_features(name: str, settings: PretrainedSettings = PretrainedSettings()) -> tuple[Features, PriorInfo]:
    """What keyframes are scored and matched by.

    Args:
        name: of `FEATURES`, or auto: the first of them whose weights are here and allowed, the embedded at last. What
            auto took is reported.
    Raises:
        InputError: for an unknown name, or terms that were not accepted.
        WeightsError: when the weights of a named one are not here.
    """
    if name == "auto":
        for candidate, (model, _, _) in FEATURES.items():
            if model and not (settings.folder / model).is_dir():
                continue
            try:
                made = make_features(candidate, settings)
            except Tween4dError:
                continue
            settings.report(f"features for keyframes: {candidate}, the first of {', '.join(FEATURES)} that is here")
            return made
    if name not in FEATURES:
        raise InputError("there are no features of this name", repr(name), f"choose one of auto, {', '.join(FEATURES)}")
    model, module, maker = FEATURES[name]
    factory = _lazy(f"tween4d.priors.{module}", maker)
    if not model:
        return factory(), PriorInfo("embedded-features", "embedded", CHECKSUMS["motion"][:16], "Apache-2.0")
    made = factory(settings)
    return made, made.info


def _find(role: str, name: str) -> Registered:
    for source, reason in REFUSED.items():
        if name.lower() in (source.lower(), source.rpartition("/")[2].lower()):
            raise InputError(f"{source} cannot make what lies between two pictures: {reason}", remedy="use wan-flf2v")
    entry = REGISTER.get(name)
    if entry is None or entry.role != role:
        known = ", ".join(n for n, e in REGISTER.items() if e.role == role)
        raise InputError(f"there is no {role} prior of this name", repr(name), f"choose one of {known}")
    return entry
