"""API keys: made once, shown once, and kept only as digests; and the sessions of browsers that gave one."""

import hashlib
import hmac
import json
import os
import re
import secrets
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tween4d.app.studio.places import Places
from tween4d.errors import InputError
from tween4d.io.atomic import whole_file

PREFIX = "t4d_"
SESSION_SECONDS = 7 * 86400
LOCAL = "local"
"""The owner of everything where no keys are used."""


@dataclass(frozen=True)
class Key:
    """Who may ask, and how much; None takes the server's limit."""

    name: str
    active_jobs: int | None = None
    jobs_per_day: int | None = None
    requests_per_minute: int | None = None


class Keys:
    """The key file of a data folder."""

    def __init__(self, places: Places) -> None:
        self.path, self._places = places.keys, places
        self._entries = self._read()
        self._secret: bytes | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def make(self, name: str) -> str:
        """A new key for a name; a second one for the same name replaces the first.

        Returns:
            The key. Only its digest is kept.
        Raises:
            InputError: for a name that is not one plain word.
        """
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name):
            raise InputError("the name of a key is one word of letters, digits, - and _", repr(name))
        key = PREFIX + secrets.token_urlsafe(32)
        kept = [entry for entry in self._stored() if entry["name"] != name]
        kept.append({"name": name, "sha256": _digest(key)})
        with whole_file(self.path) as part:
            part.write_text(json.dumps({"keys": kept}, indent=1) + "\n")
        self.path.chmod(0o600)
        self._entries = self._read()
        return key

    def find(self, key: str) -> Key | None:
        """Whose key it is; in time that does not depend on which."""
        digest, found = _digest(key), None
        for stored, entry in self._entries.items():
            if hmac.compare_digest(stored, digest):
                found = entry
        return found

    def session(self, key: Key) -> str:
        """A token by which a browser is known for a week; it ends when its key is replaced."""
        until = int(time.time()) + SESSION_SECONDS
        return f"{key.name}.{until}.{self._mark(key, until)}"

    def of_session(self, token: str) -> Key | None:
        """Whose session it is."""
        name, _, rest = token.partition(".")
        until, _, mark = rest.partition(".")
        key = next((k for k in self._entries.values() if k.name == name), None)
        if key is None or not until.isdecimal() or int(until[:12]) < time.time():
            return None
        return key if hmac.compare_digest(self._mark(key, int(until)).encode(), mark.encode()) else None

    def signing(self, owner: str) -> bytes:
        """The secret that signs an owner's webhooks."""
        return hmac.new(self.secret, b"webhook " + owner.encode(), hashlib.sha256).hexdigest().encode()

    @property
    def secret(self) -> bytes:
        """The server's own; made when it is first needed."""
        if self._secret is None:
            path = self._places.secret
            if not path.exists():
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(handle, "wb") as stream:
                    stream.write(secrets.token_bytes(32))
            self._secret = path.read_bytes()
        return self._secret

    def _mark(self, key: Key, until: int) -> str:
        stored = next(digest for digest, entry in self._entries.items() if entry.name == key.name)
        return hmac.new(self.secret, f"session {key.name} {until} {stored}".encode(), hashlib.sha256).hexdigest()

    def _stored(self) -> list[dict]:
        if not self.path.exists():
            return []
        try:
            return list(json.loads(Path(self.path).read_text())["keys"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError("the key file is damaged", str(self.path), "restore it, or remove it") from error

    def _read(self) -> dict[str, Key]:
        names = Key.__dataclass_fields__
        return {e["sha256"]: Key(**{n: v for n, v in e.items() if n in names}) for e in self._stored()}


class Meter:
    """Counts the requests of each key in the last minute."""

    def __init__(self) -> None:
        self._lock, self._times = threading.Lock(), {}

    def admit(self, owner: str, per_minute: int) -> float:
        """0 when one more request is within the limit, else the seconds to wait."""
        now = time.monotonic()
        with self._lock:
            recent = [moment for moment in self._times.get(owner, ()) if moment > now - 60]
            if len(recent) >= per_minute:
                self._times[owner] = recent
                return max(1.0, recent[0] + 60 - now)
            self._times[owner] = [*recent, now]
        return 0.0


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
