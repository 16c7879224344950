"""Presets, and errors in the user's words."""

from dataclasses import FrozenInstanceError, fields

import pytest

from tween4d.config import Config, preset
from tween4d.errors import AssetError, BackendError, InputError, ObjectNotFoundError, OutputError, Tween4dError


def test_standard_is_the_default() -> None:
    """Oracle: stated rule."""
    assert preset("standard") == Config()


def test_presets_grow_in_cost() -> None:
    """Oracle: invariant; draft does no more than standard, standard no more than fine, each less somewhere."""
    draft, standard, fine = (preset(name) for name in ("draft", "standard", "fine"))
    cost = [
        (c.guide.size, c.guide.frames, c.reconstruct.max_gaussians, c.reconstruct.steps, c.deform.nodes, c.deform.steps)
        for c in (draft, standard, fine)
    ]
    for less, more in zip(cost, cost[1:], strict=False):
        assert all(a <= b for a, b in zip(less, more, strict=True)) and less != more


def test_an_unknown_preset_is_refused_with_the_choices() -> None:
    """Oracle: stated error."""
    with pytest.raises(InputError) as caught:
        preset("best")
    assert str(caught.value) == "unknown preset (got 'best'); choose one of draft, standard, fine"


def test_a_config_cannot_be_changed() -> None:
    """Oracle: rule; every stage's config is frozen, hence safe as a default and as a cache key."""
    config = Config()
    for field in fields(config):
        part = getattr(config, field.name)
        with pytest.raises(FrozenInstanceError):
            setattr(part, fields(part)[0].name, None)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("it is so",), "it is so"),
        (("it is so", "x"), "it is so (got x)"),
        (("it is so", "", "do that"), "it is so; do that"),
        (("it is so", "x", "do that"), "it is so (got x); do that"),
    ],
)
def test_an_error_is_one_sentence(parts: tuple[str, ...], text: str) -> None:
    """Oracle: the three parts, put together by hand; whatever is empty is left out."""
    error = Tween4dError(*parts)
    assert str(error) == text
    assert (error.what, error.got, error.remedy) == (*parts, "", "")[:3]


@pytest.mark.parametrize("kind", [InputError, ObjectNotFoundError, AssetError, OutputError, BackendError])
def test_every_error_of_the_boundary_is_one_of_ours(kind: type[Tween4dError]) -> None:
    """Oracle: rule; one `except` at the command line catches them all."""
    with pytest.raises(Tween4dError):
        raise kind("what", "got", "remedy")
