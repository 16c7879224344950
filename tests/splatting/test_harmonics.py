"""Spherical harmonics against their defining properties."""

import math

import numpy as np
import torch
from scipy.special import sph_harm_y

from tween4d.splatting.harmonics import basis, view_colors


def test_against_scipy() -> None:
    """Oracle: scipy's complex harmonics, combined to real ones with the signs of 3D Gaussian splatting files."""
    draw = torch.Generator().manual_seed(0)
    d = torch.nn.functional.normalize(torch.randn(50, 3, generator=draw, dtype=torch.float64), dim=-1)
    theta, phi = torch.acos(d[:, 2]).numpy(), torch.atan2(d[:, 1], d[:, 0]).numpy()
    found = basis(3, d).numpy()
    k = 0
    for degree in range(4):
        for m in range(-degree, degree + 1):
            # sph_harm_y carries the Condon-Shortley phase, as the files do.
            value = sph_harm_y(degree, abs(m), theta, phi)
            real = value.real if m >= 0 else value.imag
            expected = real * (math.sqrt(2) if m else 1)
            np.testing.assert_allclose(found[:, k], expected, atol=1e-12)
            k += 1


def test_length_of_the_direction_does_not_matter() -> None:
    """Oracle: invariant."""
    d = torch.randn(20, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.testing.assert_close(basis(3, d), basis(3, 7.5 * d))


def test_degree_zero_is_the_colour() -> None:
    """Oracle: closed form; colour = 0.5 + c0 * coefficient, cut off at 0, from every side."""
    coefficients = torch.tensor([[[1.0, 0.0, -5.0]]])
    view = torch.eye(4)[None]
    found = view_colors(0, coefficients, torch.tensor([[0.3, 0.2, 1.0]]), view)[0, 0]
    torch.testing.assert_close(found, torch.tensor([0.5 + 0.28209479177387814, 0.5, 0.0]))
