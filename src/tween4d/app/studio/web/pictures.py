"""`/v1/pictures`: uploads, and the matte of each."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from pydantic import WithJsonSchema
from starlette.datastructures import UploadFile

from tween4d.app.studio.records import Job, Order, Picture
from tween4d.app.studio.store import Store
from tween4d.app.studio.web.context import Caller, Studio, TheStudio
from tween4d.app.studio.web.models import Identifier, PictureView, Problem
from tween4d.app.studio.web.problems import Refused, documented

PIECE = 64 * 1024
router = APIRouter(prefix="/v1/pictures", tags=["pictures"])
# The framework's own class of uploads is not the one whose objects it hands over.
Upload = Annotated[Any, File(), WithJsonSchema({"type": "string", "format": "binary"})]
Named = Annotated[Identifier, InPath(description="A picture's id.")]


@router.post("", status_code=201, responses=documented(413, 507))
def upload_picture(studio: TheStudio, key: Caller, file: Upload, matte: Annotated[bool, Form()] = True) -> PictureView:
    """Upload a picture; its matte is made at once, unless the picture is itself a mask."""
    if not isinstance(file, UploadFile):
        raise Refused(422, "the field is not a file", "file")
    studio.housekeeper.make_room()
    picture = take_upload(studio, key.name, file)
    ordered = studio.store.add(Order(key.name, "matte", parent=picture.id)) if matte else None
    return _view(picture, ordered)


@router.get("/{picture}", responses=documented(404))
def get_picture(studio: TheStudio, key: Caller, picture: Named) -> PictureView:
    """What is known of a picture, and how far its matte is."""
    found = owned(studio.store, picture, key.name)
    mattes = studio.store.children(found.id, "matte")
    return _view(found, mattes[0] if mattes else None)


@router.get("/{picture}/image", responses=documented(404), response_class=FileResponse)
def get_image(studio: TheStudio, key: Caller, picture: Named) -> FileResponse:
    """The picture as it was decoded."""
    owned(studio.store, picture, key.name)
    return sent(studio.places.picture(picture), "image/png")


@router.get("/{picture}/matte", responses=documented(404), response_class=FileResponse)
def get_matte(studio: TheStudio, key: Caller, picture: Named) -> FileResponse:
    """Where the object is: white on black."""
    owned(studio.store, picture, key.name)
    return sent(studio.places.matte(picture), "image/png")


@router.delete("/{picture}", status_code=204, responses=documented(404))
def delete_picture(studio: TheStudio, key: Caller, picture: Named) -> Response:
    """Forget a picture; jobs made from it have their own copy."""
    owned(studio.store, picture, key.name)
    studio.uploads.drop(picture)
    return Response(status_code=204)


def take_upload(studio: Studio, owner: str, file: UploadFile) -> Picture:
    """Keep an uploaded file."""
    stream = file.file
    return studio.uploads.take(iter(lambda: stream.read(PIECE), b""), owner, file.filename or "")


def owned(store: Store, identifier: str, owner: str) -> Picture:
    """A picture of the owner's.

    Raises:
        Refused: 404, also when it is somebody else's.
    """
    found = store.picture(identifier, owner)
    if found is None:
        raise Refused(404, "there is no such picture", identifier, "upload it again")
    return found


def sent(path: Path, kind: str, name: str | None = None, policy: str | None = None) -> FileResponse:
    """A file of ours.

    Raises:
        Refused: 404 when it is not there (yet).
    """
    if not path.is_file() or path.is_symlink():
        raise Refused(404, "this file is not there", remedy="it may not be finished yet")
    headers = {"Cache-Control": "private, no-cache"}
    if policy is not None:
        headers["Content-Security-Policy"] = policy
    return FileResponse(path, media_type=kind, filename=name, headers=headers)


def _view(picture: Picture, matte: Job | None) -> PictureView:
    return PictureView(
        id=picture.id,
        name=picture.name,
        width=picture.width,
        height=picture.height,
        transparent=picture.transparent,
        bytes=picture.size,
        matte=matte.state if matte is not None else "cancelled",
        problem=Problem(**matte.error) if matte is not None and matte.error else None,
    )
