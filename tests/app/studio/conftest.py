"""A studio that listens, with workers or without, and small pictures."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from PIL import Image as Pillow

from tween4d.app.client import Client
from tween4d.app.studio.database import Database
from tween4d.app.studio.housekeeping import Housekeeper
from tween4d.app.studio.keys import Keys, Meter
from tween4d.app.studio.outbound import Outbound
from tween4d.app.studio.places import Places
from tween4d.app.studio.serve import running_parts
from tween4d.app.studio.settings import Limits, Settings
from tween4d.app.studio.store import Store
from tween4d.app.studio.supervisor import Supervisor
from tween4d.app.studio.uploads import Uploads
from tween4d.app.studio.web.app import create_app
from tween4d.app.studio.web.context import Studio

LIMITS = Limits(upload_bytes=2_000_000, pixels=4_000_000, frames=3, active_jobs=2, jobs_per_day=3)
SMALL = {"preset": "draft", "priors": "classical", "frames": 5}


@dataclass
class Served:
    """A studio and where it listens."""

    studio: Studio
    url: str

    @property
    def client(self) -> Client:
        return Client(self.url)


@contextmanager
def served(studio: Studio) -> Iterator[Served]:
    """Puts a studio behind a server in a thread."""
    config = uvicorn.Config(create_app(studio), port=0, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
        assert thread.is_alive()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Served(studio, f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def idle_studio(
    folder: Path, limits: Limits = Limits(), outbound: Outbound = Outbound(()), key: str | None = None
) -> Studio:
    """All parts of a studio, without workers: what is queued stays queued."""
    settings = Settings(folder, limits=limits)
    places = Places(folder)
    places.prepare()
    keys = Keys(places)
    if key is not None:
        keys.make(key)
    store = Store(Database(places.database))
    uploads = Uploads(places, store, limits)
    keeper, supervisor = Housekeeper(settings, places, store), Supervisor(settings, places, store)
    return Studio(settings, places, store, keys, uploads, outbound, keeper, supervisor, Meter())


@pytest.fixture
def idle(tmp_path: Path) -> Studio:
    return idle_studio(tmp_path / "data", LIMITS)


@pytest.fixture
def quiet(idle: Studio) -> Iterator[Served]:
    """A server without workers."""
    with served(idle) as found:
        yield found


@pytest.fixture(scope="session")
def working(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with its workers."""
    settings = Settings(tmp_path_factory.mktemp("studio") / "data")
    with running_parts(settings) as studio, served(studio) as found:
        yield found


def picture_bytes(shift: int = 0, side: int = 64, kind: str = "PNG") -> bytes:
    """A red disc on white, a little to the right."""
    y, x = np.mgrid[:side, :side]
    inside = (x - side / 2 - shift) ** 2 + (y - side / 2) ** 2 < (side / 4) ** 2
    pixels = np.where(inside[..., None], [200, 40, 30], [255, 255, 255]).astype(np.uint8)
    stream = BytesIO()
    Pillow.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two files of a disc that moves."""
    folder = tmp_path_factory.mktemp("pair")
    paths = (folder / "start.png", folder / "end.png")
    for path, shift in zip(paths, (-4, 4), strict=True):
        path.write_bytes(picture_bytes(shift))
    return paths


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for something that another process does."""
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen")
