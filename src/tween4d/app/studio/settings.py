"""What whoever starts the studio decides: where it listens, where it keeps things, and how much it takes."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from tween4d.errors import InputError

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """How much one upload, one key and the whole store may take."""

    upload_bytes: int = 32 * MIB
    """Of one picture as it comes in."""
    pixels: int = 64_000_000
    """Of one picture, read from its header before anything is decoded."""
    frames: int = 64
    """Of an animation, of which the first frame is used."""
    decode_seconds: int = 20
    """Processor time of the process that decodes a picture; on the clock twice as much."""
    decode_memory: int = 1536 * MIB
    """Address space of that process."""
    active_jobs: int = 20
    """Queued and running jobs of one key."""
    jobs_per_day: int = 500
    """New jobs of one key."""
    requests_per_minute: int = 600
    """Of one key; without keys nothing is counted."""
    attempts: int = 4
    """How often a job may lose its worker before it counts as failed."""


@dataclass(frozen=True)
class Settings:
    """How a studio runs."""

    data: Path
    """Folder of the database, uploads, jobs and keys."""
    host: str = "127.0.0.1"
    port: int = 7860
    workers: int = 1
    """Jobs that are made at the same time."""
    quota_bytes: int = 20 * 1024 * MIB
    """What the data folder may hold; 0 is no limit."""
    keep_days: float = 30.0
    """After which a finished job is removed; 0 keeps it for ever."""
    hosts: tuple[str, ...] = ()
    """Names under which the server may be asked besides loopback and `host`."""
    url_hosts: tuple[str, ...] = ()
    """Hosts from which pictures may be fetched and to which webhooks may go; none by default."""
    limits: Limits = field(default_factory=Limits)

    @property
    def loopback(self) -> bool:
        """True when only programs of this machine can reach the server."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_settings(settings: Settings, *, has_keys: bool) -> None:
    """Refuse what would be unsafe or cannot work, before anything is started.

    Raises:
        InputError: with the remedy.
    """
    if not settings.loopback and not has_keys:
        raise InputError(
            "the studio does not listen on a public address without keys",
            settings.host,
            "make one with 'tween4d studio --new-key NAME', or leave --host out",
        )
    if not 1 <= settings.workers <= 64:
        raise InputError("the number of workers must be between 1 and 64", str(settings.workers))
    if not 0 <= settings.port <= 65535:
        raise InputError("the port must be between 0 and 65535", str(settings.port))
    if settings.quota_bytes < 0 or settings.keep_days < 0:
        raise InputError("quota and retention cannot be negative", remedy="0 sets no limit")
