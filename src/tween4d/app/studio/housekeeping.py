"""How much the data folder may hold, and what goes first."""

import threading
import time
import traceback

from tween4d.app.studio.places import Places, remove, size_of
from tween4d.app.studio.settings import MIB, Settings
from tween4d.app.studio.store import Store
from tween4d.errors import OutputError

ROUND_SECONDS = 30.0
PICTURE_SECONDS = 86400.0
"""An upload that lies about for so long is removed; jobs have copies of theirs."""
TRACES_SECONDS = 2 * 86400.0
"""How long repeated keys and counts of orders are remembered."""
ROOM = 200 * MIB
"""What one run takes at most, its working folder included."""


class FullError(OutputError):
    """The data folder holds as much as it may."""


class Housekeeper:
    """Measures and tidies from a thread."""

    def __init__(self, settings: Settings, places: Places, store: Store) -> None:
        self.settings, self.places, self.store = settings, places, store
        self.used = size_of(places.data)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._ended.set()
        self._thread.join(timeout=5)

    def make_room(self) -> None:
        """Refuse a new job when there is no room for it.

        Raises:
            FullError: with how much there is.
        """
        quota = self.settings.quota_bytes
        if quota and self.used + ROOM > quota:
            self.tidy()
            if self.used + ROOM > quota:
                raise FullError(
                    "the studio's disk quota is used up",
                    f"{self.used / MIB:.0f} of {quota / MIB:.0f} MB, a run takes up to {ROOM // MIB}",
                    "delete jobs, or start the studio with a larger --quota",
                )

    def tidy(self) -> None:
        """Remove what is older than it may be, and folders that belong to nothing."""
        now = time.time()
        for identifier in self.store.pictures_before(now - PICTURE_SECONDS):
            self.store.remove_picture(identifier)
            remove(self.places.picture(identifier))
            remove(self.places.matte(identifier))
        self.store.trim(now - TRACES_SECONDS)
        if self.settings.keep_days:
            oldest = now - 86400 * self.settings.keep_days
            for job in self.store.ended_before(oldest):
                self.forget(job)
        for folder in (self.places.data / "jobs").iterdir():
            # A job gets its pictures before it is entered; so young folders are left alone.
            if self.store.job(folder.name) is None and folder.stat().st_mtime < now - 600:
                remove(folder)
        self.used = size_of(self.places.data)

    def forget(self, job: str) -> bool:
        """Remove a job with its exports and files; False when it is running."""
        if not self.store.remove(job):
            return False
        for child in self.store.children(job, "export"):
            self.store.remove(child.id)
        remove(self.places.job(job))
        return True

    def _run(self) -> None:
        while not self._ended.wait(ROUND_SECONDS):
            try:
                self.tidy()
            except Exception:
                traceback.print_exc()
