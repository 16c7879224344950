"""Stage 3: properties of the plan for any guide."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scenes import swinging_bar
from tween4d.data.fragments import FragmentPlan
from tween4d.data.images import Image
from tween4d.data.video import Guide, Lattice, Video
from tween4d.stages.fragment import (
    FragmentConfig,
    appearance_distances,
    described,
    input_fidelity,
    motion_distances,
    select_fragments,
)


class Never:
    """An inbetweener that must not be asked."""

    def inbetween(self, start: Image, end: Image, frames: int, *, prompt: str, seed: int) -> Guide:
        raise AssertionError("the plan asked for new frames")


def drifting(frames: int, speed: torch.Tensor, side: int = 16, half: int = 3, sheets: bool = True) -> Guide:
    """A square of half width `half` about (8, 8), or (half + 8, half + 8), that moves by `speed` [frames - 1, 2] pixels
    between frames, with a sheet of its corners."""
    shift = torch.cat([torch.zeros(1, 2), speed.cumsum(0)])
    middle = 8 if half == 3 else half + 8
    corners = middle + half * torch.tensor([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
    vertices = corners + shift[:, None]
    axis = torch.arange(side) + 0.5 - middle
    columns, rows = ((axis[None] - shift[:, i, None]).abs() < half for i in (0, 1))
    alpha = (rows[:, :, None] & columns[:, None, :]).float()
    rgb = torch.full((frames, side, side, 3), 0.5)
    triangles = torch.tensor([[0, 1, 2], [1, 3, 2]])
    lattices = (Lattice(vertices, triangles, torch.ones(4), 0),) if sheets else ()
    return Guide(Video(rgb, alpha, torch.linspace(0, 1, frames)), lattices)


def check(plan: FragmentPlan, config: FragmentConfig) -> None:
    """What holds for every plan."""
    last = len(plan.guide.video) - 1
    parts = plan.fragments
    assert parts[0].first == 0 and parts[-1].last == last
    assert all(a.last == b.first for a, b in zip(parts, parts[1:], strict=False))
    assert all(f.first <= f.keyframe <= f.last and f.first < f.last for f in parts)
    assert 1 <= len(parts) <= config.fragments
    if len(parts) > 1:
        assert all(f.last - f.first >= config.min_length for f in parts)
        assert parts[-1].keyframe == last
    assert parts[0].keyframe == 0
    for f in parts[1:-1]:
        to = motion_distances(plan.guide, [f.first, f.keyframe, f.last])
        assert max(to[1, 0], to[1, 2]) <= to[0, 2] + 1e-5
    assert len(plan.scores) == len(parts) - 1
    assert sorted(score.frame for score in plan.scores) == [f.first for f in parts[1:]]
    assert all(0 <= score.fidelity <= 1 and score.motion >= 0 and score.reason for score in plan.scores)


configs = st.builds(
    FragmentConfig,
    fragments=st.integers(1, 6),
    min_length=st.integers(1, 7),
    candidates=st.integers(2, 40),
    fidelity_weight=st.sampled_from([0.0, 1.0, 3.0]),
)


@settings(max_examples=120, deadline=None)
@given(st.integers(2, 45), st.integers(0, 10_000), st.booleans(), configs)
def test_every_plan_covers_the_motion_and_shares_its_ends(
    frames: int, seed: int, sheets: bool, config: FragmentConfig
) -> None:
    """Oracle: invariants of a plan, over made-up motions, lengths and settings; twice the same plan."""
    speed = torch.randn(frames - 1, 2, generator=torch.Generator().manual_seed(seed)) * 0.3
    guide = drifting(frames, speed, sheets=sheets)
    plan = select_fragments(guide, Never(), config, seed=0)
    check(plan, config)
    assert plan.fragments == select_fragments(guide, Never(), config, seed=0).fragments


def test_default_is_four_fragments_of_64_frames() -> None:
    """Oracle: the paper's default: 4 fragments, about 16 frames each for an even motion."""
    plan = select_fragments(swinging_bar(100, 64), Never(), FragmentConfig(), seed=0)
    assert len(plan.fragments) == 4
    assert all(12 <= f.last - f.first <= 20 for f in plan.fragments)


def test_a_motion_that_returns_is_split_at_its_far_point() -> None:
    """Oracle: construction; out and back again ends where it began, yet the turning point becomes a keyframe."""
    speed = torch.zeros(20, 2)
    speed[:10, 0], speed[10:, 0] = 0.4, -0.4
    plan = select_fragments(drifting(21, speed), Never(), FragmentConfig(fragments=2), seed=0)
    assert [f.last for f in plan.fragments] == [10, 20]


def test_keyframes_fall_where_the_motion_is() -> None:
    """Oracle: construction; all motion lies in the last third of the frames: the first cut lies in it too."""
    speed = torch.zeros(30, 2)
    speed[20:, 1] = 0.4
    plan = select_fragments(drifting(31, speed), Never(), FragmentConfig(fragments=2, min_length=3), seed=0)
    assert 20 <= plan.fragments[0].last <= 27


