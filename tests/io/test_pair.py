"""Two pictures as one pair."""

import pytest
import torch

from tween4d.data.images import Image
from tween4d.errors import InputError
from tween4d.events import Event, Note
from tween4d.io.pair import prepare_pair


def disc(width: int, height: int, radius: float, *, matted: bool = True, level: float = 0.2) -> Image:
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    inside = ((x - width / 2) ** 2 + (y - height / 2) ** 2 < radius**2).float()
    rgb = torch.where(inside[..., None] > 0, level, 0.9).expand(height, width, 3).clone()
    return Image(rgb, inside if matted else None)


def prepared(start: Image, end: Image, size: int = 512, fov: float = 33.8) -> tuple[Image, Image, list[Note]]:
    heard: list[Event] = []
    pair = prepare_pair(start, end, size, fov, heard.append)
    return pair.start, pair.end, [event for event in heard if isinstance(event, Note)]


def test_pictures_of_one_size_stay_as_they_are() -> None:
    """Oracle: equality; nothing is said."""
    a, b = disc(64, 48, 10), disc(64, 48, 12)
    start, end, notes = prepared(a, b)
    assert torch.equal(start.rgb, a.rgb) and torch.equal(end.rgb, b.rgb) and notes == []


def test_large_pictures_are_scaled_to_the_working_size() -> None:
    """Oracle: the size asked for; the object covers the same share of the picture."""
    start, end, _ = prepared(disc(400, 300, 80), disc(400, 300, 60), 100)
    assert (start.width, start.height, end.width, end.height) == (100, 75, 100, 75)
    assert start.alpha is not None
    assert float(start.alpha.mean()) == pytest.approx(torch.pi * 80**2 / (400 * 300), rel=0.02)


@pytest.mark.parametrize("matted", [False, True])
def test_an_end_of_another_size_is_fitted_and_said(matted: bool) -> None:
    """Oracle: closed form; 80 x 80 fitted into 96 x 48 lies in the middle 48 columns, on its own background."""
    start, end, notes = prepared(disc(96, 48, 10), disc(80, 80, 20, matted=matted))
    assert (end.width, end.height) == (96, 48) == (start.width, start.height)
    dark = (end.on(0.9)[..., 0] < 0.55).float()
    assert float(dark.sum()) == pytest.approx(torch.pi * (20 * 48 / 80) ** 2, rel=0.05)
    columns = torch.nonzero(dark.any(0))[:, 0]
    assert int(columns.min()) + int(columns.max()) == 95
    assert float(end.rgb[24, 2, 0]) == pytest.approx(0.9, abs=1e-3)
    if matted:
        assert end.alpha is not None and float(end.alpha[:, :20].max()) == 0
    assert len(notes) == 1 and notes[0].warning and "differ in size" in notes[0].message


def test_identical_pictures_are_said() -> None:
    """Oracle: contract."""
    *_, notes = prepared(disc(64, 64, 10), disc(64, 64, 10))
    assert len(notes) == 1 and notes[0].warning and "stand still" in notes[0].message


@pytest.mark.parametrize("fov", [0.0, 1.0, 120.0, -3.0, float("nan"), float("inf")])
def test_an_impossible_field_of_view_is_refused(fov: float) -> None:
    """Oracle: contract."""
    with pytest.raises(InputError, match="field of view.*--fov"):
        prepared(disc(64, 64, 10), disc(64, 64, 12), fov=fov)


def test_a_strip_is_refused() -> None:
    """Oracle: contract; scaled to the working size nothing would be left of the shorter side."""
    with pytest.raises(InputError, match="too long and narrow"):
        prepared(disc(2000, 20, 8), disc(2000, 20, 8), 100)
