"""What comes in: bytes are counted, then decoded in a process with limits, and only what that wrote is kept."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from tween4d.app.studio.places import Places, remove
from tween4d.app.studio.records import Picture, new_identifier
from tween4d.app.studio.settings import MIB, Limits
from tween4d.app.studio.store import Store
from tween4d.errors import InputError

LONGEST_NAME = 80


class TooLargeError(InputError):
    """An upload has more bytes than are taken."""


class Uploads:
    """Takes pictures."""

    def __init__(self, places: Places, store: Store, limits: Limits) -> None:
        self.places, self.store, self.limits = places, store, limits

    def take(self, chunks: Iterable[bytes], owner: str, name: str) -> Picture:
        """Keep a picture that comes in pieces.

        Raises:
            TooLargeError: as soon as there are too many bytes.
            InputError: when it is no picture, damaged, or too large to decode within the limits.
        """
        identifier = new_identifier()
        target = self.places.picture(identifier)
        handle, incoming = tempfile.mkstemp(dir=self.places.incoming)
        part = self.places.incoming / f"{identifier}.png"
        try:
            with os.fdopen(handle, "wb") as stream:
                self._receive(chunks, stream.write)
            told = self._decoded(Path(incoming), part)
            size = part.stat().st_size
            os.replace(part, target)
        finally:
            remove(Path(incoming))
            remove(part)
        picture = Picture(
            identifier, owner, plain_name(name), told["width"], told["height"], told["transparent"], time.time(), size
        )
        self.store.add_picture(picture)
        return picture

    def give(self, picture: str, job: str, role: str) -> None:
        """Copy a kept picture into a job's folder under its role."""
        target = self.places.source(job, role)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(self.places.picture(picture), target)

    def drop(self, picture: str) -> None:
        """Remove a kept picture."""
        self.store.remove_picture(picture)
        remove(self.places.picture(picture))
        remove(self.places.matte(picture))

    def _receive(self, chunks: Iterable[bytes], write: object) -> None:
        total = 0
        for chunk in chunks:
            total += len(chunk)
            if total > self.limits.upload_bytes:
                raise TooLargeError(
                    f"the image is larger than {self.limits.upload_bytes // MIB} MB", remedy="scale it down"
                )
            write(chunk)  # type: ignore[operator]
        if total == 0:
            raise InputError("the image is empty", remedy="choose a file with something in it")

    def _decoded(self, source: Path, target: Path) -> dict:
        limits = self.limits
        numbers = (limits.pixels, limits.frames, limits.decode_memory, limits.decode_seconds)
        command = [sys.executable, "-m", "tween4d.app.studio.decode", str(source), str(target), *map(str, numbers)]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * limits.decode_seconds, check=False
            )
        except subprocess.TimeoutExpired:
            raise InputError("the image takes too long to decode", remedy="save it again as PNG or JPEG") from None
        try:
            told = json.loads(done.stdout)
        except ValueError:
            raise InputError("the image takes too much to decode", remedy="save it again as PNG or JPEG") from None
        if "refused" in told:
            raise InputError(told["refused"], remedy=told["remedy"])
        return told


def plain_name(text: str) -> str:
    """A name as it may be shown: one line of printable characters, without the folders it may have come with."""
    text = unicodedata.normalize("NFC", text).replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in text if unicodedata.category(c)[0] not in "CZ" or c == " ")
    return kept.strip()[:LONGEST_NAME]
