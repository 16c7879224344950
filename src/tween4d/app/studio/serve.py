"""Starts a studio: parts, workers, server; and ends them in the other order."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from tween4d.app.studio.database import Database
from tween4d.app.studio.housekeeping import Housekeeper
from tween4d.app.studio.keys import Keys, Meter
from tween4d.app.studio.outbound import Outbound
from tween4d.app.studio.places import Places
from tween4d.app.studio.settings import Settings, check_settings
from tween4d.app.studio.store import Store
from tween4d.app.studio.supervisor import Supervisor
from tween4d.app.studio.uploads import Uploads
from tween4d.app.studio.web.app import create_app
from tween4d.app.studio.web.context import Studio
from tween4d.app.studio.webhooks import Courier
from tween4d.errors import InputError, OutputError
from tween4d.io.atomic import as_output_error


def serve(settings: Settings, ready: Callable[[str], None] = lambda address: None) -> None:
    """Run until the process is told to end.

    Args:
        ready: told the address of the page when requests are answered.
    Raises:
        Tween4dError: when settings are unsafe, the port is taken, or another studio holds the data folder.
    """
    with running_parts(settings) as studio:
        listener = _listening(settings)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        port = listener.getsockname()[1]
        config = uvicorn.Config(
            create_app(studio), log_level="warning", access_log=False, timeout_graceful_shutdown=2, server_header=False
        )
        server = uvicorn.Server(config)
        ready(f"http://{host}:{port}/")
        try:
            server.run(sockets=[listener])
        except (KeyboardInterrupt, SystemExit):
            pass
        finally:
            listener.close()


@contextmanager
def running_parts(settings: Settings, outbound: Outbound | None = None) -> Iterator[Studio]:
    """A studio with its workers running, to be put behind a server.

    Args:
        outbound: what may be asked of other servers; None takes it from the settings.
    """
    places = Places(settings.data)
    try:
        places.prepare()
    except OSError as error:
        raise as_output_error(error, settings.data) from error
    with _held(places):
        keys = Keys(places)
        check_settings(settings, has_keys=bool(len(keys)))
        database = Database(places.database)
        store = Store(database)
        outbound = outbound or Outbound(settings.url_hosts)
        studio = Studio(
            settings,
            places,
            store,
            keys,
            Uploads(places, store, settings.limits),
            outbound,
            Housekeeper(settings, places, store),
            Supervisor(settings, places, store),
            Meter(),
        )
        courier = Courier(database, keys, outbound)
        parts = (studio.supervisor, studio.housekeeper, courier)
        for part in parts:
            part.start()
        try:
            yield studio
        finally:
            for part in reversed(parts):
                part.stop()
            database.close()


@contextmanager
def _held(places: Places) -> Iterator[None]:
    """Keep a second server out of the data folder."""
    with places.lock.open("a") as stream:
        try:
            import fcntl

            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass
        except OSError:
            raise OutputError(
                "another studio uses this data folder", str(places.data), "stop it, or choose another --data"
            ) from None
        yield


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        told = f"{settings.host}:{settings.port}, {error.strerror}"
        raise InputError("the address cannot be listened on", told, "choose another --port") from error
    return listener