@pytest.mark.parametrize("still", [True, False])
def test_nothing_moves_nothing_is_split(still: bool) -> None:
    """Oracle: limit; a guide that stands still, said or not, is one fragment."""
    made = drifting(17, torch.zeros(16, 2))
    plan = select_fragments(Guide(made.video, made.lattices, still), Never(), FragmentConfig(), seed=0)
    assert len(plan.fragments) == 1 and plan.scores == ()
    assert float(plan.distances.max()) == 0


def test_an_unfaithful_frame_is_avoided() -> None:
    """Oracle: construction; at its far point the object turns black: with fidelity that is no keyframe."""
    speed = torch.zeros(20, 2)
    speed[:10, 0], speed[10:, 0] = 0.4, -0.4
    guide = drifting(21, speed)
    rgb = guide.video.rgb.clone()
    rgb[9:12] = 0.0
    spoiled = Guide(Video(rgb, guide.video.alpha, guide.video.times), guide.lattices)
    by_motion = FragmentConfig(fragments=2, fidelity_weight=0)
    assert select_fragments(spoiled, Never(), by_motion, seed=0).fragments[0].last == 10
    assert select_fragments(spoiled, Never(), FragmentConfig(fragments=2), seed=0).fragments[0].last in (8, 12)


def test_distances_are_the_sheets_displacement() -> None:
    """Oracle: analytic; a pure shift of d pixels is d over the diagonal of the object's box, symmetric."""
    speed = torch.tensor([[0.5, 0.0]]).repeat(8, 1)
    found = motion_distances(drifting(9, speed), list(range(9)))
    expected = (torch.arange(9)[:, None] - torch.arange(9)[None]).abs() * 0.5 / math.hypot(6, 6)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_distances_without_sheets_grow_with_motion() -> None:
    """Oracle: invariant; symmetric, zero on the diagonal, and larger for farther frames of an even shift."""
    guide = drifting(9, torch.tensor([[3.0, 0.0]]).repeat(8, 1), side=64, half=12, sheets=False)
    found = motion_distances(guide, list(range(9)))
    torch.testing.assert_close(found, found.T)
    assert float(found.diagonal().abs().max()) == 0
    assert float(found[0, 8]) > float(found[0, 4]) > float(found[0, 2]) > 0


def test_fidelity_is_one_at_the_ends_and_blind_to_place() -> None:
    """Oracle: invariants; the ends score 1, so does an object that shifts by whole blocks; a bar that turns scores
    better than one that turns black."""
    shifting = drifting(5, torch.tensor([[8.0, 0.0]]).repeat(4, 1), side=96, half=12)
    torch.testing.assert_close(input_fidelity(shifting.video, list(range(5))), torch.ones(5))
    guide = swinging_bar(80, 9)
    found = input_fidelity(guide.video, list(range(9)))
    torch.testing.assert_close(found[[0, 8]], torch.ones(2))
    black = guide.video.rgb.clone()
    black[4] = 0.0
    spoiled = input_fidelity(Video(black, guide.video.alpha, guide.video.times), list(range(9)))
    assert 0 <= float(spoiled[4]) < float(found[4]) - 0.1


class Truthful:
    """Answers with the true frames and sheets of the swinging bar between the two pictures it is shown."""

    def __init__(self, whole: Guide) -> None:
        self.whole, self.asked = whole, 0

    def inbetween(self, start: Image, end: Image, frames: int, *, prompt: str, seed: int) -> Guide:
        self.asked += 1
        video = self.whole.video
        first = int((video.alpha - start.alpha).abs().sum((1, 2)).argmin())
        rows = list(range(first, first + frames))
        sheets = tuple(Lattice(s.vertices[rows], s.triangles, s.confidence, s.anchor) for s in self.whole.lattices)
        return Guide(Video(video.rgb[rows], video.alpha[rows], torch.linspace(0, 1, frames)), sheets)


def test_poor_parts_are_imagined_again() -> None:
    """Oracle: the true frames; spoiled ones inside a part are replaced, its ends and the good part are not touched, and
    the sheets follow the new part's."""
    truth = swinging_bar(100, 17)
    rgb = truth.video.rgb.clone()
    rgb[11:14] = torch.rand(3, *rgb.shape[1:], generator=torch.Generator().manual_seed(0))
    spoiled = Guide(Video(rgb, truth.video.alpha, truth.video.times), truth.lattices)
    prior = Truthful(truth)
    config = FragmentConfig(fragments=2, redo_below=0.9, fidelity_weight=0)
    plan = select_fragments(spoiled, prior, config, seed=0)
    assert prior.asked >= 1
    torch.testing.assert_close(plan.guide.video.rgb, truth.video.rgb)
    for found, expected in zip(plan.guide.lattices, truth.lattices, strict=True):
        torch.testing.assert_close(found.vertices, expected.vertices, atol=0.02, rtol=0)
    check(plan, config)


