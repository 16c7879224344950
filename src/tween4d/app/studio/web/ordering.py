"""From the body of a request to a queued job: pictures are gathered first, the job is entered last."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from tween4d.app.studio.keys import Key
from tween4d.app.studio.places import ROLES, remove, share_stages
from tween4d.app.studio.records import Job, Options, Order, options_as_json
from tween4d.app.studio.uploads import plain_name
from tween4d.app.studio.web.context import Studio, admit_job
from tween4d.app.studio.web.models import Again, FromPicture, FromUrl, JobOrder, RunOptions
from tween4d.app.studio.web.pictures import owned, take_upload
from tween4d.app.studio.web.problems import Refused

Source = FromPicture | FromUrl | UploadFile
WORDS = ("name", "webhook")
FORM = {
    "type": "object",
    "required": ["start", "end"],
    "additionalProperties": False,
    "properties": {
        **{role: {"type": "string", "format": "binary"} for role in ROLES},
        "name": {"type": "string", "maxLength": 80},
        "webhook": {"type": "string", "maxLength": 2000},
        "options": {"$ref": "#/components/schemas/RunOptions"},
    },
}


class Parsed(BaseModel):
    """What an order says besides its pictures."""

    name: str = ""
    webhook: str | None = None
    options: RunOptions = RunOptions()


async def read_order(request: Request) -> tuple[Parsed, dict[str, Source]]:
    """The order in a request, JSON or a form.

    Raises:
        Refused: 415 for another kind of body, 422 when it is not understood.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            order = JobOrder.model_validate_json(await request.body())
            sources: dict[str, Source] = {role: s for role in ROLES if (s := getattr(order, role)) is not None}
            return Parsed(name=order.name, webhook=order.webhook, options=order.options), sources
        if kind == "multipart/form-data":
            return await _form(request)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Refused(422, f"the order is not understood at {place or 'its beginning'}", str(first["msg"])) from None
    except ClientDisconnect:
        raise Refused(413, "the request is too large, or was not sent to its end") from None
    except HTTPException as error:
        raise Refused(422, "the form is not understood", str(error.detail)) from None
    raise Refused(415, "the body must be JSON or a multipart form", kind)


async def _form(request: Request) -> tuple[Parsed, dict[str, Source]]:
    form = await request.form(max_files=len(ROLES), max_fields=4, max_part_size=64 * 1024)
    try:
        return _sorted(form)
    except BaseException:
        await form.close()
        raise


def _sorted(form: FormData) -> tuple[Parsed, dict[str, Source]]:
    sources: dict[str, Source] = {}
    words: dict[str, Any] = {}
    for name, value in form.multi_items():
        if name in sources or name in words:
            raise Refused(422, "a field is there twice", name)
        if name in ROLES and isinstance(value, UploadFile):
            sources[name] = value
        elif name in WORDS and isinstance(value, str):
            words[name] = value
        elif name == "options" and isinstance(value, str):
            words[name] = RunOptions.model_validate_json(value)
        else:
            raise Refused(422, "the form has a field that is not known, or of another kind", name)
    for role in ("start", "end"):
        if role not in sources:
            raise Refused(422, f"the {role} picture is missing", remedy="two pictures make an asset")
    if len(words.get("name", "")) > 80 or len(words.get("webhook", "")) > 2000:
        raise Refused(422, "a field is too long")
    return Parsed(**words), sources


async def create(studio: Studio, key: Key, request: Request, repeat: str | None) -> tuple[Job, bool]:
    """Queue the job of a request; under a repeated idempotency key the earlier one is the answer.

    Returns:
        The job, and whether it is new.
    """
    body, sources = await read_order(request)
    try:
        return await run_in_threadpool(_create, studio, key, body, sources, repeat)
    finally:
        for source in sources.values():
            if isinstance(source, UploadFile):
                await source.close()


def _create(
    studio: Studio, key: Key, body: Parsed, sources: Mapping[str, Source], repeat: str | None
) -> tuple[Job, bool]:
    fingerprint = _fingerprint(body, sources) if repeat is not None else ""
    if repeat is not None and (earlier := studio.store.repeated(key.name, repeat)) is not None:
        if earlier[0] != fingerprint or earlier[1] is None:
            raise Refused(409, "this idempotency key was used for another order", remedy="use a new key")
        return earlier[1], False
    admit_job(studio, key)
    check_options(body.options)
    if body.webhook is not None:
        studio.outbound.checked(body.webhook)
    request = options_as_json(run_options(body.options))
    order = Order(key.name, "make", request, plain_name(body.name), webhook=body.webhook)
    try:
        for role, source in sources.items():
            _gather(studio, key, source, order.id, role)
        if repeat is None:
            return studio.store.add(order), True
        job, new = studio.store.add_once(order, repeat, fingerprint)
    except BaseException:
        remove(studio.places.job(order.id))
        raise
    if not new:
        remove(studio.places.job(order.id))
    if job is None:
        raise Refused(409, "this idempotency key was used for another order", remedy="use a new key")
    return job, new


def make_again(studio: Studio, key: Key, job: Job, body: Again) -> Job:
    """Queue a job with other options; it begins with the stages that the earlier one finished."""
    admit_job(studio, key)
    check_options(body.options)
    name = job.name if body.name is None else plain_name(body.name)
    order = Order(key.name, "make", options_as_json(run_options(body.options)), name, parent=job.id)
    try:
        folder = studio.places.job(order.id)
        folder.mkdir(mode=0o700)
        for role in ROLES:
            source = studio.places.source(job.id, role)
            if source.is_file():
                studio.places.source(order.id, role).write_bytes(source.read_bytes())
        for role in ("mask_start", "mask_end"):
            mask = getattr(body, role)
            if mask is not None:
                _gather(studio, key, mask, order.id, role)
        share_stages(studio.places.work(job.id), studio.places.work(order.id))
        return studio.store.add(order)
    except BaseException:
        remove(studio.places.job(order.id))
        raise


def check_options(options: RunOptions) -> None:
    """Refuse what is only wrong together.

    Raises:
        Refused: 409.
    """
    if options.facing is not None and options.priors == "classical":
        raise Refused(409, "these priors cannot be told the facing", options.priors, "use the embedded priors")


def run_options(options: RunOptions) -> Options:
    """Options in the words of the run."""
    told = options.facing
    facing = None if told is None else (told.azimuth, told.elevation)
    return Options(**options.model_dump() | {"facing": facing})


def _gather(studio: Studio, key: Key, source: Source, job: str, role: str) -> None:
    if isinstance(source, FromPicture):
        owned(studio.store, source.picture, key.name)
        studio.uploads.give(source.picture, job, role)
        return
    if isinstance(source, FromUrl):
        picture = studio.uploads.take(studio.outbound.fetch(source.url), key.name, role)
    else:
        picture = take_upload(studio, key.name, source)
    studio.uploads.give(picture.id, job, role)
    studio.uploads.drop(picture.id)


def _fingerprint(body: Parsed, sources: Mapping[str, Source]) -> str:
    total = hashlib.sha256(json.dumps(body.model_dump(), sort_keys=True).encode())
    for role in sorted(sources):
        source = sources[role]
        total.update(f" {role}=".encode())
        if isinstance(source, BaseModel):
            total.update(source.model_dump_json().encode())
        else:
            source.file.seek(0)
            total.update(hashlib.file_digest(source.file, "sha256").digest())
            source.file.seek(0)
    return total.hexdigest()
