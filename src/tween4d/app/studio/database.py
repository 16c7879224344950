"""The SQLite file: one connection a thread, write-ahead log, so that readers do not wait for writers."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, kind TEXT NOT NULL, lane TEXT NOT NULL, name TEXT NOT NULL,
  state TEXT NOT NULL, request TEXT NOT NULL, created REAL NOT NULL, parent TEXT, started REAL, finished REAL,
  stage TEXT NOT NULL DEFAULT '', progress REAL NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
  cancelling INTEGER NOT NULL DEFAULT 0, worker TEXT, result TEXT, error TEXT, webhook TEXT,
  size INTEGER NOT NULL DEFAULT 0, beat REAL, not_before REAL NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS jobs_waiting ON jobs (lane, state, created);
CREATE INDEX IF NOT EXISTS jobs_owned ON jobs (owner, created);
CREATE INDEX IF NOT EXISTS jobs_children ON jobs (parent);
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_of_job ON events (job, seq);
CREATE TABLE IF NOT EXISTS pictures (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
  transparent INTEGER NOT NULL, created REAL NOT NULL, size INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS repeats (
  owner TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, job TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (owner, key));
CREATE TABLE IF NOT EXISTS admissions (owner TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS admissions_of_owner ON admissions (owner, at);
CREATE TABLE IF NOT EXISTS deliveries (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, job TEXT NOT NULL, url TEXT NOT NULL, body TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL, outcome TEXT);
"""


class Database:
    """Opens the file once a thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        with self.change() as connection:
            for statement in filter(str.strip, SCHEMA.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={VERSION}")

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's own."""
        if not hasattr(self._local, "connection"):
            opened = sqlite3.connect(self.path, timeout=15, isolation_level=None, check_same_thread=False)
            opened.row_factory = sqlite3.Row
            opened.execute("PRAGMA journal_mode=WAL")
            opened.execute("PRAGMA synchronous=NORMAL")
            self._local.connection = opened
            self._all.append(opened)
        return self._local.connection

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """A transaction that excludes other writers; undone when the block raises."""
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def close(self) -> None:
        """Close what all threads opened."""
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._local = threading.local()
