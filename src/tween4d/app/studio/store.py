"""Jobs, their events and uploaded pictures in the database; what is written here survives any process."""

import json
import sqlite3
import time
from collections.abc import Iterable
from typing import Any

from tween4d.app.studio.database import Database
from tween4d.app.studio.records import ACTIVE, LANES, Job, Order, Picture

FIELDS = tuple(Job.__dataclass_fields__)
ENCODED = ("request", "result", "error")
LOST_WORKER = {
    "what": "the worker ended several times before this job was done",
    "got": "",
    "remedy": "it probably needs more memory than there is: use the preset draft, or fewer workers",
}


class Store:
    """What the studio remembers."""

    def __init__(self, database: Database) -> None:
        self.database = database

    # Taking orders.

    def add(self, order: Order) -> Job:
        """Queue a job."""
        now = time.time()
        with self.database.change() as connection:
            self._insert(connection, order, now)
        return self.job(order.id)  # type: ignore[return-value]

    def add_once(self, order: Order, key: str, fingerprint: str) -> tuple[Job | None, bool]:
        """Queue a job unless the same owner queued one under this key.

        Returns:
            The job, new or earlier, and whether it is new; None when the key was used for something else.
        """
        now = time.time()
        with self.database.change() as connection:
            row = connection.execute(
                "SELECT fingerprint, job FROM repeats WHERE owner=? AND key=?", (order.owner, key)
            ).fetchone()
            if row is not None:
                return (self.job(row["job"]) if row["fingerprint"] == fingerprint else None), False
            self._insert(connection, order, now)
            connection.execute("INSERT INTO repeats VALUES (?,?,?,?,?)", (order.owner, key, fingerprint, order.id, now))
        return self.job(order.id), True

    def repeated(self, owner: str, key: str) -> tuple[str, Job | None] | None:
        """Fingerprint and job of a key that was used before."""
        row = self.database.connection.execute(
            "SELECT fingerprint, job FROM repeats WHERE owner=? AND key=?", (owner, key)
        ).fetchone()
        return None if row is None else (row["fingerprint"], self.job(row["job"]))

    def _insert(self, connection: sqlite3.Connection, order: Order, now: float) -> None:
        connection.execute(
            "INSERT INTO jobs (id, owner, kind, lane, name, state, request, created, parent, webhook)"
            " VALUES (?,?,?,?,?,'queued',?,?,?,?)",
            (
                order.id, order.owner, order.kind, LANES[order.kind], order.name, json.dumps(order.request), now,
                order.parent, order.webhook,
            ),
        )  # fmt: skip
        _append(connection, order.id, "queued", {}, now)
        if order.kind == "make":
            connection.execute("INSERT INTO admissions VALUES (?,?)", (order.owner, now))

    # Asking.

    def job(self, identifier: str, owner: str | None = None) -> Job | None:
        """A job, if it exists and belongs to the owner (None: to anyone)."""
        row = self.database.connection.execute("SELECT * FROM jobs WHERE id=?", (identifier,)).fetchone()
        return _job(row) if row is not None and owner in (None, row["owner"]) else None

    def jobs(
        self,
        owner: str | None = None,
        *,
        kind: str = "make",
        state: str | None = None,
        limit: int = 50,
        before: float = 0,
    ) -> list[Job]:
        """Newest first; `before` is the time of creation of the last one already known."""
        where, values = ["kind=?"], [kind]
        for clause, value in (("owner=?", owner), ("state=?", state), ("created<?", before or None)):
            if value is not None:
                where.append(clause)
                values.append(value)  # type: ignore[arg-type]
        rows = self.database.connection.execute(
            f"SELECT * FROM jobs WHERE {' AND '.join(where)} ORDER BY created DESC, id LIMIT ?", (*values, limit)
        )
        return [_job(row) for row in rows]

    def children(self, parent: str, kind: str) -> list[Job]:
        """Exports of a job or mattes of a picture, newest first."""
        rows = self.database.connection.execute(
            "SELECT * FROM jobs WHERE parent=? AND kind=? ORDER BY created DESC", (parent, kind)
        )
        return [_job(row) for row in rows]

    def events(self, job: str, after: int = 0, limit: int = 200) -> list[tuple[int, float, str, dict[str, Any]]]:
        """Number, time, kind and content of what happened since a number."""
        rows = self.database.connection.execute(
            "SELECT seq, at, kind, data FROM events WHERE job=? AND seq>? ORDER BY seq LIMIT ?", (job, after, limit)
        )
        return [(row["seq"], row["at"], row["kind"], json.loads(row["data"])) for row in rows]

    def active(self, owner: str) -> int:
        """Jobs of an owner that are queued or running."""
        query = "SELECT count(*) FROM jobs WHERE owner=? AND kind='make' AND state IN (?,?)"
        return int(self.database.connection.execute(query, (owner, *ACTIVE)).fetchone()[0])

    def admitted(self, owner: str, since: float) -> int:
        """Jobs that an owner ordered since a time, removed ones included."""
        query = "SELECT count(*) FROM admissions WHERE owner=? AND at>?"
        return int(self.database.connection.execute(query, (owner, since)).fetchone()[0])

    # Workers.

    def claim(self, worker: str, lane: str) -> Job | None:
        """Give the oldest waiting job of a lane to a worker; no other gets it."""
        now = time.time()
        with self.database.change() as connection:
            row = connection.execute(
                "SELECT id FROM jobs WHERE lane=? AND state='queued' AND not_before<=? ORDER BY created LIMIT 1",
                (lane, now),
            ).fetchone()
            if row is None:
                return None
            connection.execute(
                "UPDATE jobs SET state='running', worker=?, beat=?, attempts=attempts+1,"
                " started=coalesce(started, ?) WHERE id=?",
                (worker, now, now, row["id"]),
            )
            _append(connection, row["id"], "running", {}, now)
        return self.job(row["id"])

    def beat(self, worker: str) -> None:
        """A worker says that it lives."""
        with self.database.change() as connection:
            connection.execute("UPDATE jobs SET beat=? WHERE worker=? AND state='running'", (time.time(), worker))

    def tell(self, job: str, worker: str, kind: str, data: dict[str, Any], **fields: Any) -> None:
        """Record an event, and what it changes of the job, if the worker still holds it."""
        now = time.time()
        with self.database.change() as connection:
            held = connection.execute(
                "SELECT 1 FROM jobs WHERE id=? AND worker=? AND state='running'", (job, worker)
            ).fetchone()
            if held is not None:
                _append(connection, job, kind, data, now)
                _set(connection, job, fields)

    def finish(self, job: str, worker: str, state: str, **fields: Any) -> bool:
        """End a job that the worker holds; False when it no longer does."""
        now = time.time()
        with self.database.change() as connection:
            row = connection.execute(
                "SELECT * FROM jobs WHERE id=? AND worker=? AND state='running'", (job, worker)
            ).fetchone()
            if row is None:
                return False
            if row["cancelling"]:
                state, fields = "cancelled", {}
            _end(connection, row, state, fields, now)
        return True

    def give_back(self, job: str, worker: str, delay: float) -> None:
        """Return a job that cannot be begun now, as if it had not been claimed."""
        with self.database.change() as connection:
            connection.execute(
                "UPDATE jobs SET state='queued', worker=NULL, attempts=attempts-1, not_before=?"
                " WHERE id=? AND worker=? AND state='running'",
                (time.time() + delay, job, worker),
            )

    # The supervisor.

    def held_by_others(self, workers: Iterable[str]) -> list[Job]:
        """Running jobs whose worker is none of these."""
        known = set(workers)
        rows = self.database.connection.execute("SELECT * FROM jobs WHERE state='running'").fetchall()
        return [_job(row) for row in rows if row["worker"] not in known]

    def cancelling(self) -> list[Job]:
        """Running jobs that are to be stopped."""
        query = "SELECT * FROM jobs WHERE state='running' AND cancelling=1"
        return [_job(row) for row in self.database.connection.execute(query)]

    def silent_since(self, moment: float) -> list[Job]:
        """Running jobs whose worker has said nothing since a time."""
        query = "SELECT * FROM jobs WHERE state='running' AND beat<?"
        return [_job(row) for row in self.database.connection.execute(query, (moment,))]

    def lose(self, job: Job, attempts: int) -> str:
        """What becomes of a running job whose worker has ended: cancelled, failed, or queued again.

        Returns:
            The new state.
        """
        now = time.time()
        with self.database.change() as connection:
            row = connection.execute(
                "SELECT * FROM jobs WHERE id=? AND worker IS ? AND state='running'", (job.id, job.worker)
            ).fetchone()
            if row is None:
                return ""
            if row["cancelling"]:
                _end(connection, row, "cancelled", {}, now)
                return "cancelled"
            if row["attempts"] >= attempts:
                _end(connection, row, "failed", {"error": json.dumps(LOST_WORKER)}, now)
                return "failed"
            connection.execute("UPDATE jobs SET state='queued', worker=NULL WHERE id=?", (job.id,))
            _append(connection, job.id, "resumed", {"attempt": row["attempts"] + 1}, now)
            return "queued"

    def cancel(self, job: str) -> str:
        """Ask for a job's end: a waiting one ends at once, a running one when its worker is stopped."""
        now = time.time()
        with self.database.change() as connection:
            row = connection.execute("SELECT * FROM jobs WHERE id=?", (job,)).fetchone()
            if row is None:
                return ""
            if row["state"] == "queued":
                _end(connection, row, "cancelled", {}, now)
                return "cancelled"
            if row["state"] == "running" and not row["cancelling"]:
                connection.execute("UPDATE jobs SET cancelling=1 WHERE id=?", (job,))
                _append(connection, job, "cancelling", {}, now)
            return str(row["state"])

    def remove(self, job: str) -> bool:
        """Forget a job that is not running; False when it is."""
        with self.database.change() as connection:
            row = connection.execute("SELECT state FROM jobs WHERE id=?", (job,)).fetchone()
            if row is not None and row["state"] == "running":
                return False
            for statement in ("events WHERE job=?", "repeats WHERE job=?", "jobs WHERE id=?"):
                connection.execute(f"DELETE FROM {statement}", (job,))
        return True

    def ended_before(self, moment: float) -> list[str]:
        """Runs that ended before a time."""
        rows = self.database.connection.execute("SELECT id FROM jobs WHERE kind='make' AND finished<?", (moment,))
        return [row["id"] for row in rows]

    def trim(self, moment: float) -> None:
        """Forget who ordered how much, repeated keys, deliveries and mattes before a time."""
        with self.database.change() as connection:
            for statement in (
                "admissions WHERE at<?", "repeats WHERE at<?", "deliveries WHERE due<? AND outcome IS NOT NULL",
                "events WHERE job IN (SELECT id FROM jobs WHERE kind!='make' AND finished<?)",
                "jobs WHERE kind!='make' AND state!='done' AND finished<?",
            ):  # fmt: skip
                connection.execute(f"DELETE FROM {statement}", (moment,))

    def set_size(self, job: str, size: int) -> None:
        """Record what a job takes on disk."""
        with self.database.change() as connection:
            connection.execute("UPDATE jobs SET size=? WHERE id=?", (size, job))

    # Pictures.

    def add_picture(self, picture: Picture) -> None:
        """Remember an upload."""
        with self.database.change() as connection:
            connection.execute(
                "INSERT INTO pictures VALUES (?,?,?,?,?,?,?,?)",
                (
                    picture.id, picture.owner, picture.name, picture.width, picture.height, int(picture.transparent),
                    picture.created, picture.size,
                ),
            )  # fmt: skip

    def picture(self, identifier: str, owner: str | None = None) -> Picture | None:
        """An upload, if it exists and belongs to the owner (None: to anyone)."""
        row = self.database.connection.execute("SELECT * FROM pictures WHERE id=?", (identifier,)).fetchone()
        if row is None or owner not in (None, row["owner"]):
            return None
        return Picture(
            **{name: row[name] for name in Picture.__dataclass_fields__} | {"transparent": bool(row["transparent"])}
        )

    def pictures_before(self, moment: float) -> list[str]:
        """Uploads older than a time."""
        rows = self.database.connection.execute("SELECT id FROM pictures WHERE created<?", (moment,))
        return [row["id"] for row in rows]

    def remove_picture(self, identifier: str) -> None:
        """Forget an upload and its mattes."""
        with self.database.change() as connection:
            connection.execute("DELETE FROM pictures WHERE id=?", (identifier,))
            connection.execute(
                "DELETE FROM events WHERE job IN (SELECT id FROM jobs WHERE kind='matte' AND parent=?)", (identifier,)
            )
            connection.execute("DELETE FROM jobs WHERE kind='matte' AND parent=?", (identifier,))


