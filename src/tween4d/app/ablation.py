"""What each part of the method is worth: cases made with it and without it, side by side."""

import base64
import html
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from tween4d.app.bench import BenchSettings, judge_asset
from tween4d.app.case import load_case, load_true_points
from tween4d.app.child import call_in_child
from tween4d.app.fidelity import endpoint_psnr
from tween4d.app.memory import peak_memory_bytes
from tween4d.app.run import Change, RunOptions, make_asset, own_version
from tween4d.app.scoring import CaseScores, mean_case
from tween4d.config import Config
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import Camera, orbit_camera
from tween4d.data.fragments import FragmentPlan
from tween4d.data.images import Keyframes
from tween4d.data.video import Guide
from tween4d.data.views import KeyframeViews, MultiViews
from tween4d.errors import InputError
from tween4d.events import Event, Listener, Note, StageFinished, silent
from tween4d.io.asset import save_asset
from tween4d.io.atomic import check_target, whole_file
from tween4d.io.images import from_bytes, resize_image, to_bytes
from tween4d.metrics.agreement import warping_error
from tween4d.metrics.motion import rigidity_error
from tween4d.metrics.temporal import frame_changes, seam_jump
from tween4d.priors.protocols import MultiViewPrior, Priors
from tween4d.stages.merge import append_clips
from tween4d.stages.render import render_view

FULL = "full"
SEAM_SIDE = 128
SEAM_AZIMUTHS = (0.0, 90.0, 180.0, 270.0)
SHEET = 900
"""Width of a contact sheet in the page of pictures, pixels."""


class OneMomentAtATime:
    """A multi-view prior that is asked for every keyframe alone, and not told how moments correspond."""

    def __init__(self, prior: MultiViewPrior) -> None:
        self.prior, self.config = prior, getattr(prior, "config", None)

    def imagine(
        self, guide: Guide, anchors: tuple[int, ...], cameras: tuple[Camera, ...], *, seed: int
    ) -> tuple[KeyframeViews, ...]:
        """As the prior, but nothing is shared between the keyframes."""
        alone = replace(guide, lattices=())
        return tuple(self.prior.imagine(alone, (anchor,), cameras, seed=seed)[0] for anchor in anchors)


def _undivided(config: Config) -> Config:
    return replace(config, fragment=replace(config.fragment, fragments=1))


def _weighted(config: Config, **weights: float) -> Config:
    deform, merge = config.deform, config.merge
    deform = replace(deform, weights=replace(deform.weights, **weights))
    return replace(config, deform=deform, merge=replace(merge, weights=replace(merge.weights, **weights)))


def _alone(priors: Priors) -> Priors:
    return replace(priors, multiview=OneMomentAtATime(priors.multiview))


ABLATIONS: dict[str, tuple[str, Change]] = {
    "merge": (
        "clips one after another: no overlap, no interpolation, no fit at the seams",
        Change(stages={"merge_clips": append_clips}),
    ),
    "smoothing": ("no penalty on acceleration", Change(config=lambda config: _weighted(config, smooth=0.0))),
    "rigidity": ("no as-rigid-as-possible and isometry energy", Change(config=lambda c: _weighted(c, rigid=0.0))),
    "crosstime": ("views of each keyframe imagined alone, nothing carried between them", Change(priors=_alone)),
    "fragments": ("one fragment for the whole motion", Change(config=_undivided)),
}
"""By name, what is left out and how. Those that share most stages with the full method come first."""
CHANGES = {FULL: Change()} | {name: change for name, (_, change) in ABLATIONS.items()}


@dataclass(frozen=True)
class Outcome:
    """One case made in one way."""

    case: str
    variant: str
    scores: CaseScores
    seam: float | None
    """Largest change of the picture at a seam over four sides, in medians over the motion."""
    rigidity: float | None
    """How far rigid parts bend, percent of the object's size."""
    warping: float | None
    """Difference of the views of neighbouring keyframes, percent of full colour."""
    endpoints: tuple[float, float]
    seconds: float
    peak_memory: int
    reused: bool

    def as_json(self) -> dict[str, object]:
        """Plain values; scores under the benchmark's names."""
        own = {"seam": self.seam, "rigidity": self.rigidity, "warping": self.warping}
        cost = {"seconds": self.seconds, "peak_memory": self.peak_memory, "endpoints": list(self.endpoints)}
        return self.scores.as_json() | own | cost | {"reused": self.reused}


