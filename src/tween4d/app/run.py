"""A run from two files to an asset: load, prepare, choose priors, make, and say how it was made."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import tween4d
from tween4d.app.explain import plan_record
from tween4d.app.first import first_file, with_first
from tween4d.app.preview import write_preview
from tween4d.app.steering import Steering
from tween4d.config import Config, preset
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import DEFAULT_FOV_DEGREES
from tween4d.data.facing import Facing
from tween4d.data.fragments import FragmentPlan
from tween4d.data.images import Image, Keyframes
from tween4d.data.video import Guide
from tween4d.errors import InputError
from tween4d.events import Event, Listener, Note, StageFinished, silent
from tween4d.geometry.compositing import unmix_background
from tween4d.io.cache import CachedStep, WorkingFolder, code_version
from tween4d.io.images import load_image, load_mask
from tween4d.io.pair import prepare_pair
from tween4d.io.values import digest, pack
from tween4d.io.video import read_video
from tween4d.pipeline import inbetween
from tween4d.priors.pretrained.memory import StagePeaks
from tween4d.priors.pretrained.settings import PretrainedSettings
from tween4d.priors.protocols import Orientable, PriorInfo, Priors, Releasable
from tween4d.priors.register import DEFAULTS, SETS, make_features, make_set
from tween4d.priors.user import GuideVideo
from tween4d.stages.guide import drag_frames, fit_working_size
from tween4d.stages.matte import border_contact, matte_images
from tween4d.steps import Step
from tween4d.steps import run as plain_step

STAGES = 7
WORKING_SIZE = 512


@dataclass(frozen=True)
class RunOptions:
    """What a user may set besides the two pictures and a preset."""

    frames: int | None = None
    """Frames of the asset; None takes the preset's."""
    guide: Path | None = None
    """An in-between video that takes the place of the prior's."""
    mask_start: Path | None = None
    mask_end: Path | None = None
    fov: float = DEFAULT_FOV_DEGREES
    """Field of view of the input camera along the longer side, degrees."""
    priors: str = "embedded"
    """A set of the register: embedded (with the networks that ship) or classical (without)."""
    facing: tuple[float, float | None] | None = None
    """Where the object's front points: azimuth and, if known, elevation, degrees; None leaves it to the prior."""
    fragments: Literal["auto", "1", "2", "4", "8"] | None = None
    """Pieces that the motion is divided into; auto divides until all are quasi-static; None takes the preset's."""
    inbetweener: str | None = None
    """A prior of the register in place of the set's."""
    multiview: str | None = None
    """A prior of the register in place of the set's."""
    features: str | None = None
    """What keyframes are scored and matched by, of the register; None leaves it to the stage."""
    prompt: str = ""
    """What happens, for priors that read; they have a neutral sentence of their own."""
    pretrained: PretrainedSettings = PretrainedSettings()
    """Where weights lie, what was accepted and how they are run."""
    init_ply: Path | None = None
    """Gaussians of the start state that another program made: PLY, .splat, or a folder whose first file is taken."""
    steering: Steering = Steering()
    """Images between, drags, pace, rate, and what happens at the end."""


@dataclass(frozen=True)
class Change:
    """How the method is called other than by itself: in parts, or for a measurement without one of its parts."""

    config: Callable[[Config], Config] = lambda config: config
    priors: Callable[[Priors], Priors] = lambda priors: priors
    stages: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """By name of a stage, what is called in its place with the same arguments."""
    compute: Step = plain_step
    """How a stage that is not reused is computed."""

    def around(self, step: Step) -> Step:
        """Calls what stands in a stage's place."""
        return lambda stage, *args, **kwargs: step(self.stages.get(stage.__name__, stage), *args, **kwargs)


