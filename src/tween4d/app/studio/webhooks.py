"""Tells a client's server that a job has ended: signed, repeated until it is heard, and no longer than a day."""

import hashlib
import hmac
import threading
import time
import traceback

from tween4d.app.studio.database import Database
from tween4d.app.studio.keys import Keys
from tween4d.app.studio.outbound import Outbound
from tween4d.errors import InputError

WAITS = (10, 60, 300, 1800, 7200, 21600, 43200)
"""Seconds before each repetition."""
ROUND_SECONDS = 1.0
HEADER = "X-Tween4D-Signature"


def signature(secret: bytes, moment: int, body: bytes) -> str:
    """What the receiver compares: HMAC-SHA256 over the time, a dot and the body, in hexadecimal."""
    mark = hmac.new(secret, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={mark}"


class Courier:
    """Delivers from a thread what the store has put down."""

    def __init__(self, database: Database, keys: Keys, outbound: Outbound) -> None:
        self.database, self.keys, self.outbound = database, keys, outbound
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the delivery that is under way; the others are made after the next start."""
        self._ended.set()
        self._thread.join(timeout=5)

    def deliver_due(self) -> int:
        """Deliver what is due; returns how many were tried."""
        query = "SELECT * FROM deliveries WHERE outcome IS NULL AND due<=? ORDER BY due LIMIT 20"
        rows = self.database.connection.execute(query, (time.time(),)).fetchall()
        for row in rows:
            outcome = self._deliver(row["id"], row["owner"], row["url"], row["body"].encode())
            attempts = row["attempts"] + 1
            due = row["due"]
            if outcome != "delivered" and attempts <= len(WAITS):
                due, outcome = time.time() + WAITS[attempts - 1], None
            with self.database.change() as connection:
                connection.execute(
                    "UPDATE deliveries SET attempts=?, due=?, outcome=? WHERE id=?", (attempts, due, outcome, row["id"])
                )
        return len(rows)

    def _deliver(self, identifier: str, owner: str, url: str, body: bytes) -> str:
        moment = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "X-Tween4D-Delivery": identifier,
            HEADER: signature(self.keys.signing(owner), moment, body),
        }
        try:
            with self.outbound.request("POST", url, body, headers) as answer:
                return "delivered" if 200 <= answer.status < 300 else f"answer {answer.status}"
        except InputError as error:
            return error.what

    def _run(self) -> None:
        while not self._ended.wait(ROUND_SECONDS):
            try:
                self.deliver_due()
            except Exception:
                traceback.print_exc()
