"""What the call refuses, by name, and what it promises about the call itself."""

import inspect

import pytest
import torch

from tests.splatting.scenes import GRADIENTS, random_scene
from tween4d.errors import BackendError, InputError
from tween4d.splatting import rasterize as checked

rasterize = inspect.unwrap(checked)
"""Without the type checks that the tests put around every function, which would refuse first."""


def arguments() -> dict:
    scene = random_scene(0, 5, 8, 8, kinds=("ordinary",))
    arrays = {k: v.float() for k, v in scene.arrays.items()}
    return {**arrays, "Ks": scene.Ks.float(), "width": 8, "height": 8}


@pytest.mark.parametrize("name", [*GRADIENTS, "Ks"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("backend", ["numba", "reference"])
def test_not_a_number_is_refused_by_name(name: str, value: float, backend: str) -> None:
    """Oracle: the contract; the message names the array."""
    given = arguments()
    given[name].view(-1)[1] = value
    with pytest.raises(InputError, match=rf"^{name} holds 1 values"):
        rasterize(**given, backend=backend)


def test_large_finite_numbers_are_not_taken_for_infinite() -> None:
    """Oracle: the contract; their sum overflows, they do not."""
    given = arguments()
    given["colors"][:] = 3e38
    given["colors"][0] = -3e38
    rasterize(**given)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("means", (5, 2)),
        ("quats", (4, 4)),
        ("scales", (5,)),
        ("opacities", (5, 1)),
        ("colors", (4, 3)),
        ("viewmats", (1, 3, 4)),
        ("Ks", (2, 3, 3)),
        ("backgrounds", (1, 4)),
    ],
)
def test_shapes_are_refused_by_name(name: str, shape: tuple[int, ...]) -> None:
    """Oracle: the contract."""
    given = arguments() | {name: torch.zeros(shape)}
    with pytest.raises(InputError, match=name):
        rasterize(**given)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "at least one pixel"),
        ({"near_plane": 2.0, "far_plane": 1.0}, "near_plane"),
        ({"render_mode": "RGBD"}, "render_mode"),
        ({"rasterize_mode": "fast"}, "rasterize_mode"),
    ],
)
def test_settings_are_refused(options: dict, message: str) -> None:
    """Oracle: the contract."""
    given = arguments() | options
    with pytest.raises(InputError, match=message):
        rasterize(**given)


def test_harmonics_need_enough_coefficients() -> None:
    """Oracle: the contract."""
    given = arguments() | {"colors": torch.zeros(5, 4, 3)}
    with pytest.raises(InputError, match="sh_degree 2"):
        rasterize(**given, sh_degree=2)


def test_the_choice_of_backend_is_said() -> None:
    """Oracle: the contract; auto takes numba on the CPU, and what cannot run is refused with a way out."""
    given = arguments()
    assert rasterize(**given)[2]["backend"] == "numba"
    assert rasterize(**given, backend="reference")[2]["backend"] == "reference"
    with pytest.raises(BackendError, match="CUDA"):
        rasterize(**given, backend="gsplat")


def test_any_float_type_goes_in() -> None:
    """Oracle: the same arrays in float32; gradients come back in the type of their array."""
    given = arguments()
    wide = {k: v.double() if isinstance(v, torch.Tensor) else v for k, v in given.items()}
    wide["means"].requires_grad_()
    image, _, _ = rasterize(**wide)
    image.sum().backward()
    torch.testing.assert_close(image, rasterize(**given)[0])
    assert wide["means"].grad.dtype == torch.float64
