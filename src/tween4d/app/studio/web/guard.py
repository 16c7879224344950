"""What is checked before any handler sees a request: who is addressed, from which page, and how much comes in."""

import ipaddress
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tween4d.app.studio.settings import Settings, is_loopback
from tween4d.app.studio.web.problems import answer

SAFE = ("GET", "HEAD", "OPTIONS")
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
FILES_IN_A_REQUEST = 4


class Guard:
    """ASGI middleware.

    A page of another site can make a browser send requests to 127.0.0.1, and a name of that site can be made to mean
    127.0.0.1. So the name that is asked must be ours, and what changes something must not come from another origin.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self.names = {name.lower() for name in (*settings.hosts, settings.host)}
        self.most = settings.limits.upload_bytes * FILES_IN_A_REQUEST + 1024 * 1024

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                added = HEADERS | {"content-security-policy": PAGE_POLICY, "cache-control": "no-store"}
                message["headers"] = [
                    *message["headers"],
                    *((n.encode(), v.encode()) for n, v in added.items() if n.encode() not in present),
                ]
            await send(message)

        refusal = self._refusal(scope["method"], headers)
        if refusal is not None:
            await answer(*refusal)(scope, receive, dressed)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            # Whoever says nothing of the length, or lies, is cut off: the handler sees a client that left.
            return {"type": "http.disconnect"} if taken > self.most else message

        await self.app(scope, counted, dressed)

    def _refusal(self, method: str, headers: dict[str, str]) -> tuple[int, str, str, str] | None:
        host = _hostname(headers.get("host", ""))
        if not self._ours(host):
            return 421, "the server is not known under this name", host, "add it with --allow-name"
        if method not in SAFE:
            origin = headers.get("origin")
            foreign = origin is not None and _netloc(origin) != headers.get("host", "").lower()
            if foreign or headers.get("sec-fetch-site") in ("cross-site", "same-site"):
                return 403, "the request comes from a page of another site", origin or "", "use a program, or our page"
            if headers.get("content-length", "0").isdecimal() and int(headers.get("content-length", "0")) > self.most:
                return 413, "the request is too large", "", f"send at most {self.most // 2**20} MB"
        return None

    def _ours(self, host: str) -> bool:
        if host in self.names or is_loopback(host):
            return True
        # Who listens on every address may be asked by any of them; a name could be another site's.
        return not self.settings.loopback and _is_address(host)


def _hostname(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
