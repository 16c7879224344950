"""The example, built and rendered once."""

import pytest

from tween4d.synthetic import Scene, SyntheticCase, example_scene, render_case
from tween4d.synthetic.scene import Surface, gather_surface


@pytest.fixture(scope="session")
def example() -> tuple[Scene, Surface]:
    scene = example_scene()
    return scene, gather_surface(scene)


@pytest.fixture(scope="session")
def example_case(example: tuple[Scene, Surface]) -> SyntheticCase:
    return render_case(example[0])
