"""A process that makes jobs, one at a time: `python -m tween4d.app.studio.worker DATA NAME LANE THREADS`.

It may be killed at any moment. What it had finished lies in the job's folder, and the next worker goes on from there.
"""

import importlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tween4d.app.studio.database import Database
from tween4d.app.studio.places import Places, remove, size_of
from tween4d.app.studio.records import Job
from tween4d.app.studio.store import Store

IDLE_SECONDS = 0.3
BEAT_SECONDS = 1.0
MOST_MEMORY = 2_500_000_000
"""A worker that holds more than this after a job makes way for a fresh one."""


def main(words: list[str]) -> int:
    """Work until the server ends, or until this process has grown too large."""
    data, name, lane, threads = words
    for variable in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = threads
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    places = Places(Path(data))
    store = Store(Database(places.database))
    threading.Thread(target=_beat, args=(Store(store.database), name, os.getppid()), daemon=True).start()
    # Torch takes seconds to load; the first job should not wait for it.
    importlib.import_module("tween4d.app.studio.making")
    while True:
        job = store.claim(name, lane)
        if job is None:
            time.sleep(IDLE_SECONDS)
            continue
        _work(job, name, store, places)
        if _resident() > MOST_MEMORY:
            return 0


def _work(job: Job, name: str, store: Store, places: Places) -> None:
    from tween4d.app.studio.telling import told_error

    with _alone(job, places) as alone:
        if not alone:
            # A worker of a server that was killed is still at it; it ends when it notices.
            store.give_back(job.id, name, 1.0)
            return
        if job.kind != "make":
            remove(places.job(job.id))
        try:
            result = _made(job, name, store, places)
        except Exception as error:
            traceback.print_exc()
            store.finish(job.id, name, "failed", error=told_error(error, places), size=_size(job, places))
            return
        done = store.finish(job.id, name, "done", progress=1.0, result=json.dumps(result), size=_size(job, places))
        if not done and (now := store.job(job.id)) is not None and now.state == "cancelled":
            discard(job, places)


def discard(job: Job, places: Places) -> None:
    """Free what a job that was stopped has on disk; its pictures stay, so that it can be made again."""
    if job.kind == "make":
        for path in (places.work(job.id), places.asset(job.id), places.player(job.id), places.job(job.id) / "views"):
            remove(path)


def _made(job: Job, name: str, store: Store, places: Places) -> dict[str, object]:
    from tween4d.app.studio import making
    from tween4d.app.studio.telling import Teller

    if job.kind == "make":
        return making.make(job, Teller(job, name, store, places), places)
    if job.kind == "export":
        return making.export(job, places)
    return making.matte(job, places)


def _size(job: Job, places: Places) -> int:
    return size_of(places.job(job.id)) if job.kind == "make" else 0


@contextmanager
def _alone(job: Job, places: Places) -> Iterator[bool]:
    """Hold the job against every other process; the mark ends with this one, however it ends."""
    folder = places.job(job.id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("a") as stream:
        try:
            import fcntl
        except ImportError:
            yield True
            return
        try:
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def _beat(store: Store, name: str, parent: int) -> None:
    while True:
        time.sleep(BEAT_SECONDS)
        if os.getppid() != parent:
            end_group()
        try:
            store.beat(name)
        except Exception:
            traceback.print_exc()


def end_group() -> None:
    """End this process and all that it started, at once."""
    if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _resident() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
