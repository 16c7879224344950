"""`/v1/jobs`: order, watch, stop, fetch, forget."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse

from tween4d.app.studio.places import ROLES
from tween4d.app.studio.records import ENDED, Job, options_from_json
from tween4d.app.studio.store import Store
from tween4d.app.studio.web.context import Caller, Studio, TheStudio
from tween4d.app.studio.web.models import (
    Again,
    FacingOption,
    Identifier,
    JobPage,
    JobState,
    JobView,
    Problem,
    RunOptions,
)
from tween4d.app.studio.web.ordering import FORM, create, make_again
from tween4d.app.studio.web.pictures import sent
from tween4d.app.studio.web.problems import Refused, documented

VIEWS = (
    "matte_images", "imagine_motion", "film", "select_fragments", "reconstruct_keyframes", "fit_motion", "merge_clips",
)  # fmt: skip
POLL_SECONDS = 0.3
LONGEST_STREAM = 3600.0
# The player has a policy of its own; the sandbox keeps it away from our cookies and interface.
PLAYER_POLICY = "sandbox allow-scripts; frame-ancestors 'self'"

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
Named = Annotated[Identifier, InPath(description="A job's id.")]
Repeat = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")]
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/JobOrder"}},
            "multipart/form-data": {"schema": FORM, "encoding": {"options": {"contentType": "application/json"}}},
        },
    }
}


@router.post(
    "", status_code=201, response_model=JobView, openapi_extra=BODY, responses=documented(403, 404, 409, 413, 415, 507)
)
async def create_job(request: Request, studio: TheStudio, key: Caller, idempotency_key: Repeat = None) -> JSONResponse:
    """Order an asset from two pictures: files in a form, or JSON that names uploaded pictures or URLs.

    With an idempotency key the same order, sent again, is answered with the same job (200 instead of 201).
    """
    job, new = await create(studio, key, request, idempotency_key)
    headers = {"Location": f"/v1/jobs/{job.id}"}
    return JSONResponse(_view(studio, job).model_dump(), 201 if new else 200, headers)


@router.get("", responses=documented())
def list_jobs(
    studio: TheStudio,
    key: Caller,
    state: JobState | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[float | None, Query(ge=0, description="`next` of the page before.")] = None,
) -> JobPage:
    """Your jobs, newest first."""
    found = studio.store.jobs(key.name, state=state, limit=limit, before=before or 0)
    last = found[-1].created if len(found) == limit else None
    return JobPage(jobs=[_view(studio, job) for job in found], next=last)


@router.get("/{job}", responses=documented(404))
def get_job(studio: TheStudio, key: Caller, job: Named) -> JobView:
    """A job's state."""
    return _view(studio, owned(studio.store, job, key.name))


@router.post("/{job}/cancel", status_code=202, responses=documented(404))
def cancel_job(studio: TheStudio, key: Caller, job: Named) -> JobView:
    """Stop a job; memory and disk are free within a second. One that has ended stays as it is."""
    studio.store.cancel(owned(studio.store, job, key.name).id)
    return _view(studio, owned(studio.store, job, key.name))


@router.post("/{job}/again", status_code=201, responses=documented(404, 409, 507))
def again(studio: TheStudio, key: Caller, job: Named, body: Again) -> JobView:
    """Order the same pictures with other options or masks; finished stages that still hold are reused."""
    return _view(studio, make_again(studio, key, owned(studio.store, job, key.name), body))


@router.delete("/{job}", status_code=204, responses=documented(404, 409))
def delete_job(studio: TheStudio, key: Caller, job: Named) -> Response:
    """Forget a job and all its files."""
    found = owned(studio.store, job, key.name)
    if not studio.housekeeper.forget(found.id):
        raise Refused(409, "the job is running", remedy="cancel it first")
    return Response(status_code=204)


