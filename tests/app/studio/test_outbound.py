"""The server asks nobody for a client that it should not: no private networks, no redirects, no names that change."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.app.studio.conftest import idle_studio, picture_bytes, served
from tween4d.app.studio.outbound import NotAllowedError, Outbound, is_public
from tween4d.app.studio.records import Order
from tween4d.app.studio.webhooks import HEADER, Courier
from tween4d.errors import InputError


def answering(*addresses: str) -> Any:
    return lambda host, port, type=0: [(0, 0, 0, "", (address, port)) for address in addresses]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "ff02::1",
    ],
)  # fmt: skip
def test_private_addresses_are_not_asked(address: str) -> None:
    """Oracle: the registries of special addresses (RFC 6890); also when a public address stands beside it."""
    assert not is_public(address)
    outbound = Outbound(("pictures.example",), answering("93.184.215.14", address))
    with pytest.raises(NotAllowedError, match="private"):
        list(outbound.fetch("https://pictures.example/a.png"))


def test_public_addresses_are() -> None:
    """Oracle: two addresses of the open internet."""
    assert is_public("93.184.215.14") and is_public("2606:2800:21f:cb07:6820:80da:af6b:8b2c")


@pytest.mark.parametrize(
    "url",
    [
        "http://pictures.example/a", "ftp://pictures.example/a", "file:///etc/passwd", "https://other.example/a",
        "https://pictures.example.evil.org/", "https://evilpictures.example/", "https://pictures.example:22/",
        "https://user:pass@pictures.example/", "https://pictures.example\r\nHost: x/", "https://127.0.0.1/",
        "https://[::1]/", "https:///a", "gopher://x", "https://2130706433/", "//pictures.example/a", "https://[",
        "https://deep.pictures.example/",
    ],
)  # fmt: skip
def test_urls_off_the_list_are_refused_without_asking_anybody(url: str) -> None:
    """Oracle: the list of one host; a resolver that would be noticed is never called."""
    outbound = Outbound(("pictures.example",), lambda *_, **__: pytest.fail("a name was looked up"))
    with pytest.raises(NotAllowedError):
        outbound.checked(url)
    with pytest.raises(NotAllowedError):
        Outbound(()).checked("https://pictures.example/a")


def test_a_leading_dot_takes_what_is_below() -> None:
    """Oracle: the meaning of the list's entries."""
    outbound = Outbound((".cdn.example", "files.example:8443"))
    for url in ("https://a.b.cdn.example/x", "https://cdn.example/x", "https://files.example:8443/x"):
        assert outbound.checked(url).hostname
    with pytest.raises(NotAllowedError):
        outbound.checked("https://files.example:9000/x")


class _Elsewhere(BaseHTTPRequestHandler):
    """Another server: redirects, pictures, and ears for webhooks."""

    heard: list[tuple[dict[str, str], bytes]] = []
    answers: list[int] = []

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/picture")
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(picture_bytes() if self.path == "/disc.png" else b"content")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((dict(self.headers), body))
        self.send_response(self.answers.pop(0) if self.answers else 204)
        self.end_headers()

    def log_message(self, *words: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    _Elsewhere.heard, _Elsewhere.answers = [], []
    server = HTTPServer(("127.0.0.1", 0), _Elsewhere)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"elsewhere.example:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_redirects_are_not_followed(elsewhere: str) -> None:
    """Oracle: a server that redirects to a file it would serve; the same file is served when it is asked for."""
    outbound = Outbound((elsewhere,), answering("127.0.0.1"), private=True)
    assert b"".join(outbound.fetch(f"http://{elsewhere}/picture")) == b"content"
    with pytest.raises(InputError, match="redirect"):
        list(outbound.fetch(f"http://{elsewhere}/moved"))


def test_pictures_by_url_become_a_job_unless_they_redirect(elsewhere: str, tmp_path: Path) -> None:
    """Oracle: the picture that the other server sent, and its redirect to a file that it would serve."""
    outbound = Outbound((elsewhere,), answering("127.0.0.1"), private=True)
    studio = idle_studio(tmp_path / "data", outbound=outbound)
    with served(studio) as server:
        for path, status in (("disc.png", 201), ("moved", 422), ("picture", 422)):
            order = {role: {"url": f"http://{elsewhere}/{path}"} for role in ("start", "end")}
            request = Request(f"{server.url}/v1/jobs", json.dumps(order).encode(), {"Content-Type": "application/json"})
            try:
                with urlopen(request) as answer:
                    found, told = answer.status, json.load(answer)
            except HTTPError as error:
                with error:
                    found, told = error.code, {}
            assert found == status
            assert not told or studio.places.source(told["id"], "end").is_file()
    assert len(list((studio.places.data / "jobs").iterdir())) == 1


def test_a_name_is_looked_up_once(elsewhere: str) -> None:
    """Oracle: a resolver that answers only once; the connection goes to the address that was checked."""
    answers = iter([answering("127.0.0.1")])
    outbound = Outbound((elsewhere,), lambda *a, **k: next(answers)(*a, **k), private=True)
    assert b"".join(outbound.fetch(f"http://{elsewhere}/picture")) == b"content"


def test_webhooks_are_signed_and_repeated_until_heard(elsewhere: str, tmp_path: Path) -> None:
    """Oracle: the receiver's own HMAC over what came, with the secret it was told; a 500 is tried again later."""
    outbound = Outbound((elsewhere,), answering("127.0.0.1"), private=True)
    studio = idle_studio(tmp_path / "data", outbound=outbound)
    courier = Courier(studio.store.database, studio.keys, outbound)
    job = studio.store.add(Order("local", "make", webhook=f"http://{elsewhere}/ears"))
    studio.store.cancel(job.id)
    _Elsewhere.answers = [500]
    assert courier.deliver_due() == 1
    assert courier.deliver_due() == 0
    with studio.store.database.change() as connection:
        connection.execute("UPDATE deliveries SET due=0")
    courier.deliver_due()
    assert courier.deliver_due() == 0 and len(_Elsewhere.heard) == 2
    headers, body = _Elsewhere.heard[-1]
    moment, mark = (part.partition("=")[2] for part in headers[HEADER].split(","))
    secret = studio.keys.signing("local")
    assert hmac.new(secret, f"{moment}.".encode() + body, hashlib.sha256).hexdigest() == mark
    assert json.loads(body)["job"] == job.id and json.loads(body)["state"] == "cancelled"
