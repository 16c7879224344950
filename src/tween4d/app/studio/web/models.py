"""The words of the REST interface, version 1."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from tween4d.app.studio.records import IDENTIFIER
from tween4d.priors.register import REGISTER, SETS

Identifier = Annotated[str, StringConstraints(pattern=f"^{IDENTIFIER.pattern}$")]
PriorSet = Literal[tuple(SETS)]  # type: ignore[valid-type]
Inbetweener = Literal[tuple(n for n, e in REGISTER.items() if e.role == "inbetweener")]  # type: ignore[valid-type]
Multiview = Literal[tuple(n for n, e in REGISTER.items() if e.role == "multiview")]  # type: ignore[valid-type]
# JSON knows one kind of number: 30.0 is an integer there.
Whole = Annotated[int, BeforeValidator(lambda v: int(v) if isinstance(v, float) and v.is_integer() else v)]
JobState = Literal["queued", "running", "done", "failed", "cancelled"]


class Strict(BaseModel):
    """Refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", strict=True)


class FacingOption(Strict):
    """Where the object's front points."""

    azimuth: float = Field(ge=-360, le=360, description="Degrees; 0 into the camera, 90 to the right.")
    elevation: float | None = Field(None, ge=-90, le=90, description="Degrees.")


class RunOptions(Strict):
    """What may be set for a run; see `tween4d run --help`."""

    preset: Literal["draft", "standard", "fine"] = "standard"
    priors: PriorSet = "embedded"
    seed: Whole = Field(0, ge=0, le=2**31 - 1)
    frames: Whole | None = Field(None, ge=5, le=512)
    fov: float = Field(33.8, gt=1, lt=120, description="Field of view along the longer side, degrees.")
    facing: FacingOption | None = Field(None, description="Found if left out; not for classical priors.")
    fragments: Literal["auto", "1", "2", "4", "8"] | None = Field(None, description="Pieces of the motion.")
    inbetweener: Inbetweener | None = Field(None, description="Imagines the motion in place of the set's.")
    multiview: Multiview | None = Field(None, description="Imagines the other sides in place of the set's.")
    prompt: str = Field("", max_length=500, description="What happens, for priors that read.")


class FromPicture(Strict):
    """A picture that was uploaded before."""

    picture: Identifier


class FromUrl(Strict):
    """A picture that the server fetches; its host must be on the server's list."""

    url: str = Field(min_length=1, max_length=2000)


class JobOrder(Strict):
    """A new job."""

    start: FromPicture | FromUrl
    end: FromPicture | FromUrl
    mask_start: FromPicture | FromUrl | None = Field(None, description="White is the object.")
    mask_end: FromPicture | FromUrl | None = None
    name: str = Field("", max_length=80)
    options: RunOptions = RunOptions()
    webhook: str | None = Field(None, max_length=2000, description="Told when the job has ended.")


class Again(Strict):
    """A job done again with other options; what still holds is not made again."""

    options: RunOptions
    name: str | None = Field(None, max_length=80)
    mask_start: FromPicture | None = None
    mask_end: FromPicture | None = None


class ExportOrder(Strict):
    """A format to write."""

    format: str = Field(max_length=20, description="A name from `/v1/about`, such as `mp4`.")


class Problem(BaseModel):
    """Why a request was refused, or why a job failed."""

    what: str
    got: str = ""
    remedy: str = ""


class Refusal(BaseModel):
    """The body of every answer that is an error."""

    error: Problem


class PictureView(BaseModel):
    """An uploaded picture."""

    id: Identifier
    name: str
    width: int
    height: int
    transparent: bool
    bytes: int
    matte: JobState
    """How far the matte is; `done` when it can be fetched."""
    problem: Problem | None = None


class ExportView(BaseModel):
    """An export of a job."""

    format: str
    label: str
    state: JobState | None
    """None when nobody asked for it yet."""
    bytes: int | None = None
    problem: Problem | None = None


class JobView(BaseModel):
    """A job."""

    id: Identifier
    name: str
    state: JobState
    cancelling: bool
    stage: str
    progress: float
    created: float
    started: float | None
    finished: float | None
    parent: str | None
    inputs: list[str]
    """Pictures that it was made from: start, end, and masks if it was given any."""
    options: RunOptions
    attempts: int
    bytes: int
    """On disk, once it has ended."""
    result: dict[str, Any] | None
    error: Problem | None


class JobPage(BaseModel):
    """Some jobs, newest first."""

    jobs: list[JobView]
    next: float | None
    """`before` of the next page, or null."""


class Health(BaseModel):
    """Whether the server works."""

    status: Literal["ok", "starting"]
    workers: dict[str, int]
