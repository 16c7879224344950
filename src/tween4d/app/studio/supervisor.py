"""Keeps workers running, stops the jobs that are to be stopped, and gives on the jobs of workers that ended."""

import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass

from tween4d.app.studio.places import Places
from tween4d.app.studio.records import new_identifier
from tween4d.app.studio.settings import Settings
from tween4d.app.studio.store import Store
from tween4d.app.studio.worker import discard

ROUND_SECONDS = 0.25
SILENT_SECONDS = 180.0
"""A worker that says nothing for so long hangs."""
PAUSE_AFTER_FAILED_START = 2.0


@dataclass
class _Worker:
    name: str
    lane: str
    process: subprocess.Popen
    began: float


class Supervisor:
    """Watches the workers of one server from a thread."""

    def __init__(self, settings: Settings, places: Places, store: Store) -> None:
        self.settings, self.places, self.store = settings, places, store
        self._lanes = ["run"] * settings.workers + ["quick"]
        self._workers: list[_Worker | None] = [None] * len(self._lanes)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start the workers; jobs that an earlier server left running are queued again."""
        for job in self.store.held_by_others(()):
            self.store.lose(job, self.settings.limits.attempts + 1)
        self._thread.start()

    def stop(self) -> None:
        """End all workers; their jobs go on at the next start."""
        self._ended.set()
        self._thread.join(timeout=20)

    def alive(self) -> dict[str, int]:
        """Running workers of each lane."""
        counts = dict.fromkeys(self._lanes, 0)
        for worker in self._workers:
            if worker is not None and worker.process.poll() is None:
                counts[worker.lane] += 1
        return counts

    def processes(self) -> list[tuple[str, int]]:
        """Lane and process number of the running workers."""
        return [(w.lane, w.process.pid) for w in self._workers if w is not None and w.process.poll() is None]

    def _watch(self) -> None:
        while not self._ended.wait(ROUND_SECONDS):
            # What goes wrong in one round must not leave the jobs without anyone who looks after them.
            try:
                self._round()
            except Exception:
                traceback.print_exc()
        for worker in self._workers:
            if worker is not None:
                self._kill(worker)
        for job in self.store.held_by_others(()):
            # Ending the server is nobody's fault: the attempt does not count.
            self.store.lose(job, self.settings.limits.attempts + 1)

    def _round(self) -> None:
        by_name = {worker.name: worker for worker in self._workers if worker is not None}
        for job in [*self.store.cancelling(), *self.store.silent_since(time.time() - SILENT_SECONDS)]:
            if job.worker in by_name:
                self._kill(by_name[job.worker])
        for slot, worker in enumerate(self._workers):
            if worker is not None and worker.process.poll() is not None:
                failed_at_once = time.monotonic() - worker.began < PAUSE_AFTER_FAILED_START
                if failed_at_once and worker.process.returncode > 0:
                    continue
                self._workers[slot] = None
            if self._workers[slot] is None:
                self._workers[slot] = self._started(slot)
        alive = [w.name for w in self._workers if w is not None and w.process.poll() is None]
        for job in self.store.held_by_others(alive):
            if self.store.lose(job, self.settings.limits.attempts) == "cancelled":
                discard(job, self.places)

    def _started(self, slot: int) -> _Worker:
        lane, name = self._lanes[slot], new_identifier()
        threads = max(1, (os.cpu_count() or 1) // self.settings.workers) if lane == "run" else 1
        log = self.places.logs / f"{lane}-{slot}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "tween4d.app.studio.worker", str(self.places.data), name, lane, str(threads)],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        return _Worker(name, lane, process, time.monotonic())

    def _kill(self, worker: _Worker) -> None:
        with suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(worker.process.pid, signal.SIGKILL)
            else:
                worker.process.kill()
        worker.process.wait()