def _job(row: sqlite3.Row) -> Job:
    values = {name: row[name] for name in FIELDS}
    for name in ENCODED:
        values[name] = json.loads(values[name]) if values[name] is not None else None
    return Job(**values | {"cancelling": bool(values["cancelling"])})


def _append(connection: sqlite3.Connection, job: str, kind: str, data: dict[str, Any], now: float) -> None:
    connection.execute("INSERT INTO events (job, at, kind, data) VALUES (?,?,?,?)", (job, now, kind, json.dumps(data)))


def _set(connection: sqlite3.Connection, job: str, fields: dict[str, Any]) -> None:
    if fields:
        names = ", ".join(f"{name}=?" for name in fields)
        connection.execute(f"UPDATE jobs SET {names} WHERE id=?", (*fields.values(), job))


def _end(connection: sqlite3.Connection, row: sqlite3.Row, state: str, fields: dict[str, Any], now: float) -> None:
    _set(connection, row["id"], {"state": state, "finished": now, "worker": None, **fields})
    error = fields.get("error")
    _append(connection, row["id"], state, json.loads(error) if error else {}, now)
    if row["webhook"]:
        body = {"job": row["id"], "name": row["name"], "state": state, "finished": round(now, 3)}
        connection.execute(
            "INSERT INTO deliveries (id, owner, job, url, body, due) VALUES (lower(hex(randomblob(10))),?,?,?,?,?)",
            (row["owner"], row["id"], row["webhook"], json.dumps(body), now),
        )
