"""What every handler needs, and who is asking."""

import time
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from tween4d.app.studio.housekeeping import Housekeeper
from tween4d.app.studio.keys import LOCAL, Key, Keys, Meter
from tween4d.app.studio.outbound import Outbound
from tween4d.app.studio.places import Places
from tween4d.app.studio.settings import Settings
from tween4d.app.studio.store import Store
from tween4d.app.studio.supervisor import Supervisor
from tween4d.app.studio.uploads import Uploads
from tween4d.app.studio.web.problems import Refused

COOKIE = "tween4d_session"


@dataclass
class Studio:
    """The parts of a running studio."""

    settings: Settings
    places: Places
    store: Store
    keys: Keys
    uploads: Uploads
    outbound: Outbound
    housekeeper: Housekeeper
    supervisor: Supervisor
    meter: Meter


def studio_of(request: Request) -> Studio:
    """The studio that the application was made for."""
    return request.app.state.studio


def caller(request: Request) -> Key:
    """Who asks: the owner of the key, or anyone where no keys are used.

    Raises:
        Refused: 401 without a valid key, 429 above the key's limit of requests.
    """
    studio: Studio = request.app.state.studio
    if not len(studio.keys):
        return Key(LOCAL)
    scheme, _, word = request.headers.get("authorization", "").partition(" ")
    found = studio.keys.find(word.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        found = studio.keys.of_session(request.cookies.get(COOKIE, ""))
    if found is None:
        raise Refused(401, "a key is needed", remedy="send 'Authorization: Bearer KEY'")
    per_minute = found.requests_per_minute or studio.settings.limits.requests_per_minute
    wait = studio.meter.admit(found.name, per_minute)
    if wait:
        raise Refused(
            429, "too many requests", f"more than {per_minute} in a minute", f"wait {wait:.0f} s", retry_after=wait
        )
    return found


def admit_job(studio: Studio, key: Key) -> None:
    """Refuse a new job above the limits of a key, or without room on disk.

    Raises:
        Refused: 429.
        FullError: the disk quota is used up.
    """
    limits = studio.settings.limits
    active, daily = key.active_jobs or limits.active_jobs, key.jobs_per_day or limits.jobs_per_day
    if studio.store.active(key.name) >= active:
        raise Refused(
            429,
            "too many jobs are waiting or running",
            f"{active} at once",
            "wait for one, or cancel one",
            retry_after=30,
        )
    if studio.store.admitted(key.name, time.time() - 86400) >= daily:
        raise Refused(429, "the jobs of this day are used up", f"{daily} in 24 hours", "wait", retry_after=3600)
    studio.housekeeper.make_room()


Caller = Annotated[Key, Depends(caller)]
TheStudio = Annotated[Studio, Depends(studio_of)]
