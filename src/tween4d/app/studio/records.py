"""A job as the studio knows it: what was asked, how far it is, what came of it."""

import re
import secrets
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["make", "matte", "export"]
State = Literal["queued", "running", "done", "failed", "cancelled"]
ACTIVE: tuple[State, ...] = ("queued", "running")
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")
LANES: dict[str, str] = {"make": "run", "matte": "quick", "export": "quick"}
"""Long work and short work have workers of their own, so that a matte does not wait for a run."""
IDENTIFIER = re.compile(r"[0-9a-f]{20}")


def new_identifier() -> str:
    """A name that cannot be guessed; the only kind of name that becomes a folder."""
    return secrets.token_hex(10)


def is_identifier(text: str) -> bool:
    """Whether a word can be a name that we gave."""
    return IDENTIFIER.fullmatch(text) is not None


@dataclass(frozen=True)
class Options:
    """What may be set for a run."""

    preset: str = "standard"
    priors: str = "embedded"
    seed: int = 0
    frames: int | None = None
    fov: float = 33.8
    facing: tuple[float, float | None] | None = None
    """Azimuth and, if known, elevation, degrees."""
    fragments: str | None = None
    inbetweener: str | None = None
    """A prior in place of the set's."""
    multiview: str | None = None
    prompt: str = ""


@dataclass(frozen=True)
class Job:
    """One row of the store."""

    id: str
    owner: str
    kind: Kind
    name: str
    """What the user calls it; shown, never used as a path."""
    state: State
    request: dict[str, Any]
    """For `make` the options; for `export` the format; for `matte` nothing."""
    created: float
    """Seconds since 1970, as all times here."""
    parent: str | None = None
    """The job that is exported or done again, or the picture that is matted."""
    started: float | None = None
    finished: float | None = None
    stage: str = ""
    progress: float = 0.0
    attempts: int = 0
    cancelling: bool = False
    worker: str | None = None
    result: dict[str, Any] | None = None
    error: dict[str, str] | None = None
    webhook: str | None = None
    size: int = 0
    """Bytes on disk when it ended."""


@dataclass(frozen=True)
class Picture:
    """An uploaded picture after it was decoded and written anew."""

    id: str
    owner: str
    name: str
    width: int
    height: int
    transparent: bool
    """True when it says itself where the object is."""
    created: float
    size: int


@dataclass(frozen=True)
class Order:
    """A job that is asked for."""

    owner: str
    kind: Kind
    request: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    parent: str | None = None
    webhook: str | None = None
    id: str = field(default_factory=new_identifier)


def options_as_json(options: Options) -> dict[str, Any]:
    """Options as they are stored."""
    return asdict(options)


def options_from_json(stored: dict[str, Any]) -> Options:
    """Options as they were stored; words of other versions are left out."""
    known = {name: value for name, value in stored.items() if name in Options.__dataclass_fields__}
    if known.get("facing") is not None:
        known["facing"] = tuple(known["facing"])
    return Options(**known)
