"""What the server offers, whether it works, and the session of a browser."""

from typing import Any

from fastapi import APIRouter, Request, Response

from tween4d.app.run import own_version
from tween4d.app.studio.expectations import all_priors, expectations, prior_sets
from tween4d.app.studio.web.context import COOKIE, Caller, TheStudio
from tween4d.app.studio.web.exports import NAMES
from tween4d.app.studio.web.models import Health, Strict
from tween4d.app.studio.web.problems import Refused, documented
from tween4d.io import FORMATS

router = APIRouter(tags=["server"])


class Login(Strict):
    """A key, to be exchanged for a cookie."""

    key: str


@router.get("/v1/health", responses=documented())
def health(studio: TheStudio) -> Health:
    """Whether workers run; needs no key."""
    workers = studio.supervisor.alive()
    return Health(status="ok" if all(workers.values()) else "starting", workers=workers)


@router.get("/v1/about", responses=documented())
def about(studio: TheStudio, key: Caller) -> dict[str, Any]:
    """Version, limits, formats, priors with their licences, and what a run is expected to take on this machine."""
    limits = studio.settings.limits
    return {
        "version": own_version(),
        "owner": key.name,
        "formats": [{"name": name, "label": FORMATS[suffix].label} for name, suffix in NAMES.items()],
        "priors": prior_sets(),
        "all_priors": all_priors(),
        "expected": expectations(studio.store),
        "limits": {"upload_bytes": limits.upload_bytes, "pixels": limits.pixels},
        "disk": {"used": studio.housekeeper.used, "quota": studio.settings.quota_bytes},
        "keep_days": studio.settings.keep_days,
        "workers": studio.settings.workers,
    }


@router.get("/v1/webhook-secret", responses=documented())
def webhook_secret(studio: TheStudio, key: Caller) -> dict[str, str]:
    """The secret that signs your webhooks."""
    return {"secret": studio.keys.signing(key.name).decode()}


@router.post("/session", status_code=204, include_in_schema=False)
def begin_session(studio: TheStudio, request: Request, body: Login) -> Response:
    """Exchange a key for a cookie that scripts cannot read."""
    if studio.meter.admit("session", 30):
        raise Refused(429, "too many attempts", remedy="wait a minute", retry_after=60)
    key = studio.keys.find(body.key)
    if key is None:
        raise Refused(401, "this key is not known", remedy="check it")
    answer = Response(status_code=204)
    secure = request.url.scheme == "https"
    answer.set_cookie(
        COOKIE, studio.keys.session(key), max_age=7 * 86400, httponly=True, samesite="strict", secure=secure
    )
    return answer
