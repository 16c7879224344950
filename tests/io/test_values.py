"""Values taken apart and put together."""

import dataclasses
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.data.asset import Asset4D
from tween4d.data.images import Image, Keyframes
from tween4d.errors import Tween4dError
from tween4d.io.values import Packed, ValueFormError, digest, pack, unpack

SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False) | st.just(Path("a/b"))
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(TREES)
def test_round_trip_of_plain_values(value: object) -> None:
    """Oracle: round trip with types; tuples stay tuples, infinities stay infinite."""
    again = unpack(pack(value))
    assert again == value and type(again) is type(value)


def same(a: object, b: object) -> bool:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def test_round_trip_of_an_asset() -> None:
    """Oracle: round trip, value for value, of everything that stages hand to one another."""
    asset = moving_ellipsoid(count=20, nodes=4, frames=5, size=16)
    again = unpack(pack(asset))
    assert isinstance(again, Asset4D) and same(asset, again)


def test_digests_tell_values_apart() -> None:
    """Oracle: definition; value, shape, type and structure all count, sharing of memory does not."""
    zeros = torch.zeros(2, 3)
    variants = [
        zeros,
        zeros.T,
        zeros.double(),
        zeros.int(),
        zeros + 1e-7,
        (zeros,),
        [zeros],
        {"a": zeros},
        None,
        0,
        0.0,
    ]
    digests = [digest(pack(v)) for v in variants]
    assert len(set(digests)) == len(variants)
    assert digest(pack((zeros, zeros))) == digest(pack((zeros, zeros.clone())))


def test_empty_tensors_keep_their_shape() -> None:
    """Oracle: round trip."""
    assert unpack(pack(torch.zeros(0, 3))).shape == (0, 3)


@pytest.mark.parametrize("value", [object(), {1: 2}, {"a": {2, 3}}, lambda: 0, b"bytes"])
def test_other_objects_are_refused(value: object) -> None:
    """Oracle: contract."""
    with pytest.raises(ValueFormError):
        pack(value)


@pytest.mark.parametrize(
    "tree",
    [
        {"type": "os:environ", "fields": {}},
        {"type": "tween4d.errors:Tween4dError", "fields": {"what": "a"}},
        {"type": "tween4d.data.images:torch", "fields": {}},
        {"type": "tween4d.data.images:Image", "fields": {"no_such_field": 1}},
        {"type": "tween4d.data.none:Image", "fields": {}},
        {"tensor": "7"},
        {"call": "print"},
        {"a": 1, "b": 2},
    ],
)
def test_a_tree_can_only_make_values(tree: object) -> None:
    """Oracle: rule; nothing outside `tween4d.data` is ever made, and nothing is called."""
    with pytest.raises(ValueFormError):
        unpack(Packed(tree, {}))


def test_a_pair_of_pictures() -> None:
    """Oracle: round trip; None stays None."""
    pair = Keyframes(Image(torch.rand(4, 4, 3)), Image(torch.rand(4, 4, 3), torch.rand(4, 4)), 40.0)
    assert same(pair, unpack(pack(pair)))
    assert not issubclass(ValueFormError, Tween4dError)
