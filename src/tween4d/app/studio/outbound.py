"""Requests that the server makes for a client: only to named hosts, only to public addresses, without redirects.

The address is looked up once, checked, and then connected to: a name that answers differently the second time gains
nothing. Which hosts may be asked is the operator's list; an empty list allows none.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from tween4d.errors import InputError

CONNECT_SECONDS = 10.0
PIECE = 64 * 1024


class NotAllowedError(InputError):
    """A URL that the server does not ask."""


@dataclass(frozen=True)
class Outbound:
    """What may be asked."""

    hosts: tuple[str, ...]
    """`example.org` is this host alone, `.example.org` also all below it, `host:port` a port that is not the usual."""
    resolve: Callable[..., list] = socket.getaddrinfo
    private: bool = False
    """Allow addresses of private networks and of this machine, and plain http: for tests and closed networks."""

    def checked(self, url: str) -> SplitResult:
        """The parts of a URL that may be asked.

        Raises:
            InputError: for another scheme, a host that is not listed, or credentials in it.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise NotAllowedError("this is not a URL", remedy="use https://host/path") from None
        schemes = ("https", "http") if self.private else ("https",)
        if parts.scheme not in schemes or not parts.hostname or any(ord(c) <= 32 for c in url):
            raise NotAllowedError("only https URLs are taken", remedy="use https://host/path")
        if parts.username or parts.password:
            raise NotAllowedError("a URL with a name or password in it is not taken", remedy="leave them out")
        if not self._listed(parts.hostname.rstrip(".").lower(), port):
            raise NotAllowedError(
                "this host is not on the list of the server",
                remedy="upload the file, or ask the operator for --allow-host",
            )
        return parts

    def _listed(self, host: str, port: int | None) -> bool:
        for entry in self.hosts:
            name, _, wanted = entry.lower().partition(":")
            if port is not None and str(port) != (wanted or "443"):
                continue
            if host == name.lstrip(".") or (name.startswith(".") and host.endswith(name)):
                return True
        return False

    def address(self, host: str, port: int) -> str:
        """An address of the host; refused if any of its addresses is not a public one.

        Raises:
            InputError: when there is none, or one that only reaches this machine or its networks.
        """
        try:
            found = {entry[4][0] for entry in self.resolve(host, port, type=socket.SOCK_STREAM)}
        except (OSError, UnicodeError):
            raise InputError("the host of the URL cannot be found", remedy="check its name") from None
        for text in found:
            if not self.private and not is_public(text):
                raise NotAllowedError("the URL leads into a private network", remedy="use a public address")
        if not found:
            raise InputError("the host of the URL cannot be found", remedy="check its name")
        return sorted(found)[0]

    @contextmanager
    def request(
        self, method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        """One request; a redirect is an answer like any other and not followed.

        Raises:
            InputError: when the URL may not be asked or the host does not answer.
        """
        parts = self.checked(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        assert parts.hostname is not None
        connection = _Pinned(parts.hostname, port, self.address(parts.hostname, port), parts.scheme == "https")
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, path, body, {"User-Agent": "tween4d", "Connection": "close", **(headers or {})})
            yield connection.getresponse()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise InputError("the host of the URL does not answer as expected", type(error).__name__) from error
        finally:
            connection.close()

    def fetch(self, url: str) -> Iterator[bytes]:
        """The content of a URL in pieces.

        Raises:
            InputError: also when the answer is anything but 200.
        """
        with self.request("GET", url) as answer:
            if answer.status != 200:
                told = "a redirect, which is not followed" if 300 <= answer.status < 400 else "no file"
                raise InputError(f"the URL answers with {told}", str(answer.status), "use the file's final URL")
            while piece := answer.read(PIECE):
                yield piece


def is_public(text: str) -> bool:
    """Whether an address is one of the open internet; one inside another form of address counts as itself."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if address in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)))
    return address.is_global and not address.is_multicast and not address.is_reserved


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was checked, under the host's name."""

    def __init__(self, host: str, port: int, address: str, secure: bool) -> None:
        super().__init__(host, port, timeout=CONNECT_SECONDS)
        self._address, self._secure = address, secure

    def connect(self) -> None:
        """Connect to the address, not to the name."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
