"""Which priors there are: names, licences and lazy factories; nothing is imported before it is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from tween4d.errors import InputError
from tween4d.priors.checksums import CHECKSUMS
from tween4d.priors.protocols import PriorInfo, Priors


@dataclass(frozen=True)
class Registered:
    """One prior that a run can name."""

    info: PriorInfo
    role: str
    """The field of `Priors` that it fills: matter, inbetweener or multiview."""
    factory: Callable[[], Any]
    needs: tuple[str, ...] = ()
    """Modules beyond the core dependencies."""


def _lazy(module: str, name: str) -> Callable[[], Any]:
    return lambda: getattr(import_module(module), name)()


def _embedded(name: str, role: str, module: str, kind: str, weights: str = "") -> Registered:
    """A prior of our own; one with weights has the beginning of their checksum as its revision."""
    info = PriorInfo(name, "embedded", CHECKSUMS[weights][:16] if weights else "1", "Apache-2.0")
    return Registered(info, role, _lazy(f"tween4d.priors.embedded.{module}", kind))


REGISTER: dict[str, Registered] = {
    entry.info.name: entry
    for entry in (
        _embedded("border-grabcut", "matter", "matting", "BorderMatter"),
        _embedded("lattice-motion", "inbetweener", "motion", "LatticeInbetweener"),
        _embedded("learned-motion", "inbetweener", "motion", "MatchedInbetweener", "motion"),
        _embedded("inflation", "multiview", "geometry", "InflationPrior"),
        _embedded("surface-network", "multiview", "geometry", "make_lifting_prior", "geometry"),
    )
}
SETS: dict[str, dict[str, str]] = {
    "embedded": {"matter": "border-grabcut", "inbetweener": "learned-motion", "multiview": "surface-network"},
    "classical": {"matter": "border-grabcut", "inbetweener": "lattice-motion", "multiview": "inflation"},
}
"""Priors that are named together: what ships with the package, and its part that needs no weights."""
DEFAULTS = SETS["embedded"]


def make_priors(**names: str) -> Priors:
    """The priors of a run.

    Args:
        names: a registered name per role (matter, inbetweener, multiview); roles left out take the embedded one.
    Raises:
        InputError: for a name that is not registered for the role.
    """
    chosen = {role: _find(role, names.get(role, default)) for role, default in DEFAULTS.items()}
    made = {role: entry.factory() for role, entry in chosen.items()}
    return Priors(**made, info=tuple(entry.info for entry in chosen.values()))


def make_set(name: str) -> Priors:
    """The priors of a named set.

    Raises:
        InputError: for a name that is not in `SETS`.
    """
    if name not in SETS:
        raise InputError("there is no set of priors of this name", repr(name), f"choose one of {', '.join(SETS)}")
    return make_priors(**SETS[name])


def _find(role: str, name: str) -> Registered:
    entry = REGISTER.get(name)
    if entry is None or entry.role != role:
        known = ", ".join(n for n, e in REGISTER.items() if e.role == role)
        raise InputError(f"there is no {role} prior of this name", repr(name), f"choose one of {known}")
    return entry
