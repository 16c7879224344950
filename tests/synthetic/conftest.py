"""The example's case, rendered once."""

import pytest

from tween4d.synthetic import SyntheticCase, example_scene, render_case


@pytest.fixture(scope="session")
def example_case() -> SyntheticCase:
    return render_case(example_scene())
