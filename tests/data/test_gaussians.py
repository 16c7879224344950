"""The set of Gaussians: activated values, rows and colours."""

import torch

from tween4d.data.gaussians import Gaussians, concatenate, sh_from_colors


def some(n: int, seed: int = 0) -> Gaussians:
    draw = torch.Generator().manual_seed(seed)
    shapes = ((n, 3), (n, 4), (n, 3), (n,), (n, 1, 3))
    return Gaussians(*(torch.randn(shape, generator=draw) for shape in shapes))


def test_activations() -> None:
    """Oracle: analytic; exponential of the scales, logistic of the opacities."""
    g = some(5)
    torch.testing.assert_close(g.scales.log(), g.log_scales)
    torch.testing.assert_close(torch.logit(g.opacities), g.opacity_logits)


def test_colors_go_to_harmonics_and_back() -> None:
    """Oracle: round trip, also of colours outside [0, 1]; and the constant harmonic is 1 / (2 sqrt(pi))."""
    colors = torch.tensor([[0.0, 0.5, 1.0], [-0.2, 1.3, 0.25]])
    sh = sh_from_colors(colors)
    g = some(2)
    shown = Gaussians(g.means, g.quats, g.log_scales, g.opacity_logits, sh).colors
    torch.testing.assert_close(shown, colors)
    torch.testing.assert_close(sh[:, 0] / (2 * torch.pi**0.5), colors - 0.5)


def test_select_keeps_rows_together() -> None:
    """Oracle: indexing of every field alike, by index and by mask."""
    g = some(6)
    rows = torch.tensor([4, 1])
    mask = torch.tensor([False, True, False, False, True, False])
    for name in ("means", "quats", "log_scales", "opacity_logits", "sh"):
        torch.testing.assert_close(getattr(g.select(rows), name), getattr(g, name)[rows])
        torch.testing.assert_close(getattr(g.select(mask), name), getattr(g, name)[[1, 4]])


def test_concatenate_then_select_is_the_identity() -> None:
    """Oracle: round trip; parts come back in order."""
    parts = [some(3, 1), some(1, 2), some(4, 3)]
    whole = concatenate(parts)
    assert len(whole) == 8
    torch.testing.assert_close(whole.select(torch.arange(3, 4)).means, parts[1].means)
    torch.testing.assert_close(whole.select(torch.arange(4, 8)).sh, parts[2].sh)
