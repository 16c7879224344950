"""Errors over HTTP: one shape, a status that fits, and nothing of the server's insides."""

import re
import traceback
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from tween4d.app.studio.housekeeping import FullError
from tween4d.app.studio.outbound import NotAllowedError
from tween4d.app.studio.uploads import TooLargeError
from tween4d.app.studio.web.models import Refusal
from tween4d.errors import Tween4dError

LONGEST = 300


class Refused(Exception):
    """A request that is not carried out."""

    def __init__(self, status: int, what: str, got: str = "", remedy: str = "", *, retry_after: float = 0) -> None:
        self.status, self.what, self.got, self.remedy, self.retry_after = status, what, got, remedy, retry_after
        super().__init__(what)


def answer(
    status: int, what: str, got: str = "", remedy: str = "", headers: dict[str, str] | None = None
) -> JSONResponse:
    """The body that every error has."""
    body = {"error": {"what": what, "got": got[:LONGEST], "remedy": remedy}}
    return JSONResponse(body, status, headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Errors of an operation for its description; those that every operation has are added."""
    return {status: {"model": Refusal} for status in {400, 401, 422, 429, 421, *statuses}}


def install(app: FastAPI) -> None:
    """Let the application answer errors so."""

    @app.exception_handler(Refused)
    async def _refused(request: Request, error: Refused) -> JSONResponse:
        headers = {"Retry-After": f"{error.retry_after:.0f}"} if error.retry_after else {}
        if error.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return answer(error.status, error.what, error.got, error.remedy, headers)

    @app.exception_handler(Tween4dError)
    async def _expected(request: Request, error: Tween4dError) -> JSONResponse:
        kinds = {TooLargeError: 413, FullError: 507, NotAllowedError: 403}
        status = next((code for kind, code in kinds.items() if isinstance(error, kind)), 422)
        return answer(status, error.what, error.got, error.remedy)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return answer(422, f"the request is not understood at {place}", first["msg"], "see /v1/openapi.json")

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(sorted(_methods(request)))
        return answer(error.status_code, str(error.detail).lower(), headers=headers)

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        traceback.print_exception(error)
        return answer(500, "this should not have happened", remedy="the server's log says more")


def _methods(request: Request) -> set[str]:
    """What the addressed path can do; the framework names only the first operation of a path."""
    found = set()
    for template, operations in request.app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), request.url.path):
            found |= {method.upper() for method in operations}
    return found or {"GET"}