@router.get(
    "/{job}/events",
    responses=documented(404) | {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    response_class=StreamingResponse,
)
async def job_events(
    request: Request,
    studio: TheStudio,
    key: Caller,
    job: Named,
    follow: Annotated[bool, Query(description="False ends the stream at the present.")] = True,
    last_event_id: Annotated[str | None, Header(pattern=r"^[0-9]{1,15}$")] = None,
) -> StreamingResponse:
    """What happens, as server-sent events; `Last-Event-ID` goes on where a connection broke off."""
    owned(studio.store, job, key.name)
    after = int(last_event_id or 0)
    return StreamingResponse(_stream(request, studio.store, job, after, follow), media_type="text/event-stream")


@router.get("/{job}/asset", responses=documented(404), response_class=FileResponse)
def get_asset(studio: TheStudio, key: Caller, job: Named) -> FileResponse:
    """The .t4d file."""
    found = owned(studio.store, job, key.name)
    return sent(studio.places.asset(found.id), "application/zip", f"{file_stem(found)}.t4d")


@router.get("/{job}/player", responses=documented(404), response_class=FileResponse)
def get_player(studio: TheStudio, key: Caller, job: Named) -> FileResponse:
    """The page that plays the asset."""
    return sent(studio.places.player(owned(studio.store, job, key.name).id), "text/html", policy=PLAYER_POLICY)


@router.get("/{job}/inputs/{role}", responses=documented(404), response_class=FileResponse)
def get_input(
    studio: TheStudio, key: Caller, job: Named, role: Literal["start", "end", "mask_start", "mask_end"]
) -> FileResponse:
    """A picture that the job was made from."""
    assert role in ROLES
    return sent(studio.places.source(owned(studio.store, job, key.name).id, role), "image/png")


@router.get("/{job}/views/{view}", responses=documented(404), response_class=FileResponse)
def get_view(studio: TheStudio, key: Caller, job: Named, view: Literal[VIEWS]) -> FileResponse:  # type: ignore[valid-type]
    """A picture that a stage shows of itself; `stage_finished` events say which there are."""
    return sent(studio.places.view(owned(studio.store, job, key.name).id, view), "image/png")


def owned(store: Store, identifier: str, owner: str) -> Job:
    """A job of the owner's.

    Raises:
        Refused: 404, also when it is somebody else's.
    """
    found = store.job(identifier, owner)
    if found is None or found.kind != "make":
        raise Refused(404, "there is no such job", identifier)
    return found


def file_stem(job: Job) -> str:
    """What a downloaded file is called."""
    kept = "".join(c if c.isalnum() or c in "-_" else "-" for c in job.name).strip("-")
    return kept or f"tween4d-{job.id[:6]}"


async def _stream(request: Request, store: Store, job: str, after: int, follow: bool) -> AsyncIterator[str]:
    """Rows as they come; a read of the database takes far less than a millisecond, so it may block the loop."""
    waited, quiet = 0.0, 0.0
    while True:
        rows = store.events(job, after)
        for after, at, kind, data in rows:
            yield _message(after, at, kind, data)
            if kind in ENDED:
                return
        if (not rows and not follow) or waited > LONGEST_STREAM or store.job(job) is None:
            return
        if await request.is_disconnected():
            return
        if not rows:
            await asyncio.sleep(POLL_SECONDS)
            waited, quiet = waited + POLL_SECONDS, quiet + POLL_SECONDS
            if quiet > 15:
                quiet = 0.0
                yield ": still here\n\n"


def _message(number: int, at: float, kind: str, data: dict[str, Any]) -> str:
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(data | {'at': round(at, 3)})}\n\n"


def _view(studio: Studio, job: Job) -> JobView:
    options = asdict(options_from_json(job.request))
    if options["facing"] is not None:
        options["facing"] = FacingOption(azimuth=options["facing"][0], elevation=options["facing"][1])
    return JobView(
        id=job.id,
        name=job.name,
        state=job.state,
        cancelling=job.cancelling,
        stage=job.stage,
        progress=round(job.progress, 4),
        created=job.created,
        started=job.started,
        finished=job.finished,
        parent=job.parent,
        inputs=[role for role in ROLES if studio.places.source(job.id, role).is_file()],
        options=RunOptions(**options),
        attempts=job.attempts,
        bytes=job.size,
        result=job.result,
        error=Problem(**job.error) if job.error else None,
    )
