"""When a clip is visible."""

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tween4d.data.asset import Clip
from tween4d.data.gaussians import Gaussians, sh_from_colors
from tween4d.data.nodes import NodeMotion, Skin

unit_times = st.floats(0, 1)


def clip(fade_in: tuple[float, float] = (0.0, 0.0), fade_out: tuple[float, float] = (1.0, 1.0)) -> Clip:
    quats = torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    gaussians = Gaussians(torch.zeros(1, 3), quats, torch.zeros(1, 3), torch.zeros(1), sh_from_colors(torch.ones(1, 3)))
    motion = NodeMotion(torch.zeros(1, 3), quats[None], torch.zeros(1, 1, 3), torch.zeros(1))
    skin = Skin(torch.zeros(1, 4, dtype=torch.int32), torch.full((1, 4), 0.25))
    return Clip(gaussians, skin, motion, 0.0, fade_in, fade_out)


@pytest.mark.parametrize(
    ("time", "expected"),
    [(0.0, 0.0), (0.2, 0.0), (0.3, 0.5), (0.4, 1.0), (0.5, 1.0), (0.6, 1.0), (0.65, 0.75), (0.8, 0.0), (1.0, 0.0)],
)
def test_presence_rises_and_falls_linearly(time: float, expected: float) -> None:
    """Oracle: analytic; the straight lines between the four times of the fades."""
    assert clip((0.2, 0.4), (0.6, 0.8)).presence(time) == pytest.approx(expected)


@given(unit_times)
def test_a_single_clip_is_always_fully_there(time: float) -> None:
    """Oracle: stated default; also at both ends, where the fades have no length."""
    assert clip().presence(time) == 1.0


@given(st.lists(unit_times, min_size=4, max_size=4).map(sorted), unit_times)
def test_two_clips_hand_over_without_a_gap(times: list[float], time: float) -> None:
    """Oracle: analytic; opposite lines, the rise done before the fall is."""
    earlier, later = clip(fade_out=(times[1], times[3])), clip(fade_in=(times[0], times[2]))
    assert earlier.presence(time) + later.presence(time) >= 1.0 - 1e-9


def test_clips_are_frozen() -> None:
    """Oracle: rule; values do not change under their users."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        clip().keyframe_time = 0.5  # type: ignore[misc]
