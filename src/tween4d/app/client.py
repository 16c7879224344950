"""A typed client of the studio's REST interface; only the standard library is used."""

import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlencode

from tween4d.errors import InputError, Tween4dError
from tween4d.io.atomic import whole_file

PIECE = 256 * 1024
JobState = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED = ("done", "failed", "cancelled")


class StudioError(Tween4dError):
    """What the studio refused, or a job that failed there; `status` is that of HTTP, 0 for a failed job."""

    def __init__(self, what: str, got: str = "", remedy: str = "", status: int = 0) -> None:
        self.status = status
        super().__init__(what, got, remedy)


@dataclass(frozen=True)
class RemoteJob:
    """A job as the studio told of it."""

    id: str
    name: str
    state: JobState
    stage: str
    progress: float
    """In [0, 1]."""
    created: float
    """Seconds since 1970."""
    options: dict[str, Any]
    result: dict[str, Any] | None
    """What was made, as `tween4d run --json` tells it, once it is done."""
    error: dict[str, str] | None


@dataclass(frozen=True)
class RemoteEvent:
    """Something that happened to a job."""

    number: int
    kind: str
    data: dict[str, Any]


class Client:
    """Talks to a studio.

    >>> client = Client("http://127.0.0.1:7860")
    >>> job = client.make("start.png", "end.png", {"preset": "draft"})
    >>> client.wait(job.id)
    >>> client.download(job.id, "fox.t4d")
    """

    def __init__(self, url: str = "http://127.0.0.1:7860", key: str | None = None, timeout: float = 60.0) -> None:
        """Remember where the studio is.

        Args:
            url: its address.
            key: an API key, where the studio uses them.
            timeout: seconds without an answer after which a request fails.
        """
        if not url.startswith(("http://", "https://")):
            raise InputError("the address of a studio begins with http:// or https://", url)
        self.url, self.key, self.timeout = url.rstrip("/"), key, timeout

    def make(
        self,
        start: Path | str,
        end: Path | str,
        options: Mapping[str, Any] | None = None,
        *,
        masks: tuple[Path | str | None, Path | str | None] = (None, None),
        name: str = "",
        webhook: str | None = None,
        idempotency_key: str | None = None,
    ) -> RemoteJob:
        """Order an asset from two picture files.

        Args:
            start, end: pictures on this machine.
            options: preset, priors, seed, frames, fov, facing, as the interface describes them.
            masks: of start and end; white is the object.
            name: shown in the gallery.
            webhook: told when the job has ended; its host must be on the studio's list.
            idempotency_key: the same order under the same key is one job; None makes a key, so that a repetition after
                a lost answer is safe only within this call.
        Raises:
            StudioError: as the studio refuses it.
        """
        files = {"start": start, "end": end, "mask_start": masks[0], "mask_end": masks[1]}
        words = {"name": name, "options": json.dumps(dict(options or {}))}
        if webhook is not None:
            words["webhook"] = webhook
        body, kind = _form(words, {role: Path(path) for role, path in files.items() if path is not None})
        headers = {"Content-Type": kind, "Idempotency-Key": idempotency_key or secrets.token_hex(16)}
        return _job(self._told("POST", "/v1/jobs", body, headers))

    def job(self, identifier: str) -> RemoteJob:
        """A job as it is now."""
        return _job(self._told("GET", f"/v1/jobs/{quote(identifier, safe='')}"))

    def jobs(self, state: JobState | None = None) -> Iterator[RemoteJob]:
        """All your jobs, newest first."""
        before: float | None = None
        while True:
            query = {"limit": 100, "state": state, "before": before}
            words = urlencode({name: value for name, value in query.items() if value is not None})
            page = self._told("GET", f"/v1/jobs?{words}")
            yield from map(_job, page["jobs"])
            if (before := page["next"]) is None:
                return

    def events(self, identifier: str, after: int = 0) -> Iterator[RemoteEvent]:
        """What happens to a job, until it has ended; a broken connection is taken up again."""
        while True:
            headers = {"Last-Event-ID": str(after)}
            try:
                with self._open("GET", f"/v1/jobs/{quote(identifier, safe='')}/events", None, headers) as answer:
                    for event in _parsed(answer):
                        after = event.number
                        yield event
                        if event.kind in ENDED:
                            return
            except (ConnectionError, TimeoutError):
                time.sleep(1)
            # The server ends a stream of an hour; whoever still waits asks again.
            if self.job(identifier).state in ENDED and after == 0:
                return

    def wait(self, identifier: str) -> RemoteJob:
        """Wait until a job is done.

        Raises:
            StudioError: when it failed or was cancelled.
        """
        for _ in self.events(identifier):
            pass
        job = self.job(identifier)
        if job.state != "done":
            error = job.error or {"what": f"the job was {job.state}"}
            raise StudioError(error["what"], error.get("got", ""), error.get("remedy", ""))
        return job

    def cancel(self, identifier: str) -> RemoteJob:
        """Stop a job."""
        return _job(self._told("POST", f"/v1/jobs/{quote(identifier, safe='')}/cancel", b""))

    def delete(self, identifier: str) -> None:
        """Forget a job and its files."""
        with self._open("DELETE", f"/v1/jobs/{quote(identifier, safe='')}"):
            pass

    def again(self, identifier: str, options: Mapping[str, Any]) -> RemoteJob:
        """Order the same pictures with other options; stages that still hold are reused."""
        body = json.dumps({"options": dict(options)}).encode()
        path = f"/v1/jobs/{quote(identifier, safe='')}/again"
        return _job(self._told("POST", path, body, {"Content-Type": "application/json"}))

    def download(self, identifier: str, target: Path | str, format: str = "t4d") -> Path:
        """Fetch the asset, or an export, which is written first where it is not there; the file is whole or not at all.

        Args:
            format: t4d, or a name that `about()["formats"]` lists.
        """
        place = f"/v1/jobs/{quote(identifier, safe='')}"
        path = f"{place}/asset"
        if format != "t4d":
            self._export(place, format)
            path = f"{place}/exports/{quote(format, safe='')}"
        with self._open("GET", path) as answer, whole_file(Path(target)) as part, part.open("wb") as stream:
            while piece := answer.read(PIECE):
                stream.write(piece)
        return Path(target)

    def about(self) -> dict[str, Any]:
        """What the studio offers: formats, priors, limits, expected times."""
        return self._told("GET", "/v1/about")

    def _export(self, place: str, format: str) -> None:
        body = json.dumps({"format": format}).encode()
        told = self._told("POST", f"{place}/exports", body, {"Content-Type": "application/json"})
        while told["state"] in ("queued", "running"):
            time.sleep(0.3)
            told = next(entry for entry in self._told("GET", f"{place}/exports") if entry["format"] == format)
        if told["state"] != "done":
            raise StudioError(**(told["problem"] or {"what": "the export was not written"}))

    def _told(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Any:
        with self._open(method, path, body, headers) as answer:
            return json.load(answer)

    def _open(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Any:
        sent = {"Accept": "*/*", **(headers or {})} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        request = urllib.request.Request(self.url + path, body, sent, method=method)
        try:
            return urllib.request.urlopen(request, timeout=self.timeout)
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error) from None
        except urllib.error.URLError as error:
            raise StudioError("the studio does not answer", f"{self.url}: {error.reason}", "is it running?") from error


def _refusal(error: urllib.error.HTTPError) -> StudioError:
    try:
        return StudioError(**json.loads(error.read())["error"], status=error.code)
    except (ValueError, KeyError, TypeError):
        return StudioError("the studio refused", f"status {error.code}", status=error.code)


def _job(told: dict[str, Any]) -> RemoteJob:
    return RemoteJob(**{name: told[name] for name in RemoteJob.__dataclass_fields__})


def _parsed(stream: Any) -> Iterator[RemoteEvent]:
    fields: dict[str, str] = {}
    for line in stream:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name in ("id", "event", "data"):
            fields[name] = value
        elif not name and "data" in fields:
            yield RemoteEvent(int(fields["id"]), fields["event"], json.loads(fields["data"]))
            fields = {}


def _form(words: Mapping[str, str], files: Mapping[str, Path]) -> tuple[bytes, str]:
    boundary = secrets.token_hex(16)
    parts = []
    for name, value in words.items():
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    for name, path in files.items():
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError("the picture cannot be read", f"{path}: {error.strerror}") from error
        head = f'Content-Disposition: form-data; name="{name}"; filename="{name}"'
        kind = "Content-Type: application/octet-stream"
        parts += [f"--{boundary}\r\n{head}\r\n{kind}\r\n\r\n".encode(), content, b"\r\n"]
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"
