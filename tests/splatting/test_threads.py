"""Threads: the same answer whatever their number, and from several callers at once."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.splatting.scenes import GRADIENTS, Scene, random_scene
from tween4d.splatting.numba_engine.compiling import take_ticket
from tween4d.splatting.numba_engine.memory import Lease
from tween4d.splatting.numba_engine.operators import bin_image
from tween4d.splatting.numba_engine.stored import kernel
from tween4d.splatting.numba_engine.threads import share


@pytest.fixture
def threads() -> Iterator[None]:
    """Gives torch's number of threads back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def gradients(scene: Scene) -> list[Tensor]:
    leaves = scene.leaves(torch.float32)
    image, alpha, _ = scene.render(leaves, backend="numba")
    (image.square().sum() + alpha.sum()).backward()
    return [image.detach(), *(leaves[k].grad for k in GRADIENTS)]


@pytest.fixture(scope="module")
def large() -> Scene:
    """Enough Gaussians that every kernel is shared."""
    return random_scene(3, 6000, 90, 70, kinds=("ordinary", "tiny", "behind"))


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_answer_does_not_depend_on_the_number_of_threads(threads: None, large: Scene, count: int) -> None:
    """Oracle: the same call on one thread, bit by bit."""
    torch.set_num_threads(1)
    expected = gradients(large)
    torch.set_num_threads(count)
    for _ in range(2):
        for found, wanted in zip(gradients(large), expected, strict=True):
            assert torch.equal(found, wanted)


def test_several_callers_at_once(large: Scene) -> None:
    """Oracle: the same calls one after the other."""
    scenes = [random_scene(seed, 300, 50, 40) for seed in range(3)] + [large]
    expected = [gradients(scene) for scene in scenes]
    found: dict[int, list[Tensor]] = {}

    def work(i: int) -> None:
        for _ in range(3):
            found[i] = gradients(scenes[i])

    callers = [threading.Thread(target=work, args=(i,)) for i in range(len(scenes))]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    for i, wanted in enumerate(expected):
        assert all(torch.equal(a, b) for a, b in zip(found[i], wanted, strict=True))


def test_an_error_in_a_helper_reaches_the_caller() -> None:
    """Oracle: the contract of `share`; whichever thread fails, the caller hears of it."""

    def fail(counter: np.ndarray) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise ValueError("in a helper")

    with pytest.raises(ValueError, match="in a helper"):
        share(fail, threads=2)


def test_tickets_are_drawn_once() -> None:
    """Oracle: counting; each of 10,000 tickets is drawn by exactly one thread."""

    @kernel
    def draw(counter, drawn):
        while True:
            ticket = take_ticket(counter)
            if ticket >= len(drawn):
                break
            drawn[ticket] += 1

    drawn = np.zeros(10_000, np.int64)
    share(draw, drawn, threads=4)
    assert (drawn == 1).all()


@pytest.mark.parametrize("count", [1, 2, 3, 8])
@pytest.mark.parametrize("n", [0, 1, 7, 5000, 9001])
def test_depth_order_and_pairs(threads: None, count: int, n: int) -> None:
    """Oracle: torch's stable sort, and boxes compared with every tile."""
    torch.set_num_threads(count)
    draw = np.random.default_rng(n)
    depths = draw.choice(np.float32([0.5, 1, 2, 1e-3, 1e9]) * draw.random(1, np.float32), n).astype(np.float32)
    depths[: n // 2] = draw.random(n // 2, np.float32) + 1
    means = (draw.random((n, 2), np.float32) * 120 - 20).astype(np.float32)
    extents = (draw.random((n, 2), np.float32) * 30 + 0.1).astype(np.float32)
    seen = ((means + extents > 0) & (means - extents < [70, 50])).all(1) & (draw.random(n) < 0.9)
    extents[~seen] = 0
    bins = bin_image(means, depths, extents, (70, 50), keep=True)
    order = np.flatnonzero(seen)[np.argsort(depths[seen], kind="stable")]
    np.testing.assert_array_equal(bins.order, order)
    for t in range(bins.tiles_x * bins.tiles_y):
        corner = np.float32([t % bins.tiles_x, t // bins.tiles_x]) * 16
        low, high = means[order] - extents[order], means[order] + extents[order]
        # A box that only touches the far border of a tile may be listed or not.
        must = ((high > corner) & (low < corner + 16)).all(1)
        listed = bins.entries[bins.tile_start[t] : bins.tile_start[t + 1]]
        assert (np.diff(listed) > 0).all()
        assert set(np.flatnonzero(must)) <= set(listed)
        assert set(listed) <= set(np.flatnonzero(((high >= corner) & (low <= corner + 16)).all(1)))
    # Every pair has a place of its own, and a Gaussian's places follow each other.
    np.testing.assert_array_equal(np.sort(bins.slots), np.arange(len(bins.entries)))
    owner = order[bins.entries] if n else order
    assert (bins.first[owner] <= bins.slots).all() and (bins.slots < bins.first[owner + 1]).all()


def test_scratch_is_kept_and_never_shared() -> None:
    """Oracle: the contract; two leases never overlap, and what one gave back the next one gets."""
    first, second = Lease(), Lease()
    a, b = first.array((1000,), np.float32), second.array((1000,), np.float32)
    assert not np.shares_memory(a, b)
    address = a.ctypes.data
    del a, first
    third = Lease()
    assert third.array((900,), np.float32).ctypes.data == address