def parse_ablations(text: str) -> tuple[str, ...]:
    """Names from `merge,fragments`, in the order in which they share most; `all` is every one.

    Raises:
        InputError: for a name that is not known.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in ABLATIONS and name != "all":
            raise InputError("there is no such ablation", repr(name), f"choose from {', '.join(ABLATIONS)}, or all")
    return tuple(name for name in ABLATIONS if name in names or "all" in names)


def run_ablations(
    cases: Sequence[Path],
    out: Path,
    names: Sequence[str],
    settings: BenchSettings,
    *,
    listener: Listener = silent,
    done: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Make every case in full and without each named part, and compare.

    Args:
        cases: folders, from `find_cases`.
        out: gets CASE/VARIANT/ with what `bench` writes for a case, `ablation.json`, `ablation.md`, and
            `ablation.html`, a page of the contact sheets; they grow with every case.
        names: of `ABLATIONS`.
        done: told after every asset.
    Raises:
        Tween4dError: when a case cannot be read or made, or something cannot be written.
    """
    check_target(out / "ablation.json", overwrite=True)
    outcomes: list[Outcome] = []
    for number, folder in enumerate(cases, 1):
        for variant in (FULL, *names):
            listener(Note(f"case {number} of {len(cases)}: {folder.name}, {_called(variant)}"))
            outcome = call_in_child(ablate_case, folder, out / folder.name, variant, settings, listener=listener)
            outcomes.append(outcome)
            done(outcome)
        _write(out / "ablation.json", json.dumps(ablation_json(outcomes, settings), indent=1))
        _write(out / "ablation.md", ablation_table(outcomes, settings) + "\n")
        _write(out / "ablation.html", pictures_page(outcomes, out))
    return outcomes


def ablate_case(
    folder: Path, out: Path, variant: str, settings: BenchSettings, *, listener: Listener = silent
) -> Outcome:
    """Make one case in one way and measure it; finished stages are shared between the ways."""
    case, target = load_case(folder), out / variant
    seen: dict[type, object] = {}
    finished: list[StageFinished] = []

    def listen(event: Event) -> None:
        if isinstance(event, StageFinished):
            seen[type(event.value)] = event.value
            finished.append(replace(event, value=None))
        listener(event)

    asset = make_asset(
        case.start,
        case.end,
        preset_name=settings.preset,
        seed=settings.seed,
        listener=listen,
        options=RunOptions(frames=settings.frames, priors=settings.priors),
        work_dir=out / "work",
        change=CHANGES[variant],
    )
    save_asset(asset, target / "asset.t4d")
    matted, plan, views = seen[Keyframes], seen[FragmentPlan], seen[MultiViews]
    assert isinstance(matted, Keyframes) and isinstance(plan, FragmentPlan) and isinstance(views, MultiViews)
    scores = judge_asset(asset, case, target)
    warping = warping_error(plan.guide, views)
    truth, rigidity = load_true_points(case), None
    if truth is not None:
        with np.load(target / "points.npz", allow_pickle=False) as archive:
            rigidity = rigidity_error(truth[0], archive["points"])
    outcome = Outcome(
        case.name,
        variant,
        scores,
        worst_seam(asset),
        rigidity,
        None if warping is None else 100 * warping,
        endpoint_psnr(asset, matted.start, matted.end),
        round(sum(event.seconds for event in finished), 2),
        peak_memory_bytes(),
        any(event.reused for event in finished),
    )
    _write(target / "scores.json", json.dumps(outcome.as_json(), indent=1))
    return outcome


def worst_seam(asset: Asset4D) -> float | None:
    """The largest `seam_jump` over four sides; None for an asset of one clip."""
    if len(asset.clips) < 2:
        return None
    last = asset.frame_count - 1
    seams = [
        (int(np.floor(later.fade_in[0] * last + 1e-6)), int(np.ceil(earlier.fade_out[1] * last - 1e-6)) + 1)
        for earlier, later in zip(asset.clips, asset.clips[1:], strict=False)
    ]
    found = []
    for azimuth in SEAM_AZIMUTHS:
        camera = orbit_camera(azimuth, 0, SEAM_SIDE, SEAM_SIDE, asset.fov_degrees)
        frames = torch.stack([render_view(asset, camera, k / last).on(1.0) for k in range(last + 1)])
        jump = seam_jump(frame_changes(frames), seams)
        found += [] if jump is None else [jump]
    return max(found) if found else None


def ablation_json(outcomes: Sequence[Outcome], settings: BenchSettings) -> dict[str, object]:
    """All outcomes and their means as plain values."""
    variants = list(dict.fromkeys(outcome.variant for outcome in outcomes))
    return {
        "tween4d": own_version(),
        "settings": asdict(settings),
        "without": {name: ABLATIONS[name][0] for name in variants if name != FULL},
        "mean": {name: mean_outcome(outcomes, name).as_json() for name in variants},
        "cases": {
            case: {o.variant: o.as_json() for o in outcomes if o.case == case}
            for case in dict.fromkeys(outcome.case for outcome in outcomes)
        },
    }