def make_asset(
    start_path: Path,
    end_path: Path,
    *,
    preset_name: str = "standard",
    seed: int = 0,
    listener: Listener = silent,
    work_dir: Path | None = None,
    options: RunOptions = RunOptions(),
    change: Change = Change(),
) -> Asset4D:
    """Make a 4D asset from two pictures of an object.

    Args:
        start_path, end_path: the object at time 0 and at time 1, seen from one camera.
        preset_name: draft, standard or fine.
        seed: same inputs, options and seed give the same asset.
        listener: receives the run's events; StageFinished carries each stage's value.
        work_dir: keeps finished stages and a preview picture; a rerun reuses what still holds. None keeps nothing.
        options: see `RunOptions`.
        change: nothing by default.
    Returns:
        The asset, with its provenance.
    Raises:
        Tween4dError: when an input, an option or the working folder cannot be used.
    """
    began = time.perf_counter()
    config = change.config(configured(preset_name, options))
    pictures = _loaded(start_path, end_path, options, listener)
    images = _prepared(pictures, options, listener)
    drags = tuple(drag.within(pictures[0].width, pictures[0].height) for drag in options.steering.drags)
    drag_frames(drags, images.times, config.guide.frames, (images.start.width, images.start.height))
    config = replace(config, guide=replace(config.guide, drags=drags))
    priors = change.priors(chosen_priors(options, listener))
    if options.init_ply is not None:
        start = fit_working_size(matte_images(images, priors.matter, config.matte).start, config.guide.size)
        priors = with_first(priors, start, images.fov_degrees, options.init_ply, listener)
    folder = WorkingFolder(work_dir) if work_dir is not None else None
    with folder.held() if folder is not None else nullcontext():
        watched = _Watch(listener, work_dir, write_preview, priors)
        cached = CachedStep(
            folder,
            _identities(priors),
            watched.listen,
            count=STAGES,
            version=code_version(Path(tween4d.__file__).parent) if folder is not None else "",
            compute=change.compute,
        )
        asset = inbetween(images, priors, config, seed=seed, step=change.around(cached))
    provenance = {
        "tween4d": own_version(),
        "preset": preset_name,
        "seed": seed,
        "config": _as_json(config),
        "priors": [_as_json(info) for info in priors.info],
        "inputs": {
            name: {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            for name, path in _input_files(start_path, end_path, options).items()
        },
        "seconds": {**cached.timings, "total": round(time.perf_counter() - began, 3)},
        "device_memory_gb": watched.peaks.gb,
        "plan": watched.plan,
        "facings": [_as_json(facing) for facing in watched.facings],
    }
    steering = options.steering
    return replace(asset, provenance=provenance, fps=steering.fps or asset.fps, repeat=steering.repeat)


def load_inputs(
    start_path: Path, end_path: Path, options: RunOptions = RunOptions(), listener: Listener = silent
) -> Keyframes:
    """The pictures with the user's masks, at working size.

    Raises:
        InputError: when a picture or a mask cannot be used.
    """
    return _prepared(_loaded(start_path, end_path, options, listener), options, listener)


def _loaded(start: Path, end: Path, options: RunOptions, listener: Listener) -> tuple[Image, ...]:
    """All pictures in the order of time, as they lie on disk."""
    inner, _, _ = options.steering.inner(start, end)
    first = _masked(load_image(start, listener), options.mask_start, listener)
    if options.steering.repeat == "loop":
        last = _masked(load_image(end, listener), options.mask_end, listener)
        return (first, *(load_image(path, listener) for path in inner[:-1]), last, first)
    between = tuple(load_image(path, listener) for path in inner)
    return (first, *between, _masked(load_image(end, listener), options.mask_end, listener))


def _prepared(pictures: tuple[Image, ...], options: RunOptions, listener: Listener) -> Keyframes:
    start, *inner, end = pictures
    _, _, times = options.steering.inner(Path(), Path())

    def heard(event: Event) -> None:
        # What is dragged moves, even between equal pictures.
        if not (options.steering.drags and isinstance(event, Note) and "stand still" in event.message):
            listener(event)

    return prepare_pair(start, end, WORKING_SIZE, options.fov, heard, tuple(inner), times)


def own_version() -> str:
    """Version of the installed package."""
    try:
        return version("tween4d")
    except PackageNotFoundError:
        return "unknown"


@dataclass
class _Watch:
    """What the run looks at while stages finish: previews, warnings, and the plan's scores."""

    listener: Listener
    work_dir: Path | None
    preview: Callable[[Any, Path], bool]
    priors: Priors
    facings: tuple[Facing, ...] = ()
    plan: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        self.peaks = StagePeaks(self.listener)

    def listen(self, event: Event) -> None:
        self.listener(event)
        self.peaks.hear(event)
        if not isinstance(event, StageFinished):
            return
        # Whoever has been asked for the last time gives its memory to the fit.
        priors = self.priors
        done = {
            "select_fragments": (priors.inbetweener, priors.features),
            "imagine_views": (priors.multiview,),
        }.get(event.stage, ())
        for prior in done:
            if isinstance(prior, Releasable):
                prior.release()
        if isinstance(event.value, Keyframes):
            self._warn_of_cut(event.value)
        if isinstance(event.value, Guide) and isinstance(self.priors.multiview, Orientable):
            ends = (event.value.video.frame(0), event.value.video.frame(len(event.value.video) - 1))
            self.facings = self.priors.multiview.hypotheses(*ends)
        if isinstance(event.value, FragmentPlan):
            self.plan = plan_record(event.value)
        if self.work_dir is not None:
            picture = self.work_dir / "preview.png"
            # A reused stage shows nothing that was not to be seen before.
            if not (event.reused and picture.exists()):
                self.preview(event.value, picture)

    def _warn_of_cut(self, images: Keyframes) -> None:
        numbered = [(f"image {number}", image) for number, image in enumerate(images.inner, 2)]
        for name, image in (("the start image", images.start), *numbered, ("the end image", images.end)):
            share = border_contact(image)
            if share > 0:
                message = f"the object touches the border of {name} ({share:.0%} of it) and may be cut off"
                self.listener(Note(message, warning=True))


def configured(preset_name: str, options: RunOptions) -> Config:
    """The config of a preset with what the options change of it.

    Raises:
        InputError: for an unknown preset or a number of frames out of range.
    """
    options.steering.check()
    if options.guide is not None and (options.steering.images or options.steering.repeat == "loop"):
        raise InputError(
            "a video of the motion leads from one image to one other", str(options.guide), "leave --guide out"
        )
    config = preset(preset_name)
    config = replace(config, guide=replace(config.guide, prompt=options.prompt, ease=options.steering.ease))
    # Gaussians that were brought along move through the whole asset, unless the user wants others beside them.
    fragments = options.fragments or ("1" if options.init_ply is not None else None)
    if fragments is not None:
        count = None if fragments == "auto" else int(fragments)
        config = replace(config, fragment=replace(config.fragment, fragments=count))
    if options.frames is None:
        return config
    if not 5 <= options.frames <= 512:
        raise InputError("the number of frames must be between 5 and 512", str(options.frames), "leave --frames out")
    return replace(config, guide=replace(config.guide, frames=options.frames))


def _masked(image: Image, mask: Path | None, listener: Listener) -> Image:
    if mask is None:
        return image
    alpha = load_mask(mask, image.width, image.height, listener)
    return Image(unmix_background(image.rgb, alpha), alpha)


def chosen_priors(options: RunOptions, listener: Listener = silent) -> Priors:
    """The priors that the options name, with the user's own words and files in their place.

    Raises:
        InputError: for an unknown set, an orientation out of range or that the priors cannot be told, or a bad video.
    """
    # A refusal stands alone: how models will run is told when all are chosen.
    notes: list[Note] = []
    hear: Listener = notes.append

    def report(text: str, warning: bool = False) -> None:
        hear(Note(text, warning))

    priors = _chosen(options, replace(options.pretrained, report=report), listener)
    hear = listener
    for note in notes:
        listener(note)
    return priors


def _chosen(options: RunOptions, settings: PretrainedSettings, listener: Listener) -> Priors:
    named = {role: name for role in ("inbetweener", "multiview") if (name := getattr(options, role)) is not None}
    if options.guide is not None:
        # The user's video is the motion: what finds it again from frame to frame need not be large.
        own = DEFAULTS if options.priors == "pretrained" else SETS.get(options.priors, DEFAULTS)
        named.setdefault("inbetweener", own["inbetweener"])
    if named or options.priors == "pretrained":
        priors = make_set(options.priors, settings, **named)
    else:
        priors = make_set(options.priors)
    if options.features is not None:
        features, info = make_features(options.features, settings)
        priors = replace(priors, features=features, info=(*priors.info, *(() if info in priors.info else (info,))))
    if options.facing is not None:
        azimuth, elevation = options.facing
        if not (-360 <= azimuth <= 360 and -90 <= (elevation or 0.0) <= 90):
            raise InputError(
                "the facing must be an azimuth within 360 and an elevation within 90 degrees",
                f"{azimuth:g},{elevation or 0:g}",
                "0 looks into the camera, 90 to the right",
            )
        if not isinstance(priors.multiview, Orientable):
            raise InputError("these priors cannot be told the facing", options.priors, "use --priors embedded")
        priors = replace(priors, multiview=priors.multiview.told(azimuth, elevation))
    if options.guide is None:
        return priors
    frames = read_video(options.guide, WORKING_SIZE, listener)
    info = PriorInfo(options.guide.name, "user", hashlib.sha256(options.guide.read_bytes()).hexdigest()[:16], "user's")
    kept = tuple(i for i in priors.info if i.name != named["inbetweener"])
    guide = GuideVideo(frames, priors.matter, priors.inbetweener)
    return replace(priors, inbetweener=guide, info=(*kept, info))


def _identities(priors: Priors) -> dict[int, str]:
    """What each prior's answers depend on: its class, its own config, and what the register says of it."""
    told = json.dumps([_as_json(info) for info in priors.info])
    identities = {}
    for prior in (priors.matter, priors.inbetweener, priors.multiview, priors.features):
        kind = type(prior)
        config = getattr(prior, "config", None)
        own = digest(pack(config)) if config is not None else ""
        identities[id(prior)] = f"{kind.__module__}.{kind.__qualname__} {own} {told}"
    return identities


def _input_files(start_path: Path, end_path: Path, options: RunOptions) -> dict[str, Path]:
    files = {"start": start_path, "end": end_path}
    files |= {f"image_{number}": path for number, path in enumerate(options.steering.images, 2)}
    named = {"mask_start": options.mask_start, "mask_end": options.mask_end, "guide": options.guide}
    if options.init_ply is not None:
        named["init_ply"] = first_file(options.init_ply)
    return files | {name: path for name, path in named.items() if path is not None}


def _as_json(value: Any) -> Any:
    """A dataclass as plain JSON values."""
    return json.loads(json.dumps(dataclasses.asdict(value), default=str))