def test_auto_divides_until_all_parts_are_quasi_static() -> None:
    """Oracle: construction; a longer way takes more parts; each is within the bar, short, or at the cap and says so."""
    counts = []
    for speed in (0.02, 0.15, 0.6):
        guide = drifting(65, torch.tensor([[speed, 0.0]]).repeat(64, 1), side=64)
        config = FragmentConfig(fragments=None, quasi_static=0.3, max_depth=3)
        plan = select_fragments(guide, Never(), config, seed=0)
        for part in plan.fragments:
            path = speed * (part.last - part.first) / math.hypot(6, 6)
            assert (path < 0.3) == part.reason.startswith("quasi-static")
            short = part.last - part.first < 2 * config.min_length
            assert path < 0.3 or part.reason.startswith("too short" if short else "depth cap")
        counts.append(len(plan.fragments))
    assert counts[0] == 1 and counts[0] < counts[1] <= counts[2] <= 8


def test_a_poor_part_is_asked_for_with_another_seed() -> None:
    """Oracle: construction; the first answer is as bad as the frames it should replace, the next is true."""
    truth = swinging_bar(100, 17)
    rgb = truth.video.rgb.clone()
    rgb[11:14] = 0.0
    spoiled = Guide(Video(rgb, truth.video.alpha, truth.video.times), truth.lattices)

    class Unlucky(Truthful):
        seeds: tuple[int, ...] = ()

        def inbetween(self, start: Image, end: Image, frames: int, *, prompt: str, seed: int) -> Guide:
            self.seeds += (seed,)
            made = super().inbetween(start, end, frames, prompt=prompt, seed=seed)
            if seed == 5:
                return Guide(Video(made.video.rgb * 0, made.video.alpha, made.video.times), made.lattices)
            return made

    prior = Unlucky(truth)
    config = FragmentConfig(fragments=2, redo_below=0.9, fidelity_weight=0)
    plan = select_fragments(spoiled, prior, config, seed=5)
    assert {5, 6} <= set(prior.seeds)
    torch.testing.assert_close(plan.guide.video.rgb, truth.video.rgb)


def test_looks_differ_only_where_looks_change() -> None:
    """Oracle: invariants; symmetric, zero for a shift by whole blocks, large for a black frame."""
    guide = drifting(5, torch.tensor([[8.0, 0.0]]).repeat(4, 1), side=96, half=12)
    found = appearance_distances(guide.video, list(range(5)))
    torch.testing.assert_close(found, torch.zeros(5, 5))
    rgb = guide.video.rgb.clone()
    rgb[2] = 0.0
    spoiled = appearance_distances(Video(rgb, guide.video.alpha, guide.video.times), list(range(5)))
    torch.testing.assert_close(spoiled, spoiled.T)
    assert float(spoiled[2, [0, 1, 3, 4]].min()) > 0.1 and float(spoiled[0, 4]) < 1e-6


class Painted:
    """Descriptors that know which place of the drifting square they see, but for what was spoiled there."""

    def __init__(self, shift: torch.Tensor, spoiled: int = -1) -> None:
        self.shift, self.spoiled, self.asked = shift, spoiled, 0

    def describe(self, image: Image) -> torch.Tensor:
        moved = self.shift[self.asked]
        axis = torch.arange(image.width) + 0.5
        x, y = (axis - moved[0]).expand(image.height, -1), (axis - moved[1])[:, None].expand(-1, image.width)
        angles = torch.stack([x, y]) / 6
        planes = torch.cat([angles.cos(), angles.sin()]) / 2**0.5
        found = torch.flip(planes, (0,)) if self.asked == self.spoiled else planes
        self.asked += 1
        return found


def test_descriptors_measure_motion_and_fidelity() -> None:
    """Oracle: the made-up motion; distances are the displacements in object sizes, and a spoiled frame is less true."""
    speed = torch.tensor([[2.0, 0.0]] * 4)
    guide = drifting(5, speed, side=24, half=3, sheets=False)
    shift = torch.cat([torch.zeros(1, 2), speed.cumsum(0)])
    moved, fidelity = described(guide.video, list(range(5)), Painted(shift, spoiled=2))
    size = 6 * 2**0.5
    torch.testing.assert_close(moved[0, [0, 1, 3, 4]], torch.tensor([0.0, 2, 6, 8]) / size, atol=1e-4, rtol=0)
    assert torch.equal(moved, moved.T) and bool(moved.diagonal().eq(0).all())
    torch.testing.assert_close(fidelity[[0, 1, 3, 4]], torch.ones(4), atol=1e-4, rtol=0)
    assert fidelity[2] < 0.99


def test_a_plan_goes_by_descriptors_where_they_are_given() -> None:
    """Oracle: without sheets and with uniform colours only descriptors see which frame is untrue to the inputs."""
    speed = torch.tensor([[1.0, 0.0]] * 8)
    guide = drifting(9, speed, side=24, half=3, sheets=False)
    shift = torch.cat([torch.zeros(1, 2), speed.cumsum(0)])
    config = FragmentConfig(fragments=2, min_length=3, fidelity_weight=20.0)
    plan = select_fragments(guide, Never(), config, seed=0, features=Painted(shift))
    assert plan.fragments[0].last == 4 and plan.scores[0].motion == pytest.approx(4 / (6 * 2**0.5), abs=1e-4)
    assert select_fragments(guide, Never(), config, seed=0, features=Painted(shift, 4)).fragments[0].last in (3, 5)