def mean_outcome(outcomes: Sequence[Outcome], variant: str) -> Outcome:
    """The mean over cases; of the endpoints the lowest, of the memory the highest."""
    own = [outcome for outcome in outcomes if outcome.variant == variant]

    def mean(name: str) -> float | None:
        values = [value for o in own if (value := getattr(o, name)) is not None]
        return float(np.mean(values)) if values else None

    return Outcome(
        f"mean of {len(own)}",
        variant,
        mean_case([o.scores for o in own]),
        mean("seam"),
        mean("rigidity"),
        mean("warping"),
        (min(o.endpoints[0] for o in own), min(o.endpoints[1] for o in own)),
        mean("seconds") or 0.0,
        max(o.peak_memory for o in own),
        any(o.reused for o in own),
    )


HEAD = (
    *("variant", "input PSNRm", "input IoU", "near PSNRm", "near IoU", "near FLIP", "EPE", "CD", "bend %"),
    *("warp %", "seam", "flick", "ends dB", "s", "GB"),
)


def ablation_table(outcomes: Sequence[Outcome], settings: BenchSettings) -> str:
    """A row per variant, the mean over the cases, as Markdown."""
    variants = list(dict.fromkeys(outcome.variant for outcome in outcomes))
    lines = [f"| {' | '.join(HEAD)} |", f"|---|{'---:|' * (len(HEAD) - 1)}"]
    for variant in variants:
        lines.append(f"| {_called(variant)} | {' | '.join(_cells(mean_outcome(outcomes, variant)))} |")
    cases = list(dict.fromkeys(outcome.case for outcome in outcomes))
    about = (
        f"Mean of {', '.join(cases)}; tween4d {own_version()}, preset {settings.preset}, {settings.priors} priors, "
        f"seed {settings.seed}. bend: rigid parts from their rigid motion, % of the object; warp: views of "
        "neighbouring keyframes, % of full colour; seam: largest change at a seam over four sides, in medians; "
        "* stages were reused, so GB is less than a whole run's."
    )
    without = [f"- without {name}: {ABLATIONS[name][0]}" for name in variants if name != FULL]
    return "\n".join([*lines, "", about, "", *without])


def _cells(outcome: Outcome) -> list[str]:
    def told(value: float | None, digits: int) -> str:
        return "-" if value is None else f"{value:.{digits}f}"

    groups = outcome.scores.groups
    near, eye = groups.get("near"), groups.get("input")
    cells = [told(eye and eye.psnr_masked, 2), told(eye and eye.iou, 3)]
    cells += [told(near and near.psnr_masked, 2), told(near and near.iou, 3), told(near and near.flip, 4)]
    scores = outcome.scores
    cells += [told(scores.endpoint, 2), told(scores.chamfer, 2), told(outcome.rigidity, 2), told(outcome.warping, 2)]
    cells += [told(outcome.seam, 2), told(scores.flicker, 2), told(min(outcome.endpoints), 1)]
    return [*cells, f"{outcome.seconds:.0f}", f"{outcome.peak_memory / 1e9:.2f}{'*' if outcome.reused else ''}"]


def pictures_page(outcomes: Sequence[Outcome], out: Path) -> str:
    """One offline page with the contact sheets of all variants, case by case."""
    parts = []
    for case in dict.fromkeys(outcome.case for outcome in outcomes):
        parts.append(f"<h2>{html.escape(case)}</h2>")
        for outcome in outcomes:
            if outcome.case != case:
                continue
            sheet = from_bytes((out / case / outcome.variant / "sheet.png").read_bytes())
            small = resize_image(sheet, SHEET, max(1, round(sheet.height * SHEET / sheet.width)))
            picture = base64.b64encode(to_bytes(small, "WEBP", quality=70)).decode()
            told = ", ".join(f"{name} {cell}" for name, cell in zip(HEAD[1:], _cells(outcome), strict=True))
            parts.append(
                f"<h3>{html.escape(_called(outcome.variant))}</h3><p>{html.escape(told)}</p>"
                f'<img alt="{html.escape(case)}, {html.escape(_called(outcome.variant))}" '
                f'src="data:image/webp;base64,{picture}">'
            )
    return _PAGE.format(body="".join(parts))


def _called(variant: str) -> str:
    return FULL if variant == FULL else f"without {variant}"


def _write(target: Path, text: str) -> None:
    with whole_file(target) as part:
        part.write_text(text, encoding="utf-8")


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>What each part is worth</title>
<style>
body {{ font: 14px/1.4 system-ui, sans-serif; margin: 24px auto; max-width: 940px; padding: 0 16px; color: #1d2530; }}
img {{ width: 100%; border: 1px solid #d5dae1; }}
p {{ color: #55606e; font-size: 12px; }}
</style></head><body>
<h1>What each part is worth</h1>
{body}
</body></html>
"""
