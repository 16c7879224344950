"""`/v1/jobs/{job}/exports`: the asset in other formats, written when they are asked for."""

import mimetypes
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from tween4d.app.studio.records import Job, Order
from tween4d.app.studio.store import Store
from tween4d.app.studio.web.context import Caller, TheStudio
from tween4d.app.studio.web.jobs import Named, file_stem, owned
from tween4d.app.studio.web.models import ExportOrder, ExportView, Problem
from tween4d.app.studio.web.pictures import sent
from tween4d.app.studio.web.problems import Refused, documented
from tween4d.io import FORMATS

FOLDER = "frames"
"""What the format is called that is a folder; it comes as a zip archive."""
NAMES = {suffix.lstrip(".") or FOLDER: suffix for suffix in FORMATS}
Format = Annotated[str, InPath(min_length=1, max_length=20, pattern="^[a-z0-9._-]+$")]

router = APIRouter(prefix="/v1/jobs", tags=["exports"])


@router.get("/{job}/exports", responses=documented(404))
def list_exports(studio: TheStudio, key: Caller, job: Named) -> list[ExportView]:
    """All formats, and how far each is."""
    found = owned(studio.store, job, key.name)
    return [_view(name, _latest(studio.store, found.id, suffix)) for name, suffix in NAMES.items()]


@router.post("/{job}/exports", status_code=202, responses=documented(404, 409, 507))
def order_export(studio: TheStudio, key: Caller, job: Named, body: ExportOrder) -> ExportView:
    """Write a format; one that is written or on its way is not written again."""
    found = owned(studio.store, job, key.name)
    suffix = _suffix(body.format)
    if found.state != "done":
        raise Refused(409, "the asset is not finished", found.state, "wait until the job is done")
    earlier = _latest(studio.store, found.id, suffix)
    if earlier is None or earlier.state in ("failed", "cancelled"):
        studio.housekeeper.make_room()
        earlier = studio.store.add(Order(key.name, "export", {"suffix": suffix}, parent=found.id))
    return _view(body.format, earlier)


@router.get("/{job}/exports/{format}", responses=documented(404), response_class=FileResponse)
def get_export(studio: TheStudio, key: Caller, job: Named, format: Format) -> FileResponse:
    """A written format."""
    found = owned(studio.store, job, key.name)
    path = studio.places.export(found.id, _suffix(format))
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return sent(path, kind, f"{file_stem(found)}{path.name.removeprefix('asset')}")


def _suffix(name: str) -> str:
    if name not in NAMES:
        raise Refused(404, "there is no such format", name, f"use one of {', '.join(NAMES)}")
    return NAMES[name]


def _latest(store: Store, job: str, suffix: str) -> Job | None:
    return next((child for child in store.children(job, "export") if child.request["suffix"] == suffix), None)


def _view(name: str, job: Job | None) -> ExportView:
    return ExportView(
        format=name,
        label=FORMATS[NAMES[name]].label,
        state=job.state if job is not None else None,
        bytes=job.result["bytes"] if job is not None and job.result else None,
        problem=Problem(**job.error) if job is not None and job.error else None,
    )
