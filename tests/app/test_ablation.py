"""What is left out is left out, and what comes of it is told."""

from dataclasses import replace

import torch

from tests.player.moving_ellipsoid import moving_ellipsoid
from tests.scenes import ball_views, swinging_bar
from tween4d.app.ablation import (
    ABLATIONS,
    CHANGES,
    FULL,
    OneMomentAtATime,
    Outcome,
    ablation_json,
    ablation_table,
    worst_seam,
)
from tween4d.app.bench import BenchSettings
from tween4d.app.scoring import CaseScores
from tween4d.config import preset
from tween4d.data.cameras import Camera, input_camera
from tween4d.data.fragments import Fragment, FragmentPlan
from tween4d.data.video import Guide
from tween4d.data.views import KeyframeViews, MultiViews
from tween4d.metrics.image import ImageScores
from tween4d.stages.merge import MergeConfig, append_clips, merge_clips
from tween4d.steps import run


class Noting:
    """Remembers what it was asked."""

    config = 7

    def __init__(self) -> None:
        self.asked: list[tuple[int, tuple[int, ...]]] = []

    def imagine(
        self, guide: Guide, anchors: tuple[int, ...], cameras: tuple[Camera, ...], *, seed: int
    ) -> tuple[KeyframeViews, ...]:
        self.asked.append((len(guide.lattices), anchors))
        return tuple(replace(ball_views(cameras), frame=anchor) for anchor in anchors)


def test_each_ablation_changes_its_own_part_only() -> None:
    """Oracle: construction; the fields that differ from the preset's."""
    base = preset("standard")
    assert CHANGES[FULL].config(base) == base
    assert CHANGES["fragments"].config(base) == replace(base, fragment=replace(base.fragment, fragments=1))
    for name, field in (("smoothing", "smooth"), ("rigidity", "rigid")):
        changed = CHANGES[name].config(base)
        for part in ("deform", "merge"):
            own, kept = getattr(changed, part), getattr(base, part)
            assert own == replace(kept, weights=replace(kept.weights, **{field: 0.0}))
        assert replace(changed, deform=base.deform, merge=base.merge) == base
    assert CHANGES["merge"].config(base) == base == CHANGES["crosstime"].config(base)


def test_a_prior_is_asked_for_one_moment_at_a_time() -> None:
    """Oracle: what it was asked; no sheets, one anchor a call, and the answers in order."""
    prior = Noting()
    found = OneMomentAtATime(prior).imagine(swinging_bar(20, 9, 48), (0, 4, 8), (input_camera(32, 32),), seed=0)
    assert prior.asked == [(0, (0,)), (0, (4,)), (0, (8,))] and [views.frame for views in found] == [0, 4, 8]


def test_clips_are_appended_without_a_fit() -> None:
    """Oracle: construction; the clips' own motion, shown up to the seam and from it on."""
    clips = moving_ellipsoid(count=60, nodes=5, frames=9, size=32).clips
    guide = swinging_bar(20, 9, 48)
    plan = FragmentPlan(guide, (Fragment(0, 4, 0), Fragment(4, 8, 8)), (), torch.zeros(2, 2))
    step = CHANGES["merge"].around(run)
    asset = step(merge_clips, clips, plan, MultiViews(()), MergeConfig())
    assert [clip.motion for clip in asset.clips] == [clip.motion for clip in clips]
    first, second = asset.clips
    assert [first.presence(t) for t in (0.0, 0.5, 0.51)] == [1, 1, 0]
    assert [second.presence(t) for t in (0.49, 0.5, 1.0)] == [0, 1, 1]
    # Two equal clips would show no seam; these are two different bodies.
    assert worst_seam(asset) is not None and worst_seam(replace(asset, clips=asset.clips[:1])) is None


def test_the_table_has_a_row_for_every_variant() -> None:
    """Oracle: arithmetic; means over two cases, and what is not known is left out."""
    assert append_clips in [stage for _, change in ABLATIONS.values() for stage in change.stages.values()]
    scores = CaseScores({"input": ImageScores(20.0, 10.0, 0.5, 0.5, 0.1)}, 1.0, 0, 2.0, 3.0, 5.0)
    outcomes = [
        Outcome("a", FULL, scores, 1.0, 0.5, None, (30.0, 31.0), 10.0, 10**9, False),
        Outcome("b", FULL, replace(scores, endpoint=5.0), 3.0, None, 2.0, (29.0, 33.0), 20.0, 2 * 10**9, True),
        Outcome("a", "merge", scores, 9.0, 0.5, None, (30.0, 31.0), 10.0, 10**9, True),
    ]
    told = ablation_json(outcomes, BenchSettings())
    mean = told["mean"][FULL]  # type: ignore[index]
    assert (mean["points"]["EPE"], mean["seam"], mean["rigidity"], mean["warping"]) == (4.0, 2.0, 0.5, 2.0)
    assert (mean["seconds"], mean["peak_memory"], mean["endpoints"]) == (15.0, 2 * 10**9, [29.0, 31.0])
    assert set(told["cases"]["a"]) == {FULL, "merge"} and set(told["without"]) == {"merge"}  # type: ignore[index,arg-type]
    lines = ablation_table(outcomes, BenchSettings()).splitlines()
    assert lines[2].startswith("| full | 10.00 | 0.500 | - |") and lines[2].endswith("| 15 | 2.00* |")
    assert lines[3].startswith("| without merge |")
