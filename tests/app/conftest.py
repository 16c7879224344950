"""Small made-up things that no prior had a part in."""

import pytest

from tests.player.moving_ellipsoid import moving_ellipsoid
from tween4d.data.asset import Asset4D


@pytest.fixture(scope="session")
def asset() -> Asset4D:
    """Two overlapping clips of a bending ellipsoid, nine frames."""
    return moving_ellipsoid(count=300, nodes=6, frames=9, size=64)
