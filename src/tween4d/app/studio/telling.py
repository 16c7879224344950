"""What a run says, put where the page finds it: rows of the database, and pictures beside the job."""

import json
import time
from pathlib import Path
from typing import Any

import torch

from tween4d.app.preview import tile, write_preview
from tween4d.app.studio.places import Places
from tween4d.app.studio.records import Job
from tween4d.app.studio.store import Store
from tween4d.data.fragments import FragmentPlan
from tween4d.data.images import Image
from tween4d.data.video import Guide
from tween4d.errors import Tween4dError
from tween4d.events import Event, Note, StageFinished, StageProgress, StageStarted
from tween4d.io.images import save_png

FILM_FRAMES = 16
SECONDS_BETWEEN_PROGRESS = 0.5


class Teller:
    """Listens to the run of one job."""

    def __init__(self, job: Job, worker: str, store: Store, places: Places) -> None:
        self.job, self.worker, self.store, self.places = job, worker, store, places
        self._count, self._index, self._told = 1, 0, 0.0

    def listen(self, event: Event) -> None:
        """Record an event; progress is thinned."""
        match event:
            case StageStarted(stage, index, count):
                self._index, self._count = index, count
                data = {"stage": stage, "index": index, "count": count}
                self._tell("stage_started", data, stage=stage, progress=index / count)
            case StageProgress(stage, fraction, message):
                if time.monotonic() - self._told > SECONDS_BETWEEN_PROGRESS:
                    self._told = time.monotonic()
                    data = {"stage": stage, "fraction": round(fraction, 3), "message": message}
                    self._tell("stage_progress", data, progress=(self._index + fraction) / self._count)
            case StageFinished(stage, seconds, reused, value):
                data = {"stage": stage, "seconds": round(seconds, 2), "reused": reused} | self._shown(stage, value)
                self._tell("stage_finished", data, progress=(self._index + 1) / self._count)
            case Note(message, warning):
                self._tell("note", {"message": without_paths(message, self.places), "warning": warning})

    def _tell(self, kind: str, data: dict[str, Any], **fields: Any) -> None:
        self.store.tell(self.job.id, self.worker, kind, data, **fields)

    def _shown(self, stage: str, value: Any) -> dict[str, Any]:
        """Draw what the stage made; says which pictures there now are."""
        told: dict[str, Any] = {}
        if isinstance(value, Guide):
            told["film"] = self._film(value)
        if isinstance(value, FragmentPlan):
            told["keyframes"] = list(value.keyframes)
            told["frames"] = len(value.guide.video)
        if write_preview(value, self._picture(stage)):
            told["view"] = stage
        return told

    def _film(self, guide: Guide) -> dict[str, Any]:
        frames = len(guide.video)
        rows = torch.linspace(0, frames - 1, min(FILM_FRAMES, frames)).round().long().tolist()
        save_png(Image(torch.cat([tile(guide.video.frame(row)) for row in rows], 1)), self._picture("film"))
        return {"shown": rows, "frames": frames}

    def _picture(self, name: str) -> Path:
        path = self.places.view(self.job.id, name)
        path.parent.mkdir(exist_ok=True)
        return path


def without_paths(text: str, places: Places) -> str:
    """A message without the folders of the server: a file is called by its last name."""
    root = str(places.data)
    return " ".join(word.rpartition("/")[2] if root in word else word for word in text.split())


def told_error(error: BaseException, places: Places) -> str:
    """An error as the client may see it, as JSON; what nobody foresaw is told by its kind alone."""
    if isinstance(error, Tween4dError):
        parts = {"what": error.what, "got": error.got, "remedy": error.remedy}
    elif isinstance(error, MemoryError):
        parts = {"what": "the memory does not suffice", "got": "", "remedy": "use the preset draft"}
    else:
        kind = type(error).__name__
        parts = {"what": "this should not have happened", "got": kind, "remedy": "the server's log says more"}
    return json.dumps({name: without_paths(text, places) for name, text in parts.items()})
