"""Taking the background out of mixed pixels."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tween4d.geometry.compositing import nearest_colors, unmix_background

SIDE = 60


def disc(radius: float = 18.0, edge: float = 3.0) -> torch.Tensor:
    axis = torch.arange(SIDE) + 0.5 - SIDE / 2
    distance = torch.hypot(axis[:, None], axis[None])
    return ((radius - distance) / edge + 0.5).clamp(0, 1)


channel = st.floats(0, 1)
color = st.tuples(channel, channel, channel)


@settings(max_examples=30, deadline=None)
@given(color, color)
def test_even_colors_are_recovered(inside: tuple[float, ...], outside: tuple[float, ...]) -> None:
    """Oracle: inverse; one object colour over one background colour comes back wherever there is object.

    Exactly where pixels are empty, solid or between 5 and 95 %; where a solid pixel's neighbour holds up to 3 % of
    background, that is the error.
    """
    own, behind = torch.tensor(inside), torch.tensor(outside)
    alpha = disc()[..., None]
    clear = torch.where(alpha < 0.05, 0.0, torch.where(alpha > 0.95, 1.0, alpha))
    for coverage, error in ((clear, 2e-5), (alpha, 0.03)):
        found = unmix_background(coverage * own + (1 - coverage) * behind, coverage[..., 0])
        torch.testing.assert_close(found, own.expand_as(found), atol=error, rtol=0)


def test_solid_pixels_are_untouched() -> None:
    """Oracle: stated guarantee; where coverage is 1 the picture comes back value for value."""
    alpha = disc()
    rgb = torch.rand(SIDE, SIDE, 3, generator=torch.Generator().manual_seed(0))
    found = unmix_background(rgb, alpha)
    assert torch.equal(found[alpha == 1], rgb[alpha == 1])
    assert float(found.min()) >= 0 and float(found.max()) <= 1


def test_faint_pixels_do_not_amplify_noise() -> None:
    """Oracle: stated limit; 2 % of noise on the picture stay less than 10 % on the colour, also at faint alpha."""
    alpha = disc()[..., None]
    noise = 0.02 * (2 * torch.rand(SIDE, SIDE, 3, generator=torch.Generator().manual_seed(1)) - 1)
    found = unmix_background((0.7 * alpha + 0.2 * (1 - alpha) + noise).clamp(0, 1), alpha[..., 0])
    assert float((found - 0.7).abs().max()) < 0.1


def test_nearest_colors_against_brute_force() -> None:
    """Oracle: independent search; every pixel has a colour of a known pixel at the least distance."""
    rng = np.random.default_rng(0)
    rgb, known = rng.random((12, 15, 3)), rng.random((12, 15)) < 0.1
    places = np.argwhere(known)
    filled = nearest_colors(rgb, known)
    for y in range(12):
        for x in range(15):
            distance = ((places - [y, x]) ** 2).sum(1)
            best = [rgb[tuple(p)] for p in places[distance == distance.min()]]
            assert any(np.array_equal(filled[y, x], candidate) for candidate in best)


def test_nothing_known_changes_nothing() -> None:
    """Oracle: stated limit."""
    rgb = np.random.default_rng(0).random((5, 6, 3))
    assert nearest_colors(rgb, np.zeros((5, 6), bool)) is rgb
